"""The figures that the field reports, as functions ``(truth, prediction) -> float``; shares, not percent.

Classes may be given as names or as integers; who calls a metric a thousand times gives integers (see `codes`), which
skips a sort. Scores are floats.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import names
from models.data.modalities import FloatArray, IntArray, Task

Function = Callable[[Any, Any], float]


@dataclass(frozen=True)
class Metric:
    """A figure and which way is better."""

    function: Function
    higher_is_better: bool = True


def codes(truth: Any, prediction: Any) -> tuple[IntArray, IntArray]:
    """Return both as positions in the sorted list of all classes that occur in either.

    >>> codes(["b", "a"], ["b", "c"])
    (array([1, 0]), array([1, 2]))
    """
    first, second = np.asarray(truth), np.asarray(prediction)
    _, both = np.unique(np.concatenate([first, second]), return_inverse=True)
    return both[: len(first)], both[len(first) :]


def _coded(truth: Any, prediction: Any) -> tuple[IntArray, IntArray]:
    first, second = np.asarray(truth), np.asarray(prediction)
    if first.dtype.kind == second.dtype.kind == "i" and len(first) and min(first.min(), second.min()) >= 0:
        return first, second
    return codes(first, second)


def _counts(truth: Any, prediction: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return per class: how often it is right, true, and predicted."""
    first, second = _coded(truth, prediction)
    classes = max(first.max(initial=0), second.max(initial=0)) + 1
    right = np.bincount(first[first == second], minlength=classes)
    true, predicted = np.bincount(first, minlength=classes), np.bincount(second, minlength=classes)
    return right.astype(np.float64), true.astype(np.float64), predicted.astype(np.float64)


def accuracy(truth: Any, prediction: Any) -> float:
    """Share of right answers (weighted accuracy, WA); NaN for none."""
    same = np.asarray(truth) == np.asarray(prediction)
    return float(np.count_nonzero(same) / same.size) if same.size else float("nan")


def uar(truth: Any, prediction: Any) -> float:
    """Unweighted average recall (UA): the mean recall over the classes that occur in `truth`.

    >>> uar(["a", "a", "a", "b"], ["a", "a", "a", "a"])
    0.5
    """
    right, true, _ = _counts(truth, prediction)
    there = true > 0
    return float(np.mean(right[there] / true[there])) if there.any() else float("nan")


def _f1(right: FloatArray, true: FloatArray, predicted: FloatArray) -> FloatArray:
    return 2 * right / np.maximum(true + predicted, 1)


def weighted_f1(truth: Any, prediction: Any) -> float:
    """F1 of each class, weighted by how often the class is true."""
    right, true, predicted = _counts(truth, prediction)
    total = true.sum()
    return float((_f1(right, true, predicted) * true).sum() / total) if total else float("nan")


def macro_f1(truth: Any, prediction: Any) -> float:
    """Mean F1 over the classes that are true or predicted somewhere."""
    right, true, predicted = _counts(truth, prediction)
    there = (true + predicted) > 0
    return float(_f1(right, true, predicted)[there].mean()) if true.sum() else float("nan")


def _floats(truth: Any, prediction: Any) -> tuple[FloatArray, FloatArray]:
    return np.asarray(truth, np.float64), np.asarray(prediction, np.float64)


def mae(truth: Any, prediction: Any) -> float:
    """Mean absolute error."""
    first, second = _floats(truth, prediction)
    return float(np.abs(first - second).mean()) if len(first) else float("nan")


def r(truth: Any, prediction: Any) -> float:
    """Pearson's correlation; NaN where either side is constant."""
    first, second = _floats(truth, prediction)
    if len(first) < 2 or not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return float("nan")
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first @ first) * (second @ second))
    return float(np.clip((first @ second) / size, -1, 1)) if size > 0 else float("nan")


def has0_acc(truth: Any, prediction: Any) -> float:
    """Share of agreement on "at least 0" over all utterances, zero counting as not negative."""
    first, second = _floats(truth, prediction)
    return accuracy(first >= 0, second >= 0)


def non0_acc(truth: Any, prediction: Any) -> float:
    """Share of agreement on "above 0" over the utterances whose true score is not 0; NaN if all are."""
    first, second = _floats(truth, prediction)
    there = first != 0
    return accuracy(first[there] > 0, second[there] > 0)


def has0_f1(truth: Any, prediction: Any) -> float:
    """Weighted F1 of "at least 0" against "below 0" over all utterances."""
    first, second = _floats(truth, prediction)
    return weighted_f1((first >= 0).astype(np.intp), (second >= 0).astype(np.intp))


def non0_f1(truth: Any, prediction: Any) -> float:
    """Weighted F1 of "above 0" over the utterances whose true score is not 0; NaN if all are."""
    first, second = _floats(truth, prediction)
    there = first != 0
    return weighted_f1((first[there] > 0).astype(np.intp), (second[there] > 0).astype(np.intp))


def _rounded(scores: FloatArray, limit: int) -> FloatArray:
    """Cut at plus and minus `limit`, then round, a half to the even neighbour, as the field's code does."""
    return np.asarray(np.round(np.clip(scores, -limit, limit)), np.float64)


def acc5(truth: Any, prediction: Any) -> float:
    """Share of equal scores after cutting both at +-2 and rounding, halves to even."""
    first, second = _floats(truth, prediction)
    return accuracy(_rounded(first, 2), _rounded(second, 2))


def acc7(truth: Any, prediction: Any) -> float:
    """Share of equal scores after cutting both at +-3 and rounding, halves to even.

    >>> acc7([2.5, 1.4, 3.0], [2.0, 0.6, 9.0])
    1.0
    """
    first, second = _floats(truth, prediction)
    return accuracy(_rounded(first, 3), _rounded(second, 3))


# task -> name -> metric; a new metric is one function and one line here (or one `register` call in a plugin).
_METRICS: dict[str, dict[str, Metric]] = {
    "classification": {
        "accuracy": Metric(accuracy),
        "uar": Metric(uar),
        "weighted_f1": Metric(weighted_f1),
        "macro_f1": Metric(macro_f1),
    },
    "regression": {
        "mae": Metric(mae, higher_is_better=False),
        "r": Metric(r),
        "has0_acc": Metric(has0_acc),
        "has0_f1": Metric(has0_f1),
        "non0_acc": Metric(non0_acc),
        "non0_f1": Metric(non0_f1),
        "acc5": Metric(acc5),
        "acc7": Metric(acc7),
    },
}


def register(task: Task, name: str, function: Function, higher_is_better: bool = True) -> None:
    """Add a metric to a task; an unknown task, or a name that is taken, raises `ModelError`."""
    names.add(names.find(_METRICS, task, "task"), name, Metric(function, higher_is_better), "metric")


def metric_names(task: Task) -> tuple[str, ...]:
    """Return the names of a task's metrics."""
    return tuple(names.find(_METRICS, task, "task"))


def tasks_of(function: Function) -> set[str]:
    """Return the tasks of whose metrics a function is one; none for a function of somebody's own.

    >>> tasks_of(mae), tasks_of(uar), tasks_of(max)
    ({'regression'}, {'classification'}, set())
    """
    return {task for task, found in _METRICS.items() if any(one.function == function for one in found.values())}


def metric(task: Task, name: str) -> Metric:
    """Return a task's metric; an unknown task or name raises `ModelError` with the closest one."""
    return names.find(names.find(_METRICS, task, "task"), name, f"{task} metric")
