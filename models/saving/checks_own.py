"""Checks of loaded objects of this project: a stored width must match the arrays, and parts must match each other."""

from collections.abc import Callable
from typing import Any

import numpy as np

from models.data.modalities import TASKS
from models.saving.boosters import MAX_COLUMNS
from models.saving.shapes import is_count, is_number, require
from models.saving.trusted import NETS

MAX_CLASSES = 10_000  # maximum number of classes, since a prediction lists every class


def _word_vectors(part: Any) -> None:
    own = vars(part)
    if "table_" in own:
        words = len(own["table_"])
        known = all(is_count(place, words - 1) for place in own["index_"].values())
        require(known, part, "a word without a vector")


def _width(scaler: Any) -> int:
    """Return the number of columns that a `Standardise` or `Quantile` returns."""
    return len(getattr(scaler, "standardise_", scaler).mean_)


def _dense_scaler(part: Any) -> None:
    own = vars(part)
    require(is_count(own["width"], MAX_COLUMNS) and own["width"] == _width(own["scaler"]), part, "an invalid width")


def _sparse_scaler(part: Any) -> None:
    require(is_count(vars(part)["width"], MAX_COLUMNS), part, "an invalid width")


def _columns_of(transformer: Any) -> int | None:
    """Return the number of columns that a text transformer returns; None for a transformer of a plugin."""
    own = vars(transformer)
    if type(transformer).__name__ == "Word2VecText":
        return int(own["table_"].shape[1])
    if type(transformer).__name__ == "TfidfText":
        if own["vectoriser_"] is None:
            return 1
        reducer = own["reducer_"]
        return len(own["vectoriser_"].vocabulary_) if reducer is None else len(reducer.components_)
    return None


def _block(part: Any) -> None:
    own = vars(part)
    if "scalers_" not in own:
        return
    columns, pooled = own["columns_"], own["pooled_"]
    require(
        isinstance(columns, np.ndarray) and columns.ndim == 1 and columns.dtype.kind == "i", part, "invalid columns"
    )
    require(len(np.unique(columns)) == len(columns), part, "the same column several times")
    require(pooled is None or _width(pooled) == len(columns), part, "more or fewer columns than its scaler")
    given = [_columns_of(transformer) for transformer in own["transformers_"]]
    widths = [scaler.width for scaler in own["scalers_"]]
    fits = len(given) == len(widths) and all(g in (None, w) for g, w in zip(given, widths, strict=True))
    require(fits, part, "scalers for more or fewer columns than its transformers return")


def _summary(part: Any) -> None:
    """Check that a `Summary` has as many columns as its block gives it, because memory is reserved for this number."""
    own = vars(part)
    if "width_" not in own:
        return
    block = vars(own["block"])
    widths = [len(block["columns_"])] if block["pooled_"] is not None else []
    widths += [scaler.width for scaler in block["scalers_"]]
    reduced = [w if r is None else _width(r.standardise_) for w, r in zip(widths, own["reduced_"], strict=False)]
    require(len(own["reduced_"]) == len(widths), part, "more or fewer groups of columns than its block")
    require(
        is_count(own["width_"], sum(reduced)) and own["width_"] == sum(reduced),
        part,
        "a different width from its block",
    )


def _channel(part: Any) -> None:
    own = vars(part)
    if "widths_" in own:
        summary, scaler = own["summary_"], own["scaler_"]
        widths = (0 if summary is None else summary.width_, 0 if scaler is None else len(scaler.mean_))
        require(tuple(own["widths_"]) == widths, part, "different widths from its parts")


