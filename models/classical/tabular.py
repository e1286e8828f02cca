"""The base class of unimodal and early-fusion models: one classifier on a design matrix, tuned on inner folds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.classical.classifiers import Classifier
from models.classical.classifiers import classifier as find_classifier
from models.classical.estimator import UtteranceEstimator
from models.classical.search import ValidationOutputs, search
from models.classical.search_space import edges, within_budget
from models.classical.target import FittedClassifier, Target
from models.data.design import Design, width
from models.data.modalities import BoolArray, FloatArray, IntArray, Modalities, Pairs


class Tabular(UtteranceEstimator):
    """One classifier on a design matrix, fitted on the rows that the design can use; other rows get the prior.

    At most `budget` combinations of settings are tried on the inner folds. The one with the lowest log loss (or squared
    error) wins; if several tie, the first of them. Without inner folds, the first combination is used.

    Attributes
    ----------
    settings_
        The chosen settings.
    edges_
        Settings whose chosen value is the smallest or largest that was tried (see
        `models.classical.search_space.edges`).
    out_of_fold_
        ``(n, k)`` outputs for the training rows with the chosen settings, each from a model of an inner fold that was
        not fitted on the row; NaN in rows that are in no validation part. If there was only one combination of settings
        to try, all are NaN, unless the model sets ``_keeps_out_of_fold``.
    """

    classifier: str
    settings: Any
    budget: int | None = None
    _keeps_out_of_fold = False

    def _design(self) -> Design:
        raise NotImplementedError

    def usable(self, X: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that this model can use; its output for the other rows is the prior."""
        return self._design().usable(X)

    def _classifier_settings(self) -> Mapping[str, Any]:
        return self.settings or {}

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:
        kind, whole = find_classifier(self.classifier), _DesignedRows(self._design(), x, target)
        columns = 0.0 if whole.matrix is None else width(whole.matrix)
        space = kind.candidates(self.task, self._classifier_settings(), columns)
        candidates = within_budget(space, self.budget)

        def fit_fold(train: IntArray, valid: IntArray) -> ValidationOutputs:
            rows, validation = _DesignedRows(self._design(), x[train], target[train]), x[valid]
            return lambda settings: rows.fit(kind, settings).outputs(validation)

        pairs = inner if len(candidates) > 1 or self._keeps_out_of_fold else ()
        self.settings_, self.out_of_fold_, losses = search(candidates, target, pairs, fit_fold, self.usable(x))
        self.edges_ = edges(space, candidates, self.settings_, losses) if pairs else {}
        self.model_ = whole.fit(kind, self.settings_)

    def _outputs(self, x: Modalities) -> FloatArray:
        return self.model_.outputs(x)


class _DesignedRows:
    """The design matrix of training rows, computed once to fit classifiers with different settings on it."""

    def __init__(self, design: Design, x: Modalities, target: Target) -> None:
        usable = design.usable(x)
        self.prior = target.prior()
        self.target, self.groups = target[usable], x.groups[usable]
        self.design = design
        self.matrix = design.fit(x[usable]).transform(x[usable]) if usable.any() else None

    def fit(self, kind: Classifier, settings: Mapping[str, Any]) -> "DesignedClassifier":
        classifier = None
        if self.matrix is not None:
            classifier = FittedClassifier(kind, settings).fit(self.matrix, self.target, self.groups)
        return DesignedClassifier(self.design, classifier, self.prior)


class DesignedClassifier:
    """A fitted design and the classifier fitted on its matrix; the classifier is None if no training row was usable."""

    def __init__(self, design: Design, classifier: FittedClassifier | None, prior: FloatArray) -> None:
        self.design = design
        self.classifier = classifier
        self.prior = prior

    def outputs(self, x: Modalities) -> FloatArray:
        """Return ``(n, k)`` probabilities or ``(n, 1)`` scores; rows that cannot be used get the prior."""
        usable = self.design.usable(x)
        full: FloatArray = np.tile(self.prior, (len(x), 1))
        if self.classifier is not None and usable.any():
            full[usable] = self.classifier.outputs(self.design.transform(x[usable]))
        return full
