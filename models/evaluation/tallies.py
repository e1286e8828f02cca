"""The built-in figures from sums over utterances, so that a thousand resamples are one matrix product.

Such a figure depends on its utterances only through sums: how often each class is right, true and predicted; errors,
squares and products. The sums of a group are taken once; a resample adds them up as often as the group was drawn.
`models.evaluation.metrics` says what the figures are; here is how they follow from sums. A metric without an entry
here is called on the rows of every resample, which gives the same and takes longer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import FloatArray
from models.evaluation import metrics
from models.evaluation.metrics import Function

Array = NDArray[Any]
_SURE = 0.01  # share of the mean square that the variance must be for `r` to lose no digit that matters


@dataclass(frozen=True)
class Tally:
    """A figure by sums.

    Attributes
    ----------
    rows
        ``(truth (n,), predictions (s, n)) -> (s, n, k)``: what each utterance adds, for `s` systems. Classes are
        numbers from 0.
    figure
        ``(..., k) sums -> (...)``: the figure; NaN where it is undefined, or where the sums are too blunt to say.
    """

    rows: Callable[[Array, Array], FloatArray]
    figure: Callable[[FloatArray], FloatArray]


def tally_of(function: Function) -> Tally | None:
    """Return how a metric is had from sums; None where it is not."""
    return _TALLIES.get(function)


def _divide(over: FloatArray, under: FloatArray) -> FloatArray:
    """Divide; NaN where nothing is there to divide by."""
    nothing = np.full(np.broadcast(over, under).shape, np.nan)
    return np.asarray(np.divide(over, under, out=nothing, where=under > 0), np.float64)


def _agreement(same: Array, counted: Array | None = None) -> FloatArray:
    """Return ``(s, n, 2)``: whether the answer is right, and whether the utterance counts."""
    there = np.ones_like(same, bool) if counted is None else np.broadcast_to(counted, same.shape)
    return np.stack([same & there, there], axis=-1).astype(np.float64)


def _share(sums: FloatArray) -> FloatArray:
    return _divide(sums[..., 0], sums[..., 1])


def _class_counts(truth: Array, predictions: Array, classes: int | None = None) -> FloatArray:
    """Return ``(s, n, 3 * classes)``: right, true and predicted, by class."""
    one = np.eye(classes or int(max(truth.max(initial=0), predictions.max(initial=0))) + 1)
    true, predicted = np.broadcast_to(one[truth], (*predictions.shape, len(one))), one[predictions]
    return np.concatenate([true * predicted, true, predicted], axis=-1)


def _by_class(sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    right, true, predicted = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, -1), -2, 0)
    return right, true, predicted


def _uar(sums: FloatArray) -> FloatArray:
    right, true, _ = _by_class(sums)
    return _divide((right / np.maximum(true, 1)).sum(-1), np.count_nonzero(true > 0, axis=-1))


def _weighted_f1(sums: FloatArray) -> FloatArray:
    right, true, predicted = _by_class(sums)
    return _divide((2 * right / np.maximum(true + predicted, 1) * true).sum(-1), true.sum(-1))


def _macro_f1(sums: FloatArray) -> FloatArray:
    right, true, predicted = _by_class(sums)
    each = 2 * right / np.maximum(true + predicted, 1)
    return _divide(each.sum(-1), np.count_nonzero(true + predicted > 0, axis=-1))


def _errors(truth: Array, predictions: Array) -> FloatArray:
    errors = np.abs(predictions - truth)
    return np.stack([errors, np.ones_like(errors)], axis=-1)


def _moments(truth: Array, predictions: Array) -> FloatArray:
    """Return ``(s, n, 6)``: one, both sides, their squares and their product, about the mean of the truth."""
    centre = truth.mean() if len(truth) else 0.0
    y = predictions - centre
    x = np.broadcast_to(truth - centre, y.shape)
    return np.stack([np.ones_like(y), x, y, x * x, y * y, x * y], axis=-1)


def _r(sums: FloatArray) -> FloatArray:
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    mean_x, mean_y = _divide(x, n), _divide(y, n)
    var_x, var_y = xx - mean_x * x, yy - mean_y * y
    sure = (n >= 2) & (var_x > _SURE * xx) & (var_y > _SURE * yy)
    found = _divide(xy - mean_x * y, np.sqrt(np.where(sure, var_x * var_y, np.nan)))
    return np.asarray(np.clip(found, -1, 1), np.float64)


def _signs(truth: Array, predictions: Array) -> FloatArray:
    return _class_counts((truth >= 0).astype(np.intp), (predictions >= 0).astype(np.intp), 2)


def _non0_signs(truth: Array, predictions: Array) -> FloatArray:
    rows = _class_counts((truth > 0).astype(np.intp), (predictions > 0).astype(np.intp), 2)
    return np.asarray(rows * (truth != 0)[:, None], np.float64)


def _rounded(scores: Array, limit: int) -> Array:
    return np.asarray(np.round(np.clip(scores, -limit, limit)))


_TALLIES: dict[Function, Tally] = {
    metrics.accuracy: Tally(lambda t, p: _agreement(t == p), _share),
    metrics.uar: Tally(_class_counts, _uar),
    metrics.weighted_f1: Tally(_class_counts, _weighted_f1),
    metrics.macro_f1: Tally(_class_counts, _macro_f1),
    metrics.mae: Tally(_errors, _share),
    metrics.r: Tally(_moments, _r),
    metrics.has0_acc: Tally(lambda t, p: _agreement((t >= 0) == (p >= 0)), _share),
    metrics.has0_f1: Tally(_signs, _weighted_f1),
    metrics.non0_acc: Tally(lambda t, p: _agreement((t > 0) == (p > 0), t != 0), _share),
    metrics.non0_f1: Tally(_non0_signs, _weighted_f1),
    metrics.acc5: Tally(lambda t, p: _agreement(_rounded(t, 2) == _rounded(p, 2)), _share),
    metrics.acc7: Tally(lambda t, p: _agreement(_rounded(t, 3) == _rounded(p, 3)), _share),
}
