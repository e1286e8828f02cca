"""The ragged HDF5 store: one file a stream or extractor, self-describing, readable with plain h5py.

Utterance i owns the rows ``offsets[i]:offsets[i + 1]`` of every row column.

==================  ===================================================================================
``values``          (rows, d) numbers, or (rows,) JPEG bytes or words
``times``           (rows, 2) start and end in seconds from the utterance's start; a store with the
                    attribute ``rate_hz`` has none: row j starts at ``clips/start_s[i] + j / rate_hz``
``offsets``         (n + 1,) int64
``utterance, key``  (n,) the utterance's name, and the content key its rows were computed under
``status, note``    (n,) ``ok | absent | empty | failed``, and why where it is not ``ok``
``pooled``          (n, p) one vector an utterance (extractors only); NaN where the status is not ``ok``
``rows/...``        further row columns (face boxes, detector scores, whole frames)
``clips/...``       further utterance columns (gain, trimming offsets, the original text)
attributes          format, format_version, name, version, config, weights, libraries, column names
==================  ===================================================================================

Nothing in a file depends on when or where it was written: the same inputs give the same bytes.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from features.atomic import replacing
from features.errors import StoreError

FORMAT = "crossmodal-store"
FORMAT_VERSION = 1
IMPORTED = "imported"  # the attribute `kind` of a store that was not computed here; else `stream` or `features`

Status = Literal["ok", "absent", "empty", "failed"]
STATUSES: tuple[Status, ...] = ("ok", "absent", "empty", "failed")

Array = NDArray[Any]


@dataclass(frozen=True)
class Column:
    """One column of a store: a numpy dtype and a width, or ``"str"`` / ``"bytes"`` cells (width 0)."""

    name: str
    dtype: str
    width: int = 0

    @property
    def ragged(self) -> bool:
        """Whether a cell is text or bytes of its own length."""
        return self.dtype in ("str", "bytes")


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


def path_of(column: Column, group: str) -> str:
    """Return where a column lives in the file: the well-known ones at the top, others in their group."""
    return column.name if column.name in ("values", "times", "pooled") else f"{group}/{column.name}"


@dataclass(frozen=True)
class Item:
    """One utterance on its way into a store: who it is, how many rows it has, how to get them."""

    utterance: str
    key: str
    length: int
    load: Callable[[], Entry]


def write_store(path: Path, schema: Schema, attributes: Mapping[str, Any], items: Sequence[Item]) -> None:
    """Write a store, one utterance in memory at a time, to a temporary name that is then renamed.

    Parameters
    ----------
    path
        The file to write; its folder is made.
    schema
        Its columns.
    attributes
        Name, version, config, feature names and the like; mappings and lists are kept as JSON.
    items
        The utterances in their order.
    """
    with replacing(path) as temporary:
        fill_store(temporary, schema, attributes, items)


def fill_store(path: Path, schema: Schema, attributes: Mapping[str, Any], items: Sequence[Item]) -> None:
    """Write a store, as `write_store` does, to a name that `replacing` gave."""
    import h5py

    with h5py.File(path, "w", locking=False) as file:  # `replacing` holds the lock
        _write_attributes(file, attributes)
        _create(file, schema, items)
        _fill(file, schema, items)


def _write_attributes(file: Any, attributes: Mapping[str, Any]) -> None:
    file.attrs["format"] = FORMAT
    file.attrs["format_version"] = FORMAT_VERSION
    for name, value in attributes.items():
        file.attrs[name] = value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)


def _create(file: Any, schema: Schema, items: Sequence[Item]) -> None:
    import h5py

    def dataset(where: str, column: Column, length: int) -> None:
        if column.ragged:
            kind = h5py.string_dtype() if column.dtype == "str" else h5py.vlen_dtype(np.uint8)
            file.create_dataset(where, (length,), kind)
        else:
            shape = (length, column.width) if column.width else (length,)
            fill = np.nan if np.dtype(column.dtype).kind == "f" else 0
            file.create_dataset(where, shape, column.dtype, fillvalue=fill)

    offsets = np.concatenate([[0], np.cumsum([item.length for item in items], dtype=np.int64)]).astype(np.int64)
    file["offsets"] = offsets
    file["utterance"] = np.array([item.utterance for item in items], dtype=h5py.string_dtype())
    file["key"] = np.array([item.key for item in items], dtype=h5py.string_dtype())
    for name in ("status", "note"):
        file.create_dataset(name, (len(items),), h5py.string_dtype())
    for column in schema.rows:
        dataset(path_of(column, "rows"), column, int(offsets[-1]))
    for column in schema.clips:
        dataset(path_of(column, "clips"), column, len(items))


def _fill(file: Any, schema: Schema, items: Sequence[Item]) -> None:
    offsets = file["offsets"][:]
    rows = [(column, file[path_of(column, "rows")]) for column in schema.rows]
    clips = [(column, file[path_of(column, "clips")]) for column in schema.clips]
    status, note = file["status"], file["note"]
    for i, item in enumerate(items):
        entry = item.load()
        status[i], note[i] = entry.status, entry.note
        if entry.status != "ok":
            continue
        if entry.length != item.length:
            raise StoreError(
                f"utterance {item.utterance!r} changed from {item.length} to {entry.length} rows while written"
            )
        for column, dataset in rows:
            _put(dataset, slice(offsets[i], offsets[i + 1]), entry.rows[column.name], column)
        for column, dataset in clips:
            dataset[i] = entry.clips[column.name]


def _put(dataset: Any, where: slice, cells: Any, column: Column) -> None:
    if where.start == where.stop:
        return
    if column.dtype == "bytes":
        for j, cell in enumerate(cells, start=where.start):
            dataset[j] = np.frombuffer(cell, np.uint8)
    else:
        dataset[where] = cells


class Store:
    """A store opened for reading; use `open_store`.

    Attributes
    ----------
    utterances, keys, statuses, notes
        ``(n,)`` lists.
    offsets
        ``(n + 1,)`` int64.
    """

    def __init__(self, file: Any, path: Path) -> None:
        self.file = file
        self.path = path
        self.offsets: NDArray[np.int64] = file["offsets"][:]
        self.utterances: list[str] = list(file["utterance"].asstr()[:])
        self.keys: list[str] = list(file["key"].asstr()[:])
        self.statuses: list[Status] = list(file["status"].asstr()[:])
        self.notes: list[str] = list(file["note"].asstr()[:])
        self._index = {name: i for i, name in enumerate(self.utterances)}

    def __len__(self) -> int:
        return len(self.utterances)

    def attribute(self, name: str) -> Any:
        """Return an attribute, JSON decoded where it is a list or mapping."""
        value = self.file.attrs[name]
        if isinstance(value, str) and value[:1] in ("{", "["):
            return json.loads(value)
        return value.item() if isinstance(value, np.generic) else value

    def index(self, utterance: str) -> int:
        """Return the position of an utterance; an unknown one raises `StoreError`."""
        if utterance not in self._index:
            raise StoreError(f"{self.path} holds no utterance {utterance!r}")
        return self._index[utterance]

    def rows(self, i: int, name: str = "values") -> Any:
        """Return utterance i's rows of one column: an array, or a list of str or bytes."""
        where = slice(self.offsets[i], self.offsets[i + 1])
        dataset = self.file[name if name in self.file else f"rows/{name}"]
        if dataset.dtype.kind != "O":
            return dataset[where]
        if dataset.dtype.metadata and dataset.dtype.metadata.get("vlen") is str:
            return list(dataset.asstr()[where])
        return [cell.tobytes() for cell in dataset[where]]

    def clip(self, i: int, name: str) -> Any:
        """Return utterance i's value of an utterance column."""
        dataset = self.file[name if name in self.file else f"clips/{name}"]
        return dataset.asstr()[i] if dataset.dtype.kind == "O" else dataset[i]

    def pooled(self) -> NDArray[np.float32]:
        """Return ``(n, p)`` float32, one vector an utterance, NaN where there is none; one read."""
        found: NDArray[np.float32] = self.file["pooled"][:]
        return found


