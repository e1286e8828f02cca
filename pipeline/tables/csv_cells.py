"""Protect spreadsheets from formulas in CSV cells: cells are marked when written, and restored when read.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end gets an apostrophe in front. So does each part
of a text that begins like this after a semicolon, a tab or a line end, because some spreadsheets split quoted cells
there. Cells that cannot be formulas stay as they are: numbers (``-1.5``), names such as ``-3nNcZdcdvU_1``, and the
verdicts in our tables (``+ better``).

In a CSV that a person wrote, such an apostrophe may be part of the text. So a CSV that people may edit before it is
read back has a column `MARKS`, which says in which rows apostrophes were added.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from pipeline.tables.rules import trimmed

MARKS = "crossmodal_marks"
_MARKED = "an apostrophe before = + - @ is not part of the text"
_NUMBER = r"(?:\d+[.,]?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SUM = rf"{_NUMBER}(?:[+-](?:{_NUMBER}|[^\W\d][\w.]*))+"  # a sum of numbers and cell references
_NAME = rf"(?!{_SUM}\Z)\d[\w.-]*[^\W\d_][\w.-]*"  # a name that begins with a digit, as no cell reference does
_WORDS = r" [^\W\d_]+(?: [^\W\d_]+)*"  # the verdicts in our tables: "+ better", "- worse"
_FORMULA = re.compile(rf"'*\s*(?:[@=\uff1d\uff20]|[+\-\uff0b\uff0d](?!(?:{_NUMBER}|{_NAME}|{_WORDS})?\Z))")
_SEPARATOR = re.compile("([;\t\r\n])")
_DOUBTFUL = re.compile(
    r"(?:\A|[;\t\r\n])'*\s*[@=+\-\uff1d\uff20\uff0b\uff0d\t\r\n]"
)  # a text that does not match is never marked


def marked(text: str) -> str:
    """Return a text as a CSV cell, with an apostrophe wherever a spreadsheet would begin to read a formula.

    >>> [marked(text) for text in ("=1+1", "-B2", "@SUM(A1)", "-1.5", "-3a_1", "-", "+ better", "'=1")]
    ["'=1+1", "'-B2", "'@SUM(A1)", '-1.5', '-3a_1', '-', '+ better', "''=1"]
    >>> [marked(text) for text in ("u0;=1+1", "well; -3 degrees", "a; -3", "a;b")]
    ["u0;'=1+1", "well;' -3 degrees", 'a; -3', 'a;b']
    """
    if not _DOUBTFUL.search(text):
        return text
    parts = _SEPARATOR.split(text)
    return "".join(f"'{part}" if _is_formula(parts, i, part) else part for i, part in enumerate(parts))


def restored(cell: str) -> str:
    """Return the text of a CSV cell, without the apostrophes that `marked` adds.

    >>> restored("'=1+1"), restored("'tis"), restored("''=1"), restored("u0;'=1+1")
    ('=1+1', "'tis", "'=1", 'u0;=1+1')
    """
    if "'" not in cell:
        return cell
    parts = _SEPARATOR.split(cell)
    return "".join(
        part[1:] if part[:1] == "'" and _is_formula(parts, i, part[1:]) else part for i, part in enumerate(parts)
    )


def _is_formula(parts: list[str], i: int, part: str) -> bool:
    """Whether `part`, the `i`th part of a text that was split at separators, would be taken for a formula.

    A text that begins with a tab or a line end counts as a formula too.
    """
    blank_first = i == 0 and len(parts) > 1 and parts[1] != ";" and not part.strip("'")
    return i % 2 == 0 and (blank_first or _FORMULA.match(part) is not None)


def mark(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table for a CSV, with an apostrophe wherever its text or column names would be read as a formula."""
    return _changed(table, marked)


def restore(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read from a CSV, without the apostrophes that `mark` added to it."""
    return _changed(table, restored)


def mark_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return what `mark` returns for a table of text, with a further column `MARKS` if anything was changed.

    The column says for each row whether apostrophes were added to its cells.
    """
    made = mark(table)
    changed = (made.to_numpy() != table.to_numpy()).any(axis=1)
    if not changed.any() and list(made.columns) == list(table.columns):
        return made
    return made.assign(**{MARKS: [_MARKED if row else "" for row in changed]})


def restored_row(row: Mapping[str, str]) -> dict[str, str]:
    """Return a row of a CSV without the cell `MARKS`, and without the apostrophes that were added according to it.

    >>> restored_row({"a": "'=1", "b": "'tis"}), restored_row({"a": "'=1", MARKS: _MARKED})
    ({'a': "'=1", 'b': "'tis"}, {'a': '=1'})
    """
    marks = row.get(MARKS) == _MARKED
    return {name: trimmed(restored(cell)) if marks else cell for name, cell in row.items() if name != MARKS}


def marked_row(row: Mapping[str, str]) -> dict[str, str]:
    """Return a row with apostrophes before formulas; if any was added, a further cell `MARKS` says so.

    >>> marked_row({"a": "=1"})["a"], marked_row({"a": "1"})
    ("'=1", {'a': '1'})
    """
    made = {name: marked(cell) for name, cell in row.items()}
    return made if made == row else {**made, MARKS: _MARKED}


def unmarked_rows(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the header and rows of a CSV without the column `MARKS`, with the original text of marked rows restored.

    >>> list(unmarked_rows(iter([(1, ["a", MARKS]), (2, ["'=1", _MARKED]), (3, ["'=2", ""])])))
    [(1, ['a']), (2, ['=1']), (3, ["'=2"])]
    """
    line, header = next(rows, (0, []))
    at = header.index(MARKS) if MARKS in header else len(header)
    yield line, [restored(name) for name in header[:at] + header[at + 1 :]] if MARKS in header else header
    for line, cells in rows:
        kept = cells[:at] + cells[at + 1 :] if MARKS in header else cells
        marks = MARKS in header and cells[at : at + 1] == [_MARKED]
        yield line, [trimmed(restored(cell)) for cell in kept] if marks else kept


def write_csv(table: pd.DataFrame, target: Path | io.StringIO) -> None:
    """Write a table as CSV without adding apostrophes to formulas; floats get six digits after the decimal point."""
    cells = (cell for c in table.columns if table[c].dtype.kind not in "biufM" for cell in table[c].unique())
    broken = any("\r" in str(cell) for cell in cells)  # pandas does not quote a cell for a lone carriage return
    quoting = csv.QUOTE_NONNUMERIC if broken else csv.QUOTE_MINIMAL
    table.to_csv(target, index=False, float_format="%.6f", lineterminator="\n", quoting=quoting)


def _changed(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    names = [change(str(name)) for name in table.columns]
    table = table.set_axis(names, axis=1) if names != list(table.columns) else table
    for name in table.columns:
        if table[name].dtype.kind not in "biufM":
            new = {cell: change(cell) for cell in table[name].unique() if isinstance(cell, str)}
            different = {cell: made for cell, made in new.items() if made != cell}
            if different:
                table = table.assign(**{name: table[name].map(lambda cell, d=different: d.get(cell, cell))})
    return table
