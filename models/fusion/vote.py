"""Majority vote of modalities or extractors."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from models.classical.target import Target
from models.classical.unimodal import Unimodal
from models.data.modalities import BoolArray, FloatArray, normalised
from models.errors import ModelError
from models.fit_cache import FitCache
from models.fusion.late import Late

_MOST = 10  # up to this number of bases, every set of bases is tried


class MajorityVote(Late):
    """Each usable base of a row has one vote; for regression, the prediction is the median of the bases' predictions.

    Ties are decided by the sum of the probabilities: ``predict_proba`` returns the shares of the votes, to which a
    small part of the probabilities is added.

    Parameters
    ----------
    bases
        One unimodal model per modality, or one per extractor.
    voting
        Which bases vote: ``all`` or ``chosen``. The chosen set is the one whose vote makes the fewest errors on the
        out-of-fold predictions. For regression, it is the one with the smallest mean absolute error. If several sets
        tie, the largest is chosen. With more than ten bases, not every set is tried (see `fewest_errors`). If a row has
        no usable base of the chosen set, all its usable bases vote.
    fit_cache
        Cache through which fitted bases are shared with other strategies; no cache by default.

    Attributes
    ----------
    voting_
        ``(bases,)`` mask of the bases that vote.
    """

    def __init__(self, bases: Sequence[Unimodal], *, voting: str = "chosen", fit_cache: FitCache | None = None) -> None:
        self.bases = bases
        self.voting = voting
        self.fit_cache = fit_cache

    def _learn(self, outputs: FloatArray, usable: BoolArray, target: Target, groups: Any) -> None:  # noqa: ARG002
        if self.voting not in ("all", "chosen"):
            raise ModelError(f"voting is {self.voting!r}: it must be all or chosen")
        self.voting_ = np.ones(len(outputs), bool)
        if self.voting == "chosen" and len(target):
            self.voting_ = fewest_errors(len(outputs), lambda voting: self._error(outputs, usable, voting, target))

    def _error(self, outputs: FloatArray, usable: BoolArray, voting: BoolArray, target: Target) -> float:
        predicted = self._counted(outputs, usable, voting)
        if self.task == "regression":
            return float(np.abs(predicted[:, 0] - target.values).mean())
        return float((predicted.argmax(axis=1) != target.values).mean())

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        return self._counted(outputs, usable, self.voting_)

    def _counted(self, outputs: FloatArray, usable: BoolArray, voting: BoolArray) -> FloatArray:
        counted = usable & voting[:, None]
        usable = np.where(counted.any(axis=0), counted, usable)
        if self.task == "regression":
            scores = np.where(usable, outputs[:, :, 0], np.nan)
            middle: FloatArray = np.nanmedian(scores, axis=0)
            return middle[:, None]
        votes = np.zeros(outputs.shape)
        np.put_along_axis(votes, outputs.argmax(axis=2)[:, :, None], 1.0, axis=2)
        votes = votes + outputs / (len(outputs) + 1)
        return normalised((votes * usable[:, :, None]).sum(axis=0))


def fewest_errors(count: int, error: Callable[[BoolArray], float]) -> BoolArray:
    """Return a mask ``(count,)`` of the set of bases with the smallest error (the largest set if several tie).

    With up to ten bases, every set is tried. With more, bases are removed one at a time. Each time, the base whose
    removal gives the smallest error is removed. Only the sets along this path are compared.

    >>> fewest_errors(3, lambda voting: float(voting @ [0.1, -0.2, 0.3])).tolist()
    [False, True, False]
    """
    if count <= _MOST:
        sets = sorted(product((True, False), repeat=count), key=sum, reverse=True)
        some = [np.array(voting) for voting in sets if any(voting)]
    else:
        some = [np.ones(count, bool)]
        while (left := np.flatnonzero(some[-1])).size > 1:
            fewer = [some[-1] & (np.arange(count) != out) for out in left]
            some.append(min(fewer, key=error))
    return some[int(np.argmin([error(voting) for voting in some]))]
