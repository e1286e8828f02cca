"""Cells of the CSVs written here that a spreadsheet would take for a formula: marked on writing, restored on reading.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or the end of a line gets an apostrophe in front. What cannot
be a formula stays as it is: numbers (``-1.5``), names (``-3nNcZdcdvU_1``), the tables' own verdicts (``= not better``).
"""

import re
from collections.abc import Callable

import pandas as pd

_NUMBER = r"(?:\d+[.,]?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NAME = r"[\w.-]*[^\W\d_][\w.-]*"  # letters among digits and marks: nothing in it calls or computes
_WORDS = r" [^\W\d_]+(?: [^\W\d_]+)*"  # as the tables' own verdicts: "= not better", "+ better"
_FORMULA = re.compile(
    rf"'*(?:[@\uff1d\uff20\t\r\n]|=(?!{_WORDS}\Z)|[+\-\uff0b\uff0d](?!(?:{_NUMBER}|{_NAME}|{_WORDS})?\Z))"
)


def marked(text: str) -> str:
    """Return a text as it stands in a CSV.

    >>> [marked(text) for text in ("=1+1", "-1+1", "@SUM(A1)", "-1.5", "-a_1", "-", "= not better", "'=1")]
    ["'=1+1", "'-1+1", "'@SUM(A1)", '-1.5', '-a_1', '-', '= not better', "''=1"]
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restored(cell: str) -> str:
    """Return the text that stands in a CSV.

    >>> restored("'=1+1"), restored("'tis"), restored("''=1")
    ('=1+1', "'tis", "'=1")
    """
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


def mark(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its texts, and the names of its columns, as they stand in a CSV."""
    return _changed(table, marked)


def restore(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read from a CSV with its texts as they were."""
    return _changed(table, restored)


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
