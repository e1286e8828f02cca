"""The shapes and counts that the objects of a saved model must have, so that a small file cannot exhaust the memory.

NumPy broadcasts arrays of different shapes, so that two arrays of a few thousand numbers could exhaust the memory. A
large count takes hardly any space in a file, but memory is reserved for it. Therefore every array must have the number
of axes that `fit` gives it, sides with the same name must have the same length, and a count must be the length of an
existing array.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.errors import ModelError

Sides = tuple[str, ...] | str  # the names of an array's sides, or () for a number; for a count, the side it counts

_SCALER: Mapping[str, Sides] = {"mean_": ("columns",), "scale_": ("columns",)}
_COMPONENTS: Mapping[str, Sides] = {
    "components_": ("components", "columns"),
    "explained_variance_": ("components",),
    "n_features_in_": "columns",
}

# module.Class -> attributes of fitted objects of this class and its subclasses
_SHAPES: dict[str, Mapping[str, Sides]] = {
    "features.text.word2vec.Word2VecText": {"table_": ("words", "size")},
    "models.fusion.cca._Components": {"mean_": ("columns",), "axes_": ("components", "columns"), "scale_": ()},
    "models.data.scaling.Standardise": {**_SCALER, "n_features_in_": "columns"},
    "models.data.design._SparseScaler": {"scale": ()},
    "models.nets.fcnn.FullyConnected": {"classes_": ("classes",), "mean_": (), "deviation_": ()},
    "models.classical.baselines.Majority": {"answer_": ("outputs",), "prior_": ("outputs",)},
    "models.nets.steps.StepScaler": _SCALER,
    "models.fusion.vote.MajorityVote": {"voting_": ("bases",)},
    "models.fusion.product.Product": {"weights_": ("bases",), "power_": ()},
    "models.fusion.weighted.WeightedAverage": {"weights_": ("bases",), "sharpness_": ()},
    "models.nets.neural.FittedNet": {"prior": ("outputs",), "seen_": ("seen",), "mean_": (), "deviation_": ()},
    "models.classical.calibration.GroupCalibrated": {"classes_": ("classes",)},
    "models.data.scaling.RowSpace": {"axes_": ("columns", "rank")},
    "models.data.scaling.UnitVariance": {"scale_": ()},
    "models.nets.sequence._Joined": {"present_shares_": ("blocks",)},
    "models.classical.estimator.UtteranceEstimator": {"classes_": ("outputs",), "prior_": ("outputs",)},
    "models.classical.tabular.DesignedClassifier": {"prior": ("outputs",)},
    "models.classical.target.FittedClassifier": {"prior_": ("outputs",), "seen_": ("seen",)},
    "models.classical.target.Target": {"classes": ("classes",), "values": ("rows",)},
    "sklearn.decomposition._pca.PCA": {**_COMPONENTS, "mean_": ("columns",), "n_components_": "components"},
    "sklearn.decomposition._truncated_svd.TruncatedSVD": _COMPONENTS,
    "sklearn.feature_extraction.text.TfidfTransformer": {"idf_": ("columns",), "n_features_in_": "columns"},
    "sklearn.preprocessing._data.QuantileTransformer": {
        "quantiles_": ("quantiles", "columns"),
        "references_": ("quantiles",),
        "n_quantiles_": "quantiles",
        "n_features_in_": "columns",
    },
    "sklearn.preprocessing._data.StandardScaler": {**_SCALER, "var_": ("columns",), "n_features_in_": "columns"},
}
_CLASSES = ("classes", "classes_")  # the arrays that may hold strings


def is_number(value: Any) -> bool:
    """Whether a value is a single number: not an array, and not true or false."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def is_count(value: Any, most: int) -> bool:
    """Whether a value is a whole number from 0 to `most`."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(0 <= value <= most)


def require(valid: Any, part: Any, what: str) -> None:
    """Raise `ModelError` unless `valid`; the message says that `part` has `what`, for example an invalid width."""
    if not valid:
        raise ModelError(f"its {type(part).__name__} has {what}")


def check_shapes(part: Any) -> None:
    """Check the arrays and counts of an object that has just been built; missing attributes are skipped.

    Raises
    ------
    ModelError
        If an array's shape, or a count, does not fit the other attributes.
    """
    for kind in type(part).__mro__:
        lengths: dict[str, int] = {}
        shapes = _SHAPES.get(f"{kind.__module__}.{kind.__qualname__}", {})
        for name, sides in sorted(shapes.items(), key=lambda entry: isinstance(entry[1], str)):  # counts last
            value = vars(part).get(name)
            if value is not None and not _fits(value, sides, lengths, name in _CLASSES):
                raise ModelError(
                    f"its {type(part).__name__} has a {name} whose size or shape does not fit its other attributes"
                )


def _fits(value: Any, sides: Sides, lengths: dict[str, int], texts: bool) -> bool:
    if isinstance(sides, str):
        return is_count(value, lengths.get(sides, 0)) and value == lengths[sides]
    if not sides:
        return is_number(value)
    if not isinstance(value, np.ndarray) or value.ndim != len(sides) or (value.dtype.kind == "U" and not texts):
        return False
    return all(lengths.setdefault(name, length) == length for name, length in zip(sides, value.shape, strict=True))
