"""Write files and folders completely or not at all: each is written under a temporary name and renamed at the end.

The temporary name is random and must not exist yet, so a symbolic link of that name is never followed. The file stays
locked while it is being written: a temporary file without a lock was left behind by a killed run, and `leftovers` finds
it.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from common.signals import delayed

_MOST = 40  # maximum number of characters of the target's name in a temporary name: file systems allow 255 bytes
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
# A temporary name: the target's name, 16 hexadecimal digits, and `partial` for a new file or `old` for a replaced one.
TEMPORARY = r"\.(?P<name>.+)\.[0-9a-f]{16}\.(?P<what>partial|old)"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a new, empty file. If the block succeeds, the file replaces `path`; otherwise it is removed.

    If an `OSError` in the block names the temporary file or no file, it is changed to name `path`.

    Parameters
    ----------
    path
        The file; its folder is created.
    """
    with replacing_all([path]) as (temporary,):
        yield temporary


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield a new, empty file for each path. If the block succeeds, the files replace the paths, in order.

    If the block raises an exception, all new files are removed. While the files are renamed into place, Ctrl-C, SIGTERM
    and SIGHUP are delayed.
    """
    made: list[tuple[Path, int]] = []
    try:
        for path in paths:
            with named(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                made.append(_new_file(path))
        with _named_any({temporary: path for (temporary, _), path in zip(made, paths, strict=True)}):
            yield [temporary for temporary, _ in made]
            with delayed(*_ENDING):
                for (temporary, _), path in zip(made, paths, strict=True):
                    temporary.replace(path)
    finally:
        for temporary, held in made:
            temporary.unlink(missing_ok=True)
            os.close(held)


@contextmanager
def replacing_folder(path: Path, ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield a new, empty folder. If the block succeeds, the new folder replaces `path`; otherwise it is removed.

    If an `OSError` in the block names no file, it is changed to name `path`.

    Parameters
    ----------
    path
        The folder; its previous content is deleted.
    ours
        Function that returns whether this program wrote a given file in the folder, so that it may be deleted.

    Raises
    ------
    FileExistsError
        If the folder at `path` holds anything that this program did not write. This is checked before the block, and
        again after it.
    """
    _refuse_what_others_wrote(path, ours)
    path.parent.mkdir(parents=True, exist_ok=True)
    with named(path), scratch_folder(path.parent, f".{path.name[:_MOST]}.", ".partial") as temporary:
        yield temporary
        with delayed(*_ENDING):
            old = temporary.with_suffix(".old")
            _refuse_what_others_wrote(path, ours)
            if path.exists():
                path.rename(old)
            try:
                temporary.rename(path)
            except OSError:
                if old.exists():
                    old.rename(path)
                raise
        shutil.rmtree(old, ignore_errors=True)


def _refuse_what_others_wrote(path: Path, ours: Callable[[Path], bool]) -> None:
    for found in sorted(path.iterdir()) if path.is_dir() else ():
        if found.is_symlink() or not found.is_file() or not ours(found):
            why = f"cannot be replaced: it holds {found.name!r}, which this program did not write; move it elsewhere"
            raise FileExistsError(errno.EEXIST, why, str(path))


@contextmanager
def scratch_folder(parent: Path, prefix: str, suffix: str = "") -> Iterator[Path]:
    """Yield a new, empty, locked folder that is removed at the end of the block."""
    folder = parent / f"{prefix}{secrets.token_hex(8)}{suffix}"
    folder.mkdir(parents=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        _hold(held)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def write_text(path: Path, text: str) -> None:
    """Write a text file completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def leftovers(root: Path, names: str = TEMPORARY, *, deep: bool = True) -> Iterator[Path]:
    """Yield the temporary files and folders in `root` that killed runs left behind; those in use are skipped.

    If a run was killed after it had moved an old folder aside and before it had put the new one in its place, the old
    folder is the last copy. It is skipped too.

    Parameters
    ----------
    root
        Folder; links below it are not followed.
    names
        Regular expression that matches the names of temporary files and folders.
    deep
        Whether to search the folders below `root` too.
    """
    for folder, folders, files in os.walk(root):
        for name in sorted([*files, *folders]):
            path = Path(folder) / name
            if re.fullmatch(names, name) and not path.is_symlink() and not _last_copy(path) and _abandoned(path):
                if name in folders:
                    folders.remove(name)
                yield path
        if not deep:
            return


def discard(path: Path) -> bool:
    """Delete a leftover, unless another process has locked it by now; return whether it is gone."""
    with _taken(path) as alone:
        if alone and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif alone:
            with suppress(OSError):
                path.unlink()
    return not path.exists()


def _last_copy(path: Path) -> bool:
    """Whether `path` is a folder's old content that was moved aside to be replaced, and nothing has replaced it."""
    found = re.fullmatch(TEMPORARY, path.name)
    if found is None or found["what"] != "old":
        return False
    name = found["name"]
    return not any(other.name[:_MOST] == name for other in path.parent.iterdir())


def _new_file(path: Path) -> tuple[Path, int]:
    """Return a new file next to `path`, and the descriptor that keeps it locked."""
    temporary = path.with_name(f".{path.name[:_MOST]}.{secrets.token_hex(8)}.partial")
    with _named_any({temporary: path}):
        held = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    _hold(held)
    return temporary, held


def _hold(descriptor: int) -> None:
    """Take a shared lock, which shows other processes that the file is in use; HDF5 can still read the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError as error:  # a file system without locks: `leftovers` finds nothing there
        if error.errno not in NO_LOCKS:
            raise


def _abandoned(path: Path) -> bool:
    """Whether no process has locked a temporary file or folder; False if that cannot be determined."""
    with _taken(path) as alone:
        return alone


@contextmanager
def _taken(path: Path) -> Iterator[bool]:
    """Try to lock a temporary file or folder for this process alone; yield whether that succeeded."""
    try:
        how = os.O_RDONLY if path.is_dir() else os.O_RDWR  # over NFS only a writable file can be locked
        descriptor = os.open(path, how | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        yield _locked_alone(descriptor)
    finally:
        os.close(descriptor)


def _locked_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def named(path: Path) -> Iterator[None]:
    """If an `OSError` in the block names no file, make it name `path`."""
    with _named_any({path: path}):
        yield


@contextmanager
def _named_any(names: dict[Path, Path]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or Path(str(error.filename)) in names):
            known = names.get(Path(str(error.filename)), next(iter(names.values())))
            error.filename, error.filename2 = str(known), None
        raise
