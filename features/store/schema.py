"""The parts of a store: its columns, the entry of one utterance, and the digest of a cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FORMAT = "crossmodal-store"
FORMAT_VERSION = 2
IMPORTED = "imported"  # attribute `kind` of imported features; the other kinds are `stream` and `features`
DIGEST = 16  # bytes of a cell's digest
WHOLE = "whole"  # attribute of a column's digests: the hash of all its numbers, checked when they are read at once

Status = Literal["ok", "absent", "empty", "failed"]
STATUSES: tuple[Status, ...] = ("ok", "absent", "empty", "failed")

Array = NDArray[Any]
Cells = Array | Sequence[bytes] | Sequence[str] | str


@dataclass(frozen=True)
class Column:
    """A column of a store; `dtype` is ``"str"``, ``"bytes"`` or a NumPy dtype, and width 0 means one value per cell."""

    name: str
    dtype: str
    width: int = 0

    @property
    def fill(self) -> Any:
        """The number that is stored where there is no value: NaN, or 0 for whole numbers."""
        return np.nan if np.dtype(self.dtype).kind == "f" else 0

    @property
    def is_text(self) -> bool:
        """Whether the column's cells are texts or bytes, not numbers."""
        return self.dtype in ("str", "bytes")

    @property
    def nothing(self) -> Cells:
        """The cell of an utterance whose status is not ``ok``: empty in a column of texts, otherwise `fill`."""
        return "" if self.dtype == "str" else np.full(self.width or (), self.fill, self.dtype)


@dataclass(frozen=True)
class Schema:
    """The columns of a store: `rows` have one cell per row (``values`` is first), `clips` one cell per utterance."""

    rows: tuple[Column, ...]
    clips: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Entry:
    """The content of a store for one utterance.

    Attributes
    ----------
    status, note
        The status of the utterance, and a note: the reason if the status is not ``ok``, otherwise a remark, which may
        be empty.
    rows
        Row columns, keyed by name: an array whose first axis is the rows, or a list of str or bytes.
    clips
        Utterance columns, keyed by name: one number, a 1-D array of the column's width, or one str.
    device
        Device on which an encoder computed the features; empty for other extractors and for streams.
    """

    status: Status
    note: str = ""
    rows: Mapping[str, Array | list[bytes] | list[str]] = field(default_factory=dict)
    clips: Mapping[str, Array | str] = field(default_factory=dict)
    device: str = ""

    @property
    def length(self) -> int:
        """Number of rows; 0 unless the status is ``ok``."""
        return len(self.rows["values"]) if self.status == "ok" else 0


@dataclass(frozen=True)
class Item:
    """One utterance to be written into a store: its name, key and number of rows, and a function that loads it."""

    utterance: str
    key: str
    length: int
    load: Callable[[], Entry]


def path_of(column: Column, group: str) -> str:
    """Return a column's path in the file: `values`, `times` and `pooled` are at the top, all others in `group`."""
    return column.name if column.name in ("values", "times", "pooled") else f"{group}/{column.name}"


def feature_schema(width: int, pooled_width: int) -> Schema:
    """Return the columns of an extractor's store, with `width` values per row and `pooled_width` per utterance."""
    rows = (Column("values", "f4", width), Column("times", "f8", 2))
    return Schema(rows, (Column("pooled", "f4", pooled_width),))


def digest_of(cells: Cells) -> bytes:
    """Return the 128-bit XXH3 hash of one utterance's cells in a column; it is fast and detects damage.

    Numbers are hashed as the bytes that are stored. Texts are encoded as UTF-8. For each cell of text or bytes, 8
    little-endian bytes with the length of the cell are hashed first, and then the cell itself.
    """
    import xxhash

    if isinstance(cells, np.ndarray | np.generic):
        return xxhash.xxh3_128_digest(np.ascontiguousarray(cells).data)
    digest = xxhash.xxh3_128()
    for cell in [cells] if isinstance(cells, str) else cells:
        blob = cell.encode("utf-8", "surrogateescape") if isinstance(cell, str) else cell
        digest.update(len(blob).to_bytes(8, "little") + blob)
    return digest.digest()
