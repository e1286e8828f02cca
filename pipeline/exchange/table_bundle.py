"""Make a bundle from one table (CSV or Parquet), in which patterns choose the feature columns."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.names import suggest
from features.base import Modality
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.columns import ROLES, TableFile, distinct, features_of, store_name, utterances_of

Chosen = tuple[str, Modality, tuple[str, ...]]  # a store's name, its modality, its columns


def matched(options: ImportOptions, header: Sequence[str], source: TableFile) -> list[Chosen]:
    """Choose the feature columns by the patterns in ``options.arrays``, where each pair is a modality and its patterns.

    Each pair makes one store. The result has the name, the modality and the columns of each store.

    Raises
    ------
    UserError
        If no pattern is given, if a pattern matches no column, if a column would be in two stores, or if two columns
        have the same name.
    """
    double = [name for name, count in Counter(header).items() if count > 1]
    if double:
        raise UserError(
            f"{source.path} has several columns with the same name (such as {double[0]!r}): give each a different name"
        )
    if not options.arrays:
        raise UserError(
            f"{source.path}: say which columns are features of which modality (--array 'audio=mfcc_*'); available: "
            f"{_some(header)}"
        )
    roles = {getattr(options, role) for role in ROLES}
    free = [name for name in header if name not in roles]
    found = []
    for modality, patterns in options.arrays:
        names = tuple(dict.fromkeys(name for p in patterns for name in _matches(p, free, source)))
        found.append((store_name(patterns[0].strip("*_") or modality), modality, names))
    for name, count in Counter(name for _, _, names in found for name in names).items():
        if count > 1:
            raise UserError(f"{source.path}: column {name!r} is chosen for {count} stores: make the patterns narrower")
    return found


def _matches(pattern: str, names: Sequence[str], source: TableFile) -> list[str]:
    wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    found = [name for name in names if wanted.fullmatch(name)]
    if not found:
        raise UserError(f"{source.path} has no column {pattern!r} for features; {suggest(pattern, names)}")
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def table_bundle(
    cells: Mapping[str, NDArray[Any]],
    numbers: Mapping[str, NDArray[np.float32]],
    chosen: Sequence[Chosen],
    options: ImportOptions,
    source: TableFile,
) -> Bundle:
    """Return the bundle of one table with a row per utterance; raise `UserError` if it has no rows.

    Parameters
    ----------
    cells
        The columns that are not features, ``(n,)`` each, keyed by name.
    numbers
        The columns that are features, ``(n,)`` each, keyed by name.
    chosen
        The stores and their columns, from `matched`.
    options, source
        The options and the file, as in `utterances_of`.
    """
    if not len(next(iter(numbers.values()))):
        raise UserError(f"{source.path} has a header but no rows, so there is nothing to import: check the file")
    rows = len(next(iter(numbers.values())))
    table, notices = utterances_of(cells, options, source, rows)
    stores = []
    for name, modality, names in chosen:
        matrix = np.stack([numbers[column] for column in names], axis=1)[:, None, :]
        made, more = features_of(
            (name, modality),
            names,
            list(matrix),
            list(table["utterance"]),
            vectors=True,
            details={"source": source.path.name},
        )
        stores.append(made)
        notices += more
    return Bundle(table, features=distinct(stores, source.path), notices=tuple(notices))
