"""Read a CSV with one row per utterance; the options name the feature columns, other columns describe utterances."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.cells import as_text
from pipeline.exchange.columns import ROLES, TableFile, names_here, number
from pipeline.exchange.safety import refuse_options
from pipeline.exchange.table_bundle import matched, table_bundle
from pipeline.foreign import one_line
from pipeline.tables.csv_cells import MARKS, restored, unmarked_rows
from pipeline.tables.csv_files import records
from pipeline.tables.row_names import Record


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read a CSV with a header.

    Parameters
    ----------
    path
        The file.
    options
        Each pair of ``arrays`` names the columns of one store, where patterns with ``*`` are allowed; the first name or
        pattern also names the store. ``id, text, speaker, group, split, start, end, label`` each name one column. Other
        columns are kept in the utterance table, or left out with a notice (see `utterances_of`). An empty feature cell
        is undefined.

    Raises
    ------
    UserError
        If the file cannot be read, if a line has too few or too many cells, if a feature cell is not a number, or if
        the columns do not fit the options.
    """
    refuse_options(path, options, ("arrays", "splits", *ROLES))
    if not path.is_file():
        raise UserError(f"{path} is not a file: give the CSV file")
    lines: list[int] = []
    source = TableFile(path, "column", lambda i: f"line {lines[i]}")
    named = [getattr(options, role) for role in ROLES]
    found = records(path, {name for name in named if name})
    first = next(found, (0, []))
    rows = unmarked_rows(chain([first], found))
    _, header = next(rows)
    if not any(header):
        raise UserError(f"{path} has no header: write the names of the columns in its first line")
    index = "" if header[0] else "the first column has no name, so it is taken for an index and ignored"
    there = [j for j, name in enumerate(header) if name]
    names = dict(zip(there, names_here([header[j] for j in there], options, path), strict=True))
    chosen = matched(options, list(names.values()), source)
    features = {name for _, _, own in chosen for name in own}
    texts, numbers = _cells(_filled(path, header, rows, lines), names, features, source)
    bundle = table_bundle(texts, numbers, chosen, options, source)
    own = [
        f"{path.name}: {notice}"
        for notice in (index, *(_apostrophes(texts) if MARKS not in first[1] else ()))
        if notice
    ]
    return replace(bundle, notices=(*own, *bundle.notices))


def _filled(path: Path, header: list[str], rows: Iterator[Record], lines: list[int]) -> Iterator[list[str]]:
    """Yield the rows that are not empty, and append their line numbers to `lines`."""
    for line, row in rows:
        if any(row):  # files from spreadsheets may end with lines of commas
            _check_width(path, line, row, header)
            lines.append(line)
            yield row


def _cells(
    rows: Iterator[list[str]], names: Mapping[int, str], wanted: set[str], source: TableFile
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.float32]]]:
    """Return two dicts of columns ``(n,)``, keyed by name: those that are not features, and the features as numbers."""
    features, others = [j for j in names if names[j] in wanted], [j for j in names if names[j] not in wanted]
    values: list[NDArray[np.float32]] = []
    cells: list[list[str]] = []
    for row in rows:
        values.append(_numbers(row, features, names, source, len(cells)))
        cells.append([row[j] for j in others])
    texts = {names[j]: _lossless([row[k] for row in cells]) for k, j in enumerate(others)}
    matrix = np.stack(values) if values else np.zeros((0, len(features)), np.float32)
    return texts, {names[j]: matrix[:, k] for k, j in enumerate(features)}


def _apostrophes(texts: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return a notice for each column with cells such as ``'=1+2``.

    The apostrophe keeps a spreadsheet from reading the text as a formula; it may not belong to the text.
    """
    notices = []
    for name, cells in texts.items():
        odd = [cell for cell in cells if isinstance(cell, str) and restored(cell) != cell]
        if odd:
            what = f"{len(odd)} {'cell begins' if len(odd) == 1 else 'cells begin'} with an apostrophe; crossmodal"
            notices.append(
                f"column {name!r}: {what} writes one before text that a spreadsheet would take for a formula (such as "
                f"{one_line(odd[0], 40)!r}): remove it if it does not belong to the text"
            )
    return notices


def _check_width(path: Path, line: int, row: list[str], header: list[str]) -> None:
    """Raise `UserError` for a row with too few or too many cells, or with a cell in a column without a name.

    The first column may lack a name if its cells are whole numbers: it is then an index.
    """
    if len(row) < len(header) or any(row[len(header) :]):
        raise UserError(
            f"{path}, line {line}: the row has {len(row)} cells, but the header has {len(header)}: correct the row"
        )
    for j, name in enumerate(header):
        if not name and row[j] and not (j == 0 and row[j].isdecimal()):
            raise UserError(
                f"{path}, line {line}: column {j + 1} has no name, but holds {one_line(row[j], 40)!r}: name the "
                "column in the header, or remove it"
            )


def _numbers(
    row: list[str], features: list[int], names: Mapping[int, str], source: TableFile, position: int
) -> NDArray[np.float32]:
    try:
        values = [float(row[j]) for j in features]
        odd = any("_" in row[j] for j in features)  # float() reads 1_0 as 10
    except ValueError:
        odd = True
    if odd:  # an empty cell or a mistake: parsed cell by cell, which is slower, but names the place of a mistake
        values = [number(row[j], position, names[j], source) for j in features]
    with np.errstate(over="ignore"):  # numbers too large for float32 become infinite and are masked as well
        return np.array(values).astype(np.float32)


def _lossless(cells: list[str]) -> NDArray[Any]:
    """Return a column as numbers if these restore each cell exactly; otherwise as text (``1.10`` and ``01`` are text).

    >>> _lossless(["1", "-2"]).tolist(), _lossless(["1.5", ""]).tolist(), _lossless(["1.1", "1.10"]).tolist()
    ([1, -2], [1.5, nan], ['1.1', '1.10'])
    """
    texts = np.array(cells, object)
    try:
        if all(str(int(cell)) == cell for cell in cells):
            return np.array([int(cell) for cell in cells], np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        numbers = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return texts
    return numbers if any(cells) and as_text(numbers) == cells else texts
