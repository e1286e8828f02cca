"""Restore a bundle from the ``.csd`` files of an export, using metadata that crossmodal adds to the SDK's own.

The keys of the added metadata begin with ``crossmodal``. Every file has the utterance table and the id of its export.
The file of a store also has statuses, pooled vectors and unknown times; the file of words also has their order.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import MODALITIES
from features.store import STATUSES, Entry, Item
from pipeline.corpora.utterances import WORD_COLUMNS
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, item_of
from pipeline.exchange.cells import array_of, column_of
from pipeline.exchange.columns import distinct
from pipeline.exchange.formats.csd.files import Floats, SequenceFile, describe, read_rows, read_texts
from pipeline.foreign import one_line

OWN_KEY, VERSION = "crossmodal bundle", 1
UTTERANCES_KEY, STORE_KEY, WORDS_KEY = "crossmodal utterances", "crossmodal store", "crossmodal words"


def data_id(name: str) -> str:
    """Return a name as a valid HDF5 name: ``%``, slashes and NUL characters are percent-encoded.

    The dots of a name that consists of dots only are percent-encoded too.

    >>> data_id("a/b"), data_id("..")
    ('a%2Fb', '%2E%2E')
    """
    name = name.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    return name.replace(".", "%2E") if set(name) == {"."} else name


def starts_of(table: pd.DataFrame) -> list[float]:
    """Return the start of each utterance in its recording, in seconds; 0 if it is not known."""
    if "start" not in table:
        return [0.0] * len(table)
    return [float(start) if np.isfinite(start) else 0.0 for start in table["start"].astype(np.float64)]


def column_to_json(column: pd.Series) -> dict[str, Any]:
    """Return a column of the utterance table as JSON data: its ``dtype`` (``text`` for text) and its ``cells``."""
    cells = array_of(column)
    return {"dtype": "text" if cells.dtype.kind == "U" else cells.dtype.str, "cells": cells.tolist()}


def _column_from_json(cells: Mapping[str, Any]) -> pd.Series:
    text = cells["dtype"] == "text"
    kind = np.dtype(np.str_ if text else cells["dtype"])
    if not isinstance(cells["cells"], list) or not (text or kind.kind in "biuf"):
        raise ValueError(f"a column of {kind}")
    return column_of(np.array(cells["cells"], kind))


def unknown_times(times: Floats) -> Any:
    """Return the times that the intervals of a ``.csd`` file cannot hold, since they are not finite.

    The result is ``all`` if all are NaN, otherwise a list of ``[row, start, end]``.
    """
    odd = np.flatnonzero(~np.isfinite(times).all(axis=1))
    if len(times) and np.isnan(times).all():
        return "all"
    return [[int(row), *times[row].tolist()] for row in odd]


def _with_unknown(times: Floats, unknown: Any) -> Floats:
    """Return `times` after filling in those that are not finite, which intervals cannot hold.

    The array `times` itself may be changed. `unknown` is the result of `unknown_times` for the exported store.
    """
    if unknown == "all":
        return np.full_like(times, np.nan)
    for row, start, end in unknown:
        times[int(row)] = (start, end)
    return times


def read_own(path: Path, files: Sequence[SequenceFile]) -> Bundle:
    """Return the bundle of an export; for a single file, only the store of this file and the words next to it.

    Raises
    ------
    UserError
        If the files are damaged, from different exports, or from a different version of the format.
    """
    own = [file for file in files if OWN_KEY in file.metadata]
    words_file = path.with_name("words.csd")
    if not path.is_dir() and path.name != words_file.name and words_file.is_file():
        own += [file for file in [describe(words_file)] if _same_export(file, own[0])]
    for file in own[1:]:
        if not _same_export(file, own[0]):
            raise UserError(
                f"{own[0].path} and {file.path} come from different exports: give each export its own folder"
            )
    try:
        if own[0].metadata[OWN_KEY]["version"] != VERSION:
            raise UserError(f"{own[0].path} was written by another version of crossmodal: import it with that version")
        columns = {name: _column_from_json(cells) for name, cells in own[0].metadata[UTTERANCES_KEY]}
        table = pd.DataFrame(columns)
        names = [str(name) for name in table["utterance"]]
        stores = [(int(file.metadata[OWN_KEY]["index"]), _store(file, table)) for file in _of_kind(own, "store")]
        words = [_words(file, names) for file in _of_kind(own, "words")]
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): export it again") from error
    features = distinct([store for _, store in sorted(stores, key=lambda pair: pair[0])], path)
    return Bundle(table, words[0], features) if words else Bundle(table, features=features)


def _same_export(a: SequenceFile, b: SequenceFile) -> bool:
    one, other = a.metadata.get(OWN_KEY), b.metadata.get(OWN_KEY)
    return isinstance(one, dict) and isinstance(other, dict) and one.get("id") == other.get("id")


def _of_kind(files: Sequence[SequenceFile], kind: str) -> list[SequenceFile]:
    return [file for file in files if file.metadata[OWN_KEY]["kind"] == kind]


def _store(file: SequenceFile, table: pd.DataFrame) -> FeatureSet:
    header = file.metadata[STORE_KEY]
    names, pooled_names = tuple(map(str, header["feature_names"])), tuple(map(str, header["pooled_names"]))
    if header["modality"] not in MODALITIES or not file.numeric or (file.intervals and len(names) != file.width):
        raise ValueError(f"{file.path.name} has an unknown modality, or its rows are not numbers of the declared width")
    statuses, unknown = header["status"], header["times"]
    utterances = [str(name) for name in table["utterance"]]
    measured = [name for name in utterances if statuses.get(name, ["ok"])[0] == "ok"]
    raw = base64.b64decode(header["pooled"], validate=True)
    pooled = np.frombuffer(raw, "<f4").astype(np.float32).reshape(len(measured), len(pooled_names))
    pooled_of = dict(zip(measured, pooled, strict=True))
    items = []
    for name, start in zip(utterances, starts_of(table), strict=True):
        status, note = statuses.get(name, ["ok", ""])
        if status == "ok":
            intervals = file.intervals.get(data_id(name), np.zeros((0, 2)))
            times = _with_unknown(intervals - start, unknown.get(name, []))
            load = partial(_entry, file, name, str(note), len(names), times, pooled_of[name])
            items.append(Item(name, "", len(intervals), load))
        elif status in STATUSES:
            items.append(item_of(name, Entry(status, str(note))))
        else:
            raise ValueError(f"{name} has the status {status}")
    return FeatureSet(str(header["name"]), header["modality"], names, pooled_names, items, dict(header["details"]))


def _entry(file: SequenceFile, name: str, note: str, width: int, times: Floats, pooled: NDArray[np.float32]) -> Entry:
    there = data_id(name) in file.intervals
    values = read_rows(file, data_id(name)) if there else np.zeros((0, width), np.float32)
    return Entry("ok", note, {"values": values, "times": times}, {"pooled": pooled})


def _words(file: SequenceFile, utterances: Sequence[str]) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float]] = []
    header = file.metadata[WORDS_KEY]
    if file.numeric:
        raise ValueError(f"{file.path.name} holds numbers")
    for name in [*utterances, *header["others"]]:
        if (key := data_id(str(name))) in file.intervals:
            times = _with_unknown(file.intervals[key].copy(), header["times"].get(name, []))
            rows += [(str(name), text, *pair) for text, pair in zip(read_texts(file, key), times.tolist(), strict=True)]
    table = pd.DataFrame([rows[i] for i in header["order"]] if header["order"] else rows, columns=list(WORD_COLUMNS))
    return table.astype({"utterance": "str", "word": "str", "start": np.float64, "end": np.float64})
