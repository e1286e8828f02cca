"""Write a store, one block of utterances at a time, with a digest of each utterance's data in each column.

The head is written last.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.atomic import replacing
from features.errors import StoreError
from features.store.hdf5 import REFERENCE, Room, room_for_texts, writing_hdf5
from features.store.head import HEAD, write_head
from features.store.schema import DIGEST, FORMAT, FORMAT_VERSION, WHOLE, Column, Entry, Item, Schema, digest_of, path_of

_BLOCK = 1 << 18  # bytes that are written at once: a call of HDF5 costs as much as 50 kB
_MOST = 1 << 11  # utterances that are written at once


def write_store(path: Path, schema: Schema, attributes: Mapping[str, Any], items: Sequence[Item]) -> None:
    """Write a store under a temporary name, with one block of utterances in memory at a time, and rename it.

    Parameters
    ----------
    path
        The file to write; its folder is created.
    schema
        Columns of the store.
    attributes
        Name, version, config, feature names and the like; mappings and lists are written as JSON.
    items
        The utterances in order; each is loaded twice if a row column holds bytes.
    """
    with replacing(path) as temporary:
        fill_store(temporary, schema, attributes, items)


def fill_store(path: Path, schema: Schema, attributes: Mapping[str, Any], items: Sequence[Item]) -> None:
    """Write a store, as `write_store` does, into a temporary file that `common.atomic.replacing` made."""
    with writing_hdf5(path, userblock_size=HEAD) as (file, room):
        writer = _Writer(file, room, schema, items)
        content = writer.fill(_write_attributes(file, room, attributes))
        columns = writer.spans()
    write_head(path, columns, content)


def _write_attributes(file: Any, room: Room, attributes: Mapping[str, Any]) -> str:
    """Write the store's attributes into the file, and return them as one JSON text."""
    whole = {"format": FORMAT, "format_version": FORMAT_VERSION, **attributes}
    for name, value in whole.items():
        cell = value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)
        room.ahead(room_for_texts([name, str(cell)]))
        file.attrs[name] = cell
    return json.dumps(whole, sort_keys=True, default=list)


