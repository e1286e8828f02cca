"""How sure a figure is: percentile intervals over resampled groups, and paired differences on the same resamples."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data import FloatArray, IntArray
from models.errors import ModelError
from models.metrics import codes

DRAWS = 1000
LEVEL = 0.95
SEED = 0

Function = Callable[[Any, Any], float]


@dataclass(frozen=True)
class Interval:
    """A figure with its interval; NaN bounds where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """Rows drawn by groups with replacement.

    Attributes
    ----------
    n
        Rows in the table that was resampled.
    draws
        The rows of each draw; empty if there is one group only, which says nothing about others.
    """

    n: int
    draws: tuple[IntArray, ...]


def resample(groups: Any, *, draws: int = DRAWS, seed: int = SEED) -> Resamples:
    """Draw groups with replacement, as many as there are, all rows of a group together.

    The same groups give the same draws, in whatever order they stand: all systems of a table are compared on the same
    resamples.

    Parameters
    ----------
    groups
        ``(n,)`` what may not be taken apart: speaker, session, video.
    draws
        How many.
    seed
        Of the random numbers.

    References
    ----------
    A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8.
    """
    _, numbers = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    count = int(numbers.max()) + 1 if len(numbers) else 0
    if count < 2:
        return Resamples(len(numbers), ())
    order = np.argsort(numbers, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    chosen = np.random.default_rng(seed).integers(count, size=(draws, count))
    return Resamples(len(numbers), tuple(np.concatenate([members[g] for g in row]) for row in chosen))


def group_bootstrap(metric: Function, truth: Any, prediction: Any, resamples: Resamples) -> Interval:
    """Return a figure and its 95 % percentile interval.

    A draw in which the figure is undefined (a correlation with a constant) is left out; with one group, or no defined
    draw, the bounds are NaN.

    Parameters
    ----------
    metric
        ``(truth, prediction) -> float``.
    truth, prediction
        ``(n,)`` classes or scores.
    resamples
        Of the same n rows.

    Raises
    ------
    ModelError
        If lengths disagree.
    """
    first, second = _prepared(resamples, truth, prediction)
    drawn = np.array([metric(first[rows], second[rows]) for rows in resamples.draws])
    return _interval(metric(first, second), drawn)


def paired_difference(metric: Function, truth: Any, first: Any, second: Any, resamples: Resamples) -> Interval:
    """Return the figure of `first` minus that of `second`, both measured on the same rows of every draw.

    Parameters
    ----------
    metric
        ``(truth, prediction) -> float``.
    truth
        ``(n,)`` classes or scores.
    first, second
        ``(n,)`` what two systems predict.
    resamples
        Of the same n rows.

    Raises
    ------
    ModelError
        If lengths disagree.
    """
    ours, one = _prepared(resamples, truth, first)
    theirs, two = _prepared(resamples, truth, second)
    drawn = [metric(ours[rows], one[rows]) - metric(theirs[rows], two[rows]) for rows in resamples.draws]
    return _interval(metric(ours, one) - metric(theirs, two), np.array(drawn))


def _prepared(resamples: Resamples, truth: Any, prediction: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    first, second = np.asarray(truth), np.asarray(prediction)
    if not len(first) == len(second) == resamples.n:
        raise ModelError(
            f"{len(first)} labels, {len(second)} predictions and resamples of {resamples.n} utterances do not fit"
        )
    return (first, second) if first.dtype.kind == "f" else codes(first, second)


def _interval(value: float, drawn: FloatArray) -> Interval:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(known, [tail, 100 - tail])
    return Interval(value, float(low), float(high))
