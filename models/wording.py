"""Names of configurations for use in sentences, such as "T+A+V by weighted averaging"."""

from collections.abc import Sequence

from models.configuration import EXTRACTOR, Configuration, split_bases
from models.registry import LSTM, strategy

_INITIALS = {"text": "T", "audio": "A", "video": "V"}
_OF_NO_REGISTRY = {LSTM: "LSTM", "ridge": "ridge regression"}  # in regression tasks, `logistic` is shown as `ridge`


def initials(modalities: Sequence[str]) -> str:
    """Return a short name for a set of modalities: their initials, or the full name if there is only one.

    >>> initials(("text", "audio", "video")), initials(("audio",))
    ('T+A+V', 'audio')
    """
    return modalities[0] if len(modalities) == 1 else "+".join(_INITIALS.get(m, m) for m in modalities)


def model_words(model: str) -> str:
    """Return the name of a base model for use in a sentence.

    >>> model_words("svm"), model_words("random_forest"), model_words("ridge")
    ('SVM', 'random forest', 'ridge regression')
    """
    from models.classical.classifiers import classifier, classifier_names

    words = classifier(model).words if model in classifier_names() else _OF_NO_REGISTRY.get(model, "")
    return words or model.replace("_", " ")


def strategy_words(name: str) -> str:
    """Return the name of a strategy for use in a sentence.

    >>> strategy_words("weighted"), strategy_words("vote@extractor"), strategy_words("stacking")
    ('weighted averaging', 'majority vote over extractors', 'stacking')
    """
    registered, bases = split_bases(name)
    words = strategy(name).words or registered.replace("_", " ")
    return f"{words} over extractors" if bases == EXTRACTOR else words


def strategy_title(name: str) -> str:
    """Return the name of a strategy for a table: as in a sentence, but without an article.

    >>> strategy_title("product"), strategy_title("autoencoder"), strategy_title("stacking")
    ('product rule', 'autoencoder', 'stacking')
    """
    words = strategy_words(name)
    article, _, rest = words.partition(" ")
    return rest if article in {"a", "an", "the"} else words


def described(configuration: Configuration, *, with_model: bool = True) -> str:
    """Return the name of a configuration for use in a sentence.

    Parameters
    ----------
    configuration
        The configuration, as tables name it.
    with_model
        Whether to include the base model of a fusion or baseline.

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
    """Return the method of a configuration, its strategy and base model, for use in a sentence.

    >>> method_words(Configuration("concat", ("text", "audio"), "svm"))
    'concatenation and SVM'
    >>> method_words(Configuration("product", ("text",), "svm"), with_model=False)
    'the product rule over its extractors'
    >>> method_words(Configuration("product@extractor", ("text",), "svm"), with_model=False)
    'the product rule over extractors'
    """
    found, model = strategy(configuration.strategy), configuration.model
    if configuration.strategy == "unimodal":
        return model_words(model)
    words = strategy_words(configuration.strategy)
    over_extractors = bool(split_bases(configuration.strategy)[1])  # then `strategy_words` says so
    if found.shares_bases and len(configuration.modalities) == 1 and not over_extractors:
        words = f"{words} over its extractors"
    if not (model and with_model):
        return words
    return f"{words} and {model_words(model)}" if found.early else f"{words} ({model_words(model)})"
