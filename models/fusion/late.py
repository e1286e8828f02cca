"""Late fusion: combine the outputs of one model per modality or extractor."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np

from models.classical.estimator import UtteranceEstimator
from models.classical.target import Target
from models.classical.unimodal import Unimodal
from models.data.modalities import BoolArray, FloatArray, Modalities, Pairs, Task
from models.errors import ModelError
from models.fit_cache import FitCache


class Late(UtteranceEstimator):
    """Base class: fits one base model per modality or extractor, then learns to combine their out-of-fold outputs.

    A subclass implements ``_combine(outputs, usable)`` and, if needed, ``_learn(outputs, usable, target, groups)``.
    ``outputs`` is ``(bases, n, k)``, and ``usable`` is a mask ``(bases, n)``. Rows without a usable base get the prior.

    Attributes
    ----------
    bases_
        The fitted base models.
    shared_seconds_
        Time in seconds that other strategies spent on fitting the base models that came from the cache.
    """

    bases: Sequence[Unimodal]
    fit_cache: FitCache | None

    @property
    def task(self) -> Task:  # type: ignore[override]
        """The task of the base models."""
        if not self.bases:
            raise ModelError("late fusion needs at least one base model")
        return self.bases[0].task

    @property
    def classes(self) -> Sequence[Any] | None:  # type: ignore[override]
        """The classes that the base models were given; None if they take them from the training labels."""
        return self.bases[0].classes

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:
        labels = target.values if target.task == "regression" else target.classes[target.values]
        fit_cache, started = self.fit_cache if self.fit_cache is not None else FitCache(), perf_counter()
        self.bases_ = [fit_cache.fit(base, x, labels, inner) for base in self.bases]
        spent = perf_counter() - started
        self.shared_seconds_ = max(0.0, sum(base.fit_seconds_ for base in self.bases_) - spent)
        outputs = np.stack([base.out_of_fold_ for base in self.bases_])
        known = np.isfinite(outputs).all(axis=(0, 2))
        usable = self._usable(x)
        rows = np.flatnonzero(known & usable.any(axis=0))
        self._learn(outputs[:, rows], usable[:, rows], target[rows], x.groups[rows])

    def _usable(self, x: Modalities) -> BoolArray:
        return np.stack([base.usable(x) for base in self.bases])

    def _learn(self, outputs: FloatArray, usable: BoolArray, target: Target, groups: Any) -> None:
        pass

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        raise NotImplementedError

    def _outputs(self, x: Modalities) -> FloatArray:
        usable = self._usable(x)
        full: FloatArray = np.tile(self.prior_, (len(x), 1))
        rows = np.flatnonzero(usable.any(axis=0))
        if len(rows):
            outputs = np.stack([base.outputs(x[rows]) for base in self.bases_])
            full[rows] = self._combine(outputs, usable[:, rows])
        return full


def row_weights(weights: FloatArray, usable: BoolArray) -> FloatArray:
    """Return ``(bases, n)`` weights that sum to 1 over the usable base models of each row.

    If all usable base models of a row have the weight 0, they get equal weights.
    """
    share = weights[:, None] * usable
    total = share.sum(axis=0)
    lone = total < 1e-9
    return np.where(lone, usable / np.maximum(usable.sum(axis=0), 1), share / np.where(lone, 1, total))
