"""What unimodal and early-fusion models share: a design matrix, a classifier, settings chosen on inner folds."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if

from models.classical.classifiers import classifier as find_classifier
from models.classical.search import Answer, search
from models.classical.target import Member, Target
from models.classical.tuning import ends, thinned
from models.data.design import Design, width
from models.data.modalities import BoolArray, FloatArray, IntArray, Labels, Modalities, Pairs, Task
from models.errors import ModelError
from models.nets.threads import one_thread
from models.outputs import finite
from models.validation.folds import inner_folds

Inner = Sequence[tuple[Any, Any]] | None


class System(BaseEstimator):  # type: ignore[misc]
    """What every model over `Modalities` is: an estimator that answers for every row, whatever is missing in it.

    A subclass has the attributes ``task`` and ``classes`` and gives ``_fit`` and ``_outputs``.

    Attributes
    ----------
    classes_
        ``(k,)`` classes, in the order of the columns of ``predict_proba`` (not for a score).
    prior_
        ``(k,)`` share of each class in training, or ``(1,)`` the mean score: the answer where nothing is known.
    fit_seconds_
        How long fitting took.
    """

    task: Task
    classes: Sequence[Any] | None

    def fit(self, X: Modalities, y: Any, inner: Inner = None) -> "System":
        """Fit on all rows of `X`.

        Parameters
        ----------
        X
            n utterances.
        y
            ``(n,)`` classes or scores.
        inner
            Pairs of (training, validation) positions within the n rows, on which all choices are made; by default
            `models.validation.folds.inner_folds` by ``X.groups``.

        Raises
        ------
        ModelError
            If labels, settings or names cannot be used.
        """
        started = perf_counter()
        target = Target.read(y, self.task, self.classes)
        if len(target) != len(X):
            raise ModelError(f"there are {len(target)} labels for {len(X)} utterances")
        if self.task == "classification":
            self.classes_ = target.classes
        self.target_, self.prior_ = target[:0], target.prior()
        pairs = _pairs(inner, len(X)) if inner is not None else inner_folds(X.groups, target.values, self.task)
        with one_thread():
            self._fit(X, target, pairs)
        self.fit_seconds_ = perf_counter() - started
        return self

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:
        raise NotImplementedError

    def _outputs(self, x: Modalities) -> FloatArray:
        raise NotImplementedError

    def outputs(self, X: Modalities) -> FloatArray:
        """Return ``(n, k)`` probabilities, or ``(n, 1)`` scores.

        Raises
        ------
        DivergedError
            If an answer is no finite number.
        """
        with one_thread():
            return finite(self._outputs(X))

    def predict(self, X: Modalities) -> Labels:
        """Return ``(n,)`` classes or scores."""
        return self.target_.predictions(self.outputs(X))

    @available_if(lambda self: self.task == "classification")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Modalities) -> FloatArray:
        """Return ``(n, k)`` probabilities, columns in the order of ``classes_``."""
        return self.outputs(X)

    def score(self, X: Modalities, y: Any) -> float:
        """Return accuracy, or for a score the negative mean absolute error."""
        truth, answer = np.asarray(y), self.predict(X)
        return -float(np.abs(truth - answer).mean()) if self.task == "regression" else float((truth == answer).mean())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if self.task == "regression" else "classifier"
        tags.target_tags.required = True
        tags.input_tags.two_d_array = False
        return tags


def _pairs(inner: Sequence[tuple[Any, Any]], n: int) -> Pairs:
    pairs = tuple((np.asarray(a, np.intp), np.asarray(b, np.intp)) for a, b in inner)
    for train, valid in pairs:
        rows = np.concatenate([train, valid])
        if len(rows) and (rows.min() < 0 or rows.max() >= n):
            raise ModelError(f"an inner fold names row {int(rows.max())} of {n} training rows")
        if len(np.intersect1d(train, valid)):
            raise ModelError("an inner fold has the same row in its training and in its validation part")
    return tuple((train, valid) for train, valid in pairs if len(train) and len(valid))


class Tabular(System):
    """A design matrix and one classifier on it; fitted on the rows that the design can use, the prior elsewhere.

    The settings with the least log loss (or squared error) over the inner folds' validation rows win, the first of
    equals; without inner folds, the first of all. At most `budget` settings are tried.

    Attributes
    ----------
    settings_
        The settings chosen.
    ends_
        Of those, what lies at an end of what was tried (`models.classical.tuning.ends`).
    out_of_fold_
        ``(n, k)`` outputs for each training row of models that never saw it (those of the inner folds, with the
        settings chosen); NaN where no inner fold validates on it.
    """

    classifier: str
    settings: Any
    budget: int | None = None
    _keeps_out_of_fold = False

    def _design(self) -> Design:
        raise NotImplementedError

    def usable(self, X: Modalities) -> BoolArray:
        """Return ``(n,)``: rows that this model says more about than the prior."""
        return self._design().usable(X)

    def _classifier_settings(self) -> Mapping[str, Any]:
        return self.settings or {}

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:
        kind, whole = find_classifier(self.classifier), _Part(self._design(), x, target)
        columns = 0.0 if whole.matrix is None else width(whole.matrix)
        grid = kind.candidates(self.task, self._classifier_settings(), columns)
        candidates = thinned(grid, self.budget)

        def fitted(train: IntArray, valid: IntArray) -> Answer:
            part, asked = _Part(self._design(), x[train], target[train]), x[valid]
            return lambda settings: part.member(kind, settings).outputs(asked)

        pairs = inner if len(candidates) > 1 or self._keeps_out_of_fold else ()
        self.settings_, self.out_of_fold_, losses = search(candidates, target, pairs, fitted, self.usable(x))
        self.ends_ = ends(grid, candidates, self.settings_, losses) if pairs else {}
        self.part_ = whole.member(kind, self.settings_)

    def _outputs(self, x: Modalities) -> FloatArray:
        return self.part_.outputs(x)


class _Part:
    """A design fitted on some rows, and a member fitted on its matrix."""

    def __init__(self, design: Design, x: Modalities, target: Target) -> None:
        self.usable = design.usable(x)
        self.prior = target.prior()
        self.target, self.groups = target[self.usable], x.groups[self.usable]
        self.design = design
        self.matrix = design.fit(x[self.usable]).transform(x[self.usable]) if self.usable.any() else None

    def member(self, kind: Any, settings: Any) -> "_Fitted":
        member = None
        if self.matrix is not None:
            member = Member(kind, settings).fit(self.matrix, self.target, self.groups)
        return _Fitted(self.design, member, self.prior)


class _Fitted:
    def __init__(self, design: Design, member: Member | None, prior: FloatArray) -> None:
        self.design = design
        self.member = member
        self.prior = prior

    def outputs(self, x: Modalities) -> FloatArray:
        usable = self.design.usable(x)
        full: FloatArray = np.tile(self.prior, (len(x), 1))
        if self.member is not None and usable.any():
            full[usable] = self.member.outputs(self.design.transform(x[usable]))
        return full