def _network(part: Any) -> None:
    """Check that a network of this project fits the classes and input widths that are saved with it."""
    own = vars(part)
    net, inputs = own.get("net_"), vars(own["inputs"])
    if net is None or net.build.partition(":")[0] != NETS:
        return
    options = net.options
    require(options["outputs"] == len(own["seen_"]), part, "a network with the wrong number of outputs")
    if "widths" in options:
        widths = [list(channel.widths_) for channel in inputs["channels_"]]
        require(
            [list(pair) for pair in options["widths"]] == widths,
            part,
            "a network that does not fit the widths of its inputs",
        )
    if "bands" in options:
        require(options["bands"] == own["inputs"].bands, part, "a network that does not fit the widths of its inputs")
    if {"steps", "summary"} <= options.keys():
        joined = [inputs[name].width_ for name in ("steps_", "summary_") if inputs[name] is not None]
        require(
            joined == [w for w in (options["steps"], options["summary"]) if w],
            part,
            "a network that does not fit the widths of its inputs",
        )


def _autoencoder(part: Any) -> None:
    own = vars(part)
    if "net_" in own:
        require(
            own["net_"].options["components"] == own["components"],
            part,
            "more or fewer code units than its network",
        )
        _numbers(part)


def _numbers(part: Any) -> None:
    weights = vars(part).get("weights_", [])
    require(isinstance(weights, list) and all(map(is_number, weights)), part, "weights that are not numbers")


def _views(part: Any) -> None:
    """Check that a `Cca` has, for each modality, directions that fit its components, and one scale per direction."""
    own = vars(part)
    if "parts_" not in own:
        return
    counts = {len(own[name]) for name in ("parts_", "directions_", "scales_")}
    require(len(counts) == 1, part, "more or fewer directions than views")
    for view, directions, scale in zip(own["parts_"], own["directions_"], own["scales_"], strict=True):
        arrays = isinstance(directions, np.ndarray) and isinstance(scale, np.ndarray)
        fits = arrays and directions.ndim == 2 and directions.shape == (len(view.axes_), scale.size)
        require(fits and scale.ndim == 1, part, "directions that do not fit its principal components")


def _late(part: Any) -> None:
    own = vars(part)
    if "bases_" in own:
        counts = {len(own[name]) for name in ("bases", "bases_", "weights_", "voting_") if name in own}
        require(len(counts) == 1, part, "parts that do not match the number of its base models")


def _estimator(part: Any) -> None:
    own = vars(part)
    if "target_" in own:
        classes = own.get("classes_", ())
        require(
            len(classes) <= MAX_CLASSES and len(own["prior_"]) == own["target_"].width,
            part,
            "a number of classes that does not fit its prior",
        )
        require(np.array_equal(classes, own["target_"].classes), part, "classes that it was not fitted on")


def _classifier(part: Any) -> None:
    own = vars(part)
    if "target_" not in own:
        return
    target, named = own["target_"], getattr(own["estimator_"], "classes_", None)
    require(len(own["prior_"]) == target.width <= MAX_CLASSES, part, "a number of classes that does not fit its prior")
    if target.task == "classification":
        seen = own["seen_"]
        inside = seen.dtype.kind == "i" and np.isin(seen, np.arange(target.width)).all()
        require(inside and (named is None or len(named) == len(seen)), part, "a classifier for other classes")


def _target(part: Any) -> None:
    require(vars(part)["task"] in TASKS, part, "an unknown task")


# module.Class of an object, or of one of its base classes -> check
RULES: dict[str, Callable[[Any], None]] = {
    "features.text.word2vec.Word2VecText": _word_vectors,
    "models.fusion.autoencoder.Autoencoder": _autoencoder,
    "models.fusion.cca.Cca": _views,
    "models.data.design.Block": _block,
    "models.data.design._DenseScaler": _dense_scaler,
    "models.data.design._SparseScaler": _sparse_scaler,
    "models.fusion.early.Concat": _numbers,
    "models.nets.inputs.Channel": _channel,
    "models.nets.inputs.Summary": _summary,
    "models.fusion.late.Late": _late,
    "models.nets.neural.FittedNet": _network,
    "models.classical.estimator.UtteranceEstimator": _estimator,
    "models.classical.target.FittedClassifier": _classifier,
    "models.classical.target.Target": _target,
    "models.nets.trained_net.TrainedNet": lambda net: net.check(),
}
