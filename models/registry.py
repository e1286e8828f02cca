"""The registry of strategies; each builds an unfitted model from a recipe (task, modalities, classifier, settings)."""

from collections.abc import Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from common.names import Registry, suggest
from models import builders
from models import references as cite
from models.builders import LSTM, class_of, early_fusion, late_fusion, module_of, net_fusion
from models.configuration import EXTRACTOR, Configuration, split_bases, split_fusion
from models.data.modalities import TASKS
from models.errors import ModelError
from models.fit_cache import FitCache
from models.strategy import Kind, Recipe, Strategy

__all__ = ["LSTM", "Recipe", "Strategy", "early_fusion", "late_fusion", "net_fusion"]

_FEW = ("logistic", "fcnn", "lstm")

# A new strategy is a class in a file of its own and one line here (or one call of `register` in a plugin). The line
# gives the class by name, so that looking up a strategy imports no library. Tables have the order of these lines.
STRATEGIES: Registry[Strategy] = Registry(
    "strategy",
    ModelError,
    {
        "majority": Strategy(builders.majority, "baseline", classifier=False, words="a constant guess"),
        "tfidf": Strategy(
            builders.tfidf, "baseline", classifier=False, modality="text", model="logistic", words="word counts"
        ),
        "unimodal": Strategy(builders.unimodal, "unimodal"),
        "spectrogram_cnn": Strategy(
            builders.spectrogram_cnn,
            "unimodal",
            classifier=False,
            sequences=True,
            modality="audio",
            store="spectrogram",
            words="a CNN on spectrograms",
            references=(cite.PICZAK,),
        ),
        "concat": early_fusion("models.fusion.early:Concat", tried_with=None, words="concatenation"),
        "pca": early_fusion("models.fusion.early:Pca", _FEW, words="PCA", references=(cite.JOLLIFFE,)),
        "autoencoder": early_fusion(
            "models.fusion.autoencoder:Autoencoder", _FEW, words="an autoencoder", references=(cite.VINCENT, cite.NGIAM)
        ),
        "cca": early_fusion("models.fusion.cca:Cca", _FEW, words="CCA", references=(cite.HOTELLING, cite.KETTENRING)),
        "vote": late_fusion("models.fusion.vote:MajorityVote", words="majority vote", references=(cite.KITTLER,)),
        "weighted": late_fusion(
            "models.fusion.weighted:WeightedAverage", words="weighted averaging", references=(cite.KITTLER,)
        ),
        "product": late_fusion(
            "models.fusion.product:Product", within_modality=True, words="the product rule", references=(cite.KITTLER,)
        ),
        "stacking": late_fusion("models.fusion.stacking:Stacking", references=(cite.WOLPERT,)),
        "intermediate": net_fusion(
            "models.fusion.hybrid:IntermediateFusion", words="intermediate fusion", references=(cite.NGIAM,)
        ),
        "transformer": net_fusion(
            "models.fusion.hybrid:MultimodalTransformer",
            words="a multimodal transformer",
            references=(cite.VASWANI, cite.TSAI),
        ),
        "modality_attention": net_fusion("models.fusion.attention:ModalityAttention", references=(cite.PORIA,)),
        "cross_attention": net_fusion(
            "models.fusion.attention:CrossModalAttention", words="cross-modal attention", references=(cite.TSAI,)
        ),
        "self_attention": net_fusion(
            "models.fusion.attention:SelfAttention", words="self-attention", references=(cite.VASWANI, cite.LIN)
        ),
    },
)


def register(name: str, strategy: Strategy) -> None:
    """Add a strategy.

    Raises
    ------
    ModelError
        If `strategy` is not a `Strategy`, if a different one already has the name, or if the name contains ``/`` or
        ``@``.
    """
    if "/" in name or "@" in name:
        raise ModelError(f"a strategy cannot be named {name!r}: / and @ separate its name from its model and its bases")
    if not isinstance(strategy, Strategy):
        raise ModelError(
            f"the strategy {name!r} is registered as {strategy!r:.80}: wrap it in early_fusion(...), late_fusion(...) "
            "or net_fusion(...), or give a Strategy(...)"
        )
    STRATEGIES.register(name, strategy)


def strategy_names(kind: Kind | None = None) -> tuple[str, ...]:
    """Return the names of all strategies, or of all strategies of one kind."""
    return tuple(name for name, strategy in STRATEGIES.items() if kind in (None, strategy.kind))


def strategy(name: str) -> Strategy:
    """Return the strategy called `name`, which may end in ``@extractor`` if it is a late fusion.

    Raises
    ------
    ModelError
        If there is no such strategy (the message lists the known names), or its name cannot have this ending.

    Examples
    --------
    >>> strategy("product@extractor") is strategy("product")
    True
    """
    registered, bases = split_bases(name)
    found = STRATEGIES[registered]
    if registered != name and not (found.shares_bases and bases == EXTRACTOR):
        raise ModelError(f"no strategy is named {name!r:.200}; {suggest(name, _over_extractors())}")
    return found


def _over_extractors() -> list[str]:
    """Return the names of all late fusions with one base model per extractor."""
    return [f"{name}@{EXTRACTOR}" for name, entry in STRATEGIES.items() if entry.shares_bases]


def model_names() -> tuple[str, ...]:
    """Return the names of all models that a recipe may have as its ``classifier``."""
    from models.classical.classifiers import classifier_names

    return (*classifier_names(), LSTM)


