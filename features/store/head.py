"""The head of a store: its first 2048 bytes, which are used to check the file before HDF5 reads it.

HDF5 ignores the beginning of a file (its *user block*), so plain h5py can still read a store. The head has a checksum
of everything except the large columns. It covers names, keys, statuses, texts, attributes, the digests of the cells,
and HDF5's own structures, in which a flipped bit can cause an endless loop. The large columns have one digest per
utterance, which is checked when the utterance is read. Every byte is thus checked before it is used, and no column is
read just to check it.
"""

import errno
import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from features.errors import StoreError
from features.store.schema import FORMAT, FORMAT_VERSION, IMPORTED

AGAIN = "run its stage again, or import it again if it was imported"
NOT_A_STORE = (
    "not a store of features or streams: name a file that a stage or an import has written. If a stage or an import "
    "has written this file, something has overwritten it since: run the stage again, or import it again"
)
HEAD = 2048  # bytes; HDF5 allows powers of two from 512 upwards
_DIGEST = 32
_CHUNK = 1 << 20
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MAGIC = f"{FORMAT}\n".encode()


@dataclass(frozen=True)
class Head:
    """What the first bytes of a store record about the rest of the file.

    Attributes
    ----------
    format_version
        Format version of the store.
    size
        Size of the file in bytes.
    columns
        For each large column, the position of its first byte, and the position after its last byte.
    rest
        sha256 of all bytes after the head that are not in a large column.
    content
        sha256 of the store's content, independent of how HDF5 lays it out.
    """

    format_version: int
    size: int
    columns: tuple[tuple[int, int], ...]
    rest: str
    content: str


def write_head(path: Path, columns: Sequence[tuple[int, int]], content: str) -> None:
    """Write the head of a file that HDF5 has closed."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        spans = tuple(sorted(columns))
        head = Head(FORMAT_VERSION, size, spans, _sha256(file, _outside(spans, size)), content)
        block = (_MAGIC + json.dumps(asdict(head)).encode()).ljust(HEAD - _DIGEST, b"\0")
        if len(block) != HEAD - _DIGEST:
            raise StoreError(f"{path} has too many columns ({len(spans)}) for a store")
        file.seek(0)
        file.write(block + hashlib.sha256(block).digest())


def read_head(path: Path) -> Head:
    """Return the head of a store, after checking its checksums; they are checked again only if the file changed.

    Raises
    ------
    StoreError
        If the file is missing, damaged, not a store, of a different format version, or locked by another program.
    """
    if not path.exists():
        raise StoreError(f"{path} does not exist: run the stage that writes it")
    if not path.is_file():
        raise StoreError(f"{path} is not a file: name a store, or move the folder away if a stage has to write there")
    stat = path.stat()
    return _read_head(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@lru_cache(maxsize=256)
def _read_head(path: Path, size: int, *_state: int) -> Head:
    with path.open("rb") as file:
        block = file.read(HEAD)
        _require_free(path, file)
        if block.startswith(_HDF5):
            return _older(path, size, file)
        if not block.startswith(_MAGIC):
            raise StoreError(f"{path} is {NOT_A_STORE}")
        head = _parsed(path, block)
        if head.size != size:
            raise StoreError(f"{path} is damaged (it has {size} bytes instead of {head.size}): {AGAIN}")
        if _sha256(file, _outside(head.columns, size)) != head.rest:
            raise StoreError(f"{path} is damaged, or was changed by another program: {AGAIN}")
    return head


def _parsed(path: Path, block: bytes) -> Head:
    if len(block) < HEAD or hashlib.sha256(block[:-_DIGEST]).digest() != block[-_DIGEST:]:
        raise StoreError(f"{path} is damaged (in its first {HEAD} bytes): {AGAIN}")
    found: dict[str, Any] = json.loads(block[len(_MAGIC) : -_DIGEST].rstrip(b"\0"))
    if (version := found.get("format_version")) != FORMAT_VERSION:
        raise StoreError(f"{path} has store format {version}, but this program reads format {FORMAT_VERSION}: {AGAIN}")
    return Head(**{**found, "columns": tuple((int(a), int(b)) for a, b in found["columns"])})


def _older(path: Path, size: int, file: BinaryIO) -> Head:
    """Return a head for an imported store of format 1, which has no digests and cannot be computed again.

    Raises
    ------
    StoreError
        If the file is any other HDF5 file without a head.
    """
    import h5py

    try:
        with h5py.File(path, "r", locking="best-effort") as opened:
            version, kind = opened.attrs.get("format_version"), opened.attrs.get("kind")
            own = opened.attrs.get("format") == FORMAT
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise StoreError(unopened(path, error)) from error
    if not own:
        raise StoreError(f"{path} is an HDF5 file, but {NOT_A_STORE}")
    if version != 1 or kind != IMPORTED:
        raise StoreError(f"{path} has store format {version}, but this program reads format {FORMAT_VERSION}: {AGAIN}")
    return Head(1, size, (), "", _sha256(file, iter([(0, size)])))


def _require_free(path: Path, file: BinaryIO) -> None:
    """Raise `StoreError` if another program has locked the file, which may then be unfinished."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreError(_held(path)) from None
    except OSError:
        return  # a file system without locks; HDF5 itself reports this if it needs locks


def _held(path: Path) -> str:
    return f"{path} is locked by another program, which may be changing it: wait until that program ends, or close it"


def unopened(path: Path, error: BaseException) -> str:
    """Return a sentence that says why HDF5 cannot open a file."""
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EACCES) and "lock" in str(error):
        return _held(path)
    if number in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
        return f"{path} is on a file system without locks: set HDF5_USE_FILE_LOCKING=FALSE and run the command again"
    return f"{path} is not a readable HDF5 file ({one_line(error)}): {AGAIN}"


def one_line(error: BaseException) -> str:
    """Return an error's message as one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())


def _outside(columns: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of bytes after the head that lie outside the columns."""
    at = HEAD
    for start, end in columns:
        yield at, start
        at = end
    yield at, size


def _sha256(file: BinaryIO, spans: Iterator[tuple[int, int]]) -> str:
    digest = hashlib.sha256()
    for start, end in spans:
        file.seek(start)
        while start < end and (part := file.read(min(_CHUNK, end - start))):
            digest.update(part)
            start += len(part)
    return digest.hexdigest()
