"""Read a store, and check the digests of all data before returning them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import StoreError
from features.store.head import AGAIN, Head, one_line, read_head, unopened
from features.store.schema import DIGEST, FORMAT_VERSION, IMPORTED, WHOLE, Array, Status, digest_of

# Exceptions that h5py raises for HDF5's errors.
_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError)

_TEXT = 16  # bytes of a text's reference in a dataset of texts
_EMPTY = 4 << 30  # bytes that a column may declare without storing any; none are stored if no utterance is ok


class Store:
    """A store opened for reading; use `open_store`.

    Attributes
    ----------
    path
        Path of the file.
    digest
        sha256 of the store's content.
    checked
        Whether the store has digests, which are checked on reading; imported stores of format 1 have none.
    """

    def __init__(self, file: Any, path: Path, head: Head) -> None:
        self.file = file
        self.path = path
        self.digest = head.content
        self.checked = head.format_version == FORMAT_VERSION
        self._datasets: dict[str, Any] = {}
        self._digests: dict[str, NDArray[np.uint8]] = {}

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """``(n + 1,)`` int64: utterance i owns the rows from offset i to offset i + 1."""
        found: NDArray[np.int64] = self._read("offsets", slice(None))
        return found

    @cached_property
    def utterances(self) -> list[str]:
        """``(n,)`` names of the utterances."""
        return list(self._read("utterance", slice(None)))

    @cached_property
    def keys(self) -> list[str]:
        """``(n,)`` cache keys of the utterances."""
        return list(self._read("key", slice(None)))

    @cached_property
    def statuses(self) -> list[Status]:
        """``(n,)`` statuses of the utterances."""
        return list(self._read("status", slice(None)))

    @cached_property
    def notes(self) -> list[str]:
        """``(n,)`` notes: the reason if the status is not ``ok``, otherwise a remark, which may be empty."""
        return list(self._read("note", slice(None)))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Paths in the file of all columns that have digests."""
        return self._below("digests")

    @cached_property
    def _of_bytes(self) -> tuple[str, ...]:
        return self._below("cells")

    def _below(self, group: str) -> tuple[str, ...]:
        found: list[str] = []
        if group in self.file:
            self.file[group].visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
        return tuple(found)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.utterances)}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def attribute(self, name: str) -> Any:
        """Return an attribute; lists and mappings are decoded from JSON."""
        value = self.file.attrs[name]
        if isinstance(value, str) and value[:1] in ("{", "["):
            return json.loads(value)
        return value.item() if isinstance(value, np.generic) else value

    def index(self, utterance: str) -> int:
        """Return the position of an utterance; raise `StoreError` if the store does not contain it."""
        if utterance not in self._index:
            raise StoreError(f"{self.path} holds no utterance {utterance!r}")
        return self._index[utterance]

    def rows(self, i: int, name: str = "values") -> Any:
        """Return utterance i's rows of a column, an array or a list of str or bytes; raise `StoreError` if damaged."""
        where = self._where(name, "rows")
        cells = self._read(where, slice(int(self.offsets[i]), int(self.offsets[i + 1])))
        self._check(where, i, cells)
        return cells

    def clip(self, i: int, name: str) -> Any:
        """Return the value of utterance i in the column `name`, which has one cell per utterance.

        Raises
        ------
        StoreError
            If the value is damaged.
        """
        where = self._where(name, "clips")
        cell = self._read(where, i)
        self._check(where, i, cell)
        return cell

    def pooled(self) -> NDArray[np.float32]:
        """Read all pooled vectors in one go: ``(n, p)`` float32, with NaN for utterances without features."""
        found: NDArray[np.float32] = self._read("pooled", slice(None))
        self._check_all("pooled", found, range(len(self) + 1))
        return found

    def all_rows(self, name: str = "values") -> Array:
        """Read a whole numeric column in one go: ``(rows, ...)``, the rows of all utterances."""
        where = self._where(name, "rows")
        found: Array = self._read(where, slice(None))
        self._check_all(where, found, self.offsets.tolist())
        return found

    def digest_of(self, i: int) -> str:
        """Return the digests of all columns of utterance i as one text; empty if the store has no digests."""
        return "".join(self._expected(where)[i].tobytes().hex() for where in self.columns)

    def cells(self, name: str) -> list[str]:
        """Return one digest per utterance: that of its rows in the column `name`.

        Utterances with the same rows have the same digest.
        """
        return [row.tobytes().hex() for row in self._expected(self._where(name, "rows"))]

    def damage(self) -> Iterator[str]:
        """Read all columns that have digests, and yield a sentence for each damaged part."""
        for where in self.columns:
            own = where.rpartition("/")[2]
            read = self.clip if self._per_utterance(where) else self.rows
            for i in range(len(self)):
                try:
                    read(i, own)
                except StoreError as error:
                    yield str(error)

    def _per_utterance(self, where: str) -> bool:
        return where == "pooled" or where.startswith("clips/")

    def _where(self, name: str, group: str) -> str:
        return name if name in ("values", "times", "pooled") else f"{group}/{name}"

    def _read(self, where: str, which: slice | int) -> Any:
        """Read one row or a range of rows of a dataset.

        Numbers are returned as an array, texts as one str or a list of str, and bytes as a list with one item per row.
        """
        try:
            if where in self._of_bytes:
                return self._bytes(where, which)
            dataset = self._dataset(where)
            cells = dataset.asstr()[which] if dataset.dtype.kind == "O" else dataset[which]
        except _ERRORS as error:
            raise StoreError(f"{self.path}: {where} cannot be read ({one_line(error)}): {AGAIN}") from error
        return list(cells) if dataset.dtype.kind == "O" and isinstance(which, slice) else cells

    def _bytes(self, where: str, which: Any) -> list[bytes]:
        ends = self._dataset(f"cells/{where}")[which.start : which.stop + 1].tolist()
        blob = self._dataset(where)[ends[0] : ends[-1]].tobytes()
        return [blob[start - ends[0] : end - ends[0]] for start, end in pairwise(ends)]

    def _dataset(self, where: str) -> Any:
        if where not in self._datasets:
            self._datasets[where] = _dataset_in(self.file, where)
        return self._datasets[where]

    def _expected(self, where: str) -> NDArray[np.uint8]:
        if where not in self._digests:
            found = self._read(f"digests/{where}", slice(None))
            if found.shape != (len(self), DIGEST):
                raise StoreError(
                    f"{self.path} is damaged (digests/{where} has the wrong shape, {found.shape}): {AGAIN}"
                )
            self._digests[where] = found
        return self._digests[where]

    def _check_all(self, where: str, cells: Array, offsets: Sequence[int]) -> None:
        """Check a whole column with one hash; if the hash is wrong, check each utterance to name the damaged one."""
        if not self.checked or digest_of(cells) == self._whole(where):
            return
        for i, (start, end) in enumerate(pairwise(offsets)):
            self._check(where, i, cells[start] if self._per_utterance(where) else cells[start:end])
        raise StoreError(f"{self.path} is damaged (the dataset `{where}` differs from what was written): {AGAIN}")

    def _whole(self, where: str) -> bytes:
        try:
            return bytes(self._dataset(f"digests/{where}").attrs[WHOLE].tobytes())
        except _ERRORS as error:
            raise StoreError(f"{self.path}: digests/{where} cannot be read ({one_line(error)}): {AGAIN}") from error

    def _check(self, where: str, i: int, cells: Any) -> None:
        if self.checked and digest_of(cells) != self._expected(where)[i].tobytes():
            what = f"`{where}` of {self.utterances[i]!r}"
            raise StoreError(f"{self.path} is damaged ({what} differs from what was written): {AGAIN}")


