"""The contract of a corpus: its reader, and for a published one its description."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.corpora.problems import Problem
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

# A reader turns the unpacked folder into utterances. It opens label files, but no media, and collects problems instead
# of raising at the first. `pipeline.corpora.reading` checks its result: each utterance has a unique name, a recording
# and a line of its label file (0: none); an unknown text is "", an unknown number NaN. `gather` fills in `end`,
# `duration` and the hashes; an empty `group` becomes the recording.
Reader = Callable[[Path, CorpusParams], Corpus]


@dataclass(frozen=True)
class Fault:
    """A fault that every copy of a corpus has.

    Attributes
    ----------
    what
        A sentence.
    source
        Where it is documented.
    utterances
        The utterances whose recordings are missing or cannot be read; a copy that lacks only these is complete.
    """

    what: str
    source: str
    utterances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """The description of a published corpus.

    Attributes
    ----------
    title, citation, licence, obtain
        Its name, what to cite, its terms of use, and where to request it.
    folders
        What the unpacked folder holds: path -> its content.
    labels
        Label column -> its classes or its scale.
    counts
        What is counted -> how many of these the release holds, as in ``train utterances: 9989``.
    protocol
        A sentence about how it is split and which metrics its papers report.
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
        """Return the utterances that are missing or unreadable in every copy, with the fault that documents it."""
        return {utterance: fault for fault in self.faults for utterance in fault.utterances}


@dataclass(frozen=True)
class CorpusReader:
    """An entry of the registry: how a corpus is read, and its description if it is a published one."""

    read: Reader
    description: Description | None = None


def half_unpacked(root: Path, folders: Mapping[str, bool], hint: str) -> UserError:
    """Return the error for a folder without the corpus, or with parts of it; it lists what was and was not found.

    >>> print(half_unpacked(Path("."), {"train_splits": True, "dev_splits_complete": False}, "Unpack dev.tar.gz."))
    . does not hold the whole corpus. Found: train_splits. Not found: dev_splits_complete. Unpack dev.tar.gz.
    """
    found = ", ".join(name for name, there in folders.items() if there) or "nothing of it"
    missing = ", ".join(name for name, there in folders.items() if not there)
    if not root.is_dir():
        return UserError(f"{root} is not a folder: give the unpacked corpus as root. {hint}")
    return UserError(f"{root} does not hold the whole corpus. Found: {found}. Not found: {missing}. {hint}")


def count_warnings(found_of: Description, counts: Mapping[str, int], where: Path) -> list[Problem]:
    """Return a warning for each count that differs from the release's."""
    return [
        Problem("warning", where, None, f"{counts.get(what, 0)} {what}, the release has {expected}")
        for what, expected in found_of.counts.items()
        if counts.get(what, 0) != expected
    ]
