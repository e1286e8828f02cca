"""Write a bundle as ``.csd`` files: one per store, one for the words, one for all scores, and one per text label.

The CMU-MultimodalSDK can read the files. Everything that the format has no place for is stored under the metadata keys
of `pipeline.exchange.formats.csd.own`.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.store.hdf5 import Room, room_for_texts, writing_hdf5
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet
from pipeline.exchange.cells import array_of
from pipeline.exchange.columns import distinct, store_name
from pipeline.exchange.formats.csd.files import Floats
from pipeline.exchange.formats.csd.own import (
    OWN_KEY,
    STORE_KEY,
    UTTERANCES_KEY,
    VERSION,
    WORDS_KEY,
    column_to_json,
    data_id,
    starts_of,
    unknown_times,
)
from pipeline.exchange.packing import header_of

_TABLE = 1 << 16  # one id adds at most this many bytes to HDF5's table of ids
_TEMPLATE: dict[str, Any] = {  # the keys that the SDK requires; the third is its own mistake: two names run together
    "root name": "",
    "computational sequence description": "",
    "dimension namescomputational sequence version": "1.0",
    "alignment compatible": True,
    "dataset name": "crossmodal export",
    "dataset version": "1.0",
    "creator": "crossmodal",
    "contact": "",
    "featureset bib citation": "",
    "dataset bib citation": "",
}


def writers_of(bundle: Bundle) -> dict[str, Callable[[Path], None]]:
    """Return, for each file of a bundle, the function that writes it to a path; keyed by file name without ``.csd``.

    Raises
    ------
    UserError
        If two files would have the same name.
    """
    utterances = [[str(name), column_to_json(bundle.utterances[name])] for name in bundle.utterances.columns]
    mark = {"version": VERSION, "id": str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(utterances, sort_keys=True)))}

    def own(kind: str, index: int = 0) -> dict[str, Any]:
        return {OWN_KEY: mark | {"kind": kind, "index": index}, UTTERANCES_KEY: utterances}

    writers: dict[str, Callable[[Path], None]] = {}
    if len(bundle.words):
        writers["words"] = partial(_write_words, bundle, own("words"))
    labels = [str(name) for name in bundle.utterances.columns if name not in COLUMNS]
    scores = [name for name in labels if pd.api.types.is_numeric_dtype(bundle.utterances[name])]
    if scores:
        writers["labels"] = partial(_write_labels, bundle, own("labels"), "labels", scores)
    for name in labels:
        if name not in scores:
            root = f"labels_{store_name(name)}"
            writers[root] = partial(_write_labels, bundle, own("labels"), root, [name])
    for i, store in enumerate(distinct(bundle.features, Path("export"))):
        if store_name(store.name) in writers:
            raise UserError(f"the store {store.name!r} would get the same file name as other data: rename the store")
        writers[store_name(store.name)] = partial(_write_store, bundle, store, own("store", i))
    return writers


class _Writer:
    """A ``.csd`` file that is being written; its md5 covers the ids, features and intervals, not the metadata."""

    def __init__(self, h5: Any, room: Room, root: str) -> None:
        self.room = room
        self.root = h5.create_group(root)
        self.data = self.root.create_group("data")
        self.name = root
        self.md5 = hashlib.md5(usedforsecurity=False)

    def add(self, name: str, features: NDArray[Any], intervals: Floats) -> None:
        """Write the features ``(n, d)`` and the intervals ``(n, 2)``, in seconds, of one id."""
        self.room.ahead(_TABLE + room_for_texts([name]))
        group = self.data.create_group(data_id(name))
        for key, values in (("features", features), ("intervals", intervals)):
            self.room.ahead(values.nbytes)
            group.create_dataset(key, data=values, compression="gzip", track_times=False)
            self.md5.update(f"{name}\0{key}\0{values.dtype.str}{values.shape}".encode())
            self.md5.update(np.ascontiguousarray(values).tobytes())

    def finish(self, description: str, dimensions: Sequence[str], own: Mapping[str, Any]) -> None:
        """Write the metadata: those that the SDK requires, and `own`."""
        import h5py

        digest = self.md5.hexdigest()
        metadata = {
            **_TEMPLATE,
            "root name": self.name,
            "computational sequence description": description,
            "dimension names": list(dimensions),
            "computational sequence version": "1.0",
            "md5": digest,
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"crossmodal {self.name} {digest}")),
            **own,
        }
        self.room.ahead(0)
        group = self.root.create_group("metadata")
        for key, value in metadata.items():
            text = json.dumps(value, sort_keys=True)
            self.room.ahead(room_for_texts([key, text]))
            group.create_dataset(key, (1,), h5py.string_dtype(), track_times=False)[0] = text


@contextmanager
def _writing(path: Path, root: str) -> Iterator[_Writer]:
    with writing_hdf5(path) as (h5, room):
        yield _Writer(h5, room, root)


def _spans(table: pd.DataFrame) -> list[tuple[float, float]]:
    """Return the start and end of each utterance; an end that is unknown or before the start becomes the start."""
    starts = starts_of(table)
    ends = table["end"].astype(np.float64).tolist() if "end" in table else [float("nan")] * len(table)
    return [
        (start, end if np.isfinite(end) and end >= start else start) for start, end in zip(starts, ends, strict=True)
    ]


def _write_store(bundle: Bundle, store: FeatureSet, own: Mapping[str, Any], path: Path) -> None:
    status: dict[str, list[str]] = {}
    unknown: dict[str, Any] = {}
    pooled: list[bytes] = []
    with _writing(path, store_name(store.name)) as file:
        for item, (start, end) in zip(store.items, _spans(bundle.utterances), strict=True):
            entry = item.load()
            if entry.status != "ok" or entry.note:
                status[item.utterance] = [entry.status, entry.note]
            if entry.status != "ok":
                continue
            pooled.append(np.asarray(entry.clips["pooled"], "<f4").tobytes())
            times = np.asarray(entry.rows["times"], np.float64)
            if odd := unknown_times(times):
                unknown[item.utterance] = odd
            intervals = np.where(np.isfinite(times).all(axis=1, keepdims=True), times + start, [start, end])
            if entry.length:
                file.add(item.utterance, np.asarray(entry.rows["values"], np.float32), intervals)
        header = header_of(store) | {
            "status": status,
            "times": unknown,
            "pooled": base64.b64encode(b"".join(pooled)).decode(),
        }
        file.finish(f"{store.modality} features {store.name}", store.feature_names, {**own, STORE_KEY: header})


def _write_words(bundle: Bundle, own: Mapping[str, Any], path: Path) -> None:
    words = bundle.words.reset_index(drop=True)
    texts, names = array_of(words["word"]), array_of(words["utterance"]).tolist()
    known = [str(name) for name in bundle.utterances["utterance"]]
    others = sorted(set(names) - set(known))
    rows_of: dict[str, list[int]] = {name: [] for name in [*known, *others]}
    for i, name in enumerate(names):
        rows_of[name].append(i)
    written = [i for rows in rows_of.values() for i in rows]
    order = np.argsort(written).tolist()  # position of each word of the table in the file
    unknown: dict[str, Any] = {}
    with _writing(path, "words") as file:
        for name, rows in rows_of.items():
            if not rows:
                continue
            times = words.loc[rows, ["start", "end"]].to_numpy(np.float64)
            if odd := unknown_times(times):
                unknown[name] = odd
            cells = np.array([[text.encode()] for text in texts[rows].tolist()])
            file.add(name, cells.astype(f"S{max(1, cells.dtype.itemsize)}"), np.where(np.isfinite(times), times, 0.0))
        header = {"times": unknown, "others": others, "order": [] if order == sorted(order) else order}
        file.finish("words", ["word"], {**own, WORDS_KEY: header})


def _write_labels(bundle: Bundle, own: Mapping[str, Any], root: str, columns: Sequence[str], path: Path) -> None:
    table = bundle.utterances
    cells = [array_of(table[name]) for name in columns]
    with _writing(path, root) as file:
        for i, span in enumerate(_spans(table)):
            if cells[0].dtype.kind == "U":
                text = str(cells[0][i]).encode()
                features = np.array([[text]], f"S{max(1, len(text))}")
            else:
                features = np.array([[column[i] for column in cells]], np.float64)
            file.add(str(table["utterance"].iloc[i]), features, np.array([span]))
        file.finish("labels", columns, own)
