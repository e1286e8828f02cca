"""Compute metrics from sums over utterances, so that a thousand resamples take one matrix product.

Most metrics depend on utterances only through sums, such as counts of classes, errors, squares and products. The sums
of each group are computed once; a resample adds them as often as the group was drawn. `models.evaluation.metrics`
defines the metrics; this module computes them from sums.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import FloatArray, IntArray

Array = NDArray[Any]
Mapped = Callable[[Array], Array]  # turns scores into classes, for example by sign or by rounding
_PRECISE = 0.01  # a correlation from sums is precise enough if the variance is above this share of the mean square


@dataclass(frozen=True)
class SufficientStatistics:
    """What to sum over utterances, and how a metric follows from the sums.

    Attributes
    ----------
    per_utterance
        ``(truth (n,), predictions (s, n)) -> (s, n, k)``: the k numbers that each utterance adds, for s models. Classes
        are integers from 0. For a metric that reads probabilities, `predictions` are ``(s, n, classes)``.
    metric
        ``(..., k) -> (...)``: the metric of summed statistics; NaN if it is undefined, or if the sums have lost too
        many digits to compute it.
    """

    per_utterance: Callable[[Array, Array], FloatArray]
    metric: Callable[[FloatArray], FloatArray]

    def by_group(self, truth: Array, predictions: Array, groups: IntArray) -> FloatArray:
        """Return the sums over each group.

        Parameters
        ----------
        truth
            ``(n,)`` labels.
        predictions
            ``(s, n)`` predictions, or ``(s, n, classes)`` probabilities.
        groups
            ``(n,)`` group of each utterance, numbered from 0.

        Returns
        -------
        ndarray
            ``(s, groups, k)`` sums.
        """
        order = np.argsort(groups, kind="stable")
        starts = np.searchsorted(groups[order], np.arange(groups.max(initial=-1) + 1))
        added = self.per_utterance(truth, predictions)
        return np.asarray(np.add.reduceat(added[:, order], starts, axis=1), np.float64)


def agreement(of: Mapped = np.asarray, counted: Mapped | None = None) -> SufficientStatistics:
    """Define the share of utterances whose prediction agrees with the truth, by sums over utterances.

    Parameters
    ----------
    of
        Function that maps scores to the values that must agree; by default, values are compared as they are.
    counted
        Function from the truth to a mask of the utterances that count; all by default.
    """

    def per_utterance(truth: Array, predictions: Array) -> FloatArray:
        same = of(truth) == of(predictions)
        there = np.broadcast_to(True if counted is None else counted(truth), same.shape)
        return np.stack([same & there, there], axis=-1).astype(np.float64)

    return SufficientStatistics(per_utterance, mean_of_sums)


def absolute_errors() -> SufficientStatistics:
    """Define the mean absolute error by sums over utterances: of the absolute errors, and of ones."""

    def per_utterance(truth: Array, predictions: Array) -> FloatArray:
        errors = np.abs(predictions - truth)
        return np.stack([errors, np.ones_like(errors)], axis=-1)

    return SufficientStatistics(per_utterance, mean_of_sums)


def root_mean_square() -> SufficientStatistics:
    """Define the root of the mean squared error by sums over utterances: of the squared errors, and of ones."""

    def per_utterance(truth: Array, predictions: Array) -> FloatArray:
        squares = (predictions - truth) ** 2
        return np.stack([squares, np.ones_like(squares)], axis=-1)

    return SufficientStatistics(per_utterance, lambda sums: np.sqrt(mean_of_sums(sums)))


def moments(metric: Callable[[FloatArray], FloatArray]) -> SufficientStatistics:
    """Define a correlation by sums over utterances: of ones, values, squares and products.

    The mean of the truth is first subtracted from the truth and from the predictions.

    Parameters
    ----------
    metric
        Function of the summed statistics: `correlation` or `concordance`.
    """

    def per_utterance(truth: Array, predictions: Array) -> FloatArray:
        centre = truth.mean() if len(truth) else 0.0
        y = predictions - centre
        x = np.broadcast_to(truth - centre, y.shape)
        return np.stack([np.ones_like(y), x, y, x * x, y * y, x * y], axis=-1)

    return SufficientStatistics(per_utterance, metric)


def class_counts(
    metric: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
    of: Mapped | None = None,
    counted: Mapped | None = None,
) -> SufficientStatistics:
    """Define a metric by sums over utterances: how many of each class are correct, true and predicted.

    Parameters
    ----------
    metric
        Function ``(right, true, predicted) -> (...)`` of counts ``(..., classes)``.
    of
        Function that returns True for scores of the second of two classes, and False for those of the first. By
        default, the truth and the predictions are class numbers.
    counted
        Function from the truth to a mask of the utterances that count; all by default.
    """

    def per_utterance(truth: Array, predictions: Array) -> FloatArray:
        first, second = (truth, predictions) if of is None else (of(truth) * 1, of(predictions) * 1)
        classes = 2 if of else int(max(first.max(initial=0), second.max(initial=0))) + 1
        indicator = np.eye(classes)
        true, predicted = np.broadcast_to(indicator[first], (*second.shape, classes)), indicator[second]
        counts = np.concatenate([true * predicted, true, predicted], axis=-1)
        return counts if counted is None else np.asarray(counts * counted(truth)[:, None], np.float64)

    def from_counts(sums: FloatArray) -> FloatArray:
        right, true, predicted = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, -1), -2, 0)
        return metric(right, true, predicted)

    return SufficientStatistics(per_utterance, from_counts)


def mean_recall(right: FloatArray, true: FloatArray, predicted: FloatArray) -> FloatArray:  # noqa: ARG001
    """Return the mean recall over the classes that occur in the truth, from counts ``(..., classes)``."""
    return _divide((right / np.maximum(true, 1)).sum(-1), np.count_nonzero(true > 0, axis=-1))


def weighted_f1(right: FloatArray, true: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the mean F1 of the classes, weighted by how often each is true, from counts ``(..., classes)``."""
    return _divide((2 * right / np.maximum(true + predicted, 1) * true).sum(-1), true.sum(-1))


