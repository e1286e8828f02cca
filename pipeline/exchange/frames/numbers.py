"""Convert the cells of a table of frames to numbers block by block, since a table may have millions of cells."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.types import FloatArray
from pipeline.errors import UserError
from pipeline.tables.rules import is_no_label


class Numbers:
    """The feature columns of one table.

    A cell that is empty or stands for an unknown value, such as ``nan``, becomes NaN. A cell may hold a list of
    numbers, as OpenFace 3 writes action units; a column of lists becomes one column per element.

    Parameters
    ----------
    path
        The table, for messages.
    names
        The names of the columns.

    Attributes
    ----------
    infinite
        The number of values that are infinite or too large for float32; they count as undefined.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path, self.names = path, tuple(names)
        self._blocks: list[FloatArray] = [np.zeros((0, len(self.names)), np.float32)]
        self._rows = self.infinite = 0
        self._texts: dict[int, tuple[int, str]] = {}  # by column: line and text of the first cell that is not a number
        self._lists: dict[int, dict[int, tuple[float, ...]]] = {}  # by column and row: the numbers in the cell

    def add(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
        """Add rows with one cell per column; raise `UserError` for a number with a decimal comma."""
        try:
            block = np.array(rows, np.float64).reshape(len(rows), len(self.names))
        except ValueError:
            columns = zip(*rows, strict=True)
            block = np.stack([self._column(j, lines, cells) for j, cells in enumerate(columns)], axis=1)
        with np.errstate(over="ignore"):  # numbers too large for float32 become infinite and count as undefined
            small = block.astype(np.float32)
        self.infinite += int(np.isinf(small).sum())
        self._blocks.append(np.where(np.isfinite(small), small, np.float32("nan")))
        self._rows += len(rows)

    def _column(self, j: int, lines: Sequence[int], cells: Sequence[str]) -> NDArray[np.float64]:
        try:
            return np.array(cells, np.float64)
        except ValueError:
            return np.array([self._number(j, i, lines[i], cell) for i, cell in enumerate(cells)])

    def _number(self, j: int, i: int, line: int, cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            if is_no_label(cell) or cell == "[]":
                pass
            elif (found := _list_of(cell)) is not None:
                self._lists.setdefault(j, {})[self._rows + i] = found
            elif re.fullmatch(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", cell):
                meant = cell.replace(",", ".")
                raise UserError(
                    f"{self.path}:{line}: {self.names[j]} is {cell!r}: write it with a decimal point ({meant})"
                ) from None
            else:
                self._texts.setdefault(j, (line, cell))
            return np.nan

    def columns(self) -> tuple[tuple[str, ...], FloatArray, tuple[str, ...]]:
        """Return the names and the values ``(n, d)`` of the columns of numbers, and the names of the columns of text.

        Raises
        ------
        UserError
            If a column holds both numbers and text, or lists of different lengths.
        """
        values = np.concatenate(self._blocks)
        names: list[str] = []
        parts: list[FloatArray] = []
        for j, name in enumerate(self.names):
            column = values[:, j]
            if j in self._texts:
                self._refuse_mixed(j, bool(np.isfinite(column).any()) or j in self._lists)
            elif j in self._lists:
                wide = self._widened(j, self._lists[j])
                names += [f"{name}_{k}" for k in range(wide.shape[1])]
                parts.append(wide)
            else:
                names.append(name)
                parts.append(column[:, None])
        texts = tuple(self.names[j] for j in sorted(self._texts))
        return tuple(names), np.hstack(parts) if parts else values[:, :0], texts

    def _refuse_mixed(self, j: int, mixed: bool) -> None:
        if mixed:
            line, cell = self._texts[j]
            raise UserError(
                f"{self.path}:{line}: {self.names[j]} is {cell!r:.60}, but other rows hold numbers: correct the cell, "
                "or choose other columns with --prefix"
            )

    def _widened(self, j: int, lists: Mapping[int, Sequence[float]]) -> FloatArray:
        lengths = sorted({len(numbers) for numbers in lists.values()})
        if len(lengths) > 1:
            raise UserError(
                f"{self.path}: {self.names[j]} holds lists of {lengths[0]} and lists of {lengths[-1]} numbers: choose "
                "other columns with --prefix"
            )
        wide = np.full((self._rows, lengths[0]), np.nan, np.float32)
        for row, numbers in lists.items():
            wide[row] = numbers
        self.infinite += int(np.isinf(wide).sum())
        return np.where(np.isfinite(wide), wide, np.float32("nan"))


def _list_of(cell: str) -> tuple[float, ...] | None:
    """Return the numbers in a cell that holds a list, which may be nested; None if it holds anything else.

    >>> _list_of("[[0.5, 1], [nan, 2]]"), _list_of("[happy]")
    ((0.5, 1.0, nan, 2.0), None)
    """
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    try:
        return tuple(float(part) for part in re.split(r"[\s,]+", re.sub(r"[\[\]]", " ", cell).strip()))
    except ValueError:
        return None
