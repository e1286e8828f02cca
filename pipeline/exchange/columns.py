"""Turn the columns of a file into the utterance table and the stores of a bundle, as the import options say."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from features.base import Modality
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.exchange.bundle import FeatureSet, ImportOptions, entry_of, item_of, masked_notices, pooled_names_of
from pipeline.exchange.cells import as_text, cells_of, names_of, positions_of
from pipeline.tables.headers import column_names, nearly_ours
from pipeline.tables.intervals import intervals_of
from pipeline.tables.rules import is_no_label, number_of
from pipeline.tables.splits import check_meanings, meanings, remedy
from pipeline.tables.times import clock_notices, seconds_of

ROLES = ("id", "text", "speaker", "group", "split", "start", "end", "label")  # options that name one column
_NAME_ROLES = ("speaker", "group", "split")
_ASKED_FOR = ("id", "text", "speaker", "group", "split", "start", "end")
_KEPT = ("recording", "order")  # columns that have a meaning under their own names
# Column names that have a meaning here: a column of the file with such a name is read only if an option names it.
_RESERVED = {*COLUMNS, "line"} - {*_KEPT}


@dataclass(frozen=True)
class TableFile:
    """A file as messages describe it.

    Attributes
    ----------
    path
        The file.
    kind
        What the file calls a column: column or array.
    place
        Function that returns where row i (counted from 0) is, such as ``line 2``.
    """

    path: Path
    kind: str
    place: Callable[[int], str]

    def error(self, row: int, column: str, problem: str) -> UserError:
        """Return the error for the cell of a row and column; `problem` is the end of its message."""
        return UserError(f"{self.path}, {self.place(row)}: {self.kind} {column!r} {problem}")


def utterances_of(
    columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: TableFile, count: int
) -> tuple[pd.DataFrame, list[str]]:
    """Return the utterance table, and notices about its columns.

    Parameters
    ----------
    columns
        Columns ``(n,)`` of text or numbers, keyed by name.
    options
        ``id, text, speaker, group, split, start, end`` name columns. The ``label`` and all other columns keep their own
        names; columns that cannot be kept are left out, with a notice.
    source
        The file, for messages.
    count
        n, the number of utterances.

    Raises
    ------
    UserError
        If a named column is missing, if an id is empty or occurs twice, if a split is not known, if a time cannot be
        read, or if an utterance ends before it starts.
    """
    _require(columns, options, source)
    table: dict[str, Any] = {"utterance": _ids(columns, options, source, count)}
    notices = _float_names(columns, options, source)
    for role in _NAME_ROLES:
        if name := getattr(options, role):
            table[role] = pd.Series(names_of(columns[name]), dtype="str")
    if options.text:
        table["text"] = pd.Series(as_text(columns[options.text]), dtype="str")
    if options.split:
        splits, more = _splits(table["split"].tolist(), options, source)
        table["split"], notices = pd.Series(splits, dtype="str"), notices + more
    times = _times(columns, options, source, count)
    if times:
        starts, ends, more = intervals_of(times["start"], times["end"], table["utterance"].tolist())
        kept_times = {"start": starts, "end": ends}
        table |= {role: kept_times[role] for role in kept_times if role == "end" or options.start}
        written = [name for name in (options.start, options.end) if name and columns[name].dtype.kind not in "biuf"]
        notices += [*clock_notices({name: as_text(columns[name]) for name in written}), *more]
    used = {getattr(options, role) for role in ROLES if role != "label"}
    kept, more = _others({name: c for name, c in columns.items() if name not in used}, source)
    if "recording" in kept:
        more.append(
            f"{source.path.name}: {source.kind} 'recording' is not kept, since a corpus of features has no recordings; "
            "name it with --group if it says which utterances belong together, or with --array if it is a feature"
        )
    return pd.DataFrame(table | kept), [*notices, *more, *_nearly_roles(kept, options, source)]


def names_here(header: Sequence[str], options: ImportOptions, path: Path) -> list[str]:
    """Return the column names, trimmed and spelt as in the options; raise `UserError` if two are equal."""
    arrays = [name for _, names in options.arrays for name in names if "*" not in name]
    return column_names(header, _KEPT, [*(getattr(options, role) for role in ROLES), *arrays], str(path))


def _times(
    columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: TableFile, count: int
) -> dict[str, NDArray[np.float64]]:
    """Return ``start`` and ``end`` ``(n,)`` in seconds; ``{}`` if neither has a column.

    If only one of them has a column, the other is NaN.
    """
    named = {"start": options.start, "end": options.end}
    if not any(named.values()):
        return {}
    return {
        role: numbers_of(columns[name], name, source) if name else np.full(count, np.nan)
        for role, name in named.items()
    }


def _float_names(columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: TableFile) -> list[str]:
    """Return notices about names stored as floating-point numbers, which cannot tell ``1.1`` from ``1.10``."""
    notices = []
    for role in ("id", *_NAME_ROLES):
        name = getattr(options, role)
        cells = columns[name] if name else np.zeros(0)
        if cells.dtype.kind == "f":
            known = cells[np.isfinite(cells)]
            if (known % 1 != 0).any() or (np.abs(known) > 2 ** np.finfo(cells.dtype).nmant).any():
                notices.append(
                    f"{source.path.name}: {source.kind} {name!r} holds floating-point numbers, in which 1.1 and 1.10 "
                    f"are the same {role}: store it as text if they are different"
                )
    return notices


def _nearly_roles(kept: Mapping[str, Any], options: ImportOptions, source: TableFile) -> list[str]:
    """Return notices about columns that are kept as they are, although an option should probably name them."""
    open_roles = {"utterance" if role == "id" else role: role for role in _ASKED_FOR if not getattr(options, role)}
    near = nearly_ours(kept, open_roles, [options.label])
    return [
        f"{source.path.name}: {source.kind} {name!r} is kept as it is; if it holds the {open_roles[meant]}, add "
        f"--{open_roles[meant]} {name}"
        for name, meant in near.items()
    ]


def _require(columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: TableFile) -> None:
    for role in ROLES:
        name = getattr(options, role)
        if name and name not in columns:
            raise UserError(
                f"--{role}: {source.path} has no {source.kind} {name!r} with one cell per utterance; "
                f"{suggest(name, columns)}"
            )
    if options.splits and not options.split:
        raise UserError(
            f"{source.path}: --split-name needs --split too, to name the {source.kind} that holds the splits"
        )
    check_meanings(source.path, options.splits)


def _ids(columns: Mapping[str, NDArray[Any]], options: ImportOptions, source: TableFile, count: int) -> pd.Series:
    if options.id:
        ids = names_of(columns[options.id])
    elif options.group:
        seen: Counter[str] = Counter()
        ids = []
        for i, group in enumerate(names_of(columns[options.group])):
            seen[group] += 1
            ids.append(f"{group}_{seen[group]}" if group else f"row_{i + 1}")
    else:
        ids = [f"row_{i + 1}" for i in range(count)]
    unique_ids(ids, source.path, source.place)
    return pd.Series(ids, dtype="str")


def unique_ids(ids: Sequence[str], path: Path, place: Callable[[int], str]) -> None:
    """Raise `UserError` if the id of an utterance is empty or occurs twice."""
    first: dict[str, int] = {}
    for i, name in enumerate(ids):
        if not name:
            raise UserError(f"{path}, {place(i)}: the utterance has an empty id: give every utterance its own id")
        if name in first:
            raise UserError(
                f"{path}: {place(first[name])} and {place(i)} have the same id {name!r}: give each a different id"
            )
        first[name] = i


def _splits(cells: Sequence[str], options: ImportOptions, source: TableFile) -> tuple[list[str], list[str]]:
    """Return train, valid, test or ``""`` for each cell, and notices."""
    split_of, notices = meanings(dict.fromkeys(cell for cell in cells if cell), options.splits)
    for i, cell in enumerate(cells):
        if cell and cell not in split_of:
            raise source.error(i, options.split, f"holds the split {cell!r}: {remedy(cell)}")
    return [split_of.get(cell, "") for cell in cells], notices


def _others(columns: Mapping[str, NDArray[Any]], source: TableFile) -> tuple[dict[str, Any], list[str]]:
    kept: dict[str, Any] = {}
    notices = []
    for name, cells in columns.items():
        found = positions_of(cells) if name == "order" else cells
        if name in _RESERVED or found is None:
            notices.append(
                f"{source.path.name}: {source.kind} {name!r} is left out, since crossmodal uses this name itself: if "
                "you need it, rename it, or name it with an option such as --speaker or --array"
            )
        elif found.dtype.kind in "OUSbiuf":
            kept[name] = pd.Series(names_of(found), dtype="str") if name == "recording" else cells_of(found)
        else:
            notices.append(
                f"{source.path.name}: {source.kind} {name!r} is left out: its type {cells.dtype} is not supported; "
                "store it as text or numbers"
            )
    return kept, notices


def numbers_of(cells: NDArray[Any], name: str, source: TableFile) -> NDArray[np.float64]:
    """Return cells as ``(n,)`` seconds, NaN for empty ones; raise `UserError` if a cell is not a time."""
    if cells.dtype.kind in "biuf":
        return cells.astype(np.float64)
    found = []
    for i, cell in enumerate(as_text(cells)):
        try:
            found.append(seconds_of(cell))
        except ValueError as error:
            raise source.error(i, name, f"holds {cell!r}, but {error}") from None
    return np.array(found, np.float64)


def number(cell: str, row: int, name: str, source: TableFile) -> float:
    """Return one feature cell as a number, NaN for an empty cell; raise `UserError` if it is not a number."""
    try:
        return float("nan") if is_no_label(cell) else float(cell.replace("_", "?"))  # float() reads 1_0 as 10
    except ValueError:
        raise source.error(row, name, f"holds {cell!r}, which is not a number{_how(cell)}") from None


def _how(cell: str) -> str:
    try:
        number_of(cell)
    except ValueError as error:
        return "" if str(error).startswith("must") else f": {error}"
    return ""


def features_of(
    store: tuple[str, Modality],
    names: Sequence[str],
    rows: Sequence[NDArray[Any]],
    utterances: Sequence[str],
    *,
    vectors: bool,
    details: Mapping[str, Any],
) -> tuple[FeatureSet, list[str]]:
    """Return one store, and a list that holds a notice if numbers in the store were masked.

    Parameters
    ----------
    store
        The name and the modality of the store.
    names
        Names of its d columns.
    rows
        The values ``(rows, d)`` of each utterance.
    utterances
        The names of the utterances.
    vectors
        Whether each utterance has a single row, which then also becomes its pooled vector.
    details
        Further attributes of the store, which say where the numbers come from.
    """
    items, masked, touched = [], 0, 0
    for utterance, values in zip(utterances, rows, strict=True):
        entry, count = entry_of(values, pooled=values[0] if vectors and len(values) else None)
        items.append(item_of(utterance, entry))
        masked, touched = masked + count, touched + bool(count)
    pooled = tuple(names) if vectors else pooled_names_of(names)
    made = FeatureSet(store[0], store[1], tuple(names), pooled, items, dict(details))
    return made, masked_notices(store[0], masked, touched)


def store_name(wanted: str) -> str:
    """Return a name as a valid file name: runs of characters other than letters, digits and ``_.-`` become one ``_``.

    Dots and underscores at either end are removed. If nothing is left, the name is ``features``.

    >>> store_name("audio/mfcc 13")
    'audio_mfcc_13'
    """
    return re.sub(r"[^\w.-]+", "_", wanted).strip("._") or "features"


def distinct(stores: Sequence[FeatureSet], path: Path) -> tuple[FeatureSet, ...]:
    """Return the stores as a tuple; raise `UserError` if two have the same name."""
    for name, count in Counter(store.name for store in stores).items():
        if count > 1:
            raise UserError(
                f"{path}: {count} stores would be named {name!r}: name each array once, and begin the list of "
                "each --array with a different name"
            )
    return tuple(stores)
