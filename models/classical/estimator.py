"""The base class of all models over `Modalities`: estimators that predict every row, whatever is missing in it."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if

from common.threads import one_thread
from models.classical.target import Target
from models.data.modalities import FloatArray, Labels, Modalities, Pairs, Task
from models.errors import ModelError
from models.outputs import finite
from models.validation.folds import inner_folds

Inner = Sequence[tuple[Any, Any]] | None


class UtteranceEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator over `Modalities` that predicts every row, whatever is missing in it.

    A subclass has the attributes ``task`` and ``classes`` and implements ``_fit`` and ``_outputs``.

    Attributes
    ----------
    classes_
        ``(k,)`` classes in the order of the columns of ``predict_proba``; only for classification.
    prior_
        ``(k,)`` share of each class in training, or ``(1,)`` mean score: the output for rows that the model cannot use.
    fit_seconds_
        Duration of the fit in seconds.
    """

    task: Task
    classes: Sequence[Any] | None

    def fit(self, X: Modalities, y: Any, inner: Inner = None) -> "UtteranceEstimator":
        """Fit on all rows of `X`.

        Parameters
        ----------
        X
            n utterances.
        y
            ``(n,)`` classes or scores.
        inner
            Pairs of (training, validation) positions within the n rows, on which settings are chosen; by default the
            folds that `models.validation.folds.inner_folds` makes from ``X.groups``.

        Raises
        ------
        ModelError
            If there is not one valid label per utterance, if a setting is invalid, or if a modality or model is
            unknown.
        """
        started = perf_counter()
        target = Target.read(y, self.task, self.classes)
        if len(target) != len(X):
            raise ModelError(f"there are {len(target)} labels for {len(X)} utterances")
        if self.task == "classification":
            self.classes_ = target.classes
        self.target_, self.prior_ = target[:0], target.prior()
        pairs = _pairs(inner, len(X)) if inner is not None else inner_folds(X.groups, target.values, self.task)
        with one_thread():
            self._fit(X, target, pairs)
        self.fit_seconds_ = perf_counter() - started
        return self

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:
        raise NotImplementedError

    def _outputs(self, x: Modalities) -> FloatArray:
        raise NotImplementedError

    def outputs(self, X: Modalities) -> FloatArray:
        """Return ``(n, k)`` probabilities, or ``(n, 1)`` scores.

        Raises
        ------
        DivergedError
            If an output is not a finite number.
        """
        with one_thread():
            return finite(self._outputs(X))

    def predict(self, X: Modalities) -> Labels:
        """Return ``(n,)`` classes or scores."""
        return self.target_.predictions(self.outputs(X))

    @available_if(lambda self: self.task == "classification")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Modalities) -> FloatArray:
        """Return ``(n, k)`` probabilities, with columns in the order of ``classes_``."""
        return self.outputs(X)

    def score(self, X: Modalities, y: Any) -> float:
        """Return the accuracy or, for regression, the negative mean absolute error."""
        truth, predicted = np.asarray(y), self.predict(X)
        return (
            -float(np.abs(truth - predicted).mean())
            if self.task == "regression"
            else float((truth == predicted).mean())
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if self.task == "regression" else "classifier"
        tags.target_tags.required = True
        tags.input_tags.two_d_array = False
        return tags


def _pairs(inner: Sequence[tuple[Any, Any]], n: int) -> Pairs:
    pairs = tuple((np.asarray(a, np.intp), np.asarray(b, np.intp)) for a, b in inner)
    for train, valid in pairs:
        rows = np.concatenate([train, valid])
        if len(rows) and (rows.min() < 0 or rows.max() >= n):
            raise ModelError(f"an inner fold names rows outside the training rows, which are 0 to {n - 1}")
        if len(np.intersect1d(train, valid)):
            raise ModelError("an inner fold has the same row in both its training and its validation part")
    return tuple((train, valid) for train, valid in pairs if len(train) and len(valid))
