"""What a strategy is, and the recipe that a model is built from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from common.references import Reference
from models.data.modalities import Task
from models.fit_cache import FitCache

Kind = Literal["baseline", "unimodal", "fusion"]


@dataclass(frozen=True)
class Recipe:
    """What the model of a strategy is built from.

    Attributes
    ----------
    task
        ``classification`` or ``regression``.
    modalities
        The modalities that the model may read.
    classifier
        Name of the base classifier.
    classes
        All classes of the corpus, so that every fold's probabilities have the same columns; None for a score.
    fitted
        Modality -> ``(name, transformer)`` pairs for raw transcripts, fitted inside the fold.
    extractors
        Modality -> names of its extractors and transformers.
    settings
        Settings of the strategy itself (of a reducer, of the classifier on top).
    classifier_settings
        Settings of the base classifier; a list is a choice made on inner folds.
    normalise
        The scaler of columns: ``standard`` or ``quantile``.
    budget
        The largest number of settings to try in each choice; all by default.
    strategy
        The strategy's name, as in a `models.configuration.Configuration`; `models.registry.build` fills it in.
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
    """A way from modalities to predictions, and all that the rest of the code has to know about it.

    Attributes
    ----------
    build
        ``(recipe, fit_cache) -> model``, unfitted.
    kind
        ``baseline`` (reads no features), ``unimodal`` (one modality) or ``fusion``.
    classifier
        Whether it is built from the base classifier that a recipe names.
    shares_bases
        Whether it is built from unimodal models, which other strategies may share: late fusion.
    sequences
        Whether it reads sequences whatever the classifier.
    modality
        The only modality that it can read; empty: any.
    store
        An extractor whose rows it reads in place of the features; without that store it is left out of the table.
    within_modality
        Whether its plain name also stands for a row of each modality with several extractors, which joins these.
    model
        The base model that the tables show if it is always the same one.
    tried_with
        The base models that the default of ``train.fusions`` names after its slash; None stands for all, and an empty
        tuple for the strategy's name alone.
    core
        The class that `build` was made from, or its name as ``module:Class``, where a function of `models.builders`
        made it.
    words
        What it is called in a sentence: ``weighted averaging``. By default its name.
    references
        What to cite for it.
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
        """Whether it is one classifier on joined features, which ``train.fusions`` may name after a slash."""
        return self.kind == "fusion" and self.classifier and not self.shares_bases
