"""How sure a figure is: intervals over resampled groups, paired differences, and a test of two systems.

Groups (speakers, dialogues, sessions) are what may not be taken apart: utterances of one are alike, so that a corpus
says as much about others as it has groups, not utterances.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import FloatArray, IntArray
from models.errors import ModelError
from models.evaluation.metrics import tasks_of
from models.evaluation.tallies import tally_of
from models.validation.folds import numbered

DRAWS = 1000
SWAPS = 9999
LEVEL = 0.95
SEED = 0

Function = Callable[[Any, Any], float]

_AT_ONCE = 1000  # swaps in one matrix product
_NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean")  # in pandas' words
_ROUNDING = 1e-12  # two differences nearer than this are the same


@dataclass(frozen=True)
class Interval:
    """A figure with its interval; NaN bounds where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """Groups drawn with replacement.

    Attributes
    ----------
    groups
        ``(n,)`` number of each utterance's group.
    chosen
        ``(draws, groups)`` numbers of the groups in each draw; none if there is one group only, which says nothing
        about others.
    """

    groups: IntArray
    chosen: IntArray

    @cached_property
    def counts(self) -> FloatArray:
        """``(draws, groups)`` how often each draw has each group."""
        draws, groups = self.chosen.shape
        cells = self.chosen + groups * np.arange(draws)[:, None]
        return np.bincount(cells.ravel(), minlength=draws * groups).reshape(draws, groups).astype(np.float64)

    @cached_property
    def draws(self) -> tuple[IntArray, ...]:
        """The utterances of each draw, by position."""
        order = np.argsort(self.groups, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(self.groups))[:-1])
        return tuple(np.concatenate([members[g] for g in row]) for row in self.chosen)


@dataclass(frozen=True, eq=False)
class Swaps:
    """Groups whose answers two systems exchange.

    Attributes
    ----------
    groups
        ``(n,)`` number of each utterance's group.
    swapped
        ``(draws, groups)`` whether a draw swaps a group; none if there is one group only.
    exact
        Whether these are all ways to swap, each once.
    """

    groups: IntArray
    swapped: NDArray[np.bool_]
    exact: bool


def resample(groups: Any, *, draws: int = DRAWS, seed: int = SEED) -> Resamples:
    """Draw groups with replacement, as many as there are, all utterances of a group together.

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
    numbers, count = numbered(groups)
    shape = (draws if count > 1 else 0, count)
    return Resamples(numbers, np.random.default_rng(seed).integers(max(count, 1), size=shape))


def group_bootstrap(metric: Function, truth: Any, prediction: Any, resamples: Resamples) -> Interval:
    """Return a figure and its 95 % percentile interval.

    A draw in which the figure is undefined (a correlation with a constant) is left out; with one group, or no defined
    draw, the bounds are NaN.

    Parameters
    ----------
    metric
        ``(truth, prediction) -> float``.
    truth
        ``(n,)`` classes or scores.
    prediction
        ``(n,)``, or ``(s, n)`` of `s` systems, whose figures are averaged in every draw.
    resamples
        Of the same n utterances.

    Raises
    ------
    ModelError
        If lengths disagree.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile intervals).
    """
    true, predicted = _prepared(metric, resamples.groups, truth, prediction)
    value = float(np.mean([metric(true, one) for one in predicted]))
    return _interval(value, _resampled(metric, true, predicted, resamples).mean(axis=0))


def paired_difference(metric: Function, truth: Any, first: Any, second: Any, resamples: Resamples) -> Interval:
    """Return the figure of `first` minus that of `second`, both measured on the same utterances of every draw.

    Parameters
    ----------
    metric
        ``(truth, prediction) -> float``.
    truth
        ``(n,)`` classes or scores.
    first, second
        ``(n,)`` what two systems predict.
    resamples
        Of the same n utterances.

    Raises
    ------
    ModelError
        If lengths disagree.
    """
    true, (ours, theirs) = _prepared(metric, resamples.groups, truth, _pair(first, second))
    drawn = _resampled(metric, true, np.stack([ours, theirs]), resamples)
    return _interval(metric(true, ours) - metric(true, theirs), drawn[0] - drawn[1])


def swaps(groups: Any, *, draws: int = SWAPS, seed: int = SEED) -> Swaps:
    """Return which groups two systems exchange: all ``2 ** groups`` ways where those are no more than `draws`.

    Parameters
    ----------
    groups
        ``(n,)`` what may not be taken apart: speaker, session, video.
    draws
        How many at most.
    seed
        Of the random numbers.
    """
    numbers, count = numbered(groups)
    if count < 2:
        return Swaps(numbers, np.empty((0, count), bool), True)
    if 2**count <= draws:
        ways = np.arange(2**count)[:, None] >> np.arange(count) & 1
        return Swaps(numbers, ways.astype(bool), True)
    return Swaps(numbers, np.random.default_rng(seed).random((draws, count)) < 0.5, False)


def randomisation_test(metric: Function, truth: Any, first: Any, second: Any, swapped: Swaps) -> float:
    """Return the two-sided p of two systems being alike: how often chance sets them as far apart as they are.

    If they are alike, it makes no difference which of the two gave a group's answers; so their answers are swapped for
    whole groups. Where not all swaps are tried, the tried ones and what was seen count alike: ``(1 + k) / (1 + n)``.
    The smallest p that `g` groups allow is ``2 / 2 ** g``.

    Parameters
    ----------
    metric
        ``(truth, prediction) -> float``.
    truth
        ``(n,)`` classes or scores.
    first, second
        ``(n,)`` what two systems predict.
    swapped
        From `swaps`, of the same n utterances; the same for all pairs of a table.

    Returns
    -------
    float
        From 0 to 1; NaN with one group, or where the figure is undefined.

    Raises
    ------
    ModelError
        If lengths disagree.

    References
    ----------
    E. W. Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989, chapter 2.
    A. Yeh, More accurate tests for the statistical significance of result differences, COLING 2000.
    """
    true, (ours, theirs) = _prepared(metric, swapped.groups, truth, _pair(first, second))
    seen = metric(true, ours) - metric(true, theirs)
    if not np.isfinite(seen) or not len(swapped.swapped):
        return float("nan")
    chunks = _swapped(metric, true, ours, theirs, swapped)
    drawn = np.concatenate([figures[0] - figures[1] for figures in chunks])
    drawn = drawn[np.isfinite(drawn)]
    as_far = int(np.count_nonzero(np.abs(drawn) >= abs(seen) - _ROUNDING))
    return as_far / len(drawn) if swapped.exact else (1 + as_far) / (1 + len(drawn))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for being several: the chance of even one false alarm among them stays below the level.

    Parameters
    ----------
    p_values
        One a comparison; NaN is no comparison, and stays.

    Returns
    -------
    list of float
        In the same order.

    References
    ----------
    S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, np.float64)
    known = np.flatnonzero(np.isfinite(given))
    order = known[np.argsort(given[known], kind="stable")]
    found = np.full(len(given), np.nan)
    found[order] = np.minimum(np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1)), 1)
    return [float(p) for p in found]


def _pair(first: Any, second: Any) -> NDArray[Any]:
    ours, theirs = np.asarray(first), np.asarray(second)
    if ours.shape != theirs.shape:
        raise ModelError(f"two systems of {len(ours)} and {len(theirs)} predictions cannot be paired: they do not fit")
    return np.stack([ours, theirs])


def _prepared(metric: Function, groups: IntArray, truth: Any, prediction: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return truth ``(n,)`` and predictions ``(s, n)``: scores as floats, classes as numbers from 0.

    What a number is depends on the metric: 2 is a score to `mae`, whatever its type, and a class to `uar`. To a
    function that is no task's metric, numbers are numbers and all else is classes.
    """
    true, predicted = _plain(truth), np.atleast_2d(_plain(prediction))
    if not len(true) == predicted.shape[1] == len(groups):
        raise ModelError(
            f"{len(true)} labels, {predicted.shape[1]} predictions and groups of {len(groups)} utterances do not fit"
        )
    tasks = tasks_of(metric)
    if tasks == {"regression"}:
        return true.astype(np.float64), predicted.astype(np.float64)
    if "classification" not in tasks and {true.dtype.kind, predicted.dtype.kind} <= set("biuf"):
        return true, predicted
    both = np.concatenate([true, predicted.ravel()])
    numbers, _ = pd.factorize(both, sort=True, use_na_sentinel=False)  # sorts classes, not answers
    return numbers[: len(true)], numbers[len(true) :].reshape(predicted.shape)


