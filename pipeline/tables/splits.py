"""What a file calls its parts, read as train, valid and test; a name that could mean two of them is never guessed."""

from collections import Counter
from collections.abc import Iterable, Mapping

from pipeline.foreign import one_line
from pipeline.tables.rules import SPLITS, SPLITS_MEANT, trimmed


def meanings(names: Iterable[str], given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return which split each name means, and notices on what was concluded; a name that is not in it has no meaning.

    Another word for a split (``dev``) is read as that split where no other name claims it; for the validation part that
    is only so beside a test part, since alone it may be the test.

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
    plain = {name: _plain(name) for name in names}
    told = {_plain(name): meaning for name, meaning in given.items()}
    sure = {key: told.get(key) or (key if key in SPLITS else "") for key in plain.values()}
    meant = {key: SPLITS_MEANT[key] for key, meaning in sure.items() if not meaning and key in SPLITS_MEANT}
    claims = Counter([*sure.values(), *meant.values()])
    read_as = {key: m for key, m in meant.items() if claims[m] == 1 and (m != "valid" or claims["test"])}
    written = {key: name for name, key in plain.items()}
    notices = [f"the part {one_line(written[key], 40)!r} is read as {meaning}" for key, meaning in read_as.items()]
    if unused := [name for name in given if _plain(name) not in sure]:
        notices.append(f"no part is named {unused[0]!r}, which was said to mean {given[unused[0]]}")
    found = {name: sure[key] or read_as.get(key, "") for name, key in plain.items()}
    return {name: meaning for name, meaning in found.items() if meaning}, notices


def _plain(name: str) -> str:
    return trimmed(name).casefold()
