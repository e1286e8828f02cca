"""Text transformers that are fitted inside each training fold, by name; they read raw transcripts, not streams."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from typing import Any

from features.errors import ExtractorError

# name -> "module:class"; a new one is one file and one line here (or one `register` call in a plugin).
_FITTED: dict[str, str] = {
    "tfidf": "features.text.tfidf:TfidfText",
    "word2vec": "features.text.word2vec:Word2VecText",
}


def register(name: str, target: str) -> None:
    """Add a transformer as ``"module:class"``; a name that is taken raises `ExtractorError`."""
    if _FITTED.get(name, target) != target:
        raise ExtractorError(f"a fitted text feature named {name!r} exists already ({_FITTED[name]})")
    _FITTED[name] = target


def fitted_names() -> tuple[str, ...]:
    """Return the names of all known transformers."""
    return tuple(_FITTED)


def build(name: str, settings: Mapping[str, Any]) -> Any:
    """Construct an unfitted transformer from its settings block.

    Raises
    ------
    ExtractorError
        If the name or a setting is unknown, or a value is impossible.

    Examples
    --------
    >>> build("tfidf", {"ngram": 2})
    Traceback (most recent call last):
    ...
    features.errors.ExtractorError: features.tfidf: unknown setting 'ngram': did you mean 'ngrams'? there are ngrams, \
min_df, max_features, components
    """
    if name not in _FITTED:
        raise ExtractorError(f"no fitted text feature is named {name!r}: {_hint(name, _FITTED)}")
    module, _, attribute = _FITTED[name].partition(":")
    try:
        cls = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ExtractorError(
            f"the fitted text feature {name!r} is registered as {_FITTED[name]}, which is not there ({error}): mend "
            "the plugin"
        ) from error
    known = list(signature(cls).parameters)
    for key in settings:
        if key not in known:
            raise ExtractorError(f"features.{name}: unknown setting {key!r}: {_hint(key, known)}")
    lists_as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    built = cls(**lists_as_tuples)
    if hasattr(built, "check"):
        built.check()
    return built


def _hint(wrong: str, known: Any) -> str:
    close = get_close_matches(wrong, known, n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"there are {', '.join(known)}"
