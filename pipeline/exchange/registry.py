"""All exchange formats, keyed by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.names import Registry, suggest
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.formats import csv_table, mmsa, npz, parquet
from pipeline.exchange.formats.csd import csd
from pipeline.exchange.formats.erc import erc

Read = Callable[[Path, ImportOptions], Bundle]
Write = Callable[[Bundle, Path], None]


@dataclass(frozen=True)
class Format:
    """An entry of the registry.

    Attributes
    ----------
    read, write
        The functions that read and write a file; None if the format cannot be read or written.
    scored_parts
        Whether the format can only be written if each utterance has a split and a numeric label.
    """

    read: Read | None = None
    write: Write | None = None
    scored_parts: bool = False


FRAMES = "frames"  # tables of frames, which `pipeline.exchange.frames` reads and matches to a corpus by time

# A new format is one file and one line here, or one call of `register` in a plugin.
_FORMATS = Registry(
    "format",
    UserError,
    {
        "npz": Format(npz.read, npz.write),
        "csv": Format(csv_table.read),
        "parquet": Format(parquet.read, parquet.write),
        "mmsa": Format(mmsa.read, mmsa.write, scored_parts=True),
        "csd": Format(csd.read, csd.write),
        "erc": Format(erc.read),
    },
)


def register(name: str, entry: Format) -> None:
    """Add a format; raise `UserError` if the name is taken, or `entry` is not a `Format` with functions."""
    given = [function for function in (entry.read, entry.write) if function] if isinstance(entry, Format) else []
    if not given or not all(callable(function) for function in given):
        raise UserError(f"the format {name!r} is {entry!r}: register(name, Format(read, write)) needs functions")
    if name == FRAMES:
        raise UserError(f"there is already a format named {name!r}: choose another name")
    _FORMATS.register(name, entry)


def format_names() -> tuple[str, ...]:
    """Return the names of all registered formats."""
    return tuple(_FORMATS)


def entry_named(name: str) -> Format:
    """Return the entry of a format; raise `UserError` if the format is unknown."""
    return _FORMATS[name]


def reader_of(name: str) -> Read:
    """Return the function that reads a format; raise `UserError` if it is unknown or write-only."""
    found = _FORMATS[name].read if name in _FORMATS else None
    if found is None:
        known = [*(known for known, entry in _FORMATS.items() if entry.read), FRAMES]
        raise UserError(f"no format that can be read is named {name!r}; {suggest(name, known)}")
    return found


def writer_of(name: str) -> Write:
    """Return the function that writes a format; raise `UserError` if it is unknown or read-only."""
    found = _FORMATS[name].write if name in _FORMATS else None
    if found is None:
        known = [known for known, entry in _FORMATS.items() if entry.write]
        raise UserError(f"no format that can be written is named {name!r}; {suggest(name, known)}")
    return found
