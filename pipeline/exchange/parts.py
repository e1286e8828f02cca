"""What is to be said where a file's parts cannot be read as train, valid and test."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import UserError, suggest
from pipeline.foreign import one_line
from pipeline.tables.rules import SPLITS


def remedy(name: str) -> str:
    """Return what to do about a name without a meaning."""
    return f"say which of {', '.join(SPLITS)} that is (--split-name {one_line(name, 40)}=test)"


def check_meanings(path: Path, given: Mapping[str, str]) -> None:
    """Check what the user says that names mean; anything but a split raises `UserError`."""
    for name, meaning in given.items():
        if meaning not in SPLITS:
            raise UserError(f"{path}: the split {name!r} cannot mean {meaning!r}; {suggest(meaning, SPLITS)}")
