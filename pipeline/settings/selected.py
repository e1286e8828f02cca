"""Selections: some utterances of a corpus, used as a corpus of their own with a name such as ``mosi@120``.

A selection has the settings of its corpus, but folders of its own for its tables, stores and results. Its results can
therefore not be mistaken for results of the whole corpus. Both share the clips in the cache.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths

MARK = "@"  # between the names of corpus and selection; the name of a corpus cannot contain it
SELECTION = "selection"  # entry of the record of the tables


@dataclass(frozen=True)
class Selection:
    """A request to use only some utterances of a corpus: a number of them, or those that a file lists.

    Attributes
    ----------
    limit
        Number of utterances; 0 if a file lists them.
    file
        Path of a file that lists their names, one per line; empty if `limit` is given.
    """

    limit: int = 0
    file: str = ""

    @property
    def name(self) -> str:
        """The selection's name: its `limit` as text, or a name made from the stem of its file.

        Unusual characters of the stem become ``-``. A stem that is a number gets the prefix ``list-``.

        >>> Selection(120).name, Selection(file="lists/first look.txt").name, Selection(file="120.txt").name
        ('120', 'first-look', 'list-120')
        """
        if self.limit:
            return str(self.limit)
        stem = "".join(c if c.isalnum() or c in "_-" else "-" for c in Path(self.file).stem)[:60]
        return f"list-{stem}" if stem.isdigit() else stem

    @property
    def option(self) -> str:
        """The command-line option that makes this selection.

        >>> Selection(120).option, Selection(file="dev.txt").option
        ('--limit 120', '--utterances dev.txt')
        """
        return f"--limit {self.limit}" if self.limit else f"--utterances {self.file}"


@dataclass(frozen=True)
class Chosen:
    """A selection that was made, its number of utterances, and the number in the whole corpus (`of`)."""

    selection: Selection
    utterances: int
    of: int

    def __str__(self) -> str:
        """Return how many utterances were chosen and by which option, for notes.

        >>> str(Chosen(Selection(120), 120, 13708))
        '120 of 13,708 utterances, chosen by --limit 120'
        """
        return f"{self.utterances:,} of {self.of:,} utterances, chosen by {self.selection.option}"

    def entry(self) -> dict[str, Any]:
        """Return this selection as an entry of tables.json; `chosen` reads it back from there."""
        chosen = self.selection
        return {"limit": chosen.limit, "file": chosen.file, "utterances": self.utterances, "of": self.of}


def corpus_of(name: str) -> str:
    """Return the name of the corpus that a selection is from; any other name is returned unchanged.

    >>> corpus_of("mosi@120"), corpus_of("mosi")
    ('mosi', 'mosi')
    """
    return name.partition(MARK)[0]


def is_selection(name: str) -> bool:
    """Return whether this is the name of a selection."""
    return MARK in name


def chosen(name: str) -> Chosen:
    """Return the selection with this name, read from its tables.json; raise `UserError` if it was never made."""
    path = CorpusPaths(name).work / "tables.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))[SELECTION]
        selection = Selection(int(found["limit"]), str(found["file"]))
        return Chosen(selection, int(found["utterances"]), int(found["of"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        corpus = corpus_of(name)
        raise UserError(
            f"there is no selection {name!r} ({path} does not describe it): make one with --limit or --utterances, as "
            f"in `crossmodal preprocess --corpus {corpus} --limit 100`"
        ) from error


def selected(corpus: CorpusParams, name: str) -> CorpusParams:
    """Return the settings of a selection: its corpus's settings, and a note that says which utterances it has."""
    note = f"{chosen(name)}."
    return replace(corpus, note=f"{note} {corpus.note}".strip())