class _Writer:
    """The datasets of a store that is being written."""

    def __init__(self, file: Any, room: Room, schema: Schema, items: Sequence[Item]) -> None:
        self.file, self.room, self.schema, self.items = file, room, schema, items
        self.offsets = np.concatenate([[0], np.cumsum([i.length for i in items], dtype=np.int64)]).astype(np.int64)
        sizes = _sizes(schema, items)
        self._ends = {name: [0] for name in sizes}  # column of bytes -> end of each cell so far
        self._digests: dict[str, list[bytes]] = {}
        self._whole: dict[str, Any] = {}  # running hash of all numbers of a column
        self._datasets: dict[str, Any] = {}
        self._due: dict[str, int] = {}  # bytes that HDF5 lays out when it first writes into a column
        self._block: list[Entry] = []  # utterances that are still to be written, and the position of the first one
        self._first, self._size = 0, 0
        self._array("offsets", self.offsets)
        self._texts("utterance", [item.utterance for item in items])
        self._texts("key", [item.key for item in items])
        for column in schema.rows:
            self._create(path_of(column, "rows"), column, sizes.get(column.name, int(self.offsets[-1])))
        for column in schema.clips:
            self._create(path_of(column, "clips"), column, len(items))

    def _texts(self, where: str, cells: Sequence[str]) -> None:
        import h5py

        self.room.ahead(room_for_texts(cells))
        self.file[where] = np.array(cells, dtype=h5py.string_dtype())

    def _array(self, where: str, cells: NDArray[Any]) -> None:
        self.room.ahead(cells.nbytes)
        self.file[where] = cells

    def _create(self, where: str, column: Column, length: int) -> None:
        import h5py
        import xxhash

        self.room.ahead(0)
        self._digests[where], self._whole[where] = [], xxhash.xxh3_128()
        if column.dtype == "str":
            made = self.file.create_dataset(where, (length,), h5py.string_dtype())
        elif column.dtype == "bytes":
            made = self.file.create_dataset(where, (length,), "u1")
        else:
            shape = (length, column.width) if column.width else (length,)
            made = self.file.create_dataset(where, shape, column.dtype, fillvalue=column.fill)
        cell = REFERENCE if made.dtype.kind == "O" else made.dtype.itemsize
        self._datasets[where], self._due[where] = made, cell * made.size

    def fill(self, attributes: str) -> str:
        """Write every utterance; return the sha256 of the store's content."""
        content = hashlib.sha256(attributes.encode("utf-8", "surrogateescape"))
        content.update(json.dumps([astuple(column) for column in (*self.schema.rows, *self.schema.clips)]).encode())
        statuses: list[tuple[str, str]] = []
        for item in self.items:
            entry = item.load()
            if entry.length != item.length:
                raise StoreError(
                    f"utterance {item.utterance!r} changed from {item.length} to {entry.length} rows during writing: "
                    "run the command again"
                )
            statuses.append((entry.status, entry.note))
            digests = [self._noted(where, cells) for where, cells in self._cells(entry)]
            names = [item.utterance, item.key, entry.status, entry.note, entry.length]
            content.update(json.dumps(names).encode() + b"".join(digests))
            self._add(entry)
        self._write_block()
        self._texts("status", [status for status, _ in statuses])
        self._texts("note", [note for _, note in statuses])
        for where, found in self._digests.items():
            cells = np.frombuffer(b"".join(found), np.uint8).reshape(-1, DIGEST)
            self.room.ahead(cells.nbytes)
            made = self.file.create_dataset(f"digests/{where}", data=cells)
            made.attrs[WHOLE] = np.frombuffer(self._whole[where].digest(), np.uint8)
        for column in self.schema.rows:
            if column.name in self._ends:
                self._array(f"cells/{path_of(column, 'rows')}", np.array(self._ends[column.name], np.int64))
        return content.hexdigest()

    def _cells(self, entry: Entry) -> Iterator[tuple[str, Any]]:
        """Yield the path and the cells of each column of an utterance, in the type of the column."""
        ok = entry.status == "ok"
        for column in self.schema.rows:
            rows: Any = entry.rows[column.name] if ok else _no_rows(column)
            yield path_of(column, "rows"), rows if column.is_text else np.asarray(rows, column.dtype)
        for column in self.schema.clips:
            yield path_of(column, "clips"), _clip_cell(column, entry)

    def _add(self, entry: Entry) -> None:
        """Add an utterance to the block, and write the block once it has enough bytes or utterances."""
        self._block.append(entry)
        if entry.status == "ok":
            self._size += sum(map(_bytes_of, entry.rows.values()))
        if self._size >= _BLOCK or len(self._block) >= _MOST:
            self._write_block()

    def _write_block(self) -> None:
        """Write the columns of all utterances of the block."""
        block, self._block, self._size = self._block, [], 0
        at = slice(self._first, self._first + len(block))
        self._first = at.stop
        done = [entry for entry in block if entry.status == "ok"]
        if not done:
            return
        self._make_room(done)
        rows = slice(self.offsets[at.start], self.offsets[at.stop])
        for column in self.schema.rows:
            found: list[Any] = [entry.rows[column.name] for entry in done]
            if column.dtype == "bytes":
                self._put_bytes(column, [cell for cells in found for cell in cells])
            elif rows.stop > rows.start and column.dtype == "str":
                self._datasets[path_of(column, "rows")][rows] = np.array(
                    [cell for cells in found for cell in cells], object
                )
            elif rows.stop > rows.start:
                self._datasets[path_of(column, "rows")][rows] = np.concatenate(
                    [np.asarray(cells, column.dtype).reshape(-1, *_width(column)) for cells in found]
                )
        for column in self.schema.clips:
            cells = [_clip_cell(column, entry) for entry in block]
            self._datasets[path_of(column, "clips")][at] = (
                np.array(cells, object) if column.is_text else np.stack(cells)
            )

    def _make_room(self, entries: Sequence[Entry]) -> None:
        """Reserve space for the texts of utterances, and for the columns that are still empty."""
        self._due = {
            where: size for where, size in self._due.items() if not self._datasets[where].id.get_storage_size()
        }
        rows = [column.name for column in self.schema.rows if column.dtype == "str"]
        clips = [column.name for column in self.schema.clips if column.dtype == "str"]
        texts = [text for entry in entries for name in rows for text in entry.rows[name]]
        texts += [str(entry.clips[name]) for entry in entries for name in clips]
        self.room.ahead(sum(self._due.values()) + room_for_texts(texts))

    def _put_bytes(self, column: Column, cells: Sequence[bytes]) -> None:
        ends, dataset = self._ends[column.name], self._datasets[path_of(column, "rows")]
        first, blob = ends[-1], b"".join(cells)
        if first + len(blob) > len(dataset):
            raise StoreError(f"the column {column.name} grew while it was written: run the command again")
        if blob:
            dataset[first : first + len(blob)] = np.frombuffer(blob, np.uint8)
        ends += (first + np.cumsum([len(cell) for cell in cells], dtype=np.int64)).tolist()

    def _noted(self, where: str, cells: Any) -> bytes:
        digest = digest_of(cells)
        self._digests[where].append(digest)
        if isinstance(cells, np.ndarray):
            self._whole[where].update(np.ascontiguousarray(cells))
        return digest

    def spans(self) -> list[tuple[int, int]]:
        """Return the spans of bytes in the file that hold columns of numbers or bytes."""
        columns = [made.id for made in self._datasets.values() if made.dtype.kind != "O"]
        found = [(column.get_offset(), column.get_storage_size()) for column in columns]
        return [(start, start + size) for start, size in found if size]


def _no_rows(column: Column) -> Any:
    return [] if column.dtype in ("str", "bytes") else np.zeros((0, column.width) if column.width else 0, column.dtype)


def _clip_cell(column: Column, entry: Entry) -> Any:
    """Return an utterance's cell in a column with one cell per utterance, as the column's type."""
    cell = entry.clips[column.name] if entry.status == "ok" else column.nothing
    return cell if column.dtype == "str" else np.asarray(cell, column.dtype).reshape(_width(column))


def _width(column: Column) -> tuple[int, ...]:
    return (column.width,) if column.width else ()


def _bytes_of(cells: Any) -> int:
    return cells.nbytes if isinstance(cells, np.ndarray) else REFERENCE * len(cells) + sum(map(len, cells))


def _sizes(schema: Schema, items: Sequence[Item]) -> dict[str, int]:
    """Return the total size of each column of bytes; if there are such columns, every utterance is loaded."""
    names = [column.name for column in schema.rows if column.dtype == "bytes"]
    sizes = dict.fromkeys(names, 0)
    for item in items if names else ():
        entry = item.load()
        for name in names if entry.status == "ok" else ():
            sizes[name] += sum(map(len, entry.rows[name]))
    return sizes
