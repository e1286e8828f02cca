"""The metrics that the field reports: functions ``(truth, prediction) -> float``, and the registry of all metrics.

Metrics of class probabilities are in `models.evaluation.calibration`. A metric that is a share is returned as a
fraction, not as a percentage. For classification, truths and predictions are names or integers of classes; with
integers from 0, a function need not sort them, which matters if it is called many times. For regression, truths and
predictions are floats.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from common.names import Registry
from models.data.modalities import TASKS, BoolArray, FloatArray, Task
from models.errors import ModelError, reason_of
from models.evaluation import sufficient_statistics as from_counts
from models.evaluation.calibration import brier, calibration_gaps, ece, squared_errors
from models.evaluation.coding import Reads, coded
from models.evaluation.sufficient_statistics import (
    SufficientStatistics,
    absolute_errors,
    agreement,
    class_counts,
    moments,
    root_mean_square,
)

Function = Callable[[Any, Any], float]
_ROUNDING = 1e-9  # accepted rounding error of a share outside 0 to 1


@dataclass(frozen=True)
class Metric:
    """One registry entry: everything that the program knows about a metric.

    Attributes
    ----------
    name, task
        Name in params.yaml and in tables, and the task: ``classification`` or ``regression``.
    function
        ``(truth (n,), prediction (n,)) -> float``; NaN if undefined. A metric that reads probabilities is
        ``(truth (n,), probabilities (n, classes)) -> float``, where `truth` holds the column of the true class.
    higher_is_better
        Whether larger values are better; False for errors.
    share
        Whether the metric lies between 0 and 1. If so, tables show it in percent, and its forest plot goes from 0 to 1.
    statistics
        How the metric follows from sums over utterances. Without them, `function` is called for each resample, which
        gives the same result but takes longer.
    reads
        What the function compares with the labels: ``predictions``, or the ``probabilities`` of all classes.
    reflected
        Whether the metric is biased in one direction, as a sum of absolute differences is. Each resample adds the same
        bias again, so that a percentile interval would miss the true value. Therefore, both ends of the interval are
        mirrored at the value of the metric (basic bootstrap).
    """

    name: str
    task: Task
    function: Function
    higher_is_better: bool = True
    share: bool = False
    statistics: SufficientStatistics | None = None
    reads: Reads = "predictions"
    reflected: bool = False

    def __post_init__(self) -> None:
        """Raise `ModelError` if a metric of scores reads class probabilities."""
        if self.task == "regression" and self.reads == "probabilities":
            raise ModelError(f"the metric {self.name} reads probabilities: register it for the task classification")

    def __call__(self, truth: Any, prediction: Any) -> float:
        """Return the metric of one model's predictions, or of its probabilities if `reads` says so.

        Raises
        ------
        ModelError
            If the function fails, does not return a number, or returns a share that is not between 0 and 1.
        """
        try:
            value = float(self.function(truth, prediction))
        except Exception as error:  # whatever the function of a plugin raises
            reason = reason_of(error)
            raise ModelError(f"the metric {self.name} cannot be computed ({reason}): correct its function") from error
        if self.share and not (np.isnan(value) or -_ROUNDING <= value <= 1 + _ROUNDING):
            raise ModelError(f"the metric {self.name} is {value:g}, not from 0 to 1: correct it, or omit share=True")
        return value

    @property
    def sign(self) -> int:
        """What to multiply the metric by so that larger values are better: 1, or -1 if smaller values are better."""
        return 1 if self.higher_is_better else -1


def _counts(truth: Any, prediction: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return three counts for each class: how often it is predicted correctly, is true, and is predicted."""
    first, second = coded(truth, prediction)
    classes = max(first.max(initial=0), second.max(initial=0)) + 1
    right = np.bincount(first[first == second], minlength=classes)
    true, predicted = np.bincount(first, minlength=classes), np.bincount(second, minlength=classes)
    return right.astype(np.float64), true.astype(np.float64), predicted.astype(np.float64)


def accuracy(truth: Any, prediction: Any) -> float:
    """Return the share of correct predictions (weighted accuracy, WA); NaN without predictions."""
    same = np.asarray(truth) == np.asarray(prediction)
    return float(np.count_nonzero(same) / same.size) if same.size else float("nan")


def uar(truth: Any, prediction: Any) -> float:
    """Return the unweighted average recall (UA): the mean recall over the classes that occur in `truth`.

    >>> uar(["a", "a", "a", "b"], ["a", "a", "a", "a"])
    0.5
    """
    right, true, _ = _counts(truth, prediction)
    there = true > 0
    return float(np.mean(right[there] / true[there])) if there.any() else float("nan")


