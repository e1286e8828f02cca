"""A user's own folder: `manifest.csv` beside the recordings, and `words.csv` where words were timed.

manifest.csv, one utterance a row: `media` (path, absolute or relative to the manifest's folder), the label, and
optionally `start` and `end` (s), `utterance`, `text`, `speaker`, `group`, `order`, `split`, `region`, and where the
voice is not heard from `media` also `sound` (path) and `sound_start` (s). Further columns are kept; any of them can be
the protocol's group. words.csv: `utterance, word, start, end`. All times are seconds of the recording's own clock.
"""

import csv
import io
import math
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import UserError, suggest
from pipeline.params import CorpusParams
from pipeline.streams.spans import Region
from pipeline.utterances import COLUMNS, WORD_COLUMNS, Corpus, Problem

SPLITS = ("train", "valid", "test")
MADE = ("recording", "media_sha256", "sound_sha256", "duration", "line")


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read `root`/manifest.csv and `root`/words.csv; where the settings name no label, none is looked for.

    Raises
    ------
    UserError
        If there is no manifest, it is no UTF-8 CSV, or a column that the settings name is missing.
    """
    path = root / "manifest.csv"
    if not path.exists():
        found = "does not exist" if not root.exists() else "holds no manifest.csv"
        raise UserError(f"{root} {found}: a manifest corpus needs {path} with the columns media and {corpus.label}")
    rows, header = _rows(path)
    _check_header(path, header, corpus)
    if not rows:
        raise UserError(f"{path} has a header but no rows: write one row for each utterance")
    problems: list[Problem] = []
    table = pd.DataFrame([_utterance(row, line, root, corpus, path, problems) for line, row in rows])
    table["recording"] = _recordings(table)
    table["group"] = table["group"].where(table["group"] != "", table["recording"])
    table["utterance"] = _names(table)
    problems += _duplicates(path, table) + (_label_problems(path, table, corpus) if corpus.label else [])
    words = _words(root / "words.csv", table, problems)
    return Corpus(table, words, problems)


def _rows(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """Return (line number, row) pairs and the header."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}:{line}: byte 0x{error.object[error.start]:02x} is no UTF-8: save the file with the encoding UTF-8"
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="", strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: no readable CSV ({error})") from None
    for line, row in rows:
        if row.get(""):
            raise UserError(f"{path}:{line}: more cells than the header has columns: quote cells that contain a comma")
    return [(line, {k: v.strip() for k, v in row.items() if k}) for line, row in rows], list(reader.fieldnames or [])


def _check_header(path: Path, header: list[str], corpus: CorpusParams) -> None:
    needed = [] if corpus.modalities == ("text",) or corpus.features else ["media"]
    needed += [corpus.label] if corpus.label else []
    group = corpus.protocol.group
    if corpus.protocol.kind != "official" and group != "group":
        needed.append(group)
    for name in needed:
        if name not in header:
            raise UserError(f"{path} has no column {name!r}; {suggest(name, header)}")
    for name in header:
        if name in MADE:
            raise UserError(f"{path}: the column {name!r} is filled in by `crossmodal prepare`: rename yours")
    if corpus.label in COLUMNS:
        raise UserError(
            f"{path}: the column {corpus.label!r} has a meaning of its own: copy the labels to another column"
        )
    if doubled := [name for name, n in Counter(header).items() if n > 1]:
        raise UserError(f"{path} has the column {doubled[0]!r} twice: remove one")


def _utterance(
    row: dict[str, str], line: int, root: Path, corpus: CorpusParams, path: Path, problems: list[Problem]
) -> dict[str, Any]:
    def bad(message: str) -> None:
        problems.append(Problem("error", path, line, message))

    cells: dict[str, Any] = {name: row.get(name, "") for name in COLUMNS} | row
    cells["line"] = line
    for name in ("start", "end", "order", "sound_start"):
        cells[name] = _number(row.get(name, ""), name, bad)
    cells["start"] = 0.0 if math.isnan(cells["start"]) else cells["start"]
    if cells["start"] < 0:
        bad(f"start is {row['start']}, but a recording begins at 0")
    if cells["end"] <= cells["start"]:
        bad(f"end {row['end']} is not after start {row.get('start') or 0}")
    if cells["split"] and cells["split"] not in SPLITS:
        bad(f"split is {cells['split']!r}; {suggest(cells['split'], SPLITS)}")
    if not (cells["media"] or cells["text"] or corpus.features):
        bad("neither media nor text is given")
    if cells["region"]:
        _check_region(cells["region"], bad)
    if corpus.label:
        _check_label(row[corpus.label], corpus, bad)
    group = corpus.protocol.group
    if corpus.protocol.kind != "official" and group != "group" and not row.get(group):
        bad(f"{group} is empty, but the protocol groups by it")
    media = Path(cells["media"])
    cells["recording"] = cells["media"] or f"row {line}"
    cells["media"] = (root / media).as_posix() if cells["media"] else ""
    cells["sound"] = (root / cells["sound"]).as_posix() if cells["sound"] else ""
    return cells


