"""The contract of a corpus: its reader and, if it is a published corpus, its description."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.corpora.problems import Problem
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

# A reader turns the unpacked folder into utterances. It opens label files, but no media, and it collects problems
# instead of raising at the first one. `pipeline.corpora.reading` checks the result: each utterance needs a unique name,
# a recording, and its line in the label file (0 if there is none); unknown texts are "", and unknown numbers NaN.
# `gather` fills in `end`, `duration` and the hashes, and an empty `group` becomes the recording.
Reader = Callable[[Path, CorpusParams], Corpus]


@dataclass(frozen=True)
class Fault:
    """A known fault that copies of a corpus have.

    Attributes
    ----------
    what
        A sentence that describes the fault.
    source
        Where the fault is documented.
    utterances
        The utterances whose recordings are missing or unreadable because of this fault. A copy that lacks only these
        recordings is complete.
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
        The name of the corpus, what to cite, the terms of use, and where to request it.
    folders
        Each path in the unpacked folder -> what it contains.
    labels
        Each label column -> its classes or its scale.
    counts
        Numbers that the release should have, such as ``train utterances: 9989``.
    protocol
        A sentence about how the corpus is split and which metrics its papers report.
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
        """Return the utterances that are missing or unreadable in every copy, each with the documented fault."""
        return {utterance: fault for fault in self.faults for utterance in fault.utterances}


@dataclass(frozen=True)
class CorpusReader:
    """An entry of the registry: the reader of a corpus, and its description if it is a published corpus."""

    read: Reader
    description: Description | None = None


def half_unpacked(root: Path, folders: Mapping[str, bool], hint: str) -> UserError:
    """Return the error for a folder that lacks the corpus or parts of it.

    The message lists what was found and what was not, unless `root` is not a folder at all.

    >>> print(half_unpacked(Path("."), {"train_splits": True, "dev_splits_complete": False}, "Unpack dev.tar.gz."))
    . does not hold the whole corpus. Found: train_splits. Not found: dev_splits_complete. Unpack dev.tar.gz.
    """
    found = ", ".join(name for name, there in folders.items() if there) or "nothing of it"
    missing = ", ".join(name for name, there in folders.items() if not there)
    if not root.is_dir():
        return UserError(f"{root} is not a folder: give the unpacked corpus as root. {hint}")
    return UserError(f"{root} does not hold the whole corpus. Found: {found}. Not found: {missing}. {hint}")


def count_warnings(found_of: Description, counts: Mapping[str, int], where: Path) -> list[Problem]:
    """Return a warning for each count that differs from the count of the release."""
    return [
        Problem("warning", where, None, f"{counts.get(what, 0)} {what}, the release has {expected}")
        for what, expected in found_of.counts.items()
        if counts.get(what, 0) != expected
    ]
