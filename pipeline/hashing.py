"""Content hashes of files, remembered between runs."""

import hashlib
import json
from contextlib import suppress
from errno import EINVAL
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from common.atomic import write_text
from pipeline.errors import refuse_pipe


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file's content; raise `UserError` for anything but a regular file."""
    refuse_pipe(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp_of(path: Path) -> str:
    """Return a file's size, times, inode and device: at least one of them changes whenever the file does.

    The times include the change time (ctime), which differs even if a new file has the same size and modification
    time. A missing file raises OSError.
    """
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino} {stat.st_dev}"


class Content(NamedTuple):
    """The hex sha256 of a file's content, and the file's stamp (see `stamp_of`) from just before it was read."""

    sha256: str
    stamp: str


UNKNOWN = Content("", "")  # of a file that was not read


class HashMemo:
    """Content hashes keyed by path and stamp (see `stamp_of`), saved so that an unchanged file is hashed only once.

    The saved file has two lines: the sha256 of the second line, and a JSON object, in which the value of each path is
    its hash and its stamp, separated by a space. It is read when the first hash is asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._dirty = False

    @cached_property
    def _known(self) -> dict[str, str]:
        """The hash and stamp of each path; empty if there is no file, or if it is damaged."""
        if not self.path.is_file():  # reading a named pipe would never end
            return {}
        try:
            digest, _, text = self.path.read_bytes().partition(b"\n")
            if digest.decode() == hashlib.sha256(text).hexdigest():
                known: dict[str, str] = json.loads(text)
                return known
        except (OSError, ValueError):
            pass  # the memo only saves time: without it every file is read again
        return {}

    @cached_property
    def _by_stamp(self) -> dict[str, str]:
        """The hash of each stamp: a hard link to a known file is not read."""
        return {stamp: digest for digest, _, stamp in (known.partition(" ") for known in self._known.values())}

    def sha256(self, path: Path) -> str:
        """Return the hex sha256 of a file's content; the errors are those of `content`."""
        return self.content(path).sha256

    def content(self, path: Path) -> Content:
        """Return the hash of a file's content, and the file's stamp.

        A missing file raises OSError, and so does anything that is not a regular file: reading a pipe may never end.
        """
        if path.exists() and not path.is_file():
            raise OSError(EINVAL, "not a regular file", str(path))
        stamp = stamp_of(path)
        name = str(path.resolve())
        digest, _, known = self._known.get(name, "").partition(" ")
        if known != stamp:
            digest = self._by_stamp.get(stamp) or sha256_of(path)
            self._by_stamp[stamp] = digest
            self._known[name] = f"{digest} {stamp}"
            self._dirty = True
        return Content(digest, stamp)

    def save(self) -> None:
        """Write the hashes to the file if any are new; do nothing if the folder is read-only."""
        if self._dirty:
            with suppress(OSError):  # the memo only saves time: a read-only folder can still be inspected
                text = json.dumps(self._known)
                write_text(self.path, f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
