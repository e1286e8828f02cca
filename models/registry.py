"""All strategies by name: from a recipe (task, modalities, classifier, settings) to an unfitted model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models import names
from models.data.modalities import TASKS, Task
from models.errors import ModelError
from models.fit_cache import FitCache

LSTM = "lstm"  # a classifier that reads steps in order; the others read one row of numbers an utterance


@dataclass(frozen=True)
class Recipe:
    """What a strategy is to be built of.

    Attributes
    ----------
    task
        ``classification`` or ``regression``.
    modalities
        Which modalities it may read.
    classifier
        Name of the base classifier.
    classes
        All classes of the corpus, so that every fold's probabilities have the same columns; None for a score.
    fitted
        Modality -> ``(name, transformer)`` pairs over raw transcripts, fitted inside the fold.
    extractors
        Modality -> names of the extractors and transformers that it is made of.
    settings
        Settings of the strategy itself (of a reducer, of the classifier on top).
    classifier_settings
        Settings of the base classifier; a list is a choice made on inner folds.
    normalise
        How columns are brought to one scale: ``standard`` or ``quantile``.
    budget
        At most so many settings are tried in each choice; all by default.
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


Builder = Callable[[Recipe, FitCache | None], Any]


def _base(recipe: Recipe, modality: str, extractor: str = "") -> Any:
    from models.classical.unimodal import Unimodal

    return Unimodal(
        modality,
        recipe.classifier,
        task=recipe.task,
        classes=recipe.classes,
        fitted={modality: recipe.fitted[modality]} if modality in recipe.fitted else None,
        settings=recipe.classifier_settings,
        extractor=extractor,
        normalise=recipe.normalise,
        budget=recipe.budget,
    )


def _lstm(recipe: Recipe, reducer: str = "concat") -> Any:
    from models.nets.sequence import SequenceLSTM

    return SequenceLSTM(
        recipe.modalities,
        reducer,
        settings={**recipe.classifier_settings, "reducer": dict(recipe.settings)},
        **_common(recipe),
    )


def _common(recipe: Recipe) -> dict[str, Any]:
    return {
        "task": recipe.task,
        "classes": recipe.classes,
        "fitted": {m: t for m, t in recipe.fitted.items() if m in recipe.modalities},
        "normalise": recipe.normalise,
        "budget": recipe.budget,
    }


