"""Read words.csv, and check its timed words against the utterances that they belong to."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from common.names import listed_names, suggest
from pipeline.corpora.problems import Problem
from pipeline.corpora.utterances import WORD_COLUMNS, Corpus
from pipeline.errors import UserError
from pipeline.tables.csv_files import read_sheet
from pipeline.tables.headers import nearly_ours
from pipeline.tables.intervals import REACH_S
from pipeline.tables.near_ids import nearly_equal
from pipeline.tables.rules import fault_of_text, name_of
from pipeline.tables.times import clock_notices, seconds_of

TOLERANCE_S = 0.5  # annotators' times and aligners' words often differ a little

Spans = Mapping[str, tuple[float, float]]  # utterance -> start and end in seconds; an unknown end is NaN


def read_words(path: Path, spans: Spans, problems: list[Problem]) -> pd.DataFrame:
    """Return the words of a file, indexed by line number; the table is empty if there is no file.

    A word without a start or an end (an empty cell, or -1 for both as some aligners write) is kept with NaN for both.
    Rows without a word, which aligners write for pauses, are left out and counted in a warning, as are rows that repeat
    a word with the same times. A word that ends long after its utterance is cut off at the utterance's end. All
    problems are added to `problems`.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(WORD_COLUMNS))
    sheet = read_sheet(path, WORD_COLUMNS, ())
    check_columns(path, sheet.header, WORD_COLUMNS)
    problems += [Problem("warning", path, None, notice) for notice in sheet.notices]
    rows = _once(path, {line: _timed(row) for line, row in sheet.rows if row["word"]}, problems)
    if silent := [line for line, row in sheet.rows if not row["word"]]:
        what = f"{len(silent)} {'row has' if len(silent) == 1 else 'rows have'} no word (such as line {silent[0]})"
        problems.append(Problem("warning", path, None, f"{what}: read as pauses and left out"))
    times = {name: [row[name] for row in rows.values()] for name in ("start", "end")}
    problems += [Problem("warning", path, None, notice) for notice in clock_notices(times)]
    named = {name_of(row["utterance"]) for row in rows.values()}
    meant = dict(nearly_equal(sorted(named - spans.keys()), sorted(spans.keys() - named)))
    words = pd.DataFrame(
        [_word(path, line, row, spans, meant, problems) for line, row in rows.items()],
        columns=list(WORD_COLUMNS),
        index=list(rows),
    )
    problems += _untimed(path, words, rows)
    words, found = within(words, spans, path, "the utterance; times are in seconds from the start of the recording")
    problems += found
    return words


def _timed(row: Mapping[str, str]) -> dict[str, str]:
    """Return the row, with both times emptied if both are -1."""
    unknown = all(re.fullmatch(r"-1(\.0*)?", row[name]) for name in ("start", "end"))
    return {**row, "start": "", "end": ""} if unknown else dict(row)


def _once(path: Path, rows: Mapping[int, dict[str, str]], problems: list[Problem]) -> dict[int, dict[str, str]]:
    """Return the rows except those that repeat an earlier row's utterance, word and times."""
    first: dict[tuple[str, ...], int] = {}
    again = []
    for line, row in rows.items():
        if row["start"] and first.setdefault(tuple(row[name] for name in WORD_COLUMNS), line) != line:
            again.append(line)
    if again:
        what = (
            f"{len(again)} {'row repeats' if len(again) == 1 else 'rows repeat'} an earlier row's word and times "
            f"(such as line {again[0]})"
        )
        problems.append(Problem("warning", path, None, f"{what}: read once"))
    return {line: row for line, row in rows.items() if line not in {*again}}


def check_columns(
    path: Path, header: Sequence[str], needed: Sequence[str], remedies: Mapping[str, str] | None = None
) -> None:
    """Raise `UserError` if a needed column is missing; the message names the column that was probably meant.

    Parameters
    ----------
    path, header
        The file and the names of its columns.
    needed
        The columns that it must have.
    remedies
        Column -> a sentence that says what it is needed for, and what else can be done.
    """
    absent = [name for name in needed if name not in header]
    if not absent:
        return
    near = {name: _nearly(name, header) for name in absent}
    first, *others = absent
    hint = f"did you mean {near[first]!r}? Available: {listed_names(header)}" if near[first] else suggest(first, header)
    more = "".join(f". It has no column {name!r} either; did you mean {near[name]!r}?" for name in others if near[name])
    remedy = f". {remedies[first]}" if remedies and first in remedies else ""
    raise UserError(f"{path} has no column {first!r}; {hint}{more}{remedy}")


def _nearly(name: str, header: Sequence[str]) -> str:
    return next((near for near, ours in nearly_ours(header, [name]).items() if ours == name), "")


