"""The utterance table: its columns, their types, and functions that read and write it."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from common.atomic import replacing, replacing_all
from pipeline.corpora.problems import Problem
from pipeline.errors import UserError
from pipeline.tables import bound
from pipeline.tables.csv_cells import mark, restore, write_csv

# name -> kind of content; an empty cell of a "number" column is NaN.
COLUMNS: dict[str, Literal["name", "text", "number"]] = {
    "utterance": "name",  # unique
    "recording": "name",  # the media file's name without folder; utterances of one recording share it
    "media": "name",  # path, relative to the working directory if the file is below it; empty: text only
    "media_sha256": "name",  # hash of the recording's content; empty if it cannot be read
    "start": "number",  # seconds from the beginning of the recording
    "end": "number",
    "duration": "number",  # length of the whole recording, seconds
    "text": "text",
    "speaker": "name",
    "group": "name",  # never split between training and test: video, session, dialogue
    "order": "number",  # position in the conversation
    "split": "name",  # train, valid, test or empty
    "region": "name",  # part of the picture that shows the speaker, as fractions, or empty
    "sound": "name",  # path of a separate file that holds the voice; empty if the voice is in `media`
    "sound_sha256": "name",
    "audio_track": "name",  # which sound track: number from 1, language or title; empty: streams.audio.track
    "audio_channel": "name",  # left, right, mix or a number from 1; empty: streams.audio.channel
    "video_track": "name",  # like audio_track, for the picture
    "sound_start": "number",  # where the utterance begins in `sound`, seconds; it lasts as long as in `media`
    "text_source": "name",  # given, subtitles or recognised; empty without text
    "words_source": "name",  # source of word times: given, subtitles, recognised, aligned; empty without timed words
}
SOURCE_COLUMNS = ("text_source", "words_source")
WORD_COLUMNS = ("utterance", "word", "start", "end")
Word = tuple[str, float, float]  # word, start, end
CONFIDENCE = "confidence"  # further column of words.csv if words were recognised or aligned; from 0 to 1


@dataclass(frozen=True)
class Corpus:
    """A corpus as its reader returns it: the utterances (`COLUMNS` and the label), timed words, and problems."""

    utterances: pd.DataFrame
    words: pd.DataFrame
    problems: Sequence[Problem]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV atomically, with six decimals, and with an apostrophe before text that looks like a formula."""
    with replacing(path) as temporary:
        _write_csv(table, temporary)


def write_tables(
    tables: Mapping[str, pd.DataFrame], folder: Path, sidecar: str, command: str, rest: Mapping[str, Any] | None = None
) -> None:
    """Write CSVs and their record (`pipeline.tables.bound`), either all of them or none; the record is written last.

    Parameters
    ----------
    tables
        The tables, keyed by file name.
    folder
        The folder in which they are written.
    sidecar
        Name of the record.
    command
        The command that writes them again.
    rest
        Further entries of the record.
    """
    with replacing_all([folder / name for name in (*tables, sidecar)]) as (*made, last):
        for table, temporary in zip(tables.values(), made, strict=True):
            _write_csv(table, temporary)
        last.write_text(bound.record(dict(zip(tables, made, strict=True)), command, rest), encoding="utf-8")


def csv_text(table: pd.DataFrame) -> str:
    """Return the text that `write_table` would write."""
    buffer = io.StringIO(newline="")
    _write_csv(table, buffer)
    return buffer.getvalue()


def _write_csv(table: pd.DataFrame, target: Path | io.StringIO) -> None:
    write_csv(mark(table), target)


def read_table(path: Path, *, checked: bool = True, **options: Any) -> pd.DataFrame:
    """Read a CSV that a stage wrote; raise `UserError` if it is damaged or differs from its record.

    Parameters
    ----------
    path
        The file.
    checked
        Whether to compare the file with the record next to it (see `pipeline.tables.bound`). Some tables must have one.
    options
        Options of `pandas.read_csv`.
    """
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is not a file: move it away, and run the stage that writes it again")
    if checked:
        bound.require_written(path)
    try:
        return restore(pd.read_csv(path, keep_default_na=False, encoding="utf-8", **options))
    except (ValueError, KeyError) as error:  # pandas' own errors are ValueErrors
        raise UserError(
            f"{path} is damaged ({' '.join(str(error).split())}): run the stage that writes it again"
        ) from error


def read_utterances(path: Path, label: str) -> pd.DataFrame:
    """Read the utterance table that `prepare` wrote; `label` is the label column, or empty if none is needed.

    Raises
    ------
    UserError
        If the table is missing or damaged, or lacks a column.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal prepare` for this corpus first")
    table = read_table(path, dtype=str)
    table = table.assign(
        **{name: "" for name in SOURCE_COLUMNS if name not in table.columns}
    )  # earlier versions lack them
    missing = [name for name in (*COLUMNS, label) if name and name not in table.columns]
    if missing:
        raise UserError(f"{path} has no column {missing[0]!r}: run `crossmodal prepare` for this corpus again")
    for name, kind in COLUMNS.items():
        if kind == "number":
            table[name] = pd.to_numeric(table[name].replace("", None))
    return table


def place_of(row: Any, modality: str) -> tuple[str, float, float]:
    """Return where a modality of an utterance is stored: file (``""`` if there is none), start and end in seconds.

    Parameters
    ----------
    row
        A row of the table, with the columns as attributes.
    modality
        For audio, the file is `sound` if that is given; in all other cases, it is `media`.
    """
    if modality == "audio" and row.sound:
        start = float(row.sound_start)
        return row.sound, start, start + float(row.end) - float(row.start)
    return row.media, float(row.start), float(row.end)


def read_word_table(path: Path) -> pd.DataFrame:
    """Read `prepare`'s table of words; times are in seconds from the start of the recording, NaN if unknown."""
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal prepare` for this corpus first")
    types = {"utterance": str, "word": str, "start": float, "end": float}
    return read_table(path, dtype=types, na_values={"start": [""], "end": [""]})[list(WORD_COLUMNS)]


class Words(Mapping[str, tuple[Word, ...]]):
    """The words of each utterance in the order of a table of words; times are in seconds, NaN if unknown.

    They are kept in columns, and the tuple of an utterance is made whenever it is asked for: a corpus has many words,
    and each caller needs them once.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        which, names = pd.factorize(table["utterance"])
        order = np.argsort(which, kind="stable")
        kinds, known = pd.factorize(table["word"])
        self._words = np.array(known, object)[kinds[order]]  # equal words are one object
        self._starts, self._ends = table["start"].to_numpy()[order], table["end"].to_numpy()[order]
        self._position = {name: i for i, name in enumerate(names)}
        self._bounds = np.concatenate([[0], np.cumsum(np.bincount(which, minlength=len(names)))])

    def __getitem__(self, utterance: str) -> tuple[Word, ...]:
        i = self._position[utterance]
        at = slice(self._bounds[i], self._bounds[i + 1])
        return tuple(zip(self._words[at].tolist(), self._starts[at].tolist(), self._ends[at].tolist(), strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._position)

    def __len__(self) -> int:
        return len(self._position)


def read_words(path: Path) -> Words:
    """Return the words of each utterance; times are in seconds from the start of the recording."""
    return Words(read_word_table(path))
