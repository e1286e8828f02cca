"""Labels as numbers, and one classifier fitted on them: outputs have one column per class, or one for scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.classical.classifiers import Classifier
from models.data.modalities import TASKS, FloatArray, Labels, Matrix, Task
from models.errors import DivergedError, ModelError
from models.outputs import probabilities, scores

FLOOR = 1e-6  # lowest probability in a log loss, so that one confident mistake costs a bounded amount


@dataclass(frozen=True)
class Target:
    """The labels to learn.

    Attributes
    ----------
    task
        Whether they are classes or scores.
    classes
        ``(k,)`` all classes, sorted; empty for scores.
    values
        ``(n,)`` codes into `classes`, or scores as float64.
    """

    task: Task
    classes: Labels
    values: Any

    @classmethod
    def read(cls, y: Any, task: Task, classes: Sequence[Any] | None = None) -> "Target":
        """Return checked labels.

        Raises
        ------
        ModelError
            If the task is unknown, there are no labels, a score is not finite, or a label is not one of `classes`.
        """
        if task not in TASKS:
            raise ModelError(f"the task {task!r} is unknown: choose from {', '.join(TASKS)}")
        labels = np.asarray(y)
        if labels.ndim != 1 or not len(labels):
            raise ModelError(f"labels have shape {labels.shape}: there must be one for each of at least one utterance")
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
        """The number of columns of outputs: k classes, or 1."""
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
        """Return the mean log loss (squared error) of ``(n, width)`` outputs; 0 for no rows, NaN if one is infinite."""
        if not len(self):
            return 0.0
        if not np.isfinite(outputs).all():
            return float("nan")
        if self.task == "regression":
            return float(np.mean((outputs[:, 0] - self.values) ** 2))
        return float(-np.mean(np.log(np.maximum(outputs[np.arange(len(self)), self.values], FLOOR))))

    def predictions(self, outputs: FloatArray) -> Labels:
        """Return the most probable class of each row (the first if several tie), or the score, ``(n,)``."""
        return outputs[:, 0] if self.task == "regression" else self.classes[outputs.argmax(axis=1)]


def _scores(labels: Labels) -> FloatArray:
    try:
        scores: FloatArray = labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"a score must be a number: {error}") from error
    if not np.isfinite(scores).all():
        raise ModelError(f"the score of row {int(np.flatnonzero(~np.isfinite(scores))[0])} is missing or infinite")
    return scores


def coded(settings: Mapping[str, Any], classes: Labels, seen: Labels) -> Mapping[str, Any]:
    """Return settings whose class weights are keyed by the codes that a classifier is fitted on.

    Parameters
    ----------
    settings
        Those of a classifier; ``class_weight`` may map names of classes to weights. A class without a weight counts 1.
    classes
        All classes.
    seen
        Positions of the classes in training; the classifier is fitted on codes from 0 on in this order.

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
    """One classifier, fitted on some rows, whose outputs have a column for every class.

    A class without a training row has probability 0. If all training rows have one class, that class is predicted.

    Parameters
    ----------
    classifier
        Its kind.
    settings
        Its settings, one value each.

    Attributes
    ----------
    edges_
        Those that were chosen and are the smallest or largest value tried (`models.classical.search_space.edges`).
    """

    def __init__(self, classifier: Classifier, settings: Mapping[str, Any]) -> None:
        self.classifier = classifier
        self.settings = settings
        self.edges_: Mapping[str, Any] = {}

    def fit(self, matrix: Matrix, target: Target, groups: Any) -> "FittedClassifier":
        """Fit on ``(n, p)`` numbers, n labels and n groups; `DivergedError` if a number is not finite."""
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
        """Return what prediction needs: the function that builds the classifier stays in the registry."""
        return {name: value for name, value in vars(self).items() if name != "classifier"}

    def outputs(self, matrix: Matrix) -> FloatArray:
        """Return ``(n, width)`` probabilities, or scores."""
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
