"""What unimodal and early-fusion models share: a design matrix, a classifier, settings chosen on inner folds."""

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
    """A design matrix and one classifier on it, fitted on the rows that the design can use; the prior elsewhere.

    The settings with the lowest log loss (or squared error) on the inner folds win, the first if several tie; without
    inner folds, the first settings are used. At most `budget` settings are tried.

    Attributes
    ----------
    settings_
        The chosen settings.
    edges_
        Those of them whose value is the smallest or the largest that was tried (`models.classical.search_space.edges`).
    out_of_fold_
        ``(n, k)`` outputs for each training row, from the inner fold whose model was not fitted on it, with the chosen
        settings; NaN in rows that no inner fold validates on.
    """

    classifier: str
    settings: Any
    budget: int | None = None
    _keeps_out_of_fold = False

    def _design(self) -> Design:
        raise NotImplementedError

    def usable(self, X: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows for which this model's output is more than the prior."""
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
    """Training rows and the design fitted on them; classifiers of several settings are fitted on its matrix."""

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
    """A fitted design and the classifier fitted on its matrix, or None where no training row could be used."""

    def __init__(self, design: Design, classifier: FittedClassifier | None, prior: FloatArray) -> None:
        self.design = design
        self.classifier = classifier
        self.prior = prior

    def outputs(self, x: Modalities) -> FloatArray:
        """Return ``(n, k)`` probabilities, or ``(n, 1)`` scores; the prior in rows that cannot be used."""
        usable = self.design.usable(x)
        full: FloatArray = np.tile(self.prior, (len(x), 1))
        if self.classifier is not None and usable.any():
            full[usable] = self.classifier.outputs(self.design.transform(x[usable]))
        return full
