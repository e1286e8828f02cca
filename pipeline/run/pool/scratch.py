"""A private folder for the files of worker processes: only the user who runs them can enter it."""

import fcntl
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.atomic import NO_LOCKS

_PREFIX = "crossmodal-workers-"
_NAME = re.compile(rf"{_PREFIX}[0-9a-f]{{16}}")  # a user's own folder may begin with the same name
_YOUNG_S = 60.0  # a younger folder may not be locked yet


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder below `parent` and remove it at the end; first remove folders that killed runs left."""
    for path in parent.glob(f"{_PREFIX}*"):
        if _NAME.fullmatch(path.name) and _abandoned(path):
            shutil.rmtree(path, ignore_errors=True)
    folder = parent / f"{_PREFIX}{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    held = os.open(folder, os.O_RDONLY)
    try:
        _lock(held, fcntl.LOCK_SH)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _lock(descriptor: int, how: int) -> bool:
    """Try to lock a file, and return whether that succeeded; always False on a file system without locks."""
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return False
    return True


def _abandoned(path: Path) -> bool:
    """Whether a folder belongs to this user, is old enough, and is held by no process."""
    try:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or time.time() - found.st_mtime < _YOUNG_S:
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        return _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
