"""The contract of a corpus reader, and the registry of all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.corpora.problems import Problem
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError, suggest
from pipeline.settings.blocks import CorpusParams

# A reader turns the unpacked folder into utterances. It opens label files, never media; it collects problems instead of
# raising at the first. Its utterance table may leave `end`, `media_sha256` and `group` empty, and has a column `line`.
Reader = Callable[[Path, CorpusParams], Corpus]


@dataclass(frozen=True)
class Fault:
    """A fault that every copy of a corpus has.

    Attributes
    ----------
    what
        A sentence.
    source
        Who says so.
    utterances
        The utterances whose recordings are missing or cannot be read; a copy that lacks just these is whole.
    """

    what: str
    source: str
    utterances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """What is known of a published corpus.

    Attributes
    ----------
    title, citation, licence, obtain
        What it is called, what to cite, under what terms it may be used, where it is asked for.
    folders
        What the unpacked folder holds: path -> what is there.
    labels
        Label column -> its classes or its scale.
    counts
        What is counted -> how many of it the release holds, as in ``utterances (train): 9989``.
    protocol
        A sentence on how it is split and which figures its papers report.
    block
        The settings block of params.yaml, without `reader` and `root`.
    faults
        Known faults of the release.
    """

    title: str
    citation: str
    licence: str
    obtain: str
    folders: Mapping[str, str]
    labels: Mapping[str, str]
    counts: Mapping[str, int]
    protocol: str
    block: Mapping[str, Any]
    faults: Sequence[Fault] = field(default_factory=tuple)

    def known_bad(self) -> dict[str, Fault]:
        """Return the utterances that are missing or unreadable in every copy, with the fault that says so."""
        return {utterance: fault for fault in self.faults for utterance in fault.utterances}


# name -> "module:function"; a new corpus is one file and one line here (or one `register` call in a plugin). The
# module of a published corpus also has a `DESCRIPTION`.
_READERS: dict[str, str] = {
    "manifest": "pipeline.corpora.manifest:read",
    "mosi": "pipeline.corpora.published.mosi:read",
    "iemocap": "pipeline.corpora.published.iemocap:read",
    "meld": "pipeline.corpora.published.meld:read",
}


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


def reader_names() -> tuple[str, ...]:
    """Return the names of all readers."""
    return tuple(_READERS)


def description(name: str) -> Description | None:
    """Return the description of a published corpus; None for a reader of anybody's folders."""
    found: Description | None = getattr(import_module(reader(name).__module__), "DESCRIPTION", None)
    return found


def half_unpacked(root: Path, folders: Mapping[str, bool], hint: str) -> UserError:
    """Return the error of a folder that is not a corpus, or not all of it: what was found there and what was not.

    >>> print(half_unpacked(Path("."), {"train_splits": True, "dev_splits_complete": False}, "Unpack dev.tar.gz."))
    . does not hold the whole corpus. Found: train_splits. Not found: dev_splits_complete. Unpack dev.tar.gz.
    """
    found = ", ".join(name for name, there in folders.items() if there) or "nothing of it"
    missing = ", ".join(name for name, there in folders.items() if not there)
    if not root.is_dir():
        return UserError(f"{root} is no folder: name the unpacked corpus as root. {hint}")
    return UserError(f"{root} does not hold the whole corpus. Found: {found}. Not found: {missing}. {hint}")


def off_count(found_of: Description, counts: Mapping[str, int], where: Path) -> list[Problem]:
    """Return a warning for each count that is not the release's."""
    return [
        Problem("warning", where, None, f"{counts.get(what, 0)} {what}, the release has {expected}")
        for what, expected in found_of.counts.items()
        if counts.get(what, 0) != expected
    ]
