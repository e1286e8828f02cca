"""Convert a bundle to the flat arrays that our own npz and MMSA files contain, and back.

================================  ==========================================================================
``utterances/<column>``           (n,) one array per column of the utterance table
``words/<column>``                (m,) utterance, word, start, end
``features/<store>/values``       (rows, d) float32; utterance i owns the rows ``offsets[i]:offsets[i + 1]``
``features/<store>/times``        (rows, 2) float64 seconds from the utterance's start
``features/<store>/offsets``      (n + 1,) int64
``features/<store>/status, note`` (n,) ``ok | absent | empty | failed``, and the reason if the status is not ``ok``
``features/<store>/pooled``       (n, p) float32, NaN if the status is not ``ok``
================================  ==========================================================================
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import MODALITIES
from features.store import STATUSES, Entry
from pipeline.corpora.utterances import WORD_COLUMNS
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import Bundle, FeatureSet, item_of
from pipeline.exchange.cells import array_of, column_of
from pipeline.foreign import one_line

FORMAT_KEY = "crossmodal_format"
VERSION = 1

_PARTS = ("values", "times", "offsets", "status", "note", "pooled")

Arrays = Mapping[str, NDArray[Any]]


class Damaged(Exception):
    """Raised if arrays cannot be converted to a bundle; the message is a clause that says why."""


def about(bundle: Bundle) -> str:
    """Return JSON text with what the arrays do not hold: version, order of columns, and the header of each store."""
    stores = [header_of(store) for store in bundle.features]
    columns = [str(name) for name in bundle.utterances.columns]
    return json.dumps({"version": VERSION, "columns": columns, "stores": stores}, sort_keys=True)


def header_of(store: FeatureSet) -> dict[str, Any]:
    """Return what the arrays of a store do not hold: its name, modality, column names and details."""
    return {
        "name": store.name,
        "modality": store.modality,
        "feature_names": list(store.feature_names),
        "pooled_names": list(store.pooled_names),
        "details": dict(store.details),
    }


def tables(bundle: Bundle) -> dict[str, NDArray[Any]]:
    """Return the utterances and the words, one array per column."""
    arrays = {f"utterances/{name}": array_of(bundle.utterances[name]) for name in bundle.utterances.columns}
    for name in WORD_COLUMNS:
        arrays[f"words/{name}"] = array_of(bundle.words[name], number=name in ("start", "end"))
    return arrays


def gather(store: FeatureSet, sink: Callable[[int, NDArray[np.float32]], None]) -> dict[str, NDArray[Any]]:
    """Load each utterance once, pass its values to `sink`, and return the other arrays of the store.

    Parameters
    ----------
    store
        The store.
    sink
        Called for each utterance with the status ``ok``, in order, with its position and its values ``(rows, d)``.

    Raises
    ------
    UserError
        If an utterance does not have as many rows as its item says.
    """
    status, note, times = [], [], [np.zeros((0, 2))]
    pooled = np.full((len(store.items), len(store.pooled_names)), np.nan, np.float32)
    for i, item in enumerate(store.items):
        entry = item.load()
        if entry.length != item.length:
            raise UserError(
                f"utterance {item.utterance!r} of {store.name} now has {counted(entry.length, 'row')} instead of "
                f"{item.length}: run the command again while nothing else writes the features"
            )
        status.append(entry.status)
        note.append(entry.note)
        if entry.status == "ok":
            sink(i, np.ascontiguousarray(entry.rows["values"], np.float32))
            times.append(np.asarray(entry.rows["times"], np.float64))
            pooled[i] = entry.clips["pooled"]
    return {
        "times": np.concatenate(times),
        "offsets": offsets_of(store),
        "status": np.array(status, np.str_),
        "note": np.array(note, np.str_),
        "pooled": pooled,
    }


def offsets_of(store: FeatureSet) -> NDArray[np.int64]:
    """Return ``(n + 1,)``: the row at which each utterance begins, and the total number of rows."""
    return np.concatenate([[0], np.cumsum([item.length for item in store.items], dtype=np.int64)]).astype(np.int64)


def unpack(text: str, arrays: Arrays) -> Bundle:
    """Return the bundle from its arrays and the JSON text that `about` returned.

    Raises
    ------
    Damaged
        If an array is missing or does not fit the others, or the format has a different version.
    """
    try:
        header = json.loads(text)
        if header["version"] != VERSION:
            raise Damaged(f"it has version {header['version']} of the format; this program reads version {VERSION}")
        columns = {name: arrays[f"utterances/{name}"] for name in header["columns"]}
        words = {name: arrays[f"words/{name}"] for name in WORD_COLUMNS}
        table = pd.DataFrame({name: column_of(cells) for name, cells in columns.items()})
        utterances = [str(name) for name in table["utterance"]]
        stores = [_store(one, utterances, arrays) for one in header["stores"]]
    except KeyError as error:
        raise Damaged(f"it lacks {error.args[0]!r}") from error
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        raise Damaged(one_line(error)) from error
    return Bundle(table, pd.DataFrame({name: column_of(cells) for name, cells in words.items()}), tuple(stores))


def _store(header: Mapping[str, Any], utterances: Sequence[str], arrays: Arrays) -> FeatureSet:
    own = {part: arrays[f"features/{header['name']}/{part}"] for part in _PARTS}
    names, pooled_names = tuple(header["feature_names"]), tuple(header["pooled_names"])
    offsets, count = own["offsets"], len(utterances)
    wanted: dict[str, tuple[int, ...]] = {"offsets": (count + 1,), "status": (count,), "note": (count,)}
    wanted |= {"pooled": (count, len(pooled_names)), "values": (int(offsets[-1]), len(names))}
    wanted |= {"times": (int(offsets[-1]), 2)}
    for part, shape in wanted.items():
        if own[part].shape != shape:
            raise Damaged(f"{header['name']}/{part} has the shape {own[part].shape} instead of {shape}")
    if offsets.dtype.kind not in "iu" or offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise Damaged(f"{header['name']}/offsets are not whole numbers that increase from 0")
    if header["modality"] not in MODALITIES or not set(own["status"].tolist()) <= set(STATUSES):
        raise Damaged(f"{header['name']} has an unknown modality or status")
    items = [item_of(name, _entry(own, i)) for i, name in enumerate(utterances)]
    return FeatureSet(header["name"], header["modality"], names, pooled_names, items, header["details"])


def _entry(own: Arrays, i: int) -> Entry:
    status, note = str(own["status"][i]), str(own["note"][i])
    if status != "ok":
        return Entry(status, note)  # type: ignore[arg-type]  # one of STATUSES, checked for the whole store
    rows = slice(int(own["offsets"][i]), int(own["offsets"][i + 1]))
    return Entry("ok", note, {"values": own["values"][rows], "times": own["times"][rows]}, {"pooled": own["pooled"][i]})


def damaged(path: Path, problem: object) -> UserError:
    """Return the error for a damaged file that crossmodal wrote; `problem` is a clause that says what is wrong."""
    return UserError(f"{path} is damaged ({problem}): export it again")
