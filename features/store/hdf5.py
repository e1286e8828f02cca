"""Write an HDF5 file into disk space that is reserved in advance, so that HDF5 itself never runs into a full disk.

HDF5 does not recover from a failed write: it tries again when its objects are freed, which ends in tracebacks or a
crash. Disk space is therefore reserved before HDF5 writes into it, and enough to close the file always stays reserved.
What is left over is released at the end; the file has the same bytes as without reservation.
"""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Bytes: more than HDF5 ever allocates at once for itself. Heaps of texts grow by up to 32 KiB, other structures by
# less.
SLACK = 1 << 16
_STEP = 1 << 22  # bytes reserved in advance if that many are free
REFERENCE = 16  # bytes of a text cell in its column; the text itself is in a heap
_TEXT_OVERHEAD, _HALF_HEAP = REFERENCE + 24, 2032  # bytes: reference, header and padding of a text; half a heap
_CANNOT = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)  # errors from file systems that cannot reserve space


class Room:
    """The disk space that is reserved for a file while HDF5 writes it."""

    def __init__(self, file: Any) -> None:
        self._id, self._descriptor, self._end = file.id, file.id.get_vfd_handle(), 0

    def ahead(self, size: int) -> None:
        """Reserve space for the next `size` bytes of data, and for what HDF5 itself adds.

        Raises
        ------
        OSError
            If the disk is full, or the file may not become that large. Enough to close the file stays reserved.
        """
        needed = self._id.get_filesize() + SLACK + size
        if needed > self._end:
            try:
                _set_aside(self._descriptor, self._end, needed + _STEP)
                self._end = needed + _STEP
            except OSError:  # less may suffice
                _set_aside(self._descriptor, self._end, needed)
                self._end = needed


def room_for_texts(texts: Iterable[str | bytes]) -> int:
    """Return an upper limit for the number of bytes that texts need in the file.

    HDF5 stores texts in heaps of 4096 bytes and leaves the end of a heap empty if the next text does not fit. If each
    text is slightly larger than half a heap, almost half of the space thus stays empty.
    """
    sizes = (
        _TEXT_OVERHEAD + len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text) for text in texts
    )
    return sum(size + min(size, size * size // _HALF_HEAP) for size in sizes)


def _set_aside(descriptor: int, start: int, end: int) -> None:
    try:
        os.posix_fallocate(descriptor, start, end - start)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


@contextmanager
def writing_hdf5(path: Path, **options: Any) -> Iterator[tuple[Any, Room]]:
    """Yield a new HDF5 file, and its `Room`, in which space must be reserved before each write.

    Parameters
    ----------
    path
        A temporary file made by `common.atomic.replacing`, which keeps it locked.
    **options
        Options of `h5py.File`.

    Raises
    ------
    OSError
        If the disk is full or fails otherwise.
    """
    import h5py

    with path.open("ab") as empty:
        _set_aside(empty.fileno(), 0, SLACK)  # without this, HDF5 could not even close the file
    with _errors_of_the_disk(path):
        with h5py.File(path, "w", locking=False, **options) as file:
            room = Room(file)
            room.ahead(0)
            yield file, room
            file.flush()
            size = file.id.get_filesize()
        os.truncate(path, size)


@contextmanager
def _errors_of_the_disk(path: Path) -> Iterator[None]:
    """Turn h5py's exceptions for a failing disk, such as a `RuntimeError` on closing, into a readable `OSError`."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = re.search(r"errno = (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error
