"""Read a file of any format, and check that its reader returned a valid `Bundle`."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common.names import repeated, suggest
from features.base import MODALITIES
from features.store import STATUSES, Entry, Item
from pipeline.corpora.utterances import WORD_COLUMNS
from pipeline.errors import UserError, failed, is_plugins, name_of
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions
from pipeline.exchange.checking import checked
from pipeline.exchange.registry import Read, reader_of

# Exceptions that a broken or hostile file may cause in the readers of this program.
_BROKEN = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


def read_bundle(form: str, path: Path, options: ImportOptions) -> Bundle:
    """Read a file in the format named `form`.

    Raises
    ------
    UserError
        If the file is broken, if a plugin's reader fails, or if the reader returns anything but a valid `Bundle`. The
        entries of the bundle's stores are checked only when they are loaded.
    """
    read = reader_of(form)
    try:
        found = read(path, options)
    except (UserError, OSError):
        raise
    except Exception as error:
        if is_plugins(read):
            raise failed(read, error) from error
        if not isinstance(error, _BROKEN):
            raise
        what = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path} is not a complete file of the format {form} ({what}): get it again") from error
    fault = _fault_of_parts(found) or next((f for store in found.features if (f := _fault_of_store(store))), "")
    if fault:
        raise UserError(f"{name_of(read)} returned {fault}")
    return checked(replace(found, features=tuple(_held(store, read) for store in found.features)), path)


def _fault_of_parts(found: Any) -> str:
    """Return what is wrong with the types and columns of a reader's result, as the end of a message, or ``""``."""
    if not isinstance(found, Bundle):
        return f"an object of type {type(found).__name__}, but must return a Bundle"
    tables = {"utterances": (found.utterances, ("utterance",)), "words": (found.words, WORD_COLUMNS)}
    for name, (table, columns) in tables.items():
        if not isinstance(table, pd.DataFrame):
            return f"{name} of type {type(table).__name__}, but must return a DataFrame"
        if missing := [column for column in columns if column not in table]:
            return f"{name} without the column {missing[0]!r}"
        if twice := repeated([str(column) for column in table.columns]):
            return f"{name} with two columns {twice!r}: rename one"
    if not isinstance(found.features, Sequence) or not all(isinstance(s, FeatureSet) for s in found.features):
        return f"features of type {type(found.features).__name__}, but must return a tuple of FeatureSet"
    return ""


def _fault_of_store(store: FeatureSet) -> str:
    """Return what is wrong with a store, as the end of a message, or ``""``, without loading its items."""
    if store.modality not in MODALITIES:
        return f"the store {store.name!r} of unknown modality {store.modality!r}; {suggest(store.modality, MODALITIES)}"
    if not all(isinstance(item, Item) for item in store.items):
        return f"the store {store.name!r} with items that are not of type Item: make them with `bundle.item_of`"
    if twice := repeated(str(item.utterance) for item in store.items):
        return f"the store {store.name!r} with two items of the utterance {twice!r}: give one for each utterance"
    return ""


def _held(store: FeatureSet, read: Read) -> FeatureSet:
    """Return a store whose items are checked when they load."""
    return replace(store, items=[replace(item, load=partial(_loaded, item, store, read)) for item in store.items])


def _loaded(item: Item, store: FeatureSet, read: Read) -> Entry:
    """Return an item's entry; raise `UserError` if it is invalid, or its shapes do not fit the item and the store."""
    try:
        entry = item.load()
    except (UserError, OSError):
        raise
    except Exception as error:
        if is_plugins(read):
            raise failed(read, error) from error
        raise
    where = f"{name_of(read)} returned, for {item.utterance!r} in the store {store.name!r},"
    if not isinstance(entry, Entry) or entry.status not in STATUSES:
        raise UserError(f"{where} {entry!r:.80} and not an Entry: make one with `bundle.entry_of`")
    if entry.status == "ok":
        needed: dict[str, tuple[int, ...]] = {
            "values": (item.length, len(store.feature_names)),
            "times": (item.length, 2),
            "pooled": (len(store.pooled_names),),
        }
        for name, shape in needed.items():
            found = np.shape({**entry.rows, **entry.clips}.get(name, ()))
            if found != shape:
                raise UserError(f"{where} {name} of shape {found} instead of {shape}")
    return entry
