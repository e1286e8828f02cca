"""Read tables of labels: find the column that names the recordings, and the meaning of the other columns."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.names import listed_names
from pipeline.corpora.manifest_columns import MADE, OURS
from pipeline.errors import UserError, counted
from pipeline.ingest.folder.cells import Cells, read_tables
from pipeline.ingest.folder.columns import role_of
from pipeline.ingest.folder.names import Names
from pipeline.ingest.folder.recordings import Recording
from pipeline.tables.column_cells import fits
from pipeline.tables.column_words import stands_for, words_of
from pipeline.tables.rules import folded, trimmed
from pipeline.tables.times import seconds_of

_SPANS = ("start", "end")
_READ = ("text", *_SPANS)  # meanings of column names in addition to the roles in `columns`
_MILLISECONDS = re.compile(r"ms|msecs?|milliseconds?")
_COUNTS = re.compile(r"frames?|samples?")
_TIMES = re.compile(r"dur|duration|ms|m?secs?|s|(?:milli)?seconds?")  # such a word says that a length is a time
_LATE_S = 0.5  # an utterance that ends more than this after its recording does not last as long as a column says


@dataclass(frozen=True)
class LabelSheet:
    """A table that names recordings.

    Attributes
    ----------
    path
        The file.
    named_by
        The column that names the recordings.
    columns
        The names that the other columns get in the manifest.
    rows
        For each row that names recordings: its line, its recordings (several if they share a name), and its cells,
        keyed by manifest column.
    lost
        For each other row: its line and the name in it, which fits no recording, or fits recordings with different
        names.
    notes
        Sentences about what is unusual in the table.
    """

    path: Path
    named_by: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Recording, ...], dict[str, str]], ...]
    lost: tuple[tuple[int, str], ...]
    notes: tuple[str, ...]


def read_label_sheet(path: Path, recordings: Sequence[Recording]) -> LabelSheet:
    """Read a table of labels.

    In a workbook with several sheets, the sheet that names the most recordings is read.

    Raises
    ------
    UserError
        If the table cannot be read, if no column names the recordings, or if two columns have the same name.
    """
    names = Names(recordings)
    tables = [(cells, *_naming_column(cells, names)) for cells in read_tables(path)]
    cells, column, count = max(tables, key=lambda table: table[2], default=(Cells(()), 0, 0))
    if not count:
        shown = listed_names([name for name in cells.rows[0][1] if name]) if cells.rows else "none"
        raise UserError(
            f"no column of {path} ({shown}) contains names of the recordings: it needs a column with names such as "
            f"{recordings[0].place}"
        )
    return _sheet(path, _with_header(path, cells, names), column, names)


def _naming_column(cells: Cells, names: Names[Recording]) -> tuple[int, int]:
    """Return the index of the column with the most different cells that name recordings, and the number of these."""
    best = (0, 0)
    for j in range(len(cells.rows[0][1])):
        named = {cell for _, row in cells.rows if (cell := row[j]) and names.meant(cell)}
        if len(named) > best[1]:
            best = (j, len(named))
    return best


def _with_header(path: Path, cells: Cells, names: Names[Recording]) -> Cells:
    """Return the table with a header; one is added if the first row names a recording."""
    (line, first), *rest = cells.rows
    if any(names.meant(cell) for cell in first if cell):
        made = tuple(f"column_{j + 1}" for j in range(len(first)))
        note = f"{path} has no header: its columns are called {', '.join(made)}"
        return Cells(((0, made), *cells.rows), (*cells.notes, note))
    nameless = [j for j, name in enumerate(first) if not name and any(row[j] for _, row in rest)]
    if len({folded(name) for name in first if name}) < sum(map(bool, first)):
        raise UserError(f"{path}:{line}: two columns have the same name: rename one")
    header = tuple(f"column_{j + 1}" if j in nameless else trimmed(name) for j, name in enumerate(first))
    return Cells(((line, header), *rest), cells.notes)


def _sheet(path: Path, cells: Cells, column: int, names: Names[Recording]) -> LabelSheet:
    (_, header), *rows = cells.rows
    held = {name: [row[j] for _, row in rows] for j, name in enumerate(header) if name and j != column}
    columns, factors = _columns(held)
    length = _length_column(held, columns.values())
    kept, lost, ends = [], [], []
    for line, row in rows:
        given = row[column]
        meant = names.meant(given) if given else []
        if len({recording.stem for recording in meant}) != 1:
            lost.append((line, given))
            continue
        by_name = dict(zip(header, row, strict=True))
        values = {new: _scaled(by_name[old], factors.get(old, 1.0)) for old, new in columns.items()}
        kept.append((line, tuple(meant), values))
        if length:
            ends.append(_end_s(values["start"], _scaled(by_name[length], _factor(length)), meant))
    notes = [*cells.notes]
    if length and math.inf not in ends:
        for (_, _, values), end in zip(kept, ends, strict=True):
            values.pop(columns.get(length, ""), None)
            values["end"] = f"{end:.3f}" if end == end else ""
        columns = {**columns, length: "end"}
        notes.append(f"utterances end at the sum of {_named(columns, 'start')} and {length}")
    elif length:
        line = kept[ends.index(math.inf)][0]
        notes.append(
            f"{length} is not used, since in line {line} it cannot be the length of an utterance: utterances end with "
            "their recordings unless a column end says otherwise"
        )
    if read_as := [f"{old} as {new}" for old, new in columns.items() if old not in (new, length)]:
        notes.append(f"columns read under a different name: {', '.join(read_as)}")
    return LabelSheet(path, header[column], tuple(columns.values()), tuple(kept), tuple(lost), tuple(notes))


def _columns(held: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], dict[str, float]]:
    """Return the manifest name of each column that is kept, and the unit of each column of times, in seconds.

    Both mappings are keyed by the name of the column in `held`. The unit is 0.001 for milliseconds, otherwise 1.
    """
    found: dict[str, str] = {}
    factors: dict[str, float] = {}
    for name, cells in held.items():
        if folded(name) in MADE or not any(cells):
            continue
        meaning = _meaning(name, cells)
        if meaning and meaning not in found.values() and not _taken(meaning, name, held):
            found[name] = meaning
            if meaning in _SPANS:
                factors[name] = _factor(name)
        else:
            found[name] = f"{name}_given" if folded(name) in OURS else name
    return found, factors


def _length_column(held: Mapping[str, Sequence[str]], columns: Collection[str]) -> str:
    """Return the column that may say how long utterances last; ``""`` unless there is a start and no end."""
    if "start" not in columns or "end" in columns:
        return ""
    return next((name for name, cells in held.items() if stands_for(name, "duration") and _is_time(name, cells)), "")


def _is_time(name: str, cells: Sequence[str]) -> bool:
    """Whether a column of lengths holds times: its name contains a unit of time, or not all cells are whole numbers.

    Any other column of lengths may count words or letters.
    """
    return any(cells) and (_unit(name, _TIMES) or not all(cell.isdecimal() for cell in cells if cell))


def _end_s(start: str, length: str, recordings: Sequence[Recording]) -> float:
    """Return when an utterance ends, in seconds: the sum of its start and length; NaN if one of them is empty.

    The result is infinite if `length` cannot be the length: a cell is not a time, the length is not positive, or a
    recording ends clearly before the sum.
    """
    try:
        start_s, length_s = seconds_of(start), seconds_of(length)
    except ValueError:
        return math.inf
    if length_s <= 0:  # often a code for "unknown"
        return math.inf
    end_s = start_s + length_s
    return math.inf if any(end_s > recording.info.duration_s + _LATE_S for recording in recordings) else end_s


def _factor(name: str) -> float:
    return 0.001 if _unit(name, _MILLISECONDS) else 1.0


def _named(columns: Mapping[str, str], ours: str) -> str:
    return next(old for old, new in columns.items() if new == ours)


def _taken(meaning: str, name: str, held: Mapping[str, Sequence[str]]) -> bool:
    """Whether another column in `held` is named exactly like the role `meaning`, while `name` is only a synonym."""
    return any(other != name and folded(other) == meaning for other in held) and folded(name) != meaning


def _meaning(name: str, cells: Sequence[str]) -> str:
    if role := role_of(name, cells):
        return "" if role == "utterance" and len({*filter(None, cells)}) < sum(map(bool, cells)) else role
    for ours in _READ:
        named = folded(name) == ours or stands_for(name, ours)
        if named and fits(ours, cells) and not (ours in _SPANS and _unit(name, _COUNTS)):
            return ours
    return folded(name) if folded(name) in OURS and fits(folded(name), cells) else ""


def _unit(name: str, unit: re.Pattern[str]) -> bool:
    return any(unit.fullmatch(word) for word in words_of(name))


def _scaled(cell: str, factor: float) -> str:
    if factor == 1.0 or not cell:
        return cell
    try:
        return f"{float(cell) * factor:.6f}".rstrip("0").rstrip(".")
    except ValueError:
        return cell


def lost_notes(sheet: LabelSheet, shown: int = 5) -> list[str]:
    """Return a sentence about the rows that do not name exactly one recording; an empty list if there are none."""
    if not sheet.lost:
        return []
    listed = ", ".join(f"line {line} {name!r}" for line, name in sheet.lost[:shown])
    more = f" and {len(sheet.lost) - shown} more" if len(sheet.lost) > shown else ""
    verb = "does" if len(sheet.lost) == 1 else "do"
    return [f"{sheet.path}: {counted(len(sheet.lost), 'row')} {verb} not name exactly one recording: {listed}{more}"]
