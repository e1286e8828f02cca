"""Functions that define strategies and build their models; slow libraries are imported only when a model is built."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from common.references import Reference
from models.configuration import EXTRACTOR, split_bases
from models.errors import ModelError
from models.fit_cache import FitCache
from models.strategy import Recipe, Strategy

References = tuple[Reference, ...]  # what to cite
Core = str | Callable[..., Any]  # a class, or its name as "module:Class", which is imported when a model is built
LSTM = "lstm"  # the only classifier that reads sequences; all others read one row of numbers per utterance


def class_of(core: Core) -> Callable[..., Any]:
    """Return the class of a registry entry, and import it if the entry names it as "module:Class".

    >>> class_of("models.fusion.cca:Cca").__name__
    'Cca'
    """
    if not isinstance(core, str):
        return core
    module, _, name = core.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def module_of(core: Core) -> str:
    """Return the name of the module that defines the class of a registry entry, without importing it."""
    return core.partition(":")[0] if isinstance(core, str) else str(core.__module__)


def early_fusion(
    reducer: Core, tried_with: tuple[str, ...] | None = (), *, words: str = "", references: References = ()
) -> Strategy:
    """Return a strategy that joins modalities with a reducer and fits one classifier or regressor to the result.

    Parameters
    ----------
    reducer
        The `models.fusion.early.Reducer`: a class, or its name as ``module:Class``.
    tried_with, words, references
        As in `models.strategy.Strategy`.
    """

    def build(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001 - all builders take a cache
        if recipe.classifier == LSTM:
            return _lstm(recipe, recipe.strategy)
        from models.fusion.early import Early

        return Early(
            recipe.modalities,
            recipe.strategy,  # Early finds its reducer by this name
            classifier=recipe.classifier,
            settings={**recipe.classifier_settings, "reducer": dict(recipe.settings)},
            **_common(recipe),
        )

    return Strategy(build, tried_with=tried_with, core=reducer, words=words, references=references)


def late_fusion(late: Core, *, within_modality: bool = False, words: str = "", references: References = ()) -> Strategy:
    """Return a strategy that combines the outputs of unimodal models.

    There is one unimodal model per modality; if the strategy's name ends in ``@extractor``, or there is only one
    modality, there is one per extractor instead.

    Parameters
    ----------
    late
        A subclass of `models.fusion.late.Late`, or its name as ``module:Class``.
    within_modality, words, references
        As in `models.strategy.Strategy`.
    """

    def build(recipe: Recipe, fit_cache: FitCache | None) -> Any:
        if recipe.classifier == LSTM:
            raise ModelError(
                f"late fusion cannot be built from {LSTM!r} models: use them in an early fusion (concat, pca, cca, "
                "autoencoder), or name another classifier"
            )
        try:
            return class_of(late)(_bases(recipe), **recipe.settings, fit_cache=fit_cache)
        except TypeError as error:
            raise ModelError(f"{recipe.strategy} cannot be built: {error}") from error

    return Strategy(
        build, shares_bases=True, within_modality=within_modality, core=late, words=words, references=references
    )


def net_fusion(net: Core, *, words: str = "", references: References = ()) -> Strategy:
    """Return a strategy that trains one network on all modalities.

    Parameters
    ----------
    net
        A subclass of `models.nets.neural.Multimodal`, or its name as ``module:Class``.
    words, references
        As in `models.strategy.Strategy`.
    """

    def build(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
        return class_of(net)(recipe.modalities, settings=dict(recipe.settings), **_common(recipe))

    return Strategy(build, classifier=False, sequences=True, core=net, words=words, references=references)


def unimodal(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    """Build the recipe's classifier on its only modality."""
    return _lstm(recipe) if recipe.classifier == LSTM else _unimodal(recipe, recipe.modalities[0])


def spectrogram_cnn(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    """Build the convolutional network that reads spectrograms."""
    from models.nets.spectrogram import SpectrogramCNN

    return SpectrogramCNN(
        task=recipe.task, classes=recipe.classes, settings=dict(recipe.settings), budget=recipe.budget
    )


def majority(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    """Build the baseline that always predicts the most frequent class, or the median score."""
    from models.classical.baselines import Majority

    return Majority(task=recipe.task, classes=recipe.classes)


def tfidf(recipe: Recipe, fit_cache: FitCache | None) -> Any:  # noqa: ARG001
    """Build the linear baseline on the TF-IDF of transcripts."""
    from models.classical.baselines import TfidfBaseline

    return TfidfBaseline(task=recipe.task, classes=recipe.classes, settings=recipe.settings, budget=recipe.budget)


def _bases(recipe: Recipe) -> tuple[Any, ...]:
    """Return the unimodal models of a late fusion: one per modality, or one per extractor (see `late_fusion`).

    A modality that has only one extractor always gets a single model, which reads the whole modality.
    """
    by_extractor = split_bases(recipe.strategy)[1] == EXTRACTOR or len(recipe.modalities) == 1
    listed = {m: recipe.extractors.get(m, ()) if by_extractor else () for m in recipe.modalities}
    return tuple(
        _unimodal(recipe, m, e) for m, several in listed.items() for e in (several if len(several) > 1 else ("",))
    )


def _unimodal(recipe: Recipe, modality: str, extractor: str = "") -> Any:
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
