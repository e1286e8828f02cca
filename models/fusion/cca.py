"""Canonical correlation analysis of two, three or more modalities, as a reducer of early fusion."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.classical.domains import require
from models.data.modalities import BoolArray, FloatArray, Matrix

FEW = 3  # minimum number of rows with every view; with fewer rows, correlations are meaningless


class Cca:
    """Find directions in each view (modality) whose projections correlate most with those in the other views.

    Each view is first reduced to its leading principal components, so that its covariance can be estimated. Then the
    sum of all pairwise correlations is maximised under ridge constraints. Only rows that have every view are used for
    the fit; if there are fewer than three of them, all rows are used, with missing views at their mean. If a row lacks
    a view, its projections of that view are 0, their mean. With only one view, or only one row, there are no
    correlations, and the principal components are returned.

    Parameters
    ----------
    components
        Maximum number of directions per view.
    shrinkage
        Shrinkage of each view's covariance towards the identity: 0 is CCA, 1 is partial least squares.
    keep
        Maximum number of principal components that are kept per view.

    Attributes
    ----------
    correlations_
        ``(directions,)`` mean pairwise correlation between the views' projections in training; NaN with a single view.

    References
    ----------
    D. Hardoon, S. Szedmak and J. Shawe-Taylor, Canonical correlation analysis: an overview with application to
    learning methods, 2004; J. Kettenring, Canonical analysis of several sets of variables, 1971 (more than two views).
    """

    def __init__(self, components: int = 20, shrinkage: float = 0.3, keep: int = 60) -> None:
        require("cca", components=components, shrinkage=shrinkage, keep=keep)
        self.components = components
        self.shrinkage = shrinkage
        self.keep = keep

    def fit(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> "Cca":
        """Learn the directions from one ``(n, p)`` matrix per view and a ``(views, n)`` mask of present rows."""
        complete: BoolArray = np.ones(blocks[0].shape[0], bool)
        if present is not None and present.all(axis=0).sum() >= FEW:
            complete = np.asarray(present.all(axis=0), bool)
        self.parts_ = [_Components(self.keep).fit(block[complete]) for block in blocks]
        views = [part.transform(block[complete]) for part, block in zip(self.parts_, blocks, strict=True)]
        self.directions_ = self._directions(views)
        projected = [view @ w for view, w in zip(views, self.directions_, strict=True)]
        self.scales_ = [_inverse(z.std(axis=0)) for z in projected]
        self.correlations_ = _correlations(projected)
        return self

    def _directions(self, views: Sequence[FloatArray]) -> list[FloatArray]:
        count = min([self.components, len(views[0]) - 1, *(view.shape[1] for view in views)])
        if len(views) < 2 or count < 1:
            return [np.eye(view.shape[1])[:, : self.components] for view in views]
        from cca_zoo.linear import MCCA

        found = MCCA(n_components=count, shrinkage=float(self.shrinkage), pca=False).fit(list(views))
        return [np.asarray(weights, np.float64) for weights in found.weights_]

    def transform(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> Matrix:
        """Return the projections of all views side by side, ``(n, views x components)``, scaled to unit variance."""
        columns = []
        for i, block in enumerate(blocks):
            z = self.parts_[i].transform(block) @ self.directions_[i] * self.scales_[i]
            columns.append(z if present is None else z * present[i][:, None])
        return np.hstack(columns)


class _Components:
    """The leading principal components of one view, scaled to a mean variance of 1."""

    def __init__(self, keep: int) -> None:
        self.keep = keep

    def fit(self, block: Matrix) -> "_Components":
        from sklearn.decomposition import PCA

        most = min(self.keep, *block.shape)
        sparse = hasattr(block, "tocsr")
        if most == min(block.shape):  # arpack cannot find all components
            block, sparse = (block.toarray() if sparse else block), False
        pca = PCA(most, svd_solver="arpack" if sparse else "full", random_state=0)
        with np.errstate(invalid="ignore", divide="ignore"):  # ratios to a variance of 0, which are not used
            pca.fit(block)
        self.mean_, self.axes_ = pca.mean_, pca.components_
        self.scale_ = float(_inverse(np.sqrt(np.array([pca.explained_variance_.mean()])))[0])
        return self

    def transform(self, block: Matrix) -> FloatArray:
        centred: FloatArray = (block @ self.axes_.T - self.mean_ @ self.axes_.T) * self.scale_
        return centred


def _inverse(deviations: NDArray[Any]) -> FloatArray:
    return np.where(deviations > 1e-12, 1 / np.maximum(deviations, 1e-12), 0.0)


def _correlations(projected: Sequence[FloatArray]) -> FloatArray:
    """Return the correlation of each component, averaged over all pairs of views; NaN if there is only one view."""
    if len(projected) < 2:
        return np.full(projected[0].shape[1], np.nan)
    unit = [(z - z.mean(axis=0)) * _inverse(z.std(axis=0)) for z in projected]
    pairs = [(a * b).mean(axis=0) for i, a in enumerate(unit) for b in unit[i + 1 :]]
    averaged: FloatArray = np.mean(pairs, axis=0)
    return averaged
