"""Tests of whether two models differ: a randomisation test for a pair, and Holm's correction for several tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import FloatArray, IntArray
from models.evaluation.coding import as_numbers, paired
from models.evaluation.intervals import SEED
from models.evaluation.metrics import Metric
from models.validation.folds import numbered

SWAPS = 9999
SIGNIFICANT = 0.05  # a corrected p below this counts as a difference

_AT_ONCE = 1000  # swaps in one matrix product
_ROUNDING = 1e-12  # differences closer than this count as equal


@dataclass(frozen=True, eq=False)
class Swaps:
    """For each draw, the groups in which two models swap their predictions.

    Attributes
    ----------
    groups
        ``(n,)`` index of each utterance's group.
    swapped
        ``(draws, groups)`` whether a draw swaps the predictions of a group; no draws if there is only one group.
    exact
        Whether the draws are all possible ways to swap, each of them once.
    """

    groups: IntArray
    swapped: NDArray[np.bool_]
    exact: bool


def takes_all_ways(groups: int, draws: int = SWAPS) -> bool:
    """Whether `swaps` takes all ``2 ** groups`` ways to swap, since they are at most `draws`."""
    return bool(2**groups <= draws)


def swaps(groups: Any, *, draws: int = SWAPS, seed: int = SEED) -> Swaps:
    """Draw the groups in which two models swap predictions; if there are at most `draws` ways to swap, take all.

    With ``g`` groups there are ``2 ** g`` ways; with one group, nothing is drawn.

    Parameters
    ----------
    groups
        ``(n,)`` group of each utterance: speaker, session, video.
    draws
        Maximum number of draws.
    seed
        Seed of the random numbers.
    """
    numbers, count = numbered(groups)
    if count < 2:
        return Swaps(numbers, np.empty((0, count), bool), True)
    if takes_all_ways(count, draws):
        ways = np.arange(2**count)[:, None] >> np.arange(count) & 1
        return Swaps(numbers, ways.astype(bool), True)
    return Swaps(numbers, np.random.default_rng(seed).random((draws, count)) < 0.5, False)


def randomisation_test(metric: Metric, truth: Any, first: Any, second: Any, swapped: Swaps) -> float:
    """Return the two-sided p value of the hypothesis that two models do not differ.

    Under this hypothesis, the predictions of the two models can be swapped for any group. If the absolute difference is
    at least as large as the observed one in k of n draws, the p value is ``k / n``. If not all possible swaps are
    tried, the observed assignment counts as one more draw: ``(1 + k) / (1 + n)``. If all swaps of g groups are tried,
    the smallest possible p value is ``2 / 2 ** g``. Draws in which the metric is undefined are left out.

    Parameters
    ----------
    metric
        The metric, as `models.evaluation.metrics.metric` returns it.
    truth
        ``(n,)`` classes or scores; for a metric that reads probabilities, the columns of the true classes.
    first, second
        ``(n,)`` predictions of two models, or their probabilities ``(n, classes)``.
    swapped
        Result of `swaps` for the same n utterances; use the same for all pairs of a table.

    Returns
    -------
    float
        From 0 to 1; NaN with one group, or if the metric is undefined.

    Raises
    ------
    ModelError
        If the lengths do not match.

    References
    ----------
    E. W. Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989, chapter 2.
    A. Yeh, More accurate tests for the statistical significance of result differences, COLING 2000.
    """
    true, both = as_numbers(metric.task, truth, paired(first, second), swapped.groups, metric.reads)
    observed = metric(true, both[0]) - metric(true, both[1])
    if not np.isfinite(observed) or not len(swapped.swapped):
        return float("nan")
    differences = np.concatenate([values[0] - values[1] for values in _swapped(metric, true, both, swapped)])
    differences = differences[np.isfinite(differences)]
    as_far = int(np.count_nonzero(np.abs(differences) >= abs(observed) - _ROUNDING))
    return as_far / len(differences) if swapped.exact else (1 + as_far) / (1 + len(differences))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p values of several tests, so that the probability of any false positive is limited.

    Parameters
    ----------
    p_values
        One p value per comparison; NaN is not counted as a comparison and stays NaN.

    Returns
    -------
    list of float
        The corrected p values, in the same order.

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


def _swapped(metric: Metric, truth: NDArray[Any], both: NDArray[Any], swapped: Swaps) -> Iterator[FloatArray]:
    """Yield the metric of both models after swapping, ``(2, draws)``, for batches of draws."""
    statistics = metric.statistics
    sums = statistics.by_group(truth, both, swapped.groups) if statistics else None
    for start in range(0, len(swapped.swapped), _AT_ONCE):
        draws = swapped.swapped[start : start + _AT_ONCE]
        values = np.full((2, len(draws)), np.nan)
        if statistics and sums is not None:
            moved = draws.astype(np.float64) @ (sums[1] - sums[0])
            values = statistics.metric(np.stack([sums[0].sum(axis=0) + moved, sums[1].sum(axis=0) - moved]))
        for draw in np.flatnonzero(np.isnan(values).any(axis=0)):
            other = draws[draw][swapped.groups]
            exchanged = both.copy()
            exchanged[:, other] = both[::-1, other]
            values[:, draw] = metric(truth, exchanged[0]), metric(truth, exchanged[1])
        yield values