def _word(
    path: Path, line: int, row: Mapping[str, str], spans: Spans, meant: Mapping[str, str], problems: list[Problem]
) -> tuple[str, str, float, float]:
    """Return the utterance, word, start and end of one row of words.csv.

    Faults of the row are added to `problems`; the start and end are NaN if the row has a fault or lacks a time.
    """
    faults, times = [], []
    for name in ("start", "end"):
        try:
            times.append(seconds_of(row[name]))
        except ValueError as error:
            faults.append(f"{name} is {row[name]!r}, but {error}")
    utterance, word = name_of(row["utterance"]), row["word"]
    if utterance not in spans:
        hint = f"; did you mean {meant[utterance]!r}?" if utterance in meant else ""
        faults.append(f"utterance {utterance!r} is not in manifest.csv{hint}")
    if fault := fault_of_text(word):
        faults.append(f"the word {fault}")
    if not faults and times[1] < times[0]:
        faults.append(f"the word {word!r} ends at {times[1]:g}, before its start {times[0]:g}")
    problems += [Problem("error", path, line, fault) for fault in faults]
    start, end = (math.nan, math.nan) if faults or any(map(math.isnan, times)) else times
    return utterance, word, start, end


def _untimed(path: Path, words: pd.DataFrame, rows: Mapping[int, Mapping[str, str]]) -> list[Problem]:
    """Return warnings that count the words without times, and the words with only one time."""
    half = {line for line, row in rows.items() if bool(row["start"]) != bool(row["end"])}
    empty = {line for line, row in rows.items() if not row["start"] and not row["end"]}
    kinds = ((empty, "no times: kept without"), (half, "only one of start and end: kept without times"))
    return [
        Problem("warning", path, None, f"{_words(len(lines))} {what} (such as {_named(words, min(lines))})")
        for lines, what in kinds
        if lines
    ]


def _words(count: int) -> str:
    return f"{count} word has" if count == 1 else f"{count} words have"


def _named(words: pd.DataFrame, line: int) -> str:
    return f"{words.at[line, 'word']!r} in line {line}"


def within(words: pd.DataFrame, spans: Spans, path: Path, of: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the words and problems; words that end long after their utterance are cut off.

    It is an error if a word ends more than `TOLERANCE_S` before its span, begins more than `TOLERANCE_S` after it, or
    begins more than `REACH_S` before it. Any other word that ends more than `REACH_S` after its span is cut off at the
    end of the span, with a warning. Other words that lie wholly outside their span are kept, and counted in a warning.

    Parameters
    ----------
    words
        The words, indexed by line.
    spans
        The span of each utterance, in which its words should lie.
    path
        The file, for messages.
    of
        What a span is called in messages, such as ``the utterance``.
    """
    first = words["utterance"].map({name: start for name, (start, _) in spans.items()}).astype(float)
    last = words["utterance"].map({name: end for name, (_, end) in spans.items()}).astype(float)
    start, end = words["start"].astype(float), words["end"].astype(float)
    off = pd.concat([first - end, start - last], axis=1).max(axis=1)
    far = off > TOLERANCE_S + 1e-9
    early = (first - start > REACH_S + 1e-9) & ~far
    bad = pd.DataFrame({"word": words["word"], "at": start, "off": off.where(far), "early": first - start})[far | early]
    found = [
        Problem("error", path, int(line), f"the word {word!r} at {at:g} s {_how_far(by, reach)} {of}")
        for line, word, at, by, reach in bad.itertuples(name=None)
    ]
    long = (end - last > REACH_S + 1e-9) & ~far & ~early
    if long.any():
        lines = words.index[long]
        what = "word is cut off, since it ends" if len(lines) == 1 else "words are cut off, since they end"
        message = f"{len(lines)} {what} up to {(end - last)[long].max():.2f} s after {of}"
        found.append(Problem("warning", path, None, f"{message}; for example {_named(words, lines[0])}"))
    near = words.index[(off > 1e-9) & ~far & ~early & ~long]
    if len(near):
        what = "word is kept, although it lies" if len(near) == 1 else "words are kept, although they lie"
        message = f"{len(near)} {what} up to {off[near].max():.2f} s outside {of}; for example {_named(words, near[0])}"
        found.append(Problem("warning", path, None, f"{message}"))
    return words.assign(end=words["end"].mask(long, np.maximum(start, last))), found


def _how_far(off: float, early: float) -> str:
    return f"begins {early:.2f} s before" if math.isnan(off) else f"lies {off:.2f} s outside"


def within_recordings(corpus: Corpus, table: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the words and problems; words of an utterance without an end are cut off at the end of the recording."""
    file = root / "words.csv"
    if not file.exists():
        return corpus.words, []
    open_end = corpus.utterances["end"].isna().to_numpy() & table["end"].notna().to_numpy()
    rows = table[open_end]
    spans = {
        u: (float("nan"), e) for u, e in zip(rows["utterance"], rows["end"], strict=True)
    }  # starts were checked before
    return within(corpus.words, spans, file, "the utterance, which ends with the recording")
