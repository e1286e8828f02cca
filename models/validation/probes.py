"""Probes of what was fitted: answers that depend on other rows, features that know the labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import IntArray, Modalities, Task
from models.errors import LeakError
from models.evaluation.intervals import group_bootstrap, resample
from models.evaluation.metrics import metric

PROBED = 16  # test rows whose answers are asked for a second time, in other company

SAME = 1e-4  # how far two answers of float32 networks to the same row may lie apart

FAR = 0.1  # a figure inside training that lies so far above the one on unseen groups is no accident of folds


def probe(model: Any, x: Modalities, test: IntArray, others: IntArray, *, name: str) -> None:
    """Check that the answer for a test row does not depend on which other rows are answered with it.

    Some test rows are asked about a second time, in the company of other rows: a model that normalises, centres or
    clusters what it is asked about would answer differently.

    Parameters
    ----------
    model
        Fitted.
    x
        All utterances.
    test, others
        Positions of the rows that were tested, and of rows to put beside them.
    name
        Of the model, for the message.

    Raises
    ------
    LeakError
        If an answer changes.
    """
    asked = test[:PROBED]
    alone = _answers(model, x[asked])
    beside = _answers(model, x[np.concatenate([asked, others[: 2 * PROBED]])])[: len(asked)]
    moved = np.flatnonzero(np.abs(alone - beside).max(axis=1) > SAME * np.maximum(1, np.abs(alone).max()))
    if len(moved):
        raise LeakError(
            f"{name}: {len(moved)} of {len(asked)} answers change with the other rows that are asked about at the same"
            f" time (by up to {np.abs(alone - beside).max():.3g}): something in it is fitted on test rows"
        )


def _answers(model: Any, x: Modalities) -> NDArray[np.float64]:
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(x), np.float64)
    return np.asarray(model.predict(x), np.float64)[:, None]


def knows_labels(
    modality: str,
    model: str,
    inner: float,
    truth: NDArray[Any],
    said: NDArray[Any],
    groups: NDArray[Any],
    *,
    task: Task,
    figure: str,
) -> str:
    """Return a sentence if a modality's features seem to have been made with the training labels in sight, else "".

    Inside the training part, groups that were held out are as new to a model as the test groups are. If it does far
    better on them, it is not the model that has seen them, but whoever made the features.

    Parameters
    ----------
    modality, model
        Which features, and which model on them alone.
    inner
        The figure on held-out groups of the training part.
    truth, said, groups
        ``(n,)`` labels, answers and groups of the test part.
    task, figure
        Which figure.
    """
    found = metric(task, figure)
    tested = group_bootstrap(found, truth, said, resample(groups, draws=200))
    edge = tested.high if found.higher_is_better else tested.low
    scale = 1.0 if found.higher_is_better else max(abs(tested.value), 1e-9)  # an error: in parts of itself
    if not np.isfinite(inner) or not np.isfinite(edge):
        return ""
    floor = found(truth, _commonest(truth, task))
    if np.isfinite(floor) and found.sign * (inner - floor) / scale <= FAR:  # no better than an answer without looking
        return ""
    if found.sign * (inner - tested.value) / scale <= FAR or found.sign * (inner - edge) <= 0:
        return ""
    return (
        f"the {modality} features seem to know the labels of the training part: {model} on them alone has {figure}"
        f" {inner:.3f} on groups held out inside training, but {tested.value:.3f} on the groups tested, which nobody"
        " had seen; settings and weights that were chosen inside training may mislead"
    )


def _commonest(truth: NDArray[Any], task: Task) -> NDArray[Any]:
    """Return the commonest class, or the median score, for every row."""
    if task == "regression":
        return np.full(len(truth), np.median(truth))
    names, counts = np.unique(truth, return_counts=True)
    return np.full(len(truth), names[counts.argmax()])