def _f1(right: FloatArray, true: FloatArray, predicted: FloatArray) -> FloatArray:
    return 2 * right / np.maximum(true + predicted, 1)


def weighted_f1(truth: Any, prediction: Any) -> float:
    """Return the mean F1 of the classes, weighted by how often each class is true."""
    right, true, predicted = _counts(truth, prediction)
    total = true.sum()
    return float((_f1(right, true, predicted) * true).sum() / total) if total else float("nan")


def macro_f1(truth: Any, prediction: Any) -> float:
    """Return the mean F1 over all classes that occur in the labels or the predictions."""
    right, true, predicted = _counts(truth, prediction)
    there = (true + predicted) > 0
    return float(_f1(right, true, predicted)[there].mean()) if true.sum() else float("nan")


def _floats(truth: Any, prediction: Any) -> tuple[FloatArray, FloatArray]:
    return np.asarray(truth, np.float64), np.asarray(prediction, np.float64)


def mae(truth: Any, prediction: Any) -> float:
    """Return the mean absolute error."""
    first, second = _floats(truth, prediction)
    return float(np.abs(first - second).mean()) if len(first) else float("nan")


def rmse(truth: Any, prediction: Any) -> float:
    """Return the root of the mean squared error."""
    first, second = _floats(truth, prediction)
    return float(np.sqrt(((first - second) ** 2).mean())) if len(first) else float("nan")


def r(truth: Any, prediction: Any) -> float:
    """Return Pearson's correlation; NaN if the labels or the predictions are constant."""
    first, second = _floats(truth, prediction)
    if len(first) < 2 or not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return float("nan")
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first @ first) * (second @ second))
    return float(np.clip((first @ second) / size, -1, 1)) if size > 0 else float("nan")


def ccc(truth: Any, prediction: Any) -> float:
    """Return Lin's concordance correlation: r, reduced by differences in mean and spread; 1 only for equal scores.

    Variances and covariance are divided by n, as in Lin's paper and in the AVEC challenges; software that divides by
    n - 1 gives slightly different values. NaN with fewer than two utterances, or if all labels and predictions are the
    same number.

    References
    ----------
    L. I. Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45, 1989.

    Examples
    --------
    >>> round(ccc([1, 2, 3], [2, 3, 4]), 4)
    0.5714
    """
    first, second = _floats(truth, prediction)
    if len(first) < 2 or (np.ptp(first) == 0 and np.array_equal(first, second)):
        return float("nan")
    covariance = ((first - first.mean()) * (second - second.mean())).mean()
    apart = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    return float(2 * covariance / apart) if apart > 0 else float("nan")


def _is_not_negative(scores: FloatArray) -> BoolArray:
    return np.asarray(scores >= 0, bool)


def _is_positive(scores: FloatArray) -> BoolArray:
    return np.asarray(scores > 0, bool)


def _is_not_zero(scores: FloatArray) -> BoolArray:
    return np.asarray(scores != 0, bool)


def _nearest(scores: FloatArray, limit: int) -> FloatArray:
    """Clip at plus and minus `limit`, then round half to even, as published code for CMU-MOSI and CMU-MOSEI does."""
    return np.asarray(np.round(np.clip(scores, -limit, limit)), np.float64)


_nearest_of_5, _nearest_of_7 = partial(_nearest, limit=2), partial(_nearest, limit=3)


def has0_acc(truth: Any, prediction: Any) -> float:
    """Return the share of utterances in which label and prediction are both at least 0, or both below 0."""
    first, second = _floats(truth, prediction)
    return accuracy(_is_not_negative(first), _is_not_negative(second))


def non0_acc(truth: Any, prediction: Any) -> float:
    """Return the share of utterances in which label and prediction are both above 0, or both are not.

    Utterances whose true score is 0 do not count; NaN if there are no others.
    """
    first, second = _floats(truth, prediction)
    there = _is_not_zero(first)
    return accuracy(_is_positive(first[there]), _is_positive(second[there]))


def has0_f1(truth: Any, prediction: Any) -> float:
    """Return the weighted F1 of the classes "at least 0" and "below 0"."""
    first, second = _floats(truth, prediction)
    return weighted_f1(_is_not_negative(first).astype(np.intp), _is_not_negative(second).astype(np.intp))


