"""Stacking: a meta-classifier on the outputs of unimodal models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.classical.target import FLOOR, Target
from models.classical.unimodal import Unimodal
from models.data.modalities import BoolArray, FloatArray
from models.fit_cache import FitCache
from models.fusion.late import Late
from models.validation.folds import inner_folds


class Stacking(Late):
    """A meta-classifier, fitted on the out-of-fold outputs of unimodal models.

    It reads the log-probabilities (or scores) of all bases. If a base is not usable in a row, the prior stands for its
    output. A further column per base marks the rows in which the base is usable. The bases that predict new rows are
    fitted on all training rows. If there are no out-of-fold outputs, the outputs of the bases are averaged.

    Parameters
    ----------
    bases
        One unimodal model per modality, or one per extractor.
    meta
        Name of the meta-classifier in `models.classical.classifiers`.
    settings
        Settings of the meta-classifier.
    fit_cache
        Cache through which fitted bases are shared with other strategies; no cache by default.

    References
    ----------
    D. Wolpert, Stacked generalization, 1992.
    """

    def __init__(
        self,
        bases: Sequence[Unimodal],
        *,
        meta: str = "logistic",
        settings: Mapping[str, Any] | None = None,
        fit_cache: FitCache | None = None,
    ) -> None:
        self.bases = bases
        self.meta = meta
        self.settings = settings
        self.fit_cache = fit_cache

    def _learn(self, outputs: FloatArray, usable: BoolArray, target: Target, groups: Any) -> None:
        from models.classical.search import tuned_classifier

        self.meta_ = None
        if len(target):
            columns = self._columns(outputs, usable)
            pairs = inner_folds(groups, target.values, target.task)
            self.meta_ = tuned_classifier(
                self.meta, self.settings, columns, target, groups, pairs, self.bases[0].budget
            )
            self.edges_ = self.meta_.edges_

    def _columns(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        filled = np.where(usable[:, :, None], outputs, self.prior_)
        if self.task == "classification":
            filled = np.log(np.maximum(filled, FLOOR))
        return np.hstack([*filled, usable.T.astype(np.float64)])

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        if self.meta_ is None:
            averaged: FloatArray = np.einsum("mn,mnk->nk", usable / usable.sum(axis=0), outputs)
            return averaged
        stacked: FloatArray = self.meta_.outputs(self._columns(outputs, usable))
        return stacked
