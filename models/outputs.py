"""What a model answers, checked: finite numbers, probabilities of the classes it was asked about, one score a row."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.data.modalities import FloatArray
from models.errors import DivergedError, FitError

ROUNDING = 1e-3  # by which a probability may be off: some libraries answer in single precision


def finite(outputs: FloatArray) -> FloatArray:
    """Return answers as they are.

    Raises
    ------
    DivergedError
        If one of them is no finite number.
    """
    wrong = np.flatnonzero(~np.isfinite(outputs).all(axis=tuple(range(1, np.ndim(outputs)))))
    if len(wrong):
        raise DivergedError(f"{len(wrong)} of {len(outputs)} answers are no finite numbers")
    return outputs


def sound_answers(outputs: Any, rows: int, classes: int) -> FloatArray:
    """Return a model's answers, ``(rows, classes)`` probabilities or, where there are no classes, ``(rows, 1)`` scores.

    Raises
    ------
    DivergedError
        If one of them is no finite number.
    FitError
        If they are something else: of another shape, or of classes and outside [0, 1], or not 1 in all.
    """
    found = np.asarray(outputs, np.float64)
    if found.shape != (rows, classes or 1):
        raise FitError(f"its answers have the shape {found.shape}, where {(rows, classes or 1)} is due")
    finite(found)
    wrong = (found < -ROUNDING) | (found > 1 + ROUNDING) if classes else np.zeros(found.shape, bool)
    if wrong.any():
        raise FitError(f"its answers are no probabilities: one of them is {found[wrong][0]:.6g}")
    if classes and (off := np.abs(found.sum(axis=1) - 1)).max(initial=0) > ROUNDING:
        raise FitError(f"its answers are no probabilities: those of a row add up to {found[off.argmax()].sum():.6g}")
    return found


def probabilities(answers: Any, rows: int, classes: Sequence[Any], own: Any = None) -> FloatArray:
    """Return class probabilities as they are; as `sound_answers`, and their columns are in the order of the classes.

    Parameters
    ----------
    answers
        ``(rows, classes)``.
    rows, classes
        How many rows were asked about, and the classes in the order of the columns.
    own
        The model's ``classes_``, where it has them.

    Raises
    ------
    FitError
        If the model's classes stand in another order, or its answers are no probabilities.
    """
    if own is not None and [str(c) for c in own] != [str(c) for c in classes]:
        raise FitError(
            f"its classes_ are {', '.join(map(str, own))}, in place of {', '.join(map(str, classes))}: columns of"
            " predict_proba must stand in the sorted order of the labels that fit was given"
        )
    return sound_answers(answers, rows, len(classes))


def scores(answers: Any, rows: int) -> FloatArray:
    """Return ``(rows,)`` scores as they are; `FitError` if they have another shape."""
    found = np.asarray(answers, np.float64)
    if found.shape != (rows,):
        raise FitError(f"predict gives the shape {found.shape} for {rows} rows: one score a row is needed")
    return found
