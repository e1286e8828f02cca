"""words.csv: timed words, checked against the utterances that they are said to be of."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.csv_files import Sheet, read_sheet
from pipeline.errors import UserError, suggest
from pipeline.headers import nearly_ours
from pipeline.rules import fault_of_text, name_of, seconds_of
from pipeline.utterances import WORD_COLUMNS, Problem

TOLERANCE_S = 0.5  # annotators' spans and aligners' words are often a little off each other

Spans = Mapping[str, tuple[float, float]]  # utterance -> start, end in seconds; an end that is not known is NaN


def read_words(path: Path, spans: Spans, problems: list[Problem]) -> pd.DataFrame:
    """Return the words of a file, each by the number of its line; without the file there are none.

    A word without times is kept, its times NaN; so is one that has only one of them.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(WORD_COLUMNS))
    sheet = read_sheet(path, WORD_COLUMNS, ())
    check_columns(path, sheet.header, WORD_COLUMNS)
    problems += [Problem("warning", path, None, notice) for notice in sheet.notices]
    words = pd.DataFrame(
        [_word(path, line, row, spans, problems) for line, row in sheet.rows],
        columns=list(WORD_COLUMNS),
        index=[line for line, _ in sheet.rows],
    )
    problems += _untimed(path, words, sheet)
    problems += outside(words, spans, path, "its utterance; times are recording seconds")
    return words


def check_columns(path: Path, header: Sequence[str], needed: Sequence[str]) -> None:
    """Raise `UserError` for a column that is needed and not there; it names the one that may be meant."""
    for name in needed:
        if name not in header:
            meant = next((near for near, ours in nearly_ours(header, [name]).items() if ours == name), "")
            hint = f"did you mean {meant!r}? There are: {', '.join(header)}" if meant else suggest(name, header)
            raise UserError(f"{path} has no column {name!r}; {hint}")


def _word(
    path: Path, line: int, row: Mapping[str, str], spans: Spans, problems: list[Problem]
) -> tuple[str, str, float, float]:
    """Return a row's cells; what is wrong with it is noted, and it then has no times."""
    faults, times = [], []
    for name in ("start", "end"):
        try:
            times.append(seconds_of(row[name]))
        except ValueError as error:
            faults.append(f"{name} is {row[name]!r}, but {error}")
    utterance, word = name_of(row["utterance"]), row["word"]
    if utterance not in spans:
        faults.append(f"utterance {utterance!r} is not in manifest.csv")
    if fault := fault_of_text(word):
        faults.append(f"the word {fault}")
    if not faults and times[1] < times[0]:
        faults.append(f"the word {word!r} ends at {times[1]:g}, before its start {times[0]:g}")
    problems += [Problem("error", path, line, fault) for fault in faults]
    start, end = (math.nan, math.nan) if faults or any(map(math.isnan, times)) else times
    return utterance, word, start, end


def _untimed(path: Path, words: pd.DataFrame, sheet: Sheet) -> list[Problem]:
    """Count the words without times, and apart from them those with one only."""
    half = {line for line, row in sheet.rows if bool(row["start"]) != bool(row["end"])}
    empty = {line for line, row in sheet.rows if not row["start"] and not row["end"]}
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


def outside(words: pd.DataFrame, spans: Spans, path: Path, of: str) -> list[Problem]:
    """Name the words that lie outside their span: an error beyond `TOLERANCE_S`, else counted in a warning.

    Parameters
    ----------
    words
        By line, as `read_words` returns them.
    spans
        Where each utterance may have words.
    path
        For messages.
    of
        What the span is of, as the end of a sentence.
    """
    first = words["utterance"].map({name: start for name, (start, _) in spans.items()}).astype(float)
    last = words["utterance"].map({name: end for name, (_, end) in spans.items()}).astype(float)
    off = pd.concat([first - words["end"].astype(float), words["start"].astype(float) - last], axis=1).max(axis=1)
    far = off > TOLERANCE_S + 1e-9
    found = [
        Problem("error", path, int(line), f"the word {word!r} at {start:g} s lies {by:.2f} s outside {of}")
        for line, word, start, by in zip(
            words.index[far], words.loc[far, "word"], words.loc[far, "start"], off[far], strict=True
        )
    ]
    near = words.index[(off > 1e-9) & ~far]
    if len(near):
        what = "word lies" if len(near) == 1 else "words lie"
        message = f"{len(near)} {what} up to {off[near].max():.2f} s outside {of} (such as {_named(words, near[0])})"
        found.append(Problem("warning", path, None, f"{message}: kept"))
    return found
