"""The registry of text transformers that are fitted inside each fold; they read raw transcripts, not streams."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from common.names import Registry, suggest
from features.errors import ExtractorError


def _tfidf() -> type[Any]:
    from features.text.tfidf import TfidfText

    return TfidfText


def _word2vec() -> type[Any]:
    from features.text.word2vec import Word2VecText

    return Word2VecText


# Name -> function that imports the class. A new one is a file, a function and a line here (or `register` in a plugin).
_FITTED: Registry[Callable[[], type[Any]]] = Registry(
    "fitted text feature", ExtractorError, {"tfidf": _tfidf, "word2vec": _word2vec}
)


def register(name: str, transformer: type[Any]) -> None:
    """Add the class of a transformer; raise `ExtractorError` if it is not a class or the name is taken."""
    if not isinstance(transformer, type):
        raise ExtractorError(f"the text feature {name!r} must be registered with its class, not with {transformer!r}")
    _FITTED.register(name, lambda: transformer)


def fitted_names() -> tuple[str, ...]:
    """Return the names of all registered transformers."""
    return tuple(_FITTED)


def build(name: str, settings: Mapping[str, Any]) -> Any:
    """Construct an unfitted transformer from its settings block.

    Raises
    ------
    ExtractorError
        If the name or a setting is unknown, or a value is invalid.

    Examples
    --------
    >>> build("tfidf", {"ngram": 2})
    Traceback (most recent call last):
    ...
    features.errors.ExtractorError: features.tfidf: unknown setting 'ngram'; did you mean 'ngrams'? Available: ngrams, \
min_df, max_features, components
    """
    cls = _FITTED[name]()
    known = list(signature(cls).parameters)
    for key in settings:
        if key not in known:
            raise ExtractorError(f"features.{name}: unknown setting {key!r}; {suggest(key, known)}")
    lists_as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    built = cls(**lists_as_tuples)
    if hasattr(built, "check"):
        built.check()
    return built
