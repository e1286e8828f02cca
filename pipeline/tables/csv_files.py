"""Read CSV files of all kinds: any usual encoding and delimiter, lines before the header, an unnamed index."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import UserError
from pipeline.tables.column_cells import HOLDS, other_meanings
from pipeline.tables.csv_cells import MARKS, restored, restored_row
from pipeline.tables.csv_layout import DELIMITERS, Layout, layout
from pipeline.tables.headers import column_names
from pipeline.tables.row_names import Record, without_row_names
from pipeline.tables.rules import trimmed

_LONGEST = 1 << 28  # characters of one cell


@dataclass(frozen=True)
class Sheet:
    """A table with a header: its column names, its rows, and notices.

    A row is the number of its last line in the file, and a dict of its cells keyed by column name.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    notices: tuple[str, ...] = ()


def read_sheet(path: Path, ours: Collection[str], named: Collection[str]) -> Sheet:
    """Read a CSV with a header; empty rows are skipped, and missing cells become empty.

    Parameters
    ----------
    path
        The file.
    ours
        Names of columns that the reader knows.
    named
        Further names of columns that the settings require.

    Raises
    ------
    UserError
        If the file is not a CSV or cannot be decoded; if a row has filled cells beyond the header; if a column with
        filled cells has no name (unless it is an index); or if two columns have the same name.
    """
    how = layout(path, {*ours, *named})
    found = _records(path, how)
    _, header = next(found, (0, []))
    rows = [(line, cells) for line, cells in found if any(cells)]
    rows, of_rows = without_row_names(path, header, rows, how, ours)
    refuse_wide(path, len(header), rows, how.delimiter)
    if MARKS in header:
        header = [restored(name) for name in header]
    kept, notices = _named_columns(path, header, rows)
    filled = [(line, cells + [""] * (len(header) - len(cells))) for line, cells in rows]
    strange = other_meanings({header[j]: [cells[j] for _, cells in filled] for j in kept}, ours, named, path.parent)
    names = column_names([header[j] for j in kept], ours, [*named, *strange], str(path))
    notices += [
        f"the column {name!r} is not read as {mine!r}, which holds {HOLDS[mine]}: rename it if it holds these"
        for name, mine in strange.items()
    ]
    found_rows = ((line, {name: cells[j] for name, j in zip(names, kept, strict=True)}) for line, cells in filled)
    return Sheet(
        tuple(name for name in names if name != MARKS),
        tuple((line, restored_row(row)) for line, row in found_rows),
        (*of_rows, *notices),
    )


def records(path: Path, known: Collection[str], encoding: str = "") -> Iterator[Record]:
    """Yield the header and the rows of a CSV as ``(line, cells)``; cells are trimmed, and empty lines are skipped.

    Parameters
    ----------
    path
        The file, which is read row by row.
    known
        Column names by which the header is recognised; may be empty.
    encoding
        The encoding of the file; if empty, the Unicode encoding is inferred from its first bytes.

    Raises
    ------
    UserError
        If the file is not a CSV, or cannot be decoded.
    """
    yield from _records(path, layout(path, known, encoding))


def _records(path: Path, how: Layout) -> Iterator[Record]:
    csv.field_size_limit(_LONGEST)
    begun = how.skipped + 1
    with path.open(newline="", encoding=how.encoding) as file:
        for _ in range(how.skipped):
            file.readline()
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if how.quoted else csv.QUOTE_NONE
        reader = csv.reader(file, delimiter=how.delimiter, skipinitialspace=how.spaced, strict=True, quoting=quoting)
        width = 0
        try:
            for row in reader:
                width = width or len(row)
                if not how.quoted and len(row) != width and '"' in "".join(row):
                    place = f"{path}:{how.skipped + reader.line_num}"
                    raise UserError(
                        f"{place}: a row with a quotation mark has {len(row)} cells instead of {width}: correct the row"
                    )
                if row:
                    yield how.skipped + reader.line_num, [trimmed(c if how.quoted else _unquoted(c)) for c in row]
                begun = how.skipped + reader.line_num + 1
        except csv.Error as error:
            raise UserError(_unreadable(path, begun, how.skipped + reader.line_num, str(error))) from None
        except UnicodeError:
            raise undecodable(path, how.encoding) from None


def _unquoted(cell: str) -> str:
    """Return a quoted cell without its quotation marks; unchanged if a mark inside the quotes is not doubled.

    >>> _unquoted('"a ""b"" c"'), _unquoted('"a" or "b"')
    ('a "b" c', '"a" or "b"')
    """
    inner = re.fullmatch(r'"((?:[^"]|"")*)"', cell)
    return inner[1].replace('""', '"') if inner else cell


def _unreadable(path: Path, begun: int, line: int, error: str) -> str:
    if "unexpected end of data" in error:
        return f"{path}:{begun}: a quotation mark in the row that begins here is never closed: close or double it"
    return f"{path}:{line}: not a readable CSV ({error}): correct the line, or save the table as CSV again"


def undecodable(path: Path, encoding: str) -> UserError:
    """Return the error for a file that cannot be decoded; it names the first line that does not fit the encoding."""
    raw = path.read_bytes()
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        name = encoding.removesuffix("-sig").upper()
        start = max(raw.rfind(b"\n", 0, error.start) + 1, error.start - 12)
        near = raw[start : error.start + 8].split(b"\n")[0].decode("cp1252", errors="replace").strip()
        hint = f" (as Windows-1252 it reads {near!r})" if name == "UTF-8" else ""
        return UserError(
            f"{path}:{line}: byte 0x{raw[error.start]:02x} is not valid {name}{hint}: save the file with "
            "the encoding UTF-8"
        )
    return UserError(f"{path} is not in the encoding {encoding}: save it as UTF-8")


def refuse_wide(path: Path, width: int, rows: Iterable[tuple[int, Sequence[str]]], delimiter: str) -> None:
    """Raise `UserError` if a row has filled cells beyond the columns of the header, of which there are `width`."""
    for line, cells in rows:
        if any(cells[width:]):
            raise UserError(
                f"{path}:{line}: the row has more cells than the header: quote cells that contain a "
                f"{DELIMITERS.get(delimiter, repr(delimiter))}"
            )


def _named_columns(path: Path, header: Sequence[str], rows: Sequence[Record]) -> tuple[list[int], list[str]]:
    """Return the positions of the columns that have a name, and a notice if there is an unnamed index."""
    notices = []
    for j in (j for j, name in enumerate(header) if not name):
        filled = [cells[j] for _, cells in rows if j < len(cells) and cells[j]]
        if filled and not (j == 0 and all(re.fullmatch(r"\d+", cell) for cell in filled)):
            raise UserError(
                f"{path}: column {j + 1} has no name, but holds {filled[0]!r}: name it in the header, or remove it "
                "(pandas writes its index like this; index=False leaves it out)"
            )
        if filled:
            notices.append("the first column has no name: it is treated as an index and ignored")
    return [j for j, name in enumerate(header) if name], notices