def settings_of(name: str) -> tuple[str, ...] | None:
    """Return the names of the settings that a classifier or strategy has; None if they are not known.

    >>> settings_of("cca"), settings_of("weighted"), settings_of("tfidf")
    (('components', 'shrinkage', 'keep'), ('pool',), None)
    """
    from models.classical.classifiers import classifier, classifier_names

    if name in classifier_names():
        return tuple(dict.fromkeys(key for settings in classifier(name).settings.values() for key in settings))
    if name not in STRATEGIES or STRATEGIES[name].core is None:
        return None
    found = STRATEGIES[name]
    core = class_of(found.core or found.build)
    if found.sequences:
        return tuple(getattr(core, "DEFAULTS", ())) or None
    taken = list(signature(core).parameters.values())[1 if found.shares_bases else 0 :]
    named = tuple(p.name for p in taken if p.kind is not p.VAR_KEYWORD and p.name != "fit_cache")
    return named if not any(p.kind is p.VAR_KEYWORD for p in taken) else None


def unimodal_model_names() -> tuple[str, ...]:
    """Return the names of the unimodal strategies that take no classifier, such as ``spectrogram_cnn``."""
    return tuple(name for name in strategy_names("unimodal") if not strategy(name).classifier)


def default_fusions() -> tuple[str, ...]:
    """Return the default of ``train.fusions``: all fusions.

    An early fusion is listed once for each model that its ``tried_with`` names (None stands for all models). A late
    fusion is listed twice: over modalities, and over extractors.

    >>> [entry for entry in default_fusions() if entry.startswith("p")]
    ['pca/logistic', 'pca/fcnn', 'pca/lstm', 'product', 'product@extractor']
    """
    found: list[str] = []
    for name in strategy_names("fusion"):
        models = strategy(name).tried_with
        models = model_names() if models is None else models
        found += [f"{name}/{model}" for model in models] or [name]
        found += [f"{name}@{EXTRACTOR}"] if strategy(name).shares_bases else []
    return tuple(found)


def check_fusion(entry: str) -> None:
    """Check an entry of ``train.fusions``: a fusion, or an early fusion with a classifier after a slash.

    Raises
    ------
    ModelError
        If there is no such fusion or model, or a model is named for a fusion that takes none. The message quotes only
        the wrong part of the entry.
    """
    name, model = split_fusion(entry)
    fusions = [*strategy_names("fusion"), *_over_extractors()]
    known = [n for n in fusions if strategy(n).early or "/" not in entry]
    if name not in known:
        what = "is not a fusion that takes a classifier" if name in fusions else "is not a fusion"
        raise ModelError(f"{name!r:.200} {what}; {suggest(name, known)}")
    if "/" in entry and model not in model_names():
        raise ModelError(f"{model!r:.200} is not a known model; {suggest(model, model_names())}")


def configure(name: str, modalities: Sequence[str] = (), model: str = "") -> Configuration:
    """Return the configuration of a strategy; its registry entry may determine the modalities and the model.

    >>> configure("tfidf").names, configure("vote", ("text", "audio"), "svm").names
    (('tfidf', 'text', 'logistic'), ('vote', 'text+audio', 'svm'))

    With one modality, a late fusion always combines extractors, and ``@extractor`` is left out of its name:

    >>> configure("vote@extractor", ("audio",), "svm").names
    ('vote', 'audio', 'svm')
    """
    found = strategy(name)
    name = split_bases(name)[0] if len(modalities) == 1 else name
    fixed = (found.modality,) if found.modality else () if found.kind == "baseline" else tuple(modalities)
    return Configuration(name, fixed, model if found.classifier else found.model)


def reads_sequences(strategy_name: str, model_name: str) -> bool:
    """Whether a strategy with this model reads sequences, in addition to pooled features or instead of them.

    Examples
    --------
    >>> reads_sequences("concat", "logistic"), reads_sequences("concat", "lstm"), reads_sequences("transformer", "")
    (False, True, True)
    """
    found = strategy(strategy_name)
    return found.sequences or (found.classifier and model_name == LSTM)


def is_ours(strategy_name: str, model_name: str) -> bool:
    """Whether this project defines both the strategy and its model; False if a plugin defines one of them.

    >>> is_ours("concat", "svm"), is_ours("unimodal", "lstm"), is_ours("transformer", "")
    (True, True, True)
    """
    from models.classical.classifiers import classifier, classifier_names

    found = strategy(strategy_name)
    made_by = [found.build, found.core or found.build]
    made_by += [classifier(model_name).build] if model_name in classifier_names() else []
    return all(module_of(one).partition(".")[0] == "models" for one in made_by)


def build(name: str, recipe: Recipe, *, fit_cache: FitCache | None = None) -> Any:
    """Build the unfitted model of a strategy.

    Parameters
    ----------
    name
        Name of the strategy, as for `strategy`.
    recipe
        What the model is built from.
    fit_cache
        Cache through which late fusions share fitted unimodal models; one per fold.

    Raises
    ------
    ModelError
        If the strategy or the task is unknown, or the strategy cannot use these modalities or this classifier. For most
        other invalid names and settings, only ``fit`` raises it.

    Examples
    --------
    >>> build("stacking", Recipe("classification", ("text", "audio"))).bases[1].modality
    'audio'
    """
    found = strategy(name)
    if recipe.task not in TASKS:
        raise ModelError(f"the task {recipe.task!r} is unknown: choose from {', '.join(TASKS)}")
    if found.kind == "fusion" and not recipe.modalities:
        raise ModelError(f"the strategy {name!r} needs at least one modality")
    if found.kind == "unimodal" and (len(recipe.modalities) != 1 or found.modality not in ("", *recipe.modalities)):
        only = found.modality or "one modality"
        raise ModelError(f"the strategy {name!r} reads {only}, not {', '.join(recipe.modalities) or 'none'}")
    return found.build(replace(recipe, strategy=name), fit_cache)
