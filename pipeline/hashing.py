"""Content hashes of files, remembered between runs."""

import hashlib
import json
from contextlib import suppress
from errno import EINVAL
from pathlib import Path

from common.atomic import write_text
from pipeline.errors import refuse_pipe


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file's content; raise `UserError` for anything but a regular file."""
    refuse_pipe(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp_of(path: Path) -> list[int]:
    """Return a file's size, times, inode and device: at least one of them changes whenever the file does.

    The times include the change time (ctime), which differs even if a new file has the same size and modification
    time. A missing file raises OSError.
    """
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]


class HashMemo:
    """Content hashes keyed by path and stamp (see `stamp_of`), saved so that an unchanged file is hashed only once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = self._load()
        self._by_stamp = {tuple(known[1:]): str(known[0]) for known in self._known.values()}  # hard links are read once
        self._dirty = False

    def _load(self) -> dict[str, list[object]]:
        if not self.path.is_file():  # reading a named pipe would never end
            return {}
        try:
            found = json.loads(self.path.read_text())
            known: dict[str, list[object]] = found["files"]
            if found["digest"] == _digest(known):
                return known
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass  # the memo only saves time: without it every file is read again
        return {}

    def sha256(self, path: Path) -> str:
        """Return the hex sha256 of a file's content.

        A missing file raises OSError, and so does anything that is not a regular file: reading a pipe may never end.
        """
        if path.exists() and not path.is_file():
            raise OSError(EINVAL, "not a regular file", str(path))
        stamp = stamp_of(path)
        name = str(path.resolve())
        known = self._known.get(name)
        if known and known[1:] == stamp:
            return str(known[0])
        digest = self._by_stamp.get(tuple(stamp)) or sha256_of(path)
        self._by_stamp[tuple(stamp)] = digest
        self._known[name] = [digest, *stamp]
        self._dirty = True
        return digest

    def save(self) -> None:
        """Write the hashes to the file if any are new; do nothing if the folder is read-only."""
        if self._dirty:
            with suppress(OSError):  # the memo only saves time: a read-only folder can still be inspected
                write_text(self.path, json.dumps({"digest": _digest(self._known), "files": self._known}))


def _digest(known: dict[str, list[object]]) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
