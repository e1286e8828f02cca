"""Late fusion: one model a modality, then their answers are combined. Whatever is missing, every row is answered."""

from collections.abc import Mapping, Sequence
from itertools import product
from time import perf_counter
from typing import Any

import numpy as np

from models.classical.estimator import UtteranceEstimator
from models.classical.target import FLOOR, Target
from models.classical.unimodal import Unimodal
from models.data.modalities import BoolArray, FloatArray, Modalities, Pairs, Task, normalised, softmax
from models.errors import ModelError
from models.evaluation.metrics import weighted_f1
from models.fit_cache import FitCache
from models.validation.folds import inner_folds

SHARES = tuple(1 - step / 10 for step in range(11))


class Late(UtteranceEstimator):
    """Fits its bases, then a rule learnt from what they said about rows that they had not seen.

    A subclass gives ``_learn(outputs, usable, target, groups)`` (optional) and ``_combine(outputs, usable)``, with
    ``outputs`` ``(bases, n, k)`` and ``usable`` ``(bases, n)``. Rows without any usable base get the training prior.

    Attributes
    ----------
    bases_
        The fitted bases.
    shared_seconds_
        How long fitting the bases took where another strategy had already done it.
    """

    bases: Sequence[Unimodal]
    fit_cache: FitCache | None

    @property
    def task(self) -> Task:  # type: ignore[override]
        """The bases' task."""
        if not self.bases:
            raise ModelError("late fusion needs at least one base model")
        return self.bases[0].task

    @property
    def classes(self) -> Sequence[Any] | None:  # type: ignore[override]
        """The bases' classes."""
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


