"""What a configuration is called in a sentence: "T+A+V by weighted averaging"."""

from collections.abc import Sequence

from models.configuration import EXTRACTOR, Configuration, split_bases
from models.registry import LSTM, strategy

_INITIALS = {"text": "T", "audio": "A", "video": "V"}
_OF_NO_REGISTRY = {LSTM: "LSTM", "ridge": "ridge regression"}  # `ridge`: logistic regression where labels are scores


def initials(modalities: Sequence[str]) -> str:
    """Write a set of modalities briefly: initials of several, the name of a single one.

    >>> initials(("text", "audio", "video")), initials(("audio",))
    ('T+A+V', 'audio')
    """
    return modalities[0] if len(modalities) == 1 else "+".join(_INITIALS.get(m, m) for m in modalities)


def model_words(model: str) -> str:
    """Return what a base model is called in a sentence.

    >>> model_words("svm"), model_words("random_forest"), model_words("ridge")
    ('SVM', 'random forest', 'ridge regression')
    """
    from models.classical.classifiers import classifier, classifier_names

    words = classifier(model).words if model in classifier_names() else _OF_NO_REGISTRY.get(model, "")
    return words or model.replace("_", " ")


def strategy_words(name: str) -> str:
    """Return what a strategy is called in a sentence.

    >>> strategy_words("weighted"), strategy_words("vote@extractor"), strategy_words("stacking")
    ('weighted averaging', 'majority vote over extractors', 'stacking')
    """
    registered, bases = split_bases(name)
    words = strategy(name).words or registered.replace("_", " ")
    return f"{words} over extractors" if bases == EXTRACTOR else words


def described(configuration: Configuration, *, with_model: bool = True) -> str:
    """Return what a configuration, as tables name it, is called in a sentence.

    Parameters
    ----------
    configuration
        What was fitted.
    with_model
        Whether the base model of a fusion or baseline is named, too.

    Examples
    --------
    >>> weighted = Configuration("weighted", ("text", "audio", "video"), "logistic")
    >>> described(weighted), described(weighted, with_model=False)
    ('T+A+V by weighted averaging (logistic regression)', 'T+A+V by weighted averaging')
    >>> described(Configuration("unimodal", ("audio",), "xgboost")), described(Configuration("majority"))
    ('audio by XGBoost', 'a constant guess')
    """
    parts = (initials(configuration.modalities), method_words(configuration, with_model=with_model))
    return " by ".join(filter(None, parts))


def method_words(configuration: Configuration, *, with_model: bool = True) -> str:
    """Return how a configuration learns from its modalities: its strategy and its base model.

    >>> method_words(Configuration("concat", ("text", "audio"), "svm"))
    'concatenation and SVM'
    """
    found, model = strategy(configuration.strategy), configuration.model
    if configuration.strategy == "unimodal":
        return model_words(model)
    words = strategy_words(configuration.strategy)
    if not (model and with_model):
        return words
    return f"{words} and {model_words(model)}" if found.early else f"{words} ({model_words(model)})"
