"""Check a model's outputs: finite numbers, probabilities in the order of the classes, one score per row."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.data.modalities import FloatArray
from models.errors import DivergedError, FitError

ROUNDING = 1e-3  # largest accepted error of a probability, since some libraries compute in single precision


def finite(outputs: FloatArray) -> FloatArray:
    """Return outputs unchanged if all of them are finite.

    Raises
    ------
    DivergedError
        If an output is not a finite number.
    """
    wrong = np.flatnonzero(~np.isfinite(outputs).all(axis=tuple(range(1, np.ndim(outputs)))))
    if len(wrong):
        raise DivergedError(f"the outputs for {len(wrong)} of {len(outputs)} utterances are not finite numbers")
    return outputs


def checked_outputs(outputs: Any, rows: int, classes: int) -> FloatArray:
    """Check ``(rows, classes)`` probabilities, or ``(rows, 1)`` scores if `classes` is 0, and return them unchanged.

    Raises
    ------
    DivergedError
        If an output is not a finite number.
    FitError
        If the shape is wrong, if a probability is outside [0, 1], or if a row of probabilities does not sum to 1.
    """
    found = np.asarray(outputs, np.float64)
    if found.shape != (rows, classes or 1):
        raise FitError(f"the outputs have the shape {found.shape}, not {(rows, classes or 1)}")
    finite(found)
    wrong = (found < -ROUNDING) | (found > 1 + ROUNDING) if classes else np.zeros(found.shape, bool)
    if wrong.any():
        raise FitError(f"the outputs are not probabilities: one of them is {found[wrong][0]:.6g}")
    if classes and (off := np.abs(found.sum(axis=1) - 1)).max(initial=0) > ROUNDING:
        raise FitError(f"the outputs are not probabilities: the sum of a row is {found[off.argmax()].sum():.6g}")
    return found


def probabilities(outputs: Any, rows: int, classes: Sequence[Any], own: Any = None) -> FloatArray:
    """Return class probabilities unchanged, after checking them and the order of their columns.

    Parameters
    ----------
    outputs
        ``(rows, classes)`` probabilities.
    rows, classes
        The expected number of rows, and the classes in the expected order of the columns.
    own
        The model's ``classes_``, if it has this attribute.

    Raises
    ------
    FitError
        If the model's classes are in a different order, or its outputs are not probabilities.
    """
    if own is not None and [str(c) for c in own] != [str(c) for c in classes]:
        raise FitError(
            f"classes_ is {', '.join(map(str, own))}, not {', '.join(map(str, classes))}: the columns of predict_proba"
            " must be in the sorted order of the labels that fit received"
        )
    return checked_outputs(outputs, rows, len(classes))


def scores(outputs: Any, rows: int) -> FloatArray:
    """Return ``(rows,)`` scores unchanged; raise `FitError` if they have a different shape."""
    found = np.asarray(outputs, np.float64)
    if found.shape != (rows,):
        raise FitError(f"predict returns the shape {found.shape}, not {(rows,)}: it must return one score per row")
    return found
