"""Weighted average of the outputs of modalities or extractors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.classical.target import FLOOR, Target
from models.classical.unimodal import Unimodal
from models.data.modalities import BoolArray, FloatArray, softmax
from models.errors import ModelError
from models.fit_cache import FitCache
from models.fusion.late import Late, row_weights


class WeightedAverage(Late):
    """A weighted mean of the bases' outputs, with weights learnt on their out-of-fold outputs.

    The weights are at least 0 and sum to 1; in a row that lacks a base, the weights of the other bases are scaled to
    sum to 1. The weights minimise the log loss (for regression, the squared error) of the combined out-of-fold
    outputs. Without out-of-fold outputs, or if the minimisation fails, all weights are equal.

    Parameters
    ----------
    bases
        One unimodal model per modality, or one per extractor.
    pool
        ``geometric``: log-probabilities are averaged and multiplied by one learnt factor (a product of experts, which
        is right if bases err independently). ``arithmetic``: probabilities are averaged. For regression, scores are
        always averaged.
    fit_cache
        Cache through which fitted bases are shared with other strategies; no cache by default.

    Attributes
    ----------
    weights_
        ``(bases,)`` weights.
    sharpness_
        The learnt factor of a geometric pool; 1 for an arithmetic pool, and for regression.
    """

    def __init__(
        self, bases: Sequence[Unimodal], *, pool: str = "geometric", fit_cache: FitCache | None = None
    ) -> None:
        self.bases = bases
        self.pool = pool
        self.fit_cache = fit_cache

    def _learn(self, outputs: FloatArray, usable: BoolArray, target: Target, groups: Any) -> None:  # noqa: ARG002
        if self.pool not in ("geometric", "arithmetic"):
            raise ModelError(f"the pool {self.pool!r} is unknown: choose geometric or arithmetic")
        count = len(outputs)
        start = np.append(np.full(count, 1 / count), 1.0)
        if len(target):
            start = self._minimum(start, outputs, usable, target)
        self.weights_, self.sharpness_ = start[:-1], float(start[-1])

    def _minimum(self, start: FloatArray, outputs: FloatArray, usable: BoolArray, target: Target) -> FloatArray:
        from scipy.optimize import minimize

        sharp = (0.2, 5.0) if self._geometric else (1.0, 1.0)
        found = minimize(
            lambda v: target.loss(self._pool(outputs, usable, v[:-1], v[-1])),
            start,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * len(outputs) + [sharp],
            constraints={"type": "eq", "fun": lambda v: v[:-1].sum() - 1},
        )
        weights = np.clip(found.x[:-1], 0, None)
        return np.append(weights / weights.sum(), found.x[-1]) if found.success and weights.sum() > 0 else start

    @property
    def _geometric(self) -> bool:
        return self.pool == "geometric" and self.task == "classification"

    def _pool(self, outputs: FloatArray, usable: BoolArray, weights: FloatArray, sharpness: float) -> FloatArray:
        share = row_weights(weights, usable)
        if not self._geometric:
            averaged: FloatArray = np.einsum("mn,mnk->nk", share, outputs)
            return averaged
        return softmax(sharpness * np.einsum("mn,mnk->nk", share, np.log(np.maximum(outputs, FLOOR))))

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        return self._pool(outputs, usable, self.weights_, self.sharpness_)
