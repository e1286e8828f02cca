"""Read a corpus, and check what its reader returns against the contract of `pipeline.corpora.base`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd

from common.names import repeated, suggest
from pipeline.corpora.problems import Problem
from pipeline.corpora.registry import reader
from pipeline.corpora.union import united
from pipeline.corpora.utterances import COLUMNS, SOURCE_COLUMNS, WORD_COLUMNS, Corpus
from pipeline.errors import UserError, failed, name_of
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.unions import UnionParams
from pipeline.tables.splits import SPLITS

_MADE = {"media_sha256", "duration", "sound_sha256"}  # columns that `gather` fills in, so a reader need not
_OPTIONAL = {*_MADE, *SOURCE_COLUMNS, "sound", "sound_start", "audio_track", "audio_channel", "video_track"}


def read_corpus(settings: CorpusParams) -> Corpus:
    """Read a corpus, or all parts of a union; an utterance without a group gets its recording as its group.

    Raises
    ------
    UserError
        If the reader raises any exception except OSError, or if it does not return a `Corpus` of utterances with unique
        names and cells of the right types.
    """
    if isinstance(settings, UnionParams):
        return united({name: read_corpus(part) for name, part in settings.parts.items()}, settings)
    read = reader(settings.reader)
    try:
        found = read(Path(settings.root), settings)
    except (UserError, OSError):
        raise
    except Exception as error:  # a plugin may raise anything
        raise failed(read, error) from error
    if fault := _fault_of_parts(found):
        raise UserError(f"{name_of(read)} {fault}")
    refused = any(problem.severity == "error" for problem in found.problems)
    fault = _fault_of_table(found.utterances, settings) or ("" if refused else _fault_of_names(found.utterances))
    if fault:
        first = next((f" ({problem.message})" for problem in found.problems if problem.severity == "error"), "")
        raise UserError(f"{name_of(read)} returned {fault}{first}")
    table = found.utterances.reset_index(drop=True)
    return replace(found, utterances=table.assign(group=table["group"].where(table["group"] != "", table["recording"])))


def _fault_of_parts(found: Any) -> str:
    """Return what is wrong with the types of a reader's result; ``""`` if nothing is."""
    if not isinstance(found, Corpus):
        return f"returned {_a(found)} where a Corpus is needed: return Corpus(utterances, words, problems)"
    for name in ("utterances", "words"):
        if not isinstance(part := getattr(found, name), pd.DataFrame):
            return f"returned {_a(part)} as the {name} of its Corpus: return a DataFrame"
    if missing := [column for column in WORD_COLUMNS if column not in found.words]:
        return f"returned words without the column {missing[0]!r}: make them with `published.files.word_table`"
    if not isinstance(found.problems, Sequence) or not all(isinstance(p, Problem) for p in found.problems):
        return f"returned {_a(found.problems)} as the problems of its Corpus: return a list of Problem"
    return ""


def _fault_of_table(table: pd.DataFrame, settings: CorpusParams) -> str:
    """Return what is wrong with the columns of a reader's table and their types; ``""`` if nothing is."""
    if not len(table):
        return f"no utterances: check that {settings.root} holds the corpus"
    if twice := repeated([str(column) for column in table.columns]):
        return f"two columns {twice!r}: rename one"
    needed = [column for column in COLUMNS if column not in _OPTIONAL]
    if missing := [column for column in (*needed, "line") if column not in table]:
        return f"utterances without the column {missing[0]!r}: make each row with `published.files.utterance_row`"
    if settings.label and settings.label not in table:
        labels = [str(column) for column in table.columns if column not in COLUMNS and column != "line"]
        return f"utterances without the label column {settings.label!r}; {suggest(settings.label, labels)}"
    kinds = {column: kind for column, kind in COLUMNS.items() if column in table and column not in _MADE}
    for column in (*kinds, "line"):
        text = kinds.get(column, "number") != "number"
        if (fault := _wrong(table[column], _is_text if text else _is_number)) is not None:
            row, cell = fault
            remedy = "text is needed, empty if it is unknown" if text else "a number is needed, NaN if it is unknown"
            return f"the {column} {cell!r} of utterance {row + 1}, which is {_a(cell)}: {remedy}"
    if table["line"].isna().any():
        return "utterances without a line number: give 0 where there is none"
    return ""


def _fault_of_names(table: pd.DataFrame) -> str:
    """Return what is wrong with the names of utterances and recordings, or with the splits; ``""`` if nothing is."""
    for column in ("utterance", "recording"):
        if (table[column] == "").any():
            return f"an utterance whose {column} is empty: name each"
    if twice := repeated(table["utterance"]):
        return f"two utterances named {twice!r}: names must be unique"
    for name, split in zip(table["utterance"], table["split"], strict=True):
        if split not in ("", *SPLITS):
            return f"the split {split!r} of utterance {name!r}; {suggest(split, SPLITS)}"
    return ""


def _wrong(cells: pd.Series, fits: Callable[[Any], bool]) -> tuple[int, Any] | None:
    """Return the position and the value of the first cell that does not fit; None if all fit."""
    return next(((i, cell) for i, cell in enumerate(cells) if not fits(cell)), None)


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, bool)


def _a(value: Any) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
