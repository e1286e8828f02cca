"""The splits train, valid and test, and other names for them; the meaning of an ambiguous name is never guessed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from common.names import suggest
from models.validation import protocol
from pipeline.errors import UserError
from pipeline.foreign import one_line
from pipeline.tables.rules import trimmed

SPLITS = protocol.SPLITS
# Other names of our splits.
_MEANT: Mapping[str, str] = {
    "training": "train", "trn": "train", "dev": "valid", "devel": "valid", "development": "valid", "val": "valid",
    "validation": "valid", "validate": "valid", "testing": "test", "tst": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip


def split_of(cell: str) -> str:
    """Return the split that a cell names (train, valid, test or ""), whatever its case.

    Raises
    ------
    ValueError
        If the cell is anything else; the message names the split that was probably meant.

    Examples
    --------
    >>> split_of(" Train")
    'train'
    """
    found = trimmed(cell).casefold()
    if found in ("", *SPLITS):
        return found
    raise ValueError(suggest(_MEANT.get(found, found), SPLITS))


def meanings(names: Iterable[str], given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the split that each name means, and notices; names whose meaning is unknown are left out.

    A different word for a split (``dev``) is read as that split if no other name means the same split. For valid, there
    must also be a test part, since a single held-out part may be the test part.

    Parameters
    ----------
    names
        The names in a file.
    given
        The split that each name means according to the user, which takes precedence.

    Examples
    --------
    >>> meanings(["Train", "dev", "test "], {})
    ({'Train': 'train', 'dev': 'valid', 'test ': 'test'}, ["the part 'dev' is read as valid"])
    >>> meanings(["train", "dev"], {}), meanings(["train", "dev"], {"dev": "test"})
    (({'train': 'train'}, []), ({'train': 'train', 'dev': 'test'}, []))
    """
    plain = {name: _plain(name) for name in names}
    by_user = {_plain(name): meaning for name, meaning in given.items()}
    sure = {key: by_user.get(key) or (key if key in SPLITS else "") for key in plain.values()}
    meant = {key: _MEANT[key] for key, meaning in sure.items() if not meaning and key in _MEANT}
    claims = Counter([*sure.values(), *meant.values()])
    read_as = {key: m for key, m in meant.items() if claims[m] == 1 and (m != "valid" or claims["test"])}
    written = {key: name for name, key in plain.items()}
    notices = [f"the part {one_line(written[key], 40)!r} is read as {meaning}" for key, meaning in read_as.items()]
    if unused := [name for name in given if _plain(name) not in sure]:
        notices.append(f"no part is named {unused[0]!r}, so its --split-name ({given[unused[0]]}) has no effect")
    found = {name: sure[key] or read_as.get(key, "") for name, key in plain.items()}
    return {name: meaning for name, meaning in found.items() if meaning}, notices


def _plain(name: str) -> str:
    return trimmed(name).casefold()


def remedy(name: str) -> str:
    """Return the end of a message that says how the user can state which split the part `name` is."""
    return f"say which of {', '.join(SPLITS)} it is (--split-name {one_line(name, 40)}=test)"


def check_meanings(path: Path, given: Mapping[str, str]) -> None:
    """Raise `UserError` if the user mapped a name to anything other than train, valid or test."""
    for name, meaning in given.items():
        if meaning not in SPLITS:
            raise UserError(f"{path}: the split {name!r} cannot mean {meaning!r}; {suggest(meaning, SPLITS)}")
