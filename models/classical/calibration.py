"""Class probabilities for classifiers that only have a decision function."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from models.data.modalities import FloatArray, Labels, Matrix
from models.validation.folds import inner_folds


class GroupCalibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Turn the decision function of a classifier into class probabilities, calibrated on held-out groups.

    One logistic regression over the decision values of all classes turns them into probabilities. It is fitted on
    held-out rows: cross-validation splits the training rows by group, or by row if there is only one group. If some
    class has no held-out row, the logistic regression is fitted on all training rows instead. Their decision values
    then come from a classifier that was fitted on the same rows.

    scikit-learn's `CalibratedClassifierCV` fits one sigmoid per class instead, and ``SVC(probability=True)`` ignores
    groups and draws random numbers.

    Parameters
    ----------
    classifier
        A classifier with a ``decision_function``.

    References
    ----------
    J. Platt, Probabilistic outputs for support vector machines, 1999.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, x: Matrix, y: Labels, groups: Any = None) -> "GroupCalibrated":
        """Fit on n rows and their classes.

        `x` is ``(n, p)``; `y` and `groups` are ``(n,)``. Cross-validation splits no group unless there is only one.
        """
        from sklearn.base import clone
        from sklearn.linear_model import LogisticRegression

        x, y = validate_data(self, x, y, accept_sparse="csr")
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        self.classifier_ = clone(self.classifier).fit(x, y)
        whole = self._distances(self.classifier_, x)
        held_out = np.full(whole.shape, np.nan)
        for train, valid in inner_folds(np.zeros(len(y)) if groups is None else groups, y, "classification"):
            if len(np.unique(y[train])) == len(self.classes_):
                held_out[valid] = self._distances(clone(self.classifier).fit(x[train], y[train]), x[valid])
        known = np.isfinite(held_out).all(axis=1)
        if len(np.unique(y[known])) < len(self.classes_):
            held_out, known = whole, np.ones(len(y), bool)
        self.link_ = LogisticRegression(C=1.0, max_iter=2000).fit(held_out[known], y[known])
        return self

    def _distances(self, fitted: Any, x: Matrix) -> FloatArray:
        distances: FloatArray = fitted.decision_function(x)
        return distances[:, None] if distances.ndim == 1 else distances

    def predict_proba(self, x: Matrix) -> FloatArray:
        """Return ``(n, k)`` probabilities in the order of ``classes_``."""
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, accept_sparse="csr")
        probabilities: FloatArray = self.link_.predict_proba(self._distances(self.classifier_, x))
        return probabilities

    def predict(self, x: Matrix) -> Labels:
        """Return the most probable class of each row, ``(n,)``."""
        likeliest = self.predict_proba(x).argmax(axis=1)
        predicted: Labels = self.classes_[likeliest]
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