def macro_f1(right: FloatArray, true: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the mean F1 over all classes that are true or predicted at least once, from counts ``(..., classes)``."""
    each = 2 * right / np.maximum(true + predicted, 1)
    return _divide(each.sum(-1), np.count_nonzero(true + predicted > 0, axis=-1))


def mean_of_sums(sums: FloatArray) -> FloatArray:
    """Return the first sum divided by the second, which is the number of utterances; NaN if this number is 0."""
    return _divide(sums[..., 0], sums[..., 1])


def correlation(sums: FloatArray) -> FloatArray:
    """Return Pearson's correlation from the sums of `moments`; NaN if undefined, or if too many digits were lost."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    mean_x, mean_y = _divide(x, n), _divide(y, n)
    var_x, var_y = xx - mean_x * x, yy - mean_y * y
    precise = (n >= 2) & (var_x > _PRECISE * xx) & (var_y > _PRECISE * yy)
    found = _divide(xy - mean_x * y, np.sqrt(np.where(precise, var_x * var_y, np.nan)))
    return np.asarray(np.clip(found, -1, 1), np.float64)


def concordance(sums: FloatArray) -> FloatArray:
    """Return Lin's concordance from the sums of `moments`; NaN if undefined, or if too many digits were lost."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    mean_x, mean_y = _divide(x, n), _divide(y, n)
    apart = xx - mean_x * x + yy - mean_y * y + n * (mean_x - mean_y) ** 2
    precise = (n >= 2) & (apart > _PRECISE * (xx + yy))
    return _divide(2 * (xy - mean_x * y), np.where(precise, apart, np.nan))


def _divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide elementwise; NaN where the denominator is not positive."""
    undefined = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator > 0), np.float64)
