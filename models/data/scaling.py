"""Scikit-learn parts that classifiers are built of: a common scale, and probabilities from distances."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from models.data.design import Matrix, total_variance
from models.data.modalities import FloatArray, IntArray
from models.validation.folds import inner_folds


class UnitVariance(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Divide a matrix by one number, so that its columns' variances sum to 1 (or to their count).

    Parameters
    ----------
    columns
        Sum to the number of columns instead: the mean variance is then 1.
    """

    def __init__(self, columns: bool = False) -> None:
        self.columns = columns

    def fit(self, x: Matrix, y: Any = None) -> "UnitVariance":  # noqa: ARG002 - scikit-learn's signature
        """Learn the number from `x`, ``(n, p)``."""
        variance = total_variance(x)
        wanted = x.shape[1] if self.columns else 1
        self.scale_ = float(np.sqrt(wanted / variance)) if variance > 0 else 1.0
        return self

    def transform(self, x: Matrix) -> Matrix:
        """Return `x` in the learnt scale."""
        return x * self.scale_


class RowSpace(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Where there are more columns than rows, coordinates in the space that the training rows span: as many as rows.

    All inner products with training rows stay, so that a linear model with a penalty on its squared weights is the same
    model, and is fitted many times sooner. Sparse matrices, and those of fewer columns, stay as they are.
    """

    def fit(self, x: Matrix, y: Any = None) -> "RowSpace":  # noqa: ARG002 - scikit-learn's signature
        """Learn the space from `x`, ``(n, p)``."""
        self.axes_ = None
        if not hasattr(x, "tocsr") and x.shape[1] > x.shape[0]:
            squares, turned = np.linalg.eigh(x @ x.T)
            kept = squares > 1e-12 * max(float(squares[-1]), 1e-300)
            if kept.any():  # columns that never vary span no space, and stay as they are
                self.axes_ = x.T @ (turned[:, kept] / np.sqrt(squares[kept]))
        return self

    def transform(self, x: Matrix) -> Matrix:
        """Return ``(n, rank)`` coordinates."""
        return x if self.axes_ is None else x @ self.axes_


class GroupCalibrated(BaseEstimator):  # type: ignore[misc]
    """Class probabilities from a classifier's distances, learnt on groups that it was not fitted on.

    The distances are those of cross-validation by group; a logistic regression turns them into probabilities. (What
    ``SVC(probability=True)`` does inside mixes speakers and draws random numbers.)

    Parameters
    ----------
    classifier
        Has ``decision_function``.

    References
    ----------
    J. Platt, Probabilistic outputs for support vector machines, 1999.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, x: Matrix, y: IntArray, groups: Any = None) -> "GroupCalibrated":
        """Fit on `x`, ``(n, p)``, and class codes `y`, ``(n,)``, held out by `groups`, ``(n,)``."""
        from sklearn.base import clone
        from sklearn.linear_model import LogisticRegression

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
        probabilities: FloatArray = self.link_.predict_proba(self._distances(self.classifier_, x))
        return probabilities
