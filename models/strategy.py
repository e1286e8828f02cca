"""The registry entry of a strategy, and the recipe from which its model is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from common.references import Reference
from models.data.modalities import Task
from models.fit_cache import FitCache

Kind = Literal["baseline", "unimodal", "fusion"]


@dataclass(frozen=True)
class Recipe:
    """Everything from which the model of a strategy is built.

    Attributes
    ----------
    task
        ``classification`` or ``regression``.
    modalities
        The modalities that the model may read.
    classifier
        Name of the base classifier.
    classes
        All classes of the corpus, so that the probabilities of all folds have the same columns; None for regression.
    fitted
        For each modality, ``(name, transformer)`` pairs. The transformers read raw transcripts and are fitted inside
        the fold.
    extractors
        For each modality, the names of its extractors and transformers.
    settings
        Settings of the strategy itself, such as those of a reducer.
    classifier_settings
        Settings of the base classifier; inner folds choose among the values of a list.
    normalise
        Scaler of columns: ``standard`` or ``quantile``.
    budget
        Maximum number of combinations of settings to try; all by default.
    strategy
        Name of the strategy, as in a `models.configuration.Configuration`; `models.registry.build` fills it in.
    """

    task: Task
    modalities: tuple[str, ...] = ()
    classifier: str = "logistic"
    classes: tuple[Any, ...] | None = None
    fitted: Mapping[str, tuple[tuple[str, Any], ...]] = field(default_factory=dict)
    extractors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    classifier_settings: Mapping[str, Any] = field(default_factory=dict)
    normalise: str = "standard"
    budget: int | None = None
    strategy: str = ""


Builder = Callable[[Recipe, FitCache | None], Any]


@dataclass(frozen=True)
class Strategy:
    """A registry entry: how to build the models of a strategy, and what the rest of the code has to know about it.

    Attributes
    ----------
    build
        Function ``(recipe, fit_cache) -> model`` that returns an unfitted model.
    kind
        ``baseline`` (reads no features), ``unimodal`` (one modality) or ``fusion``.
    classifier
        Whether the model uses the base classifier that a recipe names.
    shares_bases
        Whether the model combines unimodal models, which other strategies may share: True for late fusions.
    sequences
        Whether the model always reads sequences. Other models read them only if their classifier does.
    modality
        The only modality that the strategy can read; empty if it can read any.
    store
        Name of an extractor whose rows over time the model reads instead of features. If the corpus has no store of
        this extractor, the strategy is left out of the table.
    within_modality
        Whether the table also has a row for each modality with several extractors, in which the strategy combines
        these extractors.
    model
        The base model that tables show, if it is always the same.
    tried_with
        Base models with which the default of ``train.fusions`` lists the strategy; None stands for all. If the tuple
        is empty, the strategy is listed by its name alone.
    core
        The class of the reducer, late fusion or network that `build` uses, or its name as ``module:Class``.
    words
        What the strategy is called in a sentence, such as ``weighted averaging``; by default its name.
    references
        References to cite for the strategy.
    """

    build: Builder
    kind: Kind = "fusion"
    classifier: bool = True
    shares_bases: bool = False
    sequences: bool = False
    modality: str = ""
    store: str = ""
    within_modality: bool = False
    model: str = ""
    tried_with: tuple[str, ...] | None = ()
    core: str | Callable[..., Any] | None = None
    words: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def early(self) -> bool:
        """Whether this is an early fusion: one classifier, which ``train.fusions`` may name, reads joined features."""
        return self.kind == "fusion" and self.classifier and not self.shares_bases
