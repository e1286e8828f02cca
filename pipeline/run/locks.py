"""One run at a time writes a target: another one waits, and says on whom."""

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
_PATIENCE, _PAUSE_S = 20, 0.05  # whoever holds a lock for less than a second is not worth a line


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Be the only run of this folder that writes `target`; while another one is, wait, and say so on standard error.

    What a run holds is free when its process ends, however it ends. The lock is a file of its own below ``data/cache``:
    what lies beside the target is part of what DVC tracks.

    Parameters
    ----------
    target
        A file or folder that is written.
    """
    with locked(_lock_of(target), f"is writing {target}"):
        yield


def _lock_of(target: Path) -> Path:
    name = hashlib.sha256(os.fsencode(Path(os.path.realpath(target)))).hexdigest()[:24]
    return CACHE / "locks" / f".{name}.lock"


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file, which is removed in the end.

    Parameters
    ----------
    path
        The lock file; where its folder cannot be written, there is none: a copy that may only be read can be looked at.
    what
        What its holder does, for those who wait, as in ``is writing data/x.csv``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = _held(path, what)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        held = None  # nobody who cannot even write the lock file writes the target
    try:
        if held is not None:
            with suppress(OSError):  # on a full disk: those who wait are told less
                os.ftruncate(held, 0)
                os.pwrite(held, json.dumps({"who": _self(), "what": what}).encode(), 0)
        yield
    finally:
        if held is not None:
            path.unlink(missing_ok=True)
            os.close(held)


def _held(path: Path, what: str) -> int | None:
    """Return the descriptor of the lock file that this process holds; None where the file system has no locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            if not _take(descriptor, what):
                os.close(descriptor)
                return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is(descriptor, path):
            return descriptor
        os.close(descriptor)  # its holder has removed it meanwhile: it locks nothing any more


def _take(descriptor: int, what: str) -> bool:
    """Lock a file, waiting where another process holds it; return whether that can be done at all."""
    try:
        for _ in range(_PATIENCE):
            if _free(descriptor):
                return True
            time.sleep(_PAUSE_S)
        sys.stderr.write(f"Waiting for another run: {_holder(descriptor, what)}\n")
        sys.stderr.flush()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        sys.stderr.write(f"This file system has no locks: start no second run that {what}\n")
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
        told = json.loads(os.pread(descriptor, 4096, 0))
        return "".join(c for c in f"{told['who']} {told['what']}" if c.isprintable())
    except (ValueError, KeyError, TypeError):  # it is only just starting
        return f"it {what}"
