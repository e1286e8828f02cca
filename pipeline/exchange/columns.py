"""Columns of somebody's file made into the utterance table and the stores of a bundle, as the options say."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import Modality
from pipeline.errors import UserError, suggest
from pipeline.exchange.bundle import FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of
from pipeline.exchange.parts import check_meanings, meanings, remedy
from pipeline.utterances import COLUMNS

ROLES = ("id", "text", "speaker", "group", "split", "start", "end", "label")  # options that name one column
_TEXT_ROLES = ("text", "speaker", "group", "split")
_NUMBER_ROLES = ("start", "end")
# What a table may not bring under its own name: these columns mean something, and only an option can say so.
_RESERVED = {*COLUMNS} - {"recording", "order"}


@dataclass(frozen=True)
class Source:
    """A file, as messages name it: its path, what it calls a column, and where its row i (from 0) is to be found."""

    path: Path
    kind: str
    place: Callable[[int], str]

    def error(self, row: int, column: str, problem: str) -> UserError:
        """Return the error on one cell."""
        return UserError(f"{self.path}, {self.place(row)}: {self.kind} {column!r} {problem}")


def utterances_of(
    columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: Source, count: int
) -> tuple[pd.DataFrame, list[str]]:
    """Return the utterance table, and notices of what could not be kept.

    Parameters
    ----------
    columns
        Name -> ``(n,)`` text or numbers, all of one length.
    options
        ``id, text, speaker, group, split, start, end`` name columns; all others, and that of the ``label``, are kept
        under their own names.
    source
        For messages.
    count
        n.

    Raises
    ------
    UserError
        If a named column is not there, an id is empty or occurs twice, a split is none of train, valid and test, or a
        time is no number.
    """
    _require(columns, options, source)
    table: dict[str, Any] = {"utterance": _ids(columns, options, source, count)}
    for role in _TEXT_ROLES:
        if name := getattr(options, role):
            table[role] = pd.Series(as_text(columns[name]), dtype="str")
    notices: list[str] = []
    if options.split:
        splits, notices = _splits(table["split"].tolist(), options, source)
        table["split"] = pd.Series(splits, dtype="str")
    for role in _NUMBER_ROLES:
        if name := getattr(options, role):
            table[role] = numbers_of(columns[name], name, source)
    used = {getattr(options, role) for role in ROLES if role != "label"}
    kept, left_out = _others({name: c for name, c in columns.items() if name not in used}, source)
    return pd.DataFrame(table | kept), [*notices, *left_out]


def _require(columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: Source) -> None:
    for role in ROLES:
        name = getattr(options, role)
        if name and name not in columns:
            raise UserError(
                f"{source.path} has no {source.kind} {name!r} with one cell an utterance, which was to be its {role}; "
                f"{suggest(name, columns)}"
            )
    if options.splits and not options.split:
        raise UserError(f"{source.path}: names of splits are given, but no {source.kind} that holds the splits")
    check_meanings(source.path, options.splits)


def _ids(columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: Source, count: int) -> pd.Series:
    if options.id:
        ids = as_text(columns[options.id])
    elif options.group:
        seen: Counter[str] = Counter()
        ids = []
        for i, group in enumerate(as_text(columns[options.group])):
            seen[group] += 1
            ids.append(f"{group}_{seen[group]}" if group else f"row_{i + 1}")
    else:
        ids = [f"row_{i + 1}" for i in range(count)]
    unique_ids(ids, source.path, source.place)
    return pd.Series(ids, dtype="str")


def unique_ids(ids: Sequence[str], path: Path, place: Callable[[int], str]) -> None:
    """Check the names of the utterances; an empty one, or one that occurs twice, raises `UserError`."""
    first: dict[str, int] = {}
    for i, name in enumerate(ids):
        if not name:
            raise UserError(f"{path}, {place(i)}: the utterance has an empty id: give each a name of its own")
        if name in first:
            raise UserError(
                f"{path}: {place(first[name])} and {place(i)} have the same id {name!r}: give each a name of its own"
            )
        first[name] = i


def _splits(cells: Sequence[str], options: ImportOptions, source: Source) -> tuple[list[str], list[str]]:
    """Return train, valid, test or nothing for each cell, and notices."""
    split_of, notices = meanings(dict.fromkeys(cell for cell in cells if cell), options.splits)
    for i, cell in enumerate(cells):
        if cell and cell not in split_of:
            raise source.error(i, options.split, f"holds the split {cell!r}: {remedy(cell)}")
    return [split_of.get(cell, "") for cell in cells], notices


def _others(columns: Mapping[str, NDArray[Any]], source: Source) -> tuple[dict[str, Any], list[str]]:
    kept: dict[str, Any] = {}
    notices = []
    for name, cells in columns.items():
        if name in _RESERVED or (name == "order" and cells.dtype.kind not in "iuf"):
            notices.append(
                f"{source.path.name}: {source.kind} {name!r} is left out, since the name has a meaning here: say by an "
                "option what it holds"
            )
        elif cells.dtype.kind in "OUSbiuf":
            kept[name] = pd.Series(as_text(cells), dtype="str") if name == "recording" else cells_of(cells)
        else:
            notices.append(f"{source.path.name}: {source.kind} {name!r} is left out: it is of type {cells.dtype}")
    return kept, notices


def as_text(cells: NDArray[Any]) -> list[str]:
    """Return cells as text: whole numbers without a point, nothing for None and NaN.

    >>> as_text(np.array([1.0, 2.5, np.nan])), as_text(np.array([b"a"]))
    (['1', '2.5', ''], ['a'])
    """
    return [_text(cell) for cell in cells.tolist()]


def _text(cell: Any) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def cells_of(cells: NDArray[Any]) -> Any:
    """Return a column for the table: numbers as they are, all else as text."""
    return cells if cells.dtype.kind in "biuf" else pd.Series(as_text(cells), dtype="str")


def numbers_of(cells: NDArray[Any], name: str, source: Source) -> NDArray[np.float64]:
    """Return ``(n,)`` numbers, NaN for empty cells; a cell that is none raises `UserError`."""
    if cells.dtype.kind in "biuf":
        return cells.astype(np.float64)
    return np.array([number(cell, i, name, source) for i, cell in enumerate(as_text(cells))], np.float64)


def number(cell: str, row: int, name: str, source: Source) -> float:
    """Return one cell as a number, NaN if it is empty; anything else raises `UserError`."""
    try:
        return float(cell) if cell.strip() else float("nan")
    except ValueError:
        raise source.error(row, name, f"holds {cell!r}, which is no number") from None


def features_of(
    store: tuple[str, Modality],
    names: Sequence[str],
    rows: Sequence[NDArray[Any]],
    utterances: Sequence[str],
    *,
    vectors: bool,
    details: Mapping[str, Any],
) -> tuple[FeatureSet, list[str]]:
    """Return one store, and a notice if numbers in it had to be masked.

    Parameters
    ----------
    store
        Its name and modality.
    names
        Names of its d columns.
    rows
        For each utterance ``(rows, d)``.
    utterances
        Their names.
    vectors
        Whether each utterance has one row, which is then its pooled vector, too.
    details
        Where the numbers come from.
    """
    items, masked, touched = [], 0, 0
    for utterance, values in zip(utterances, rows, strict=True):
        entry, count = entry_of(values, pooled=values[0] if vectors else None)
        items.append(item_of(utterance, entry))
        masked, touched = masked + count, touched + bool(count)
    pooled = tuple(names) if vectors else pooled_names_of(names)
    made = FeatureSet(store[0], store[1], tuple(names), pooled, items, dict(details))
    said = f"{store[0]}: {masked} numbers of {touched} utterances are not finite and count as undefined"
    return made, [said] if masked else []


def store_name(wanted: str) -> str:
    """Return a name that a file can have, too.

    >>> store_name("audio/mfcc 13")
    'audio_mfcc_13'
    """
    return re.sub(r"[^\w.-]+", "_", wanted).strip("._") or "features"


def distinct(stores: Sequence[FeatureSet], path: Path) -> tuple[FeatureSet, ...]:
    """Return the stores as a tuple; two of one name raise `UserError`."""
    for name, count in Counter(store.name for store in stores).items():
        if count > 1:
            raise UserError(f"{path}: {count} stores would be named {name!r}: name each array or pattern once")
    return tuple(stores)
