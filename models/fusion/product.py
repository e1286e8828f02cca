"""The product rule: Bayes' rule over the modalities or extractors."""

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
    """Return the powers of the prior that `Product` chooses among: tenths of a plain product's power, and 1 (Bayes).

    >>> [round(power, 1) for power in powers(3)]
    [3.0, 2.7, 2.4, 2.1, 1.8, 1.5, 1.2, 1.0, 0.9, 0.6, 0.3, 0.0]
    """
    tenths = [(1 - step / 10) * bases for step in range(11)]
    return sorted([1.0, *(power for power in tenths if abs(power - 1) > 1e-9)], reverse=True)


class Product(Late):
    """The prior times the ratio of each base's probabilities to the prior, which is right if bases err independently.

    Every base learns that rare classes are rare, and a plain product counts that several times. So the probabilities of
    each base are divided by the prior, and the prior is then multiplied in once (Bayes' rule) or to the power in
    `powers` with the best weighted F1 on the out-of-fold outputs (the largest if several tie). Each F1 is averaged with
    those of the neighbouring powers, since a single row can make a peak. The power's difference from 1 shrinks in
    proportion to the usable bases of a row beyond the first: with one base alone there is nothing to correct. For a
    score it is the product of normal densities: the mean weighted by the inverse mean squared error of each base.

    Parameters
    ----------
    bases
        One unimodal model per modality, or one per extractor.
    fit_cache
        The cache that shares fitted bases with other strategies; none by default.

    Attributes
    ----------
    power_
        Power of the prior in rows that have all bases, for classes: 1 is Bayes' rule, the number of bases a plain
        product, and 0 treats all classes as equally common.
    weights_
        ``(bases,)``, for a score; they sum to 1.

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
        impossible = np.where(self.prior_ > 0, 0.0, -np.inf)  # a class without training rows stays at 0
        own = 1 + (power - 1) * (usable.sum(axis=0) - 1) / max(len(outputs) - 1, 1)
        return softmax(np.einsum("mn,mnk->nk", usable.astype(np.float64), beyond) + own[:, None] * prior + impossible)

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        if self.task == "classification":
            return self._multiplied(outputs, usable, self.power_)
        averaged: FloatArray = np.einsum("mn,mnk->nk", row_weights(self.weights_, usable), outputs)
        return averaged
