"""What a file calls its parts, read as train, valid and test; a name that could mean two of them is never guessed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.errors import UserError, suggest
from pipeline.foreign import one_line

SPLITS = ("train", "valid", "test")
_EXACT = {"train": "train", "training": "train", "valid": "valid", "test": "test", "testing": "test"}
_HELD_OUT = ("val", "validation", "dev", "devel", "development")  # valid beside a test part; alone they may be the test


def meanings(names: Iterable[str], given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return which split each name means, and notices on what was concluded; a name that is not in it has no meaning.

    Parameters
    ----------
    names
        The names in a file, as they are written there.
    given
        What the user says that names mean; this wins.

    Examples
    --------
    >>> meanings(["Train", "dev", "test "], {})
    ({'Train': 'train', 'dev': 'valid', 'test ': 'test'}, ["the part 'dev' is read as valid"])
    >>> meanings(["train", "dev"], {}), meanings(["train", "dev"], {"dev": "test"})
    (({'train': 'train'}, []), ({'train': 'train', 'dev': 'test'}, []))
    """
    plain = {name: name.strip().casefold() for name in names}
    told = {name.strip().casefold(): meaning for name, meaning in given.items()}
    found = {name: told.get(key) or _EXACT.get(key, "") for name, key in plain.items()}
    notices = []
    held_out = [name for name, key in plain.items() if key in _HELD_OUT and not found[name]]
    if len({plain[name] for name in held_out}) == 1 and "test" in found.values() and "valid" not in found.values():
        found |= dict.fromkeys(held_out, "valid")
        notices.append(f"the part {held_out[0].strip()!r} is read as valid")
    if unused := [name for name in given if name.strip().casefold() not in plain.values()]:
        notices.append(f"no part is named {unused[0]!r}, which was said to mean {given[unused[0]]}")
    return {name: meaning for name, meaning in found.items() if meaning}, notices


def remedy(name: str) -> str:
    """Return what to do about a name without a meaning."""
    return f"say which of {', '.join(SPLITS)} that is (--split-name {one_line(name, 40)}=test)"


def check_meanings(path: Path, given: Mapping[str, str]) -> None:
    """Check what the user says that names mean; anything but a split raises `UserError`."""
    for name, meaning in given.items():
        if meaning not in SPLITS:
            raise UserError(f"{path}: the split {name!r} cannot mean {meaning!r}; {suggest(meaning, SPLITS)}")
