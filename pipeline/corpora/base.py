"""The contract of a corpus reader, and the registry of all of them."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from pipeline.errors import UserError, suggest
from pipeline.params import CorpusParams
from pipeline.utterances import Corpus

# A reader turns the unpacked folder into utterances. It opens label files, never media; it collects problems instead of
# raising at the first. Its utterance table may leave `end`, `media_sha256` and `group` empty, and has a column `line`.
Reader = Callable[[Path, CorpusParams], Corpus]

_READERS: dict[str, str] = {"manifest": "pipeline.corpora.manifest:read"}


def register(name: str, target: str) -> None:
    """Add a reader as ``"module:function"``; a name that is taken raises `UserError`."""
    if _READERS.get(name, target) != target:
        raise UserError(f"a corpus reader named {name!r} exists already ({_READERS[name]})")
    _READERS[name] = target


def reader(name: str) -> Reader:
    """Return the reader registered as `name`; an unknown name raises `UserError`."""
    if name not in _READERS:
        raise UserError(f"no corpus reader is named {name!r}; {suggest(name, _READERS)}")
    module, _, attribute = _READERS[name].partition(":")
    found: Reader = getattr(import_module(module), attribute)
    return found