@contextmanager
def open_store(path: Path) -> Iterator[Store]:
    """Open a store for reading.

    Raises
    ------
    StoreError
        If the file is missing, damaged, no store, or of another format version.
    """
    import h5py

    if not path.exists():
        raise StoreError(f"{path} does not exist: run the stage that writes it")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise StoreError(f"{path} is no readable HDF5 file ({error}): delete it and run its stage again") from error
    with file:
        if file.attrs.get("format") != FORMAT:
            raise StoreError(f"{path} is an HDF5 file, but no {FORMAT}")
        if (version := file.attrs["format_version"]) != FORMAT_VERSION:
            raise StoreError(
                f"{path} has store format {version}, this program reads format {FORMAT_VERSION}: "
                "delete it and run its stage again"
            )
        try:
            store = Store(file, path)
        except (KeyError, OSError, AttributeError) as error:
            raise StoreError(f"{path} is damaged ({error}): delete it and run its stage again") from error
        yield store


def feature_schema(width: int, pooled_width: int) -> Schema:
    """Return the columns of an extractor's store: d = `width` values a row, p = `pooled_width` an utterance."""
    rows = (Column("values", "f4", width), Column("times", "f8", 2))
    return Schema(rows, (Column("pooled", "f4", pooled_width),))


def describe(store: Store) -> Iterable[str]:
    """Yield lines that say what a store holds: attributes, status counts, columns."""
    for name in sorted(store.file.attrs):
        text = str(store.file.attrs[name])
        yield f"{name}: {text if len(text) <= 160 else text[:157] + '...'}"
    counts = {status: store.statuses.count(status) for status in STATUSES}
    yield f"utterances: {len(store)} (" + ", ".join(f"{n} {status}" for status, n in counts.items() if n) + ")"
    found: list[str] = []
    store.file.visititems(
        lambda name, item: found.append(f"{name} {item.shape} {item.dtype}") if hasattr(item, "shape") else None
    )
    yield from found
