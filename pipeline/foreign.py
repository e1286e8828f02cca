"""Safe reading of other people's data: text made safe for a terminal, HDF5 files whose links are not followed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

# A dataset may declare far more than the file holds: gzip packs zeros 1000 : 1, and chunks that were never written
# take no space.
HARMLESS = 256 << 20  # bytes; below this the ratio does not matter
RATIO = 200  # real features shrink by a factor of 1.1 to 20
MOST = 64 << 30  # bytes of one dataset; the largest published one (all of MOSEI's COVAREP) is smaller

# Control characters (C0, C1) except line end and tab, line and paragraph separators, overrides of the writing
# direction, halves of surrogate pairs.
_COMMANDS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return text that is safe on a terminal: control characters and overrides of text direction are escaped.

    They are escaped as in JSON, and so are line separators and lone surrogates. Line feeds, tabs, and the invisible
    joiners and marks that some scripts need are kept.

    >>> print(printable("größe " + chr(27) + "[2J " + chr(0x202E) + "txt"))
    größe \u001b[2J \u202etxt
    """
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: object, most: int | None = 160) -> str:
    r"""Return a text, or the message of an error, as one line that is safe on a terminal.

    Parameters
    ----------
    text
        The text or the error.
    most
        Maximum length in characters, beyond which the line is cut off; None for no limit.

    Examples
    --------
    >>> print(one_line("sad\nError: fake" + chr(27)))
    sad Error: fake\u001b
    """
    line = " ".join(printable(str(text).replace("\r\n", "\n")).split())
    return line if most is None or len(line) <= most else line[: most - 3] + "..."


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading; any fault of the file, even one that is met later, raises `UserError`.

    A fault that hangs the HDF5 library itself cannot be caught: of 6000 files with random bytes changed, one kept the
    library reading the text heap for ever.
    """
    import h5py

    if not path.is_file():
        raise UserError(f"{path} does not exist or is not a file: give the path of a .csd file")
    try:
        with h5py.File(path, "r") as file:
            yield file
    # h5py turns HDF5's own errors into these; a closed or damaged object is a ValueError or KeyError.
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError, OverflowError) as error:
        raise UserError(
            f"{path} is not a readable HDF5 file, or is damaged or cut off ({one_line(error)}): get or make it again"
        ) from error


def child(path: Path, group: Any, name: str, *, dataset: bool) -> Any:
    """Return the group or dataset `name` in a group; its data must be in this file itself.

    Raises
    ------
    UserError
        If the group has no such entry, or if the entry is a soft or external link (which could lead anywhere), is not
        of the wanted kind, or is a dataset that `check_dataset` refuses.
    """
    import h5py

    where = one_line(f"{group.name.strip('/')}/{name}".strip("/"))
    link = group.get(name, getlink=True)
    if link is None:
        raise UserError(
            f"{path} has no {where}, so it is not a computational sequence: give a file from the CMU-MultimodalSDK"
        )
    if not isinstance(link, h5py.HardLink):
        raise UserError(f"{path}: {where} is a link to somewhere else, which is not followed: store the data itself")
    found = group[name]
    if not isinstance(found, h5py.Dataset if dataset else h5py.Group):
        raise UserError(f"{path}: {where} is not a {'dataset' if dataset else 'group'}: write the file again")
    if dataset:
        check_dataset(path, where, found)
    return found


def check_dataset(path: Path, where: str, dataset: Any) -> None:
    """Raise `UserError` for a dataset that should not be read.

    Such a dataset has no value, is stored in other files, declares more than `MOST` bytes, or declares far more bytes
    than it stores.
    """
    if dataset.external:
        raise UserError(f"{path}: {where} is stored in another file, which is not opened: store the data itself")
    if dataset.is_virtual:
        raise UserError(f"{path}: {where} is composed of other files (virtual): store the data itself")
    if dataset.shape is None:
        raise UserError(f"{path}: {where} has no value: write the file again")
    declared, stored = declared_bytes(dataset), dataset.id.get_storage_size()
    if declared > MOST:
        raise UserError(f"{path}: {where} declares {declared >> 30} GiB, more than {MOST >> 30} GiB: split the file")
    refuse_ratio(f"{path}: {where}", declared, stored)


def declared_bytes(dataset: Any) -> int:
    """Return the least memory that reading a dataset takes, in bytes: its size, or that of a chunk if it is larger."""
    chunk = 1
    for side in dataset.chunks or ():
        chunk *= int(side)
    return max(int(dataset.size), chunk) * int(dataset.dtype.itemsize)


def refuse_ratio(what: str, declared: int, stored: int) -> None:
    """Raise `UserError` if data unpack to more than `HARMLESS` bytes and to more than `RATIO` times the stored size."""
    if declared > HARMLESS and declared > RATIO * stored:
        raise UserError(
            f"{what} declares {declared >> 20} MiB but holds {stored} bytes, like a file made to fill the memory: "
            "get it from somewhere else"
        )
