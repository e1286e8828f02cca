"""Leak checks of fitted models: predictions that depend on other rows, and features that contain the labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import IntArray, Modalities, Task
from models.errors import LeakError
from models.evaluation.intervals import group_bootstrap, resample
from models.evaluation.metrics import Metric

PROBED = 16  # number of test rows that are predicted a second time, together with other rows

SAME = 1e-4  # maximum difference between two outputs of a float32 network for the same row

FAR = 0.1  # a metric that is better by this on held-out training groups than on test groups is suspicious


def probe(model: Any, x: Modalities, test: IntArray, others: IntArray, *, name: str) -> None:
    """Check that the output for a test row does not depend on the rows that are predicted with it.

    Some test rows are predicted a second time together with other rows. A model that normalises, centres or clusters
    the rows that it predicts would then give different outputs.

    Parameters
    ----------
    model
        A fitted model.
    x
        All utterances.
    test, others
        Positions of the test rows, and of other rows to predict together with them.
    name
        Name of the model, for the message.

    Raises
    ------
    LeakError
        If an output changes.
    """
    probed = test[:PROBED]
    alone = _outputs(model, x[probed])
    together = _outputs(model, x[np.concatenate([probed, others[: 2 * PROBED]])])[: len(probed)]
    moved = np.flatnonzero(np.abs(alone - together).max(axis=1) > SAME * np.maximum(1, np.abs(alone).max()))
    if len(moved):
        raise LeakError(
            f"{name}: the predictions for {len(moved)} of {len(probed)} rows depend on the rows that are predicted with"
            f" them (by up to {np.abs(alone - together).max():.3g}): something in the model is fitted on test rows"
        )


def _outputs(model: Any, x: Modalities) -> NDArray[np.float64]:
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(x), np.float64)
    return np.asarray(model.predict(x), np.float64)[:, None]


def contains_labels(
    modality: str,
    model: str,
    inner: float,
    truth: NDArray[Any],
    predicted: NDArray[Any],
    groups: NDArray[Any],
    *,
    metric: Metric,
) -> str:
    """Return a sentence if a modality's features seem to have been computed with the training labels; else "".

    Held-out groups of the training part are as new to a model as test groups. If the model is far better on held-out
    groups although it has not seen their labels, the features must contain these labels.

    Parameters
    ----------
    modality, model
        The modality, and the name of the model that reads only this modality.
    inner
        Value of the metric on held-out groups of the training part.
    truth, predicted, groups
        ``(n,)`` labels, predictions and groups of the test part.
    metric
        The metric of `inner`.
    """
    tested = group_bootstrap(metric, truth, predicted, resample(groups, draws=200))
    edge = tested.high if metric.higher_is_better else tested.low
    scale = (
        1.0 if metric.higher_is_better else max(abs(tested.value), 1e-9)
    )  # errors are compared relative to their own size
    if not np.isfinite(inner) or not np.isfinite(edge):
        return ""
    floor = metric(truth, _commonest(truth, metric.task))
    if np.isfinite(floor) and metric.sign * (inner - floor) / scale <= FAR:  # no better than the most frequent label
        return ""
    if metric.sign * (inner - tested.value) / scale <= FAR or metric.sign * (inner - edge) <= 0:
        return ""
    return (
        f"the {modality} features seem to contain the labels of the training part: {model}, which reads nothing else,"
        f" has {metric.name} {inner:.3f} on held-out training groups, but {tested.value:.3f} on the test groups;"
        " settings and weights that were chosen inside training may be misleading"
    )


def _commonest(truth: NDArray[Any], task: Task) -> NDArray[Any]:
    """Return the most frequent class, or the median score, for every row."""
    if task == "regression":
        return np.full(len(truth), np.median(truth))
    names, counts = np.unique(truth, return_counts=True)
    return np.full(len(truth), names[counts.argmax()])
