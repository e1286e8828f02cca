"""Confidence intervals from resampled groups, for the metric of a model and for the difference between two models.

Groups (speakers, dialogues, sessions) are resampled as a whole. Utterances of the same group resemble each other, so
the effective sample size is closer to the number of groups than to the number of utterances.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import FloatArray, IntArray
from models.evaluation.coding import as_numbers, paired
from models.evaluation.metrics import Metric
from models.validation.folds import numbered

DRAWS = 1000
CONFIDENCE = 0.95
SEED = 0
_COUNTED = 1 << 27  # cells of draws and groups that are counted at once: 1 GB


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval; the bounds are NaN if there is no interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """Groups drawn with replacement.

    Attributes
    ----------
    groups
        ``(n,)`` index of each utterance's group.
    drawn
        ``(draws, groups)`` indices of the groups in each draw; no draws if there is only one group, since one group
        says nothing about the variation between groups.
    """

    groups: IntArray
    drawn: IntArray

    @cached_property
    def counts(self) -> FloatArray:
        """How often each draw contains each group, ``(draws, groups)``."""
        return self._counted(self.drawn)

    def totals(self, sums: FloatArray) -> FloatArray:
        """Return the sums over each draw, ``(s, draws, k)``, from the sums over each group, ``(s, groups, k)``.

        If there are very many groups, a few draws are counted at a time, which takes less memory.
        """
        draws, groups = self.drawn.shape
        if draws * groups <= _COUNTED:
            return self.counts @ sums
        size = max(1, _COUNTED // groups)
        parts = [self._counted(self.drawn[at : at + size]) @ sums for at in range(0, draws, size)]
        return np.concatenate(parts, axis=1)

    def _counted(self, drawn: IntArray) -> FloatArray:
        draws, groups = drawn.shape
        cells = drawn + groups * np.arange(draws)[:, None]
        return np.bincount(cells.ravel(), minlength=draws * groups).reshape(draws, groups).astype(np.float64)

    @cached_property
    def draws(self) -> tuple[IntArray, ...]:
        """The positions of the utterances in each draw."""
        order = np.argsort(self.groups, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(self.groups))[:-1])
        return tuple(np.concatenate([members[g] for g in row]) for row in self.drawn)


def resample(groups: Any, *, draws: int = DRAWS, seed: int = SEED) -> Resamples:
    """Draw bootstrap samples of groups; with a group, all its utterances are drawn.

    Each sample has as many groups as the corpus, drawn with replacement. The same groups give the same draws, whatever
    the order of the utterances, so that all models of a table are compared on the same resamples.

    Parameters
    ----------
    groups
        ``(n,)`` group of each utterance: speaker, session, video.
    draws
        Number of draws.
    seed
        Seed of the random numbers.

    References
    ----------
    A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8.
    """
    numbers, count = numbered(groups)
    shape = (draws if count > 1 else 0, count)
    return Resamples(numbers, np.random.default_rng(seed).integers(max(count, 1), size=shape))


def group_bootstrap(metric: Metric, truth: Any, prediction: Any, resamples: Resamples) -> Interval:
    """Return a metric with its 95 % interval: a percentile interval, or a basic interval if the metric is `reflected`.

    Draws in which the metric is undefined (such as a correlation with a constant) are left out. With one group, or if
    the metric is undefined in every draw, the bounds are NaN. The bounds of a share are clipped to the range 0 to 1.

    Parameters
    ----------
    metric
        The metric, as `models.evaluation.metrics.metric` returns it.
    truth
        ``(n,)`` classes or scores; for a metric that reads probabilities, the columns of the true classes.
    prediction
        ``(n,)``, or ``(s, n)`` for s models, whose metrics are averaged in every draw; probabilities are
        ``(n, classes)`` or ``(s, n, classes)``.
    resamples
        Resamples of the same n utterances.

    Raises
    ------
    ModelError
        If the lengths do not match.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile intervals).
    A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 5.2 (basic intervals, which
    are reflected).
    """
    true, predicted = as_numbers(metric.task, truth, prediction, resamples.groups, metric.reads)
    value = float(np.mean([metric(true, one) for one in predicted]))
    found = _interval(metric, value, _resampled(metric, true, predicted, resamples).mean(axis=0))
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0)) if metric.share else found


def paired_difference(metric: Metric, truth: Any, first: Any, second: Any, resamples: Resamples) -> Interval:
    """Return the metric of `first` minus the metric of `second`, with its 95 % percentile interval.

    Each draw computes both metrics on the same utterances. As in `group_bootstrap`, draws in which the
    difference is undefined are left out, and the interval is reflected (basic) if the metric is `reflected`.

    Parameters
    ----------
    metric
        The metric, as `models.evaluation.metrics.metric` returns it.
    truth
        ``(n,)`` classes or scores; for a metric that reads probabilities, the columns of the true classes.
    first, second
        ``(n,)`` predictions of two models, or their probabilities ``(n, classes)``.
    resamples
        Resamples of the same n utterances.

    Raises
    ------
    ModelError
        If the lengths do not match.
    """
    true, both = as_numbers(metric.task, truth, paired(first, second), resamples.groups, metric.reads)
    resampled = _resampled(metric, true, both, resamples)
    return _interval(metric, metric(true, both[0]) - metric(true, both[1]), resampled[0] - resampled[1])


def _resampled(metric: Metric, truth: NDArray[Any], predictions: NDArray[Any], resamples: Resamples) -> FloatArray:
    """Return the metric of each model in each draw, ``(s, draws)``; computed from sums if `metric` has `statistics`."""
    values = np.full((len(predictions), len(resamples.drawn)), np.nan)
    if metric.statistics and values.size:
        sums = metric.statistics.by_group(truth, predictions, resamples.groups)
        values = metric.statistics.metric(resamples.totals(sums))
    for model, draw in np.argwhere(np.isnan(values)):
        utterances = resamples.draws[draw]
        values[model, draw] = metric(truth[utterances], predictions[model, utterances])
    return values


def _interval(metric: Metric, value: float, resampled: FloatArray) -> Interval:
    """Return `value` with the percentile interval of `resampled`, which holds its value in each draw.

    If the metric is `reflected`, the bounds are mirrored at `value`, and moved if `value` would lie outside them.
    """
    defined = resampled[np.isfinite(resampled)]
    if not len(defined):
        return Interval(value, float("nan"), float("nan"))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = map(float, np.percentile(defined, [tail, 100 - tail]))
    if metric.reflected:
        low, high = min(2 * value - high, value), max(2 * value - low, value)
    return Interval(value, low, high)
