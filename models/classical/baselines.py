"""Baselines that every model should beat: a constant prediction, and a linear model on the TF-IDF of words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from common.words import fitted_tfidf
from models.classical.estimator import UtteranceEstimator
from models.classical.tabular import Tabular
from models.classical.target import Target
from models.data.design import Design
from models.data.modalities import BoolArray, FloatArray, Matrix, Modalities, Pairs, Task


class Majority(UtteranceEstimator):
    """Predict the most frequent class in training (the first if several tie), or the median score, for every row.

    Parameters
    ----------
    task
        ``classification`` or ``regression``.
    classes
        All classes; by default those in the training labels.
    """

    def __init__(self, *, task: Task = "classification", classes: Sequence[Any] | None = None) -> None:
        self.task = task
        self.classes = classes

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:  # noqa: ARG002
        self.answer_ = np.array([np.median(target.values)]) if self.task == "regression" else self.prior_

    def _outputs(self, x: Modalities) -> FloatArray:
        return np.tile(self.answer_, (len(x), 1))


class TfidfBaseline(Tabular):
    """A linear model on the TF-IDF of the transcript's words and word pairs.

    Exclamation marks, question marks and ellipses count as words, since they show how a sentence is spoken.

    Parameters
    ----------
    task
        ``classification`` (logistic regression) or ``regression`` (ridge).
    classes
        All classes; by default those in the training labels.
    settings
        Settings of the linear model.
    budget
        Maximum number of combinations of settings to try; all by default.
    """

    classifier = "logistic"

    def __init__(
        self,
        *,
        task: Task = "classification",
        classes: Sequence[Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        budget: int | None = None,
    ) -> None:
        self.task = task
        self.classes = classes
        self.settings = settings
        self.budget = budget

    def _design(self) -> Design:
        return _Words()


class _Words:
    """Turn transcripts into a matrix of TF-IDF columns; only transcripts with a letter or a digit are usable.

    With 100 training rows or more, terms that occur in only one of them are left out. If no term is left, the matrix is
    one column of zeros.
    """

    def usable(self, x: Modalities) -> BoolArray:
        return np.array([isinstance(text, str) and any(c.isalnum() for c in text) for text in x.text], dtype=bool)

    def fit(self, x: Modalities) -> "_Words":
        self.vectoriser_ = fitted_tfidf(x.text, min_df=2 if len(x) >= 100 else 1)
        return self

    def transform(self, x: Modalities) -> Matrix:
        return np.zeros((len(x), 1)) if self.vectoriser_ is None else self.vectoriser_.transform(x.text)