class MajorityVote(Late):
    """Each modality that is there has one vote; for a score, the median of their answers.

    Ties go to the class with the larger summed probability; ``predict_proba`` is votes, with the probabilities as the
    part of a vote that they decide ties by.

    Parameters
    ----------
    bases
        One unimodal model a modality.
    voting
        Which modalities vote: ``all``, or ``chosen``, the set with the fewest errors (for a score, the smallest mean
        absolute error) in the out-of-fold predictions, the largest of equals. In a row that has none of them, all
        that are present vote.
    fit_cache
        Where fitted bases are shared with other strategies; none by default.

    Attributes
    ----------
    voting_
        ``(bases,)``: which of them vote.
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
            sets = sorted(product((True, False), repeat=len(outputs)), key=sum, reverse=True)[:-1]  # the last: nobody
            errors = [self._error(outputs, usable, np.array(voting), target) for voting in sets]
            self.voting_ = np.array(sets[int(np.argmin(errors))])

    def _error(self, outputs: FloatArray, usable: BoolArray, voting: BoolArray, target: Target) -> float:
        predicted = self._counted(outputs, usable, voting)
        if self.task == "regression":
            return float(np.abs(predicted[:, 0] - target.values).mean())
        return float((predicted.argmax(axis=1) != target.values).mean())

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        return self._counted(outputs, usable, self.voting_)

    def _counted(self, outputs: FloatArray, usable: BoolArray, voting: BoolArray) -> FloatArray:
        votes_there = usable & voting[:, None]
        usable = np.where(votes_there.any(axis=0), votes_there, usable)
        if self.task == "regression":
            scores = np.where(usable, outputs[:, :, 0], np.nan)
            middle: FloatArray = np.nanmedian(scores, axis=0)
            return middle[:, None]
        votes = np.zeros(outputs.shape)
        np.put_along_axis(votes, outputs.argmax(axis=2)[:, :, None], 1.0, axis=2)
        votes = votes + outputs / (len(outputs) + 1)
        return normalised((votes * usable[:, :, None]).sum(axis=0))


def _shared(weights: FloatArray, usable: BoolArray) -> FloatArray:
    """Return ``(bases, n)`` weights that sum to 1 in each row, over the bases that are there."""
    share = weights[:, None] * usable
    total = share.sum(axis=0)
    lone = total < 1e-9  # only bases of no weight are there: they share it equally
    return np.where(lone, usable / np.maximum(usable.sum(axis=0), 1), share / np.where(lone, 1, total))


class WeightedAverage(Late):
    """A weighted mean of the modalities' answers; the weights are those that would have been best on unseen rows.

    The weights are at least 0 and sum to 1; in a row that lacks a modality the others' weights are scaled to sum to 1.
    They minimise the log loss (for a score, the squared error) of the bases' out-of-fold outputs. Without such outputs
    all weigh the same.

    Parameters
    ----------
    bases
        One unimodal model a modality.
    pool
        ``geometric``: logarithms are averaged and sharpened by one learnt factor (a product of experts: right where
        modalities err independently); ``arithmetic``: probabilities are averaged. A score is always averaged.
    fit_cache
        Where fitted bases are shared with other strategies; none by default.

    Attributes
    ----------
    weights_
        ``(bases,)``.
    sharpness_
        The factor; 1 for an arithmetic pool.
    """

    def __init__(
        self, bases: Sequence[Unimodal], *, pool: str = "geometric", fit_cache: FitCache | None = None
    ) -> None:
        self.bases = bases
        self.pool = pool
        self.fit_cache = fit_cache

    def _learn(self, outputs: FloatArray, usable: BoolArray, target: Target, groups: Any) -> None:  # noqa: ARG002
        if self.pool not in ("geometric", "arithmetic"):
            raise ModelError(f"the pool {self.pool!r} is unknown: there are geometric, arithmetic")
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
        share = _shared(weights, usable)
        if not self._geometric:
            averaged: FloatArray = np.einsum("mn,mnk->nk", share, outputs)
            return averaged
        return softmax(sharpness * np.einsum("mn,mnk->nk", share, np.log(np.maximum(outputs, FLOOR))))

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        return self._pool(outputs, usable, self.weights_, self.sharpness_)


def powers(bases: int) -> list[float]:
    """Return the powers of the prior that `Product` chooses among: `SHARES` of a plain product's, and Bayes' rule.

    >>> [round(power, 1) for power in powers(3)]
    [3.0, 2.7, 2.4, 2.1, 1.8, 1.5, 1.2, 1.0, 0.9, 0.6, 0.3, 0.0]
    """
    shares = [share * bases for share in SHARES]
    return sorted([1.0, *(power for power in shares if abs(power - 1) > 1e-9)], reverse=True)


class Product(Late):
    """The product of what each base says beyond the prior, and of the prior: right where bases err independently.

    Rare classes are learnt as rare by every base; a plain product counts that several times. So every base's
    probabilities are divided by the prior, which then comes in once (Bayes' rule), or to another power, if that gives
    the best weighted F1 on the bases' out-of-fold outputs (the largest of equals); the F1 of each of the `powers` is
    averaged with its neighbours', since a single lucky row can make a peak. What the power differs from 1 is in
    proportion to the bases that a row has beyond the first: with one of them alone there is nothing to correct.
    For a score it is the product of normal densities: the mean weighted by each base's inverse mean squared error.

    Parameters
    ----------
    bases
        One unimodal model a modality, or one an extractor.
    fit_cache
        Where fitted bases are shared with other strategies; none by default.

    Attributes
    ----------
    power_
        Of the prior in rows that have all bases, for classes: 1 is Bayes' rule, as many as there are bases a plain
        product, 0 takes all classes for equally common.
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
        never = np.where(self.prior_ > 0, 0.0, -np.inf)  # a class that no training row has is no way out of a conflict
        own = 1 + (power - 1) * (usable.sum(axis=0) - 1) / max(len(outputs) - 1, 1)
        return softmax(np.einsum("mn,mnk->nk", usable.astype(np.float64), beyond) + own[:, None] * prior + never)

    def _combine(self, outputs: FloatArray, usable: BoolArray) -> FloatArray:
        if self.task == "classification":
            return self._multiplied(outputs, usable, self.power_)
        averaged: FloatArray = np.einsum("mn,mnk->nk", _shared(self.weights_, usable), outputs)
        return averaged


class Stacking(Late):
    """A classifier on top of what the modalities' models said about training rows that they had not seen.

    It reads their log-probabilities (or scores), the training prior where a modality is missing, and which are missing.
    The bases that answer for new rows are fitted on all training rows. Without out-of-fold outputs they are averaged.

    Parameters
    ----------
    bases
        One unimodal model a modality.
    meta
        The classifier on top, by its name in `models.classical.classifiers`.
    settings
        Its settings.
    fit_cache
        Where fitted bases are shared with other strategies; none by default.

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
        answers: FloatArray = self.meta_.outputs(self._columns(outputs, usable))
        return answers