def _unimodal(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001 - every builder is given a fit_cache
    if len(recipe.modalities) != 1:
        raise ModelError(f"a unimodal model reads one modality, not {', '.join(recipe.modalities) or 'none'}")
    if recipe.classifier == LSTM:
        return _lstm(recipe)
    return _base(recipe, recipe.modalities[0])


def _early(reducer: str) -> Builder:
    def build(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
        if recipe.classifier == LSTM:
            return _lstm(recipe, reducer)
        from models.fusion.early import Early

        return Early(
            recipe.modalities,
            reducer,
            classifier=recipe.classifier,
            settings={**recipe.classifier_settings, "reducer": dict(recipe.settings)},
            **_common(recipe),
        )

    return build


def _late(target: str) -> Builder:
    def build(recipe: Recipe, fit_cache: FitCache | None) -> Any:
        if recipe.classifier == LSTM:
            raise ModelError(
                f"late fusion is not built of {LSTM!r} models: join steps before one (concat, pca, cca, autoencoder), "
                "or name another classifier"
            )
        bases = tuple(_base(recipe, modality) for modality in recipe.modalities)
        if len(bases) == 1:  # within one modality: a base an extractor
            modality = recipe.modalities[0]
            bases = tuple(_base(recipe, modality, e) for e in recipe.extractors.get(modality, ("",)))
        try:
            return names.load(target)(bases, **recipe.settings, fit_cache=fit_cache)
        except TypeError as error:
            raise ModelError(f"{target.partition(':')[2]} cannot be built: {error}") from error

    return build


def _neural(target: str) -> Builder:
    def build(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
        return names.load(target)(recipe.modalities, settings=dict(recipe.settings), **_common(recipe))

    return build


def _spectrogram(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    if recipe.modalities != ("audio",):
        raise ModelError(f"spectrogram_cnn reads audio, not {', '.join(recipe.modalities) or 'nothing'}")
    from models.nets.spectrogram import SpectrogramCNN

    return SpectrogramCNN(
        task=recipe.task, classes=recipe.classes, settings=dict(recipe.settings), budget=recipe.budget
    )


def _majority(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    from models.classical.baselines import Majority

    return Majority(task=recipe.task, classes=recipe.classes)


def _tfidf(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    from models.classical.baselines import TfidfBaseline

    return TfidfBaseline(task=recipe.task, classes=recipe.classes, settings=recipe.settings, budget=recipe.budget)


@dataclass(frozen=True)
class Strategy:
    """A way from modalities to an answer.

    Attributes
    ----------
    build
        ``(recipe, fit_cache) -> model``.
    kind
        ``floor`` (no features), ``unimodal`` (one modality) or ``fusion`` (two or more).
    classifier
        Whether it is built of a base classifier; if not, the name of one makes no difference.
    shares_bases
        Whether it is built of unimodal models that others are built of too.
    sequences
        Whether it reads sequences, whatever the classifier.
    """

    build: Builder
    kind: str = "fusion"
    classifier: bool = True
    shares_bases: bool = False
    sequences: bool = False


# name -> how to build it; a new strategy is one file and one line here (or one `register` call in a plugin).
_STRATEGIES: dict[str, Strategy] = {
    "majority": Strategy(_majority, "baseline"),
    "tfidf": Strategy(_tfidf, "baseline"),
    "unimodal": Strategy(_unimodal, "unimodal"),
    "concat": Strategy(_early("concat")),
    "pca": Strategy(_early("pca")),
    "cca": Strategy(_early("cca")),
    "autoencoder": Strategy(_early("autoencoder")),
    "vote": Strategy(_late("models.fusion.late:MajorityVote"), shares_bases=True),
    "weighted": Strategy(_late("models.fusion.late:WeightedAverage"), shares_bases=True),
    "product": Strategy(_late("models.fusion.late:Product"), shares_bases=True),
    "stacking": Strategy(_late("models.fusion.late:Stacking"), shares_bases=True),
    "intermediate": Strategy(_neural("models.fusion.hybrid:IntermediateFusion"), classifier=False, sequences=True),
    "transformer": Strategy(_neural("models.fusion.hybrid:MultimodalTransformer"), classifier=False, sequences=True),
    "modality_attention": Strategy(
        _neural("models.fusion.attention:ModalityAttention"), classifier=False, sequences=True
    ),
    "cross_attention": Strategy(
        _neural("models.fusion.attention:CrossModalAttention"), classifier=False, sequences=True
    ),
    "self_attention": Strategy(_neural("models.fusion.attention:SelfAttention"), classifier=False, sequences=True),
    "spectrogram_cnn": Strategy(_spectrogram, "unimodal", classifier=False, sequences=True),
}


def register(name: str, strategy: Strategy) -> None:
    """Add a strategy; a name that is taken raises `ModelError`."""
    names.add(_STRATEGIES, name, strategy, "strategy")


def strategy_names(kind: str | None = None) -> tuple[str, ...]:
    """Return the names of all strategies, or of those of one kind."""
    return tuple(name for name, strategy in _STRATEGIES.items() if kind in (None, strategy.kind))


def strategy(name: str) -> Strategy:
    """Return the strategy registered as `name`; an unknown name raises `ModelError` with the closest one."""
    return names.find(_STRATEGIES, name, "strategy")


def model_names() -> tuple[str, ...]:
    """Return the names of all models that a recipe's ``classifier`` may be."""
    from models.classical.classifiers import classifier_names

    return (*classifier_names(), LSTM)


def reads_sequences(strategy_name: str, model_name: str) -> bool:
    """Return whether a strategy with such a model reads sequences, beside or instead of pooled features.

    Examples
    --------
    >>> reads_sequences("concat", "logistic"), reads_sequences("concat", "lstm"), reads_sequences("transformer", "")
    (False, True, True)
    """
    found = strategy(strategy_name)
    return found.sequences or (found.kind != "baseline" and found.classifier and model_name == LSTM)


def is_ours(strategy_name: str, model_name: str) -> bool:
    """Return whether a strategy with such a model is all of this project's code, and none of a plugin's.

    >>> is_ours("concat", "svm"), is_ours("unimodal", "lstm"), is_ours("transformer", "")
    (True, True, True)
    """
    from models.classical.classifiers import classifier, classifier_names
    from models.fusion.early import build_of

    builders = [strategy(strategy_name).build, build_of(strategy_name)]
    builders += [classifier(model_name).build] if model_name in classifier_names() else []
    return all(str(b.__module__).partition(".")[0] == "models" for b in builders if b is not None)


def build(name: str, recipe: Recipe, *, fit_cache: FitCache | None = None) -> Any:
    """Build the unfitted model of a strategy.

    Parameters
    ----------
    name
        Of the strategy.
    recipe
        What to build it of.
    fit_cache
        Where late strategies share fitted unimodal models; one a fold.

    Raises
    ------
    ModelError
        If a name or a setting is unknown, or the modalities do not suit the strategy.

    Examples
    --------
    >>> build("stacking", Recipe("classification", ("text", "audio"))).bases[1].modality
    'audio'
    """
    found = strategy(name)
    if recipe.task not in TASKS:
        raise ModelError(f"the task {recipe.task!r} is unknown: there are {', '.join(TASKS)}")
    if found.kind == "fusion" and not recipe.modalities:
        raise ModelError(f"the strategy {name!r} needs at least one modality")
    return found.build(recipe, fit_cache)
