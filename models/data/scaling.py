"""scikit-learn transformers that scale each column, scale a whole matrix, or reduce it to its row space."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from common.names import Registry
from models.data.modalities import FloatArray, Matrix
from models.errors import ModelError

LIMIT = 10.0  # standard deviations; larger values are measurement errors rather than stronger evidence

_ANYTHING = {"ensure_all_finite": False, "ensure_min_samples": 0, "ensure_min_features": 0}


class _ColumnScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base class of scalers that accept undefined numbers (NaN), and matrices without rows or columns."""

    def _float64(self, values: Any, *, fitting: bool) -> FloatArray:
        if not fitting:
            check_is_fitted(self)
        found: FloatArray = validate_data(self, values, reset=fitting, dtype=np.float64, **_ANYTHING)
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class Standardise(_ColumnScaler):
    """Scale columns to mean 0 and standard deviation 1; undefined entries and constant columns become 0."""

    def fit(self, x: NDArray[Any], y: Any = None) -> "Standardise":  # noqa: ARG002 - scikit-learn's signature
        """Learn the mean and standard deviation of each column of `x`, ``(n, p)``, ignoring NaN."""
        values = self._float64(x, fitting=True)
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        self.mean_ = np.where(known, values, 0).sum(axis=0) / count
        square = np.where(known, values - self.mean_, 0) ** 2
        deviation = np.sqrt(square.sum(axis=0) / count)
        varies = deviation > 1e-7 * np.maximum(np.abs(self.mean_), 1e-7)
        self.scale_ = np.where(varies, 1 / np.where(varies, deviation, 1), 0.0)
        return self

    def transform(self, x: NDArray[Any]) -> FloatArray:
        """Return ``(n, p)`` standardised values, clipped at `LIMIT` standard deviations."""
        values = self._float64(x, fitting=False)
        scaled: FloatArray = np.nan_to_num((values - self.mean_) * self.scale_, nan=0.0)
        return np.clip(scaled, -LIMIT, LIMIT)


class Quantile(_ColumnScaler):
    """Map each column to a normal distribution by the ranks of its training values, then standardise it.

    This tames outliers and skew. The mapping is scikit-learn's `QuantileTransformer`, which interpolates between at
    most 200 quantiles and puts extremes at 5.2 standard deviations.
    """

    def fit(self, x: NDArray[Any], y: Any = None) -> "Quantile":  # noqa: ARG002 - scikit-learn's signature
        """Learn the quantiles of each column of `x`, ``(n, p)``, ignoring NaN."""
        from sklearn.preprocessing import QuantileTransformer

        values = self._float64(x, fitting=True)
        self.ranks_, self.standardise_ = None, Standardise().fit(values)
        if not values.size:
            return self
        steps = min(200, max(len(values), 1))
        ranks = QuantileTransformer(n_quantiles=steps, output_distribution="normal", random_state=0)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN slice encountered")  # such a column becomes 0
            self.ranks_ = ranks.fit(values)
        self.standardise_ = Standardise().fit(self.ranks_.transform(values))
        return self

    def transform(self, x: NDArray[Any]) -> FloatArray:
        """Return ``(n, p)`` normal scores; undefined entries and constant columns are 0."""
        values = self._float64(x, fitting=False)
        ranked = self.ranks_.transform(values) if self.ranks_ is not None and values.size else values
        return self.standardise_.transform(ranked)


# The scalers for the columns of a modality, keyed by the values of the setting `normalise`.
SCALERS: Registry[Callable[[], Standardise | Quantile]] = Registry(
    "normalisation", ModelError, {"standard": Standardise, "quantile": Quantile}
)


def scaler(normalise: str) -> Standardise | Quantile:
    """Return the unfitted scaler for a value of `normalise`; an unknown one raises `ModelError`."""
    return SCALERS[normalise]()


class UnitVariance(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Divide a dense or sparse matrix by one number, so that the variances of its columns around 0 sum to 1.

    If the training matrix is empty or all zeros, or has an undefined number, no matrix is changed.

    Parameters
    ----------
    columns
        Whether the variances sum to the number of columns instead, so that their mean is 1.
    """

    def __init__(self, columns: bool = False) -> None:
        self.columns = columns

    def fit(self, x: Matrix, y: Any = None) -> "UnitVariance":  # noqa: ARG002 - scikit-learn's signature
        """Learn from `x`, ``(n, p)``, the number by which `transform` divides."""
        x = _validated(self, x, fitting=True, **_ANYTHING)
        variance = total_variance(x)
        wanted = x.shape[1] if self.columns else 1
        self.scale_ = float(np.sqrt(wanted / variance)) if variance > 0 else 1.0
        return self

    def transform(self, x: Matrix) -> Matrix:
        """Return `x`, ``(n, p)``, divided by the learnt number."""
        return _validated(self, x, fitting=False, **_ANYTHING) * self.scale_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse, tags.input_tags.allow_nan = True, True
        return tags


class RowSpace(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Replace rows by their coordinates in the space that the training rows span, if there are more columns than rows.

    All inner products with training rows stay the same. A linear model with a penalty on its squared weights is
    therefore the same model, but is fitted much faster. Nothing is changed if the training matrix
    is sparse or all zeros, or has no more columns than rows.
    """

    def fit(self, x: Matrix, y: Any = None) -> "RowSpace":  # noqa: ARG002 - scikit-learn's signature
        """Learn the space that the rows of `x`, ``(n, p)``, span."""
        x = _validated(self, x, fitting=True)
        self.axes_ = None
        if not hasattr(x, "tocsr") and x.shape[1] > x.shape[0]:
            squares, turned = np.linalg.eigh(x @ x.T)
            kept = squares > 1e-12 * max(float(squares[-1]), 1e-300)
            if kept.any():  # constant columns span no space, and are not changed
                self.axes_ = x.T @ (turned[:, kept] / np.sqrt(squares[kept]))
        return self

    def transform(self, x: Matrix) -> Matrix:
        """Return the ``(n, rank)`` coordinates of the rows of `x`, or `x` itself if there is nothing to reduce."""
        x = _validated(self, x, fitting=False)
        return x if self.axes_ is None else x @ self.axes_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _validated(estimator: Any, x: Matrix, *, fitting: bool, **allowed: Any) -> Matrix:
    """Return a dense or sparse matrix after scikit-learn's checks; options in `allowed` relax them."""
    if not fitting:
        check_is_fitted(estimator)
    kept = {"accept_sparse": True, "dtype": [np.float64, np.float32]}
    return validate_data(estimator, x, reset=fitting, **kept, **allowed)


def total_variance(matrix: Matrix) -> float:
    """Return the sum of the variances of all columns around 0, which is the mean squared length of a row."""
    squares = matrix.multiply(matrix) if hasattr(matrix, "tocsr") else np.square(matrix)
    return float(squares.sum()) / max(int(matrix.shape[0]), 1)
