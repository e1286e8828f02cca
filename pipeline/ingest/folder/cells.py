"""Read tables that people made: CSV or TSV in any usual encoding, or a workbook."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pipeline.corpora.manifest_columns import OURS
from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import read_text
from pipeline.tables.csv_cells import unmarked_rows
from pipeline.tables.csv_files import records, refuse_wide
from pipeline.tables.csv_layout import layout
from pipeline.tables.encodings import encoding_of
from pipeline.tables.row_names import without_row_names
from pipeline.tables.rules import name_of

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
TABLES = frozenset({".csv", ".tsv", ".tab", *WORKBOOKS})
MOSTLY = 0.75  # a column is numeric if at least this share of its filled cells are numbers
_COMMA = re.compile(r"[+-]?\d*,\d+")
_NUMBER = re.compile(r"[+-]?\d*[.,]?\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Cells:
    """The rows of a table (header first, padded to the same length), their line numbers, and notes."""

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[str, ...] = ()


def is_table(place: PurePath) -> bool:
    """Whether a file has the suffix of a table, and is not the lock file of a spreadsheet program.

    >>> is_table(PurePath("labels.CSV")), is_table(PurePath("~$labels.xlsx")), is_table(PurePath("notes.txt"))
    (True, False, False)
    """
    return place.suffix.lower() in TABLES and not place.name.startswith("~$")


def read_tables(path: Path) -> list[Cells]:
    """Read a CSV or TSV file, or all non-empty sheets of a workbook.

    Spaces around cells are removed. Decimal commas become points in columns whose cells are mostly numbers.

    Raises
    ------
    UserError
        If the file is missing, is not a table, or has an unknown encoding, or if a row has more cells than the header.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    found = _workbook(path) if path.suffix.lower() in WORKBOOKS else [_text(path)]
    return [_with_points(cells) for cells in found if cells.rows]


def _text(path: Path) -> Cells:
    raw = path.read_bytes()
    encoding, notes = encoding_of(raw), []
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        read_text(path)  # raises an error if the file is not Windows-1252 either
        encoding = "cp1252"
        notes.append(f"{path} is not UTF-8: read as Windows-1252")
    header, *rows = unmarked_rows(records(path, (), encoding))
    how = layout(path, (), encoding)
    rows, of_rows = without_row_names(path, header[1], [row for row in rows if any(row[1])], how, OURS)
    refuse_wide(path, len(header[1]), rows, how.delimiter)  # a decimal comma between commas would shift all cells
    return Cells(_filled([(line, tuple(cells)) for line, cells in (header, *rows)]), (*notes, *of_rows))


def _workbook(path: Path) -> list[Cells]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise UserError(
            f"{path} is not a readable workbook ({error}): save it again, or save the sheet as CSV"
        ) from None
    try:
        sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    finally:
        book.close()
    return [Cells(_filled([(i, tuple(map(_cell, row))) for i, row in enumerate(rows, 1)])) for rows in sheets]


def _cell(value: Any) -> str:
    return str(value) if isinstance(value, bool) else name_of(value)


def _filled(rows: Sequence[tuple[int, tuple[str, ...]]]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return the rows that are not empty, padded to the same length, without empty columns at the end."""
    width = max((i for _, cells in rows for i, cell in enumerate(cells, 1) if cell), default=0)
    return tuple((line, (cells + ("",) * width)[:width]) for line, cells in rows if any(cells))


def _with_points(cells: Cells) -> Cells:
    """Return the table with decimal points instead of decimal commas in its numeric columns."""
    columns = list(zip(*(row for _, row in cells.rows), strict=True))
    commas = [j for j, column in enumerate(columns) if _has_commas(column[1:])]
    if not commas:
        return cells
    rows = [
        (line, tuple(_with_point(cell) if i and j in commas else cell for j, cell in enumerate(row)))
        for i, (line, row) in enumerate(cells.rows)
    ]
    named = ", ".join(columns[j][0] for j in commas)
    return Cells(tuple(rows), (*cells.notes, f"decimal commas are read as decimal points in {named}"))


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if _NUMBER.fullmatch(cell) else cell


def _has_commas(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in filled)
    return any(map(_COMMA.fullmatch, filled)) and numbers >= MOSTLY * len(filled)