def _number(cell: str, name: str, bad: Any) -> float:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        bad(f"{name} is {cell!r}, but must be a number" + (" of seconds" if name != "order" else ""))
        return math.nan
    return value


def _check_region(cell: str, bad: Any) -> None:
    try:
        Region.parse(cell)
    except ValueError as error:
        bad(f"region: {error}")


def _check_label(cell: str, corpus: CorpusParams, bad: Any) -> None:
    if not cell:
        bad(f"the label column {corpus.label!r} is empty: give a label or remove the row")
    elif corpus.task == "regression":
        _number(cell, corpus.label, lambda _: bad(f"{corpus.label} is {cell!r}, but a score must be a number"))


def _recordings(table: pd.DataFrame) -> list[str]:
    """Return a name for each row's recording: its path as the manifest has it, as short as tells all of them apart.

    >>> _recordings(pd.DataFrame({"recording": ["/x/s1/a.mp4", "/x/s2/a.mp4", "/x/s2/b.wav"]}))
    ['s1/a', 's2/a', 's2/b']
    """
    given = table["recording"].tolist()
    absolute = {Path(name).parent for name in given if Path(name).is_absolute()}
    common = os.path.commonpath(absolute) if absolute else ""
    short = {n: Path(n).relative_to(common).as_posix() if Path(n).is_absolute() else n for n in given}
    bare = {n: Path(s).with_suffix("").as_posix() if Path(n).suffix else s for n, s in short.items()}
    alike = Counter(bare.values())
    return [bare[n] if alike[bare[n]] == 1 else short[n] for n in given]


def _names(table: pd.DataFrame) -> list[str]:
    """Return the given utterance names, or names made of the recording's, numbered where it holds several."""
    many = Counter(table["recording"])
    seen: Counter[str] = Counter()
    names = []
    for given, recording in zip(table["utterance"], table["recording"], strict=True):
        seen[recording] += 1
        made = recording.replace("/", "_") + (f"_{seen[recording]}" if many[recording] > 1 else "")
        names.append(given or made)
    return names


def _duplicates(path: Path, table: pd.DataFrame) -> list[Problem]:
    first: dict[str, int] = {}
    found = []
    for name, line in zip(table["utterance"], table["line"], strict=True):
        if name in first:
            found.append(
                Problem("error", path, line, f"utterance {name!r} is also in line {first[name]}: names must be unique")
            )
        first.setdefault(name, line)
    return found


def _label_problems(path: Path, table: pd.DataFrame, corpus: CorpusParams) -> list[Problem]:
    labels = Counter(label for label in table[corpus.label] if label)
    if len(labels) == 1:
        only = next(iter(labels))
        return [Problem("error", path, None, f"every row has {corpus.label} {only!r}: there is nothing to tell apart")]
    if corpus.task == "regression":
        return []
    problems = []
    for label, count in labels.items():
        if count == 1:
            line = int(table.loc[table[corpus.label] == label, "line"].iloc[0])
            others = [other for other in labels if other != label]
            message = (
                f"{corpus.label} {label!r} occurs once, it cannot be both learnt and tested; {suggest(label, others)}"
            )
            problems.append(Problem("error", path, line, message))
    return problems


def _words(path: Path, table: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    if not path.exists():
        return pd.DataFrame(columns=list(WORD_COLUMNS))
    rows, header = _rows(path)
    for name in WORD_COLUMNS:
        if name not in header:
            raise UserError(f"{path} has no column {name!r}; {suggest(name, header)}")
    spans = {row.utterance: (row.start, row.end) for row in table.itertuples()}
    words = []
    for line, row in rows:
        faults: list[str] = []
        start, end = (_number(row[name], name, faults.append) for name in ("start", "end"))
        message = _word_problem(row, start, end, spans)
        faults += [message] if message and not faults else []
        problems += [Problem("error", path, line, fault) for fault in faults]
        words.append((row["utterance"], row["word"], start, end))
    return pd.DataFrame(words, columns=list(WORD_COLUMNS))


def _word_problem(row: dict[str, str], start: float, end: float, spans: dict[str, tuple[float, float]]) -> str:
    if row["utterance"] not in spans:
        return f"utterance {row['utterance']!r} is not in manifest.csv"
    if math.isnan(start) or math.isnan(end):
        return "start and end must both be given"
    if end < start:
        return f"the word {row['word']!r} ends at {end}, before its start {start}"
    first, last = spans[row["utterance"]]
    if end < first or start > last:  # a NaN end (not yet known) is never exceeded
        return f"the word {row['word']!r} at {start} s lies outside its utterance; times are recording seconds"
    return ""
