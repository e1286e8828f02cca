"""Handle a CSV whose rows have one cell more than the header: a row name in front (as R writes it), or a last cell.

The two cases look alike, and the wrong choice would shift every cell to another column. So row names are removed only
if there is evidence for them; without clear evidence the file is refused.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from pipeline.errors import UserError
from pipeline.tables.column_cells import fits
from pipeline.tables.column_words import stands_for
from pipeline.tables.csv_layout import DELIMITERS, Layout
from pipeline.tables.rules import folded

Record = tuple[int, list[str]]
_NOTICE = "each row has a name in front of the first column, as R writes it: these names are not read"
_COUNTING = ("", "#", "no", "nr", "index", "row", "number", "id")


def without_row_names(
    path: Path, header: Sequence[str], rows: list[Record], how: Layout, ours: Collection[str]
) -> tuple[list[Record], tuple[str, ...]]:
    """Remove the row names that R writes in front of the first column; return the rows, and a notice if there were any.

    If every row has one cell more than the header, the first cells are removed in two cases:

    - The first cells number the rows, and every line begins with a quotation mark.
    - The first cells all differ, and the cells of a known column (`ours`) fit its name only without the first cells.

    The first cells are kept if the cells of another column fit its name only with them, or if the extra cell is the
    empty last one, because every line ends with a delimiter.

    Raises
    ------
    UserError
        If there are signs of row names, but it is not clear whether the first or the last cell of each row is too many.
    """
    cells = [row for _, row in rows]
    if len(header) < 2 or not cells or any(len(row) != len(header) + 1 for row in cells):
        return rows, ()
    only_without = _fit_only(header, cells, ours, shift=1)
    against = _fit_only(header, cells, ours, shift=0) or _ids_speak_against(header, cells)
    proven = only_without and not against and _differ(cells)
    counted, empty = _counts(cells), not any(row[-1] for row in cells)
    if empty and how.ended:
        if proven:
            raise UserError(_doubt(path, cells, how.delimiter))
    elif proven or (counted and how.begun_quoted and not against):
        return [(line, row[1:]) for line, row in rows], (_NOTICE,)
    elif not empty and (counted or how.begun_quoted):
        raise UserError(_doubt(path, cells, how.delimiter))
    return rows, ()


def _counts(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first cells are 1, 2, 3, ... or 0, 1, 2, ... in this order."""
    first = [row[0] for row in cells]
    return len(first) > 1 and first in ([str(i + begin) for i in range(len(first))] for begin in (0, 1))


def _differ(cells: Sequence[Sequence[str]]) -> bool:
    return len(cells) > 1 and len({row[0] for row in cells}) == len(cells) and not fits("media", [r[0] for r in cells])


def _fit_only(header: Sequence[str], cells: Sequence[Sequence[str]], ours: Collection[str], *, shift: int) -> bool:
    """Whether the cells of some known column fit the column's name with this `shift`, but not with the other one.

    With a shift of 0, the cells of a column are those in its place; with a shift of 1, those one place to the right.
    The column ``utterance`` is not examined.
    """
    names = {folded(name): name for name in ours}
    for j, name in enumerate(header):
        column = names.get(folded(name))
        if column and column != "utterance":
            here, there = ([row[j + s] for row in cells] for s in (shift, 1 - shift))
            if any(here) and fits(column, here) and not fits(column, there):
                return True
    return False


def _ids_speak_against(header: Sequence[str], cells: Sequence[Sequence[str]]) -> bool:
    """Whether the second cells of the rows cannot be ids, although the name of the first column stands for ids.

    If the first cells were row names, the second cells would belong to the first column.
    """
    if folded(header[0]) not in _COUNTING and not stands_for(header[0], "utterance"):
        return False
    ids = [row[1] for row in cells]
    return len(set(ids)) < len(ids) or not fits("utterance", ids)


def _doubt(path: Path, cells: Sequence[Sequence[str]], delimiter: str) -> str:
    last = next((row[-1] for row in cells if row[-1]), "")
    mark = DELIMITERS.get(delimiter, repr(delimiter))
    end = (
        f"the last (such as {last!r}) belongs to a column, name this column in the header"
        if last
        else f"the row only ends with a {mark}, remove it"
    )
    return (
        f"{path}: every row has one cell more than the header has columns: if the first (such as {cells[0][0]!r}) is a "
        f"row name, as R writes it, write the table with row.names = FALSE; if {end}; if a cell contains a "
        f"{mark}, quote it"
    )
