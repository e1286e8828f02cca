"""words.csv: timed words, checked against the utterances that they are said to be of."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.csv_files import read_sheet
from pipeline.errors import UserError, listed_names, suggest
from pipeline.headers import nearly_ours
from pipeline.rules import REACH_S, fault_of_text, name_of, seconds_of
from pipeline.utterances import WORD_COLUMNS, Problem

TOLERANCE_S = 0.5  # annotators' spans and aligners' words are often a little off each other

Spans = Mapping[str, tuple[float, float]]  # utterance -> start, end in seconds; an end that is not known is NaN


def read_words(path: Path, spans: Spans, problems: list[Problem]) -> pd.DataFrame:
    """Return the words of a file, each by the number of its line; without the file there are none.

    A word without times is kept, its times NaN; so is one that has only one of them. A row without a word, as aligners
    write for a pause, is left out and counted.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(WORD_COLUMNS))
    sheet = read_sheet(path, WORD_COLUMNS, ())
    check_columns(path, sheet.header, WORD_COLUMNS)
    problems += [Problem("warning", path, None, notice) for notice in sheet.notices]
    rows = {line: row for line, row in sheet.rows if row["word"]}
    if silent := [line for line, row in sheet.rows if not row["word"]]:
        what = f"{len(silent)} {'row has' if len(silent) == 1 else 'rows have'} no word (such as line {silent[0]})"
        problems.append(Problem("warning", path, None, f"{what}: taken for pauses and left out"))
    words = pd.DataFrame(
        [_word(path, line, row, spans, problems) for line, row in rows.items()],
        columns=list(WORD_COLUMNS),
        index=list(rows),
    )
    problems += _untimed(path, words, rows)
    problems += outside(words, spans, path, "its utterance; times are recording seconds")
    return words


def check_columns(path: Path, header: Sequence[str], needed: Sequence[str]) -> None:
    """Raise `UserError` for a column that is needed and not there; it names the one that may be meant."""
    for name in needed:
        if name not in header:
            meant = next((near for near, ours in nearly_ours(header, [name]).items() if ours == name), "")
            hint = f"did you mean {meant!r}? There are: {listed_names(header)}" if meant else suggest(name, header)
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


def _untimed(path: Path, words: pd.DataFrame, rows: Mapping[int, Mapping[str, str]]) -> list[Problem]:
    """Count the words without times, and apart from them those with one only."""
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


def outside(words: pd.DataFrame, spans: Spans, path: Path, of: str) -> list[Problem]:
    """Name the words that lie outside their span: an error beyond `TOLERANCE_S`, else counted in a warning.

    A word that lies in its span in part may reach `REACH_S` beyond it; what reaches further is an error, too.

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
    start, end = words["start"].astype(float), words["end"].astype(float)
    off = pd.concat([first - end, start - last], axis=1).max(axis=1)
    beyond = pd.concat([first - start, end - last], axis=1).max(axis=1)
    far = off > TOLERANCE_S + 1e-9
    long = (beyond > REACH_S + 1e-9) & ~far
    bad = pd.DataFrame({"word": words["word"], "at": start, "off": off.where(far), "beyond": beyond})[far | long]
    found = [
        Problem("error", path, int(line), f"the word {word!r} at {at:g} s {_how_far(by, reach)} {of}")
        for line, word, at, by, reach in bad.itertuples(name=None)
    ]
    near = words.index[(off > 1e-9) & ~far & ~long]
    if len(near):
        what = "word lies" if len(near) == 1 else "words lie"
        message = f"{len(near)} {what} up to {off[near].max():.2f} s outside {of} (such as {_named(words, near[0])})"
        found.append(Problem("warning", path, None, f"{message}: kept"))
    return found


def _how_far(off: float, beyond: float) -> str:
    return f"reaches {beyond:.2f} s beyond" if math.isnan(off) else f"lies {off:.2f} s outside"
