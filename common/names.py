"""Registries, in which entries are looked up by name, and suggestions for a misspelt name."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Generic, TypeVar

LISTED = 40  # maximum number of names that a message lists
_LONGEST = 80  # maximum length of a name in a list

MISTYPED = 0.8  # lowest `difflib` ratio at which an unknown name counts as a mistyped known one

EntryT = TypeVar("EntryT")


def listed_names(names: Sequence[str]) -> str:
    """Return names separated by commas; a long list is cut off and ends with the number of names left out.

    >>> listed_names([str(i) for i in range(100)])[-18:]
    '38, 39 and 60 more'
    """
    shown = ", ".join(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..." for name in names[:LISTED])
    return shown + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def closest(wrong: str, known: Iterable[str], alike: float = 0.6) -> str:
    """Return the known name that is most similar to `wrong`, or ``""`` if there is no similar one.

    Parameters
    ----------
    wrong, known
        The unknown name, and the valid names.
    alike
        The lowest `difflib` ratio at which two names count as similar.

    Examples
    --------
    >>> closest("opensmle", ["mfcc", "opensmile"]), closest("opensmle", ["mfcc"])
    ('opensmile', '')
    """
    short = [name for name in known if len(name) <= _LONGEST] if len(wrong) <= _LONGEST else []
    return next(iter(get_close_matches(wrong, short, n=1, cutoff=alike)), "")  # slow on long strings


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the closest valid name, and a list of the valid names.

    >>> suggest("opensmle", ["opensmile", "mfcc"])
    "did you mean 'opensmile'? Available: opensmile, mfcc"
    """
    names: Sequence[str] = [str(name) for name in known]
    close = closest(str(wrong), names)
    hint = f"did you mean {close!r}? Available" if close else "available"
    return f"{hint}: {listed_names(names) or 'none'}"


def repeated(names: Iterable[str]) -> str | None:
    """Return the first name that occurs more than once, or None if there is no such name.

    >>> repeated(["x", "y", "x"]), repeated(["x", "X"])
    ('x', None)
    """
    return next((name for name, times in Counter(names).items() if times > 1), None)


class Registry(Generic[EntryT]):
    """Entries of one kind, keyed by name.

    Parameters
    ----------
    kind
        What messages call an entry, such as ``colour``.
    error
        The exception for an unknown name and for a name that is already taken.
    entries
        The built-in entries, keyed by name; plugins add theirs with `register`.

    Examples
    --------
    >>> colours = Registry("colour", LookupError, {"red": "#f00"})
    >>> colours.register("blue", "#00f")
    >>> colours["blu"]
    Traceback (most recent call last):
    ...
    LookupError: no colour is named 'blu'; did you mean 'blue'? Available: red, blue
    """

    def __init__(self, kind: str, error: type[Exception], entries: Mapping[str, EntryT]) -> None:
        self.kind = kind
        self._one = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
        self._error = error
        self._entries = dict(entries)

    def register(self, name: str, entry: EntryT) -> None:
        """Add an entry; raise the registry's error if a different entry already has this name."""
        if name in self._entries and self._entries[name] != entry:
            raise self._error(f"there is already {self._one} named {name!r}: choose another name")
        self._entries[name] = entry

    def __getitem__(self, name: str) -> EntryT:
        if name not in self._entries:
            raise self._error(f"no {self.kind} is named {name!r}; {suggest(name, self._entries)}")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def items(self) -> Iterable[tuple[str, EntryT]]:
        """Return names with their entries."""
        return self._entries.items()
