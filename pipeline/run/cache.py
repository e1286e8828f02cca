"""The clip cache: one small checksummed file per utterance, step and key.

A key is the hash of everything that a result depends on (`pipeline.run.keys`), so an entry is never out of date. A file
is written to a temporary name and then renamed. If a file is damaged, or stored under the wrong key, its checksum does
not match, and the result is computed again.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common.atomic import write_bytes
from features.store import Entry, Status

_MAGIC = b"crossmodal clip 2\n"
_DIGEST = 32
_START = len(_MAGIC) + _DIGEST  # where the payload begins: the size of its header in 8 bytes, the header, arrays
_META = "__metadata__"
_BLOCK = 4096  # bytes that are read first; few headers are larger


@dataclass(frozen=True)
class Outline:
    """What the header of an entry says: status, number of rows, note and device."""

    status: Status
    length: int
    note: str
    device: str


class ClipCache:
    """Entries of one step, written under ``root/step/``.

    An entry with the same key under a different step is read, too: an extractor's instance may have been renamed.
    """

    def __init__(self, root: Path, step: str) -> None:
        self.folder = root.resolve() / step
        self._folder = str(self.folder)
        self._others: list[str] | None = None  # folders of the other steps, listed when an entry is first missing

    def path(self, key: str) -> Path:
        """Return the file to which the entry of a key is written."""
        return Path(_path(self._folder, key))

    def _found(self, key: str) -> str | None:
        """Return the path of a key's file: in this step, or else in any other step; None if no step has the file."""
        path = _path(self._folder, key)
        if os.path.isfile(path):  # noqa: PTH113 (called for every clip)
            return path
        if self._others is None:
            folders = self.folder.parent.glob("*/")
            self._others = [str(folder) for folder in folders if folder != self.folder]
        elsewhere = (_path(folder, key) for folder in self._others)
        return next(filter(os.path.isfile, elsewhere), None)

    def put(self, key: str, entry: Entry) -> None:
        """Store an entry atomically: either all of it is on disk afterwards, or nothing."""
        payload = _encode(entry)
        write_bytes(self.path(key), _MAGIC + _digest(key, payload) + payload)

    def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None if there is none or its file is damaged."""
        path = self._found(key)
        if path is None:
            return None
        try:
            with open(path, "rb") as file:  # noqa: PTH123 (as above)
                head = file.read(_START)
                payload = file.read()
        except FileNotFoundError:  # deleted in the meantime
            return None
        if not head.startswith(_MAGIC) or _digest(key, payload) != head[len(_MAGIC) :]:
            return None
        return _decode(payload)

    def outline(self, key: str) -> Outline | None:
        """Return what the header of a key's entry says; None if there is no entry or its header cannot be read.

        The checksum is not tested, so the file may be damaged or belong to a different key: read the entry with `get`
        before you use it.
        """
        path = self._found(key)
        if path is None:
            return None
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (as above)
                head = file.read(_BLOCK)
                size = int.from_bytes(head[_START : _START + 8], "little")
                while len(head) < _START + 8 + size and (more := file.read(_START + 8 + size - len(head))):
                    head += more
                found = json.loads(head[_START + 8 : _START + 8 + size])
                whole = (
                    _START + 8 + size + max((a["data_offsets"][1] for n, a in found.items() if n != _META), default=0)
                )
                if not head.startswith(_MAGIC) or os.fstat(file.fileno()).st_size != whole:
                    return None
            header = json.loads(found[_META]["entry"])
            values = found.get("rows/values") or found.get("rows/values:lengths")
            length = int(values["shape"][0]) if values and header["status"] == "ok" else 0
            return Outline(header["status"], length, header["note"], header.get("device", ""))
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, MemoryError):
            return None

    def written(self, key: str) -> Entry | None:
        """Return the entry of a key that a worker has just stored, perhaps on another host; None if `get` finds none.

        On a network file system, a host that has looked for a file before it existed may not see it for up to a minute
        after it was written, unless the host lists the folder.
        """
        entry = self.get(key)
        if entry is None:
            for folder in (self.folder, self.path(key).parent):
                with suppress(FileNotFoundError):
                    list(folder.iterdir())
            entry = self.get(key)
        return entry

    def exists(self, key: str) -> bool:
        """Whether the file of a key exists, damaged or not."""
        return self._found(key) is not None


def _path(folder: str, key: str) -> str:
    return os.path.join(folder, key[:2], f"{key}.clip")  # noqa: PTH118 (called for every clip)


def _digest(key: str, payload: bytes) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(payload)
    return digest.digest()


def _encode(entry: Entry) -> bytes:
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray[Any, Any]] = {}
    texts: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for group, columns in (("rows", entry.rows), ("clips", entry.clips)):
        for name, cells in columns.items():
            where = f"{group}/{name}"
            if isinstance(cells, str):
                texts[where] = cells
            elif isinstance(cells, list):
                kinds[where] = "str" if cells and isinstance(cells[0], str) else "bytes"
                blobs = [cell.encode() if isinstance(cell, str) else cell for cell in cells]
                arrays[f"{where}:bytes"] = np.frombuffer(b"".join(blobs), np.uint8)
                arrays[f"{where}:lengths"] = np.array([len(blob) for blob in blobs], np.int64)
            else:
                arrays[where] = np.ascontiguousarray(cells)
    header = {"status": entry.status, "note": entry.note, "texts": texts, "kinds": kinds}
    header |= {"device": entry.device} if entry.device else {}
    return save(arrays, metadata={"entry": json.dumps(header)})


def _decode(payload: bytes) -> Entry:
    from safetensors.numpy import load

    length = int.from_bytes(payload[:8], "little")
    header = json.loads(json.loads(payload[8 : 8 + length])[_META]["entry"])
    columns: dict[str, dict[str, Any]] = {"rows": {}, "clips": {}}
    for where, text in header["texts"].items():
        group, name = where.split("/")
        columns[group][name] = text
    arrays = load(payload)
    for where, array in arrays.items():
        group, name = where.split("/")
        name, _, part = name.partition(":")
        if not part:
            columns[group][name] = array
        elif part == "lengths":
            blobs = _split(arrays[f"{group}/{name}:bytes"].tobytes(), array)
            columns[group][name] = [b.decode() for b in blobs] if header["kinds"][f"{group}/{name}"] == "str" else blobs
    return Entry(header["status"], header["note"], columns["rows"], columns["clips"], header.get("device", ""))


def _split(joined: bytes, lengths: np.ndarray[Any, Any]) -> list[bytes]:
    ends = np.cumsum(lengths)
    return [joined[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def garbage(root: Path, used: set[str]) -> list[Path]:
    """Return the cache files whose key is not in `used`; links are not followed."""
    steps = [step for step in sorted(root.glob("*")) if step.is_dir() and not step.is_symlink()]
    heads = [head for step in steps for head in sorted(step.glob("??")) if not head.is_symlink()]
    found = [path for head in heads for path in sorted(head.glob("*.clip"))]
    return [
        path for path in found if path.is_file() and path.stem.startswith(path.parent.name) and path.stem not in used
    ]
