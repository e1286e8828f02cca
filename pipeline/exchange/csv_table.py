"""A CSV with a row an utterance: columns of numbers become features, the others the utterance table."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.columns import ROLES, Source, number
from pipeline.exchange.safety import refuse_options
from pipeline.exchange.tables import matched, table_bundle


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read a CSV in UTF-8 with a header.

    Parameters
    ----------
    path
        The file.
    options
        ``arrays`` names columns, also by patterns with ``*``: one store a pair, named by its first pattern. ``id, text,
        speaker, group, split, start, end, label`` name columns; all others are kept. Empty cells are undefined.

    Raises
    ------
    UserError
        If the file cannot be read, a line has too few or too many cells, a cell of a feature is no number, or the
        columns do not fit the options.
    """
    refuse_options(path, options, ("arrays", "splits", *ROLES))
    lines: list[int] = []
    source = Source(path, "column", lambda i: f"line {lines[i]}")
    rows = _rows(path)
    _, header = next(rows, (0, []))
    if not any(header):
        raise UserError(f"{path} has no header: write the names of the columns into its first line")
    chosen = matched(options, header, source)
    features = sorted({header.index(name) for _, _, names in chosen for name in names})
    others = [j for j in range(len(header)) if j not in set(features)]
    values: list[NDArray[np.float32]] = []
    cells: list[list[str]] = []
    for line, row in rows:
        if len(row) != len(header):
            raise UserError(f"{path}, line {line}: it has {len(row)} cells, the header {len(header)}: mend the line")
        lines.append(line)
        values.append(_numbers(row, features, header, source, len(cells)))
        cells.append([row[j] for j in others])
    texts = {header[j]: _guessed([row[k] for row in cells]) for k, j in enumerate(others)}
    matrix = np.stack(values) if values else np.zeros((0, len(features)), np.float32)
    return table_bundle(texts, {header[j]: matrix[:, k] for k, j in enumerate(features)}, chosen, options, source)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line on which a row ends, and its cells; empty lines are passed over."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if row:
                    yield reader.line_num, row
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): name the CSV file to be read") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no CSV in UTF-8 ({error}): save it as such") from error


def _numbers(
    row: list[str], features: list[int], header: list[str], source: Source, position: int
) -> NDArray[np.float32]:
    try:
        values = [float(row[j]) for j in features]
    except ValueError:  # an empty cell, or a mistake: slower, and says where
        values = [number(row[j], position, header[j], source) for j in features]
    with np.errstate(over="ignore"):  # beyond float32 is infinite, and masked like the infinite
        return np.array(values).astype(np.float32)


def _guessed(cells: list[str]) -> NDArray[Any]:
    """Return a column as numbers if all its cells are numbers or empty, and none has leading zeros, as names have.

    >>> _guessed(["1", "-2"]).tolist(), _guessed(["1.5", ""]).tolist(), _guessed(["01", "2"]).tolist()
    ([1, -2], [1.5, nan], ['01', '2'])
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    padded = any(cell.lstrip("+-")[:1] == "0" and cell.lstrip("+-")[1:2].isdigit() for cell in filled)
    texts = np.array(cells, object)
    if padded or not filled or any("_" in cell for cell in filled):
        return texts
    try:
        if len(filled) == len(cells):
            return np.array([int(cell) for cell in filled], np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells])
    except ValueError:
        return texts
