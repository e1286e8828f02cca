"""Convert labels and predictions to the numbers that metrics read: scores to floats, classes to integers from 0."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import IntArray, Task
from models.errors import ModelError

Reads = Literal["predictions", "probabilities"]  # what a metric compares with the labels

_NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean")  # pandas's names for arrays of Python numbers


def codes(truth: Any, prediction: Any) -> tuple[IntArray, IntArray]:
    """Return labels and predictions as positions in the sorted list of all classes that occur in either.

    >>> codes(["b", "a"], ["b", "c"])
    (array([1, 0]), array([1, 2]))
    """
    first, second = np.asarray(truth), np.asarray(prediction)
    _, both = np.unique(np.concatenate([first, second]), return_inverse=True)
    return both[: len(first)], both[len(first) :]


def coded(truth: Any, prediction: Any) -> tuple[IntArray, IntArray]:
    """Return labels and predictions as integers from 0; unchanged if all are non-negative integers already."""
    first, second = np.asarray(truth), np.asarray(prediction)
    if first.dtype.kind == second.dtype.kind == "i" and len(first) and min(first.min(), second.min()) >= 0:
        return first, second
    return codes(first, second)


def as_numbers(
    task: Task, truth: Any, predictions: Any, groups: IntArray, reads: Reads = "predictions"
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return labels and predictions of the same utterances as numbers.

    For regression, scores become floats. For classification, each class becomes its position in the sorted list of
    classes, even if the classes are numbers. If `predictions` are probabilities, both arrays keep their values.

    Parameters
    ----------
    task
        ``classification`` or ``regression``.
    truth
        ``(n,)`` classes or scores; if `predictions` are probabilities, the column of the true class.
    predictions
        ``(n,)``, or ``(s, n)`` for s models; probabilities are ``(n, classes)`` or ``(s, n, classes)``.
    groups
        ``(n,)`` groups of the same utterances.
    reads
        Whether `predictions` are predictions or probabilities.

    Returns
    -------
    tuple of ndarray
        Labels ``(n,)``, and predictions ``(s, n)`` or probabilities ``(s, n, classes)``.

    Raises
    ------
    ModelError
        If the lengths do not match.
    """
    import pandas as pd

    true, predicted = _array(truth), np.atleast_2d(_array(predictions))
    if reads == "probabilities" and predicted.ndim == 2:
        predicted = predicted[None]
    if not len(true) == predicted.shape[1] == len(groups):
        raise ModelError(f"{len(true)} labels, {predicted.shape[1]} predictions and {len(groups)} groups do not match")
    if reads == "probabilities":
        return true, predicted.astype(np.float64)
    if task == "regression":
        return true.astype(np.float64), predicted.astype(np.float64)
    both = np.concatenate([true, predicted.ravel()])
    numbers, _ = pd.factorize(both, sort=True, use_na_sentinel=False)  # sorts the classes, not the utterances
    return numbers[: len(true)], numbers[len(true) :].reshape(predicted.shape)


def paired(first: Any, second: Any) -> NDArray[Any]:
    """Return the predictions of two models as ``(2, n, ...)``; raise `ModelError` if their shapes differ."""
    ours, theirs = np.asarray(first), np.asarray(second)
    if ours.shape != theirs.shape:
        raise ModelError(f"two models with {len(ours)} and {len(theirs)} predictions cannot be paired")
    return np.stack([ours, theirs])


def _array(values: Any) -> NDArray[Any]:
    """Return `values` as an array; if it has the dtype object but holds only numbers, give it a numeric dtype."""
    import pandas as pd

    array = np.asarray(values)
    if array.dtype != object or pd.api.types.infer_dtype(array.ravel(), skipna=False) not in _NUMBERS:
        return array
    return np.array(array.tolist())
