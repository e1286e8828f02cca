"""Convert arrays of cells of any type to text, names, numbers and table columns."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.tables.rules import name_of, number_of


def positions_of(cells: NDArray[Any]) -> NDArray[Any] | None:
    """Return positions in a conversation as numbers, with NaN for empty cells; None if any cell is not a number."""
    if cells.dtype.kind in "iuf":
        return cells
    try:
        return np.array([number_of(cell) for cell in as_text(cells)], np.float64)
    except ValueError:
        return None


def as_text(cells: NDArray[Any]) -> list[str]:
    """Return cells as text: whole numbers without a decimal point, others with as few digits as needed, NaN as "".

    >>> as_text(np.array([1.0, 2.5, np.nan])), as_text(np.array([b"a"])), as_text(np.array([0.1], np.float32))
    (['1', '2.5', ''], ['a'], ['0.1'])
    """
    return [_text(cell) for cell in (cells if cells.dtype.kind == "f" else cells.tolist())]


def _text(cell: Any) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="backslashreplace")  # different undecodable ids stay different
    return str(int(cell)) if isinstance(cell, float | np.floating) and cell.is_integer() else str(cell)


def names_of(cells: NDArray[Any]) -> list[str]:
    """Return cells as names (ids, groups, speakers or splits): text is trimmed, and whole numbers lose their ``.0``.

    >>> names_of(np.array(["1.10 ", "2e1"])), names_of(np.array([7.0, np.nan]))
    (['1.10', '2e1'], ['7', ''])
    """
    if cells.dtype.kind in "Mm":
        return ["" if unknown else str(cell) for cell, unknown in zip(cells, np.isnat(cells), strict=True)]
    return as_text(cells) if cells.dtype.kind == "f" else [name_of(cell) for cell in cells.tolist()]


def cells_of(cells: NDArray[Any]) -> Any:
    """Return an array as cells for a table: numbers as they are, everything else as text."""
    return cells if cells.dtype.kind in "biuf" else pd.Series(as_text(cells), dtype="str")


def array_of(cells: pd.Series, number: bool = False) -> NDArray[Any]:
    """Return a table column as an array ``(n,)``: float64 if `number`, otherwise numbers of the column's type, or text.

    Raises
    ------
    UserError
        If text ends with a NUL character, which an array of text cannot hold.
    """
    if number:
        return np.asarray(cells.to_numpy(), np.float64)
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "biuf":
        return np.asarray(cells.to_numpy())
    texts = as_text(np.array(cells.tolist(), object))
    for text in texts:
        if text.endswith("\0"):
            raise UserError(f"column {cells.name!r} holds {text[:40]!r}, which ends with a NUL character: remove it")
    return np.array(texts, np.str_)


def column_of(cells: NDArray[Any]) -> pd.Series:
    """Return an array ``(n,)`` as a column of a table: numbers as they are, everything else as text."""
    return pd.Series(cells) if cells.dtype.kind in "biuf" else pd.Series(as_text(cells), dtype="str")
