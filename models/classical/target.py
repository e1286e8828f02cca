"""Labels as numbers, and a classifier whose outputs have one column per class, or a single column of scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.classical.classifiers import Classifier
from models.data.modalities import TASKS, FloatArray, Labels, Matrix, Task
from models.errors import DivergedError, ModelError
from models.outputs import probabilities, scores

FLOOR = 1e-6  # lowest probability in a log loss, so that the cost of a single confident mistake is bounded


@dataclass(frozen=True)
class Target:
    """The labels to learn.

    Attributes
    ----------
    task
        ``classification`` or ``regression``.
    classes
        ``(k,)`` all classes, sorted; empty for regression.
    values
        ``(n,)`` positions in `classes`, or scores as float64.
    """

    task: Task
    classes: Labels
    values: Any

    @classmethod
    def read(cls, y: Any, task: Task, classes: Sequence[Any] | None = None) -> "Target":
        """Check labels and return them as a `Target`.

        Raises
        ------
        ModelError
            If the task is unknown, if labels are empty or not one-dimensional, if a score is not a finite number, or if
            a label is not one of `classes`.
        """
        if task not in TASKS:
            raise ModelError(f"the task {task!r} is unknown: choose from {', '.join(TASKS)}")
        labels = np.asarray(y)
        if labels.ndim != 1 or not len(labels):
            raise ModelError(f"labels have the shape {labels.shape}: give one label per utterance, and at least one")
        if task == "regression":
            return cls(task, np.empty(0), _scores(labels))
        known = np.unique(labels if classes is None else np.asarray(classes))
        codes = np.minimum(np.searchsorted(known, labels), len(known) - 1)
        wrong = np.flatnonzero(known[codes] != labels)
        if len(wrong):
            raise ModelError(
                f"the label {str(labels[wrong[0]])!r} is not one of the classes {', '.join(map(str, known))}"
            )
        return cls(task, known, codes.astype(np.intp))

    @property
    def width(self) -> int:
        """The number of columns of outputs: k for k classes, 1 for scores."""
        return len(self.classes) if self.task == "classification" else 1

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> "Target":
        return Target(self.task, self.classes, self.values[rows])

    def prior(self) -> FloatArray:
        """Return the share of each class, or the mean score, ``(width,)``."""
        if self.task == "regression":
            return np.array([self.values.mean()])
        return np.bincount(self.values, minlength=self.width) / len(self.values)

    def loss(self, outputs: FloatArray) -> float:
        """Return the mean log loss (or squared error) of ``(n, width)`` outputs; NaN if one of them is not finite.

        The loss of no rows is 0.
        """
        if not len(self):
            return 0.0
        if not np.isfinite(outputs).all():
            return float("nan")
        if self.task == "regression":
            return float(np.mean((outputs[:, 0] - self.values) ** 2))
        return float(-np.mean(np.log(np.maximum(outputs[np.arange(len(self)), self.values], FLOOR))))

    def predictions(self, outputs: FloatArray) -> Labels:
        """Return ``(n,)`` predictions: the most probable class of each row (the first if several tie), or the score."""
        return outputs[:, 0] if self.task == "regression" else self.classes[outputs.argmax(axis=1)]


def _scores(labels: Labels) -> FloatArray:
    try:
        scores: FloatArray = labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"a score must be a number: {error}") from error
    if not np.isfinite(scores).all():
        raise ModelError(
            f"the score of row {int(np.flatnonzero(~np.isfinite(scores))[0])} (counted from 0) is missing or infinite"
        )
    return scores


def coded(settings: Mapping[str, Any], classes: Labels, seen: Labels) -> Mapping[str, Any]:
    """Return settings in which class weights are keyed by the integers on which a classifier is fitted.

    Parameters
    ----------
    settings
        Settings of a classifier, in which ``class_weight`` may map names of classes to weights. A class without a
        weight has the weight 1.
    classes
        All classes.
    seen
        Positions in `classes` of the classes that occur in training. The classifier is fitted on the labels 0, 1, ...
        that stand for these classes.

    Raises
    ------
    ModelError
        If a weight is given for an unknown class.

    Examples
    --------
    >>> coded({"class_weight": {"3": 50}}, np.array(["1", "2", "3"]), np.array([0, 2]))
    {'class_weight': {0: 1, 1: 50}}
    """
    weights = settings.get("class_weight")
    if not isinstance(weights, Mapping):
        return settings
    named, names = {str(name): weight for name, weight in weights.items()}, [str(name) for name in classes]
    if unknown := [name for name in named if name not in names]:
        raise ModelError(f"class_weight names {unknown[0]!r}, which is not one of the classes: {', '.join(names)}")
    return {**settings, "class_weight": {code: named.get(names[place], 1) for code, place in enumerate(seen)}}


class FittedClassifier:
    """A classifier whose outputs have a column for every class, also for those that do not occur in training.

    A class without a training row has probability 0. If all training rows have the same label, it is always predicted.
    If the matrix has no columns, the prior is predicted.

    Parameters
    ----------
    classifier
        The registry entry of the classifier.
    settings
        The value of each setting.

    Attributes
    ----------
    edges_
        Settings whose chosen value is the smallest or largest that was tried (see
        `models.classical.search_space.edges`).
    """

    def __init__(self, classifier: Classifier, settings: Mapping[str, Any]) -> None:
        self.classifier = classifier
        self.settings = settings
        self.edges_: Mapping[str, Any] = {}

    def fit(self, matrix: Matrix, target: Target, groups: Any) -> "FittedClassifier":
        """Fit on ``(n, p)`` numbers, n labels and n groups; raise `DivergedError` if `matrix` holds NaN or infinity."""
        _require_finite(matrix)
        self.target_, self.estimator_ = target[:0], None
        self.prior_ = target.prior()
        self.seen_, codes = np.unique(target.values, return_inverse=True)
        if len(self.seen_) > 1 and matrix.shape[1]:
            labels = codes if target.task == "classification" else target.values
            extra = {"groups": groups} if target.task in self.classifier.grouped else {}
            settings = coded(self.settings, target.classes, self.seen_)
            self.estimator_ = self.classifier.build(target.task, settings).fit(matrix, labels, **extra)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the registry entry, which prediction does not need."""
        return {name: value for name, value in vars(self).items() if name != "classifier"}

    def outputs(self, matrix: Matrix) -> FloatArray:
        """Return ``(n, width)`` probabilities or scores."""
        full = np.zeros((matrix.shape[0], self.target_.width))
        if self.estimator_ is None:
            return full + self.prior_
        if not len(full):
            return full
        _require_finite(matrix)
        if self.target_.task == "regression":
            full[:, 0] = scores(self.estimator_.predict(matrix), len(full))
        else:
            own, codes = getattr(self.estimator_, "classes_", None), range(len(self.seen_))
            full[:, self.seen_] = probabilities(self.estimator_.predict_proba(matrix), len(full), codes, own)
        return full


def _require_finite(matrix: Matrix) -> None:
    if not np.isfinite(matrix.data if hasattr(matrix, "tocsr") else matrix).all():
        raise DivergedError("the columns that the classifier reads hold undefined or infinite numbers")