def non0_f1(truth: Any, prediction: Any) -> float:
    """Return the weighted F1 of the classes "above 0" and "not above 0".

    Utterances whose true score is 0 do not count; NaN if there are no others.
    """
    first, second = _floats(truth, prediction)
    there = _is_not_zero(first)
    return weighted_f1(_is_positive(first[there]).astype(np.intp), _is_positive(second[there]).astype(np.intp))


def acc5(truth: Any, prediction: Any) -> float:
    """Return the share of utterances whose scores agree after clipping at +-2 and rounding half to even (5 classes)."""
    first, second = _floats(truth, prediction)
    return accuracy(_nearest_of_5(first), _nearest_of_5(second))


def acc7(truth: Any, prediction: Any) -> float:
    """Return the share of utterances whose scores agree after clipping at +-3 and rounding half to even (7 classes).

    >>> acc7([2.5, 1.4, 3.0], [2.0, 0.6, 9.0])
    1.0
    """
    first, second = _floats(truth, prediction)
    return accuracy(_nearest_of_7(first), _nearest_of_7(second))


_SIGN_COUNTS = class_counts(from_counts.weighted_f1, _is_not_negative)
_NON0_SIGN_COUNTS = class_counts(from_counts.weighted_f1, _is_positive, counted=_is_not_zero)
_NON0_AGREEMENT = agreement(_is_positive, counted=_is_not_zero)

# A new metric is one function and one line here (or one `register` call in a plugin).
_ENTRIES = (
    Metric("accuracy", "classification", accuracy, share=True, statistics=agreement()),
    Metric("uar", "classification", uar, share=True, statistics=class_counts(from_counts.mean_recall)),
    Metric("weighted_f1", "classification", weighted_f1, share=True, statistics=class_counts(from_counts.weighted_f1)),
    Metric("macro_f1", "classification", macro_f1, share=True, statistics=class_counts(from_counts.macro_f1)),
    Metric("brier", "classification", brier, False, statistics=squared_errors(), reads="probabilities"),
    Metric("ece", "classification", ece, False, True, calibration_gaps(), reads="probabilities", reflected=True),
    Metric("mae", "regression", mae, higher_is_better=False, statistics=absolute_errors()),
    Metric("r", "regression", r, statistics=moments(from_counts.correlation)),
    Metric("has0_acc", "regression", has0_acc, share=True, statistics=agreement(_is_not_negative)),
    Metric("has0_f1", "regression", has0_f1, share=True, statistics=_SIGN_COUNTS),
    Metric("non0_acc", "regression", non0_acc, share=True, statistics=_NON0_AGREEMENT),
    Metric("non0_f1", "regression", non0_f1, share=True, statistics=_NON0_SIGN_COUNTS),
    Metric("acc5", "regression", acc5, share=True, statistics=agreement(_nearest_of_5)),
    Metric("acc7", "regression", acc7, share=True, statistics=agreement(_nearest_of_7)),
    Metric("ccc", "regression", ccc, statistics=moments(from_counts.concordance)),
    Metric("rmse", "regression", rmse, higher_is_better=False, statistics=root_mean_square()),
)
METRICS: Registry[Registry[Metric]] = Registry(
    "task",
    ModelError,
    {
        task: Registry(f"{task} metric", ModelError, {entry.name: entry for entry in _ENTRIES if entry.task == task})
        for task in TASKS
    },
)


def register(
    task: Task,
    name: str,
    function: Function,
    higher_is_better: bool = True,
    *,
    share: bool = False,
    statistics: SufficientStatistics | None = None,
    reads: Reads = "predictions",
    reflected: bool = False,
) -> None:
    """Add a metric to a task; the arguments are the attributes of `Metric`.

    Raises
    ------
    ModelError
        If the task is unknown, if a different metric has this name, or if a metric of scores reads probabilities.
    """
    entry = Metric(name, task, function, higher_is_better, share, statistics, reads, reflected)
    METRICS[task].register(name, entry)


def metric_names(task: Task) -> tuple[str, ...]:
    """Return the names of a task's metrics."""
    return tuple(METRICS[task])


def metrics_of(task: Task, chosen: Sequence[str] = ()) -> tuple[Metric, ...]:
    """Return the chosen metrics of a task, by default all of them; tables rank models by the first one.

    >>> [found.name for found in metrics_of("regression", ["r", "mae"])]
    ['r', 'mae']
    """
    return tuple(metric(task, name) for name in chosen or metric_names(task))


def metric(task: Task, name: str) -> Metric:
    """Return a metric of a task; an unknown task or name raises `ModelError`, which lists the known ones."""
    return METRICS[task][name]
