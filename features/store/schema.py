"""What a store is made of: columns, the entry of one utterance, and the digest of a cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FORMAT = "crossmodal-store"
FORMAT_VERSION = 2
IMPORTED = "imported"  # the attribute `kind` of a store that was not computed here; else `stream` or `features`
DIGEST = 16  # bytes of a cell's digest
WHOLE = (
    "whole"  # attribute of a column's digests: the hash of all its numbers, which one read of them all is checked by
)

Status = Literal["ok", "absent", "empty", "failed"]
STATUSES: tuple[Status, ...] = ("ok", "absent", "empty", "failed")

Array = NDArray[Any]
Cells = Array | Sequence[bytes] | Sequence[str] | str


@dataclass(frozen=True)
class Column:
    """One column of a store: a numpy dtype and a width, or ``"str"`` / ``"bytes"`` cells (width 0)."""

    name: str
    dtype: str
    width: int = 0

    @property
    def fill(self) -> Any:
        """What a number is where nothing was written."""
        return np.nan if np.dtype(self.dtype).kind == "f" else 0

    @property
    def nothing(self) -> Cells:
        """The cell of an utterance that has none."""
        return "" if self.dtype == "str" else np.full(self.width or (), self.fill, self.dtype)


@dataclass(frozen=True)
class Schema:
    """The columns of a store: per row (``values`` first) and per utterance."""

    rows: tuple[Column, ...]
    clips: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Entry:
    """All that a store holds of one utterance.

    Attributes
    ----------
    status, note
        What became of the utterance, and why when that is not ``ok``.
    rows
        Row columns by name: an array whose first axis is the rows, or a list of str or bytes.
    clips
        Utterance columns by name: a 1-D array of the column's width, or one str.
    """

    status: Status
    note: str = ""
    rows: Mapping[str, Array | list[bytes] | list[str]] = field(default_factory=dict)
    clips: Mapping[str, Array | str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Number of rows."""
        return len(self.rows["values"]) if self.status == "ok" else 0


@dataclass(frozen=True)
class Item:
    """One utterance on its way into a store: who it is, how many rows it has, how to get them."""

    utterance: str
    key: str
    length: int
    load: Callable[[], Entry]


def path_of(column: Column, group: str) -> str:
    """Return where a column lives in the file: the well-known ones at the top, others in their group."""
    return column.name if column.name in ("values", "times", "pooled") else f"{group}/{column.name}"


def feature_schema(width: int, pooled_width: int) -> Schema:
    """Return the columns of an extractor's store: d = `width` values a row, p = `pooled_width` an utterance."""
    rows = (Column("values", "f4", width), Column("times", "f8", 2))
    return Schema(rows, (Column("pooled", "f4", pooled_width),))


def digest_of(cells: Cells) -> bytes:
    """Return the XXH3 hash of 128 bits of one utterance's part of a column: it shows damage, and costs little.

    Numbers count as the bytes that are stored, a text or bytes cell as its length (8 bytes, little-endian) and its
    UTF-8 or bytes.
    """
    import xxhash

    if isinstance(cells, np.ndarray | np.generic):
        return xxhash.xxh3_128_digest(np.ascontiguousarray(cells).data)
    digest = xxhash.xxh3_128()
    for cell in [cells] if isinstance(cells, str) else cells:
        blob = cell.encode("utf-8", "surrogateescape") if isinstance(cell, str) else cell
        digest.update(len(blob).to_bytes(8, "little") + blob)
    return digest.digest()
