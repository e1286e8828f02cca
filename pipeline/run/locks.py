"""Locks, so that only one run at a time writes a target; a run that has to wait says which one it waits for."""

import errno
import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname

from common.atomic import NO_LOCKS
from pipeline.settings.paths import CACHE

_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_PATIENCE, _PAUSE_S = 20, 0.05  # attempts and the pause between them: the message comes after one second


class Busy(Exception):
    """Another run holds the lock, and the caller does not want to wait for it."""


@contextmanager
def writing(target: Path, *, wait: bool = True) -> Iterator[None]:
    """Wait until no other run in this folder writes `target`, then keep others from writing it.

    The lock is released at the end of the ``with`` block, or when the process ends, however it ends. The lock file is
    below ``data/cache``, because DVC tracks the files next to the target.

    Parameters
    ----------
    target
        A file or folder that is written.
    wait
        Whether to wait for another run. A run that holds another lock must not wait, or two runs might wait for each
        other.

    Raises
    ------
    Busy
        If another run writes `target`, and `wait` is false.
    """
    with locked(_lock_of(target), f"is writing {target}", wait=wait):
        yield


def _lock_of(target: Path) -> Path:
    name = hashlib.sha256(os.fsencode(Path(os.path.realpath(target)))).hexdigest()[:24]
    return CACHE / "locks" / f".{name}.lock"


@contextmanager
def locked(path: Path, what: str, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock file, and remove it at the end; without `wait`, raise `Busy` if another process holds it.

    Parameters
    ----------
    path
        The lock file. In a read-only folder nothing is locked, so that a read-only copy can be inspected.
    what
        What the holder does, for the message to processes that wait, for example ``is writing data/x.csv``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = _held(path, what, wait)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        held = None  # a process that cannot write the lock file cannot write the target either
    try:
        if held is not None:
            with suppress(OSError):  # on a full disk, waiting processes get a less detailed message
                os.ftruncate(held, 0)
                os.pwrite(held, json.dumps({"who": _self(), "what": what}).encode(), 0)
        yield
    finally:
        if held is not None:
            path.unlink(missing_ok=True)
            fcntl.flock(held, fcntl.LOCK_UN)  # forked copies of this process may still have the file open
            os.close(held)


def _held(path: Path, what: str, wait: bool) -> int | None:
    """Wait for the lock and return the descriptor of its file; None if the file system has no locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            if not _take(descriptor, what, wait):
                os.close(descriptor)
                return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is(descriptor, path):
            return descriptor
        os.close(descriptor)  # its holder removed it meanwhile, so another process may lock a new file of this name


def _take(descriptor: int, what: str, wait: bool) -> bool:
    """Lock a file, waiting while another process holds it; return False if the file system has no locks."""
    try:
        for _ in range(_PATIENCE):
            if _free(descriptor):
                return True
            if not wait:
                raise Busy
            time.sleep(_PAUSE_S)
        sys.stderr.write(f"Waiting for another run: {_holder(descriptor, what)}\n")
        sys.stderr.flush()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        sys.stderr.write(f"This file system has no locks: do not start another run while this one {what}\n")
        return False
    return True


def _free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _self() -> str:
    command = " ".join(["crossmodal", *sys.argv[1:]])
    return f"{command[:200]!r}, process {os.getpid()} on {gethostname()}, since {time.strftime('%H:%M:%S')},"


def _holder(descriptor: int, what: str) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return "".join(c for c in f"{holder['who']} {holder['what']}" if c.isprintable())
    except (ValueError, KeyError, TypeError):  # the holder has not written who it is yet
        return f"it {what}"
