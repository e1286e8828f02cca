"""The product rule: combine modalities or extractors by Bayes' rule."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.classical.target import FLOOR, Target
from models.classical.unimodal import Unimodal
from models.data.modalities import BoolArray, FloatArray, softmax
from models.evaluation.metrics import weighted_f1
from models.fit_cache import FitCache
from models.fusion.late import Late, row_weights


def powers(bases: int) -> list[float]:
    """Return the powers of the prior from which `Product` chooses: 1, and the number of bases times 1.0, 0.9, ..., 0.0.

    >>> [round(power, 1) for power in powers(3)]
    [3.0, 2.7, 2.4, 2.1, 1.8, 1.5, 1.2, 1.0, 0.9, 0.6, 0.3, 0.0]
    """
    tenths = [(1 - step / 10) * bases for step in range(11)]
    return sorted([1.0, *(power for power in tenths if abs(power - 1) > 1e-9)], reverse=True)


class Product(Late):
    """Multiply the prior by the ratio of each base's probabilities to the prior; exact if bases err independently.

    Every base learns that rare classes are rare, and a plain product counts this several times. The probabilities of
    each base are therefore divided by the prior, and the prior, raised to a power, is multiplied in at the end. The
    power is the one in `powers` with the best weighted F1 on the out-of-fold outputs (the largest if several tie). Each
    F1 is averaged with those of the neighbouring powers, because a single row can cause a peak. In rows that lack
    bases, the power is closer to 1; with a single usable base, it is 1. For regression, the bases are averaged with the
    inverses of their mean squared errors as weights, which gives the mean of a product of normal densities.

    Parameters
    ----------
    bases
        One unimodal model per modality, or one per extractor.
    fit_cache
        Cache through which fitted bases are shared with other strategies; no cache by default.

    Attributes
    ----------
    power_
        For classification, the power of the prior in rows that have all bases. A power of 1 is Bayes' rule, a power
        equal to the number of bases is a plain product, and 0 treats all classes as equally frequent.
    weights_
        For regression, the ``(bases,)`` weights, which sum to 1.

    References
    ----------
    J. Kittler et al., On combining classifiers, 1998 (the product rule: the power 1).
    """

    def __init__(self, bases: Sequence[Unimodal], *, fit_cache: FitCache | None = None) -> None:
        self.bases = bases
        self.fit_cache = fit_cache

    def _learn(self, outputs: FloatArray, usable: BoolArray, target: Target, groups: Any) -> None:  # noqa: ARG002
        count = len(outputs)
        self.power_, self.weights_ = 1.0, np.full(count, 1 / count)
        if not len(target):
            return
        if self.task == "regression":
            squares = ((outputs[:, :, 0] - target.values) ** 2 * usable).sum(axis=1)
            inverse = usable.sum(axis=1) / np.maximum(squares, FLOOR)
            self.weights_ = inverse / inverse.sum()
            return
        tried = powers(count)
        scores = [weighted_f1(target.values, self._multiplied(outputs, usable, p).argmax(axis=1)) for p in tried]
        near = [np.mean(scores[max(i - 1, 0) : i + 2]) for i in range(len(scores))]
        self.power_ = tried[int(np.argmax(near))]

    def _multiplied(self, outputs: FloatArray, usable: BoolArray, power: float) -> FloatArray:
        prior = np.log(np.maximum(self.prior_, FLOOR))
        beyond = np.log(np.maximum(outputs, FLOOR)) - prior
        impossible = np.where(self.prior_ > 0, 0.0, -np.inf)  # a class without training rows keeps probability 0
        own = 1 + (power - 1) * (usable.sum(axis=0) - 1) / max(len(outputs) - 1, 1)
        return softmax(np.einsum("mn,mnk->nk", usable.astype(np.float64), beyond) + own[:, None] * prior + impossible)

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        if self.task == "classification":
            return self._multiplied(outputs, usable, self.power_)
        averaged: FloatArray = np.einsum("mn,mnk->nk", row_weights(self.weights_, usable), outputs)
        return averaged
