"""Looking up a name in a registry: an unknown one is answered with the closest and with all valid ones."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from common.names import suggest
from models.errors import ModelError

EntryT = TypeVar("EntryT")


def find(table: Mapping[str, EntryT], name: str, kind: str) -> EntryT:
    """Return ``table[name]``.

    Raises
    ------
    ModelError
        If there is no such name; the message names the closest and lists all.

    Examples
    --------
    >>> find({"ridge": 1}, "rigde", "classifier")
    Traceback (most recent call last):
    ...
    models.errors.ModelError: no classifier is named 'rigde'; did you mean 'ridge'? There are: ridge
    """
    if name not in table:
        raise ModelError(f"no {kind} is named {name!r}; {suggest(name, table)}")
    return table[name]


def add(table: dict[str, EntryT], name: str, entry: EntryT, kind: str) -> None:
    """Put `entry` into `table`; a name that is taken by something else raises `ModelError`."""
    if name in table and table[name] != entry:
        raise ModelError(f"a {kind} named {name!r} exists already")
    table[name] = entry


def load(target: str) -> Any:
    """Import what ``"module:attribute"`` names."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)