def _plain(values: Any) -> NDArray[Any]:
    """Return an array; numbers that come as Python objects as numbers."""
    array = np.asarray(values)
    if array.dtype != object or pd.api.types.infer_dtype(array.ravel(), skipna=False) not in _NUMBERS:
        return array
    return np.array(array.tolist())


def _by_group(rows: FloatArray, groups: IntArray) -> FloatArray:
    """Sum ``(s, n, k)`` rows to ``(s, groups, k)``."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(groups.max(initial=-1) + 1))
    return np.asarray(np.add.reduceat(rows[:, order], starts, axis=1), np.float64)


def _resampled(metric: Function, truth: NDArray[Any], predictions: NDArray[Any], resamples: Resamples) -> FloatArray:
    """Return ``(s, draws)`` figures: by sums where the metric has them, else by the metric itself."""
    figures = np.full((len(predictions), len(resamples.chosen)), np.nan)
    tally = tally_of(metric)
    if tally is not None and figures.size:
        figures = tally.figure(resamples.counts @ _by_group(tally.rows(truth, predictions), resamples.groups))
    for system, draw in np.argwhere(np.isnan(figures)):
        rows = resamples.draws[draw]
        figures[system, draw] = metric(truth[rows], predictions[system, rows])
    return figures


def _swapped(
    metric: Function, truth: NDArray[Any], first: NDArray[Any], second: NDArray[Any], swapped: Swaps
) -> Iterator[FloatArray]:
    """Yield ``(2, draws)`` figures of both systems, swapped, some draws at a time."""
    tally = tally_of(metric)
    sums = None if tally is None else _by_group(tally.rows(truth, np.stack([first, second])), swapped.groups)
    for start in range(0, len(swapped.swapped), _AT_ONCE):
        draws = swapped.swapped[start : start + _AT_ONCE]
        figures = np.full((2, len(draws)), np.nan)
        if tally is not None and sums is not None:
            moved = draws.astype(np.float64) @ (sums[1] - sums[0])
            figures = tally.figure(np.stack([sums[0].sum(axis=0) + moved, sums[1].sum(axis=0) - moved]))
        for draw in np.flatnonzero(np.isnan(figures).any(axis=0)):
            other = draws[draw][swapped.groups]
            figures[0, draw] = metric(truth, np.where(other, second, first))
            figures[1, draw] = metric(truth, np.where(other, first, second))
        yield figures


def _interval(value: float, drawn: FloatArray) -> Interval:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(known, [tail, 100 - tail])
    return Interval(value, float(low), float(high))