def _dataset_in(file: Any, where: str) -> Any:
    """Return a dataset that is stored completely in this file, with as many bytes as it declares.

    Raises
    ------
    ValueError
        If the dataset is missing, is a link, is stored in chunks or in a different file, or does not hold as many bytes
        as it declares. A dataset that declares at most `_EMPTY` bytes may hold none.
    """
    import h5py

    parts = where.split("/")
    for i in range(len(parts)):
        if not isinstance(file.get("/".join(parts[: i + 1]), getlink=True), h5py.HardLink):
            raise ValueError(f"{where} is missing, or is a link")
    dataset = file[where]
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual or dataset.chunks:
        raise ValueError(f"{where} is not a contiguous dataset")
    cell = _TEXT if dataset.dtype.kind == "O" else dataset.dtype.itemsize
    declared, stored = int(dataset.size or 0) * cell, dataset.id.get_storage_size()
    if stored != declared and (stored or declared > _EMPTY):
        raise ValueError(f"{where} declares {declared} bytes, but holds {stored}")
    return dataset


@contextmanager
def open_store(path: Path) -> Iterator[Store]:
    """Open a store for reading.

    Raises
    ------
    StoreError
        If the file is missing, damaged, not a store, of a different format version, or locked by another program.
    """
    import h5py

    head = read_head(path)
    try:
        file = h5py.File(path, "r", locking="best-effort")
    except _ERRORS as error:
        raise StoreError(unopened(path, error)) from error
    with file:
        yield Store(file, path, head)


def is_imported(path: Path) -> bool:
    """Whether a store holds imported features, which no stage can compute again; False if there is no file."""
    if not path.exists():
        return False
    with open_store(path) as store:
        return bool(store.attribute("kind") == IMPORTED)
