"""Computational sequences as the SDK writes and reads them, and a bundle with every special case."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from features.store import Entry
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of

AUDIO = ImportOptions(arrays=(("audio", ("COVAREP",)),))


def make(path: Path, data: Mapping[str, tuple[Any, Any]], root: str = "COVAREP", **metadata: Any) -> Path:
    """Write a file as the SDK's write_CSD does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as h5:
        for name, (features, intervals) in data.items():
            group = h5.create_group(f"{root}/data/{name}")
            group.create_dataset("features", data=np.array(features), compression="gzip", compression_opts=9)
            group.create_dataset("intervals", data=np.array(intervals, float).reshape(-1, 2))
        for key, value in ({"root name": root} | metadata).items():
            cell = h5.create_dataset(f"{root}/metadata/{key.replace('_', ' ')}", (1,), h5py.string_dtype())
            cell[0] = json.dumps(value)
    return path


def entries(bundle: Bundle, store: int = 0) -> dict[str, Entry]:
    found = {item.utterance: item.load() for item in bundle.features[store].items}
    assert list(found) == bundle.utterances["utterance"].tolist()
    for item in bundle.features[store].items:
        assert item.length == found[item.utterance].length
    return found


def example() -> Bundle:
    """Every case that the format cannot express."""
    table = pd.DataFrame(
        {
            "utterance": ["v_1", "a/b", "..", "größe"],
            "recording": ["v", "v", "", ""],
            "text": ["good film", "", 'a "b"\nc', "x"],
            "speaker": ["s0", "", "", "s1"],
            "split": ["train", "valid", "test", ""],
            "start": [10.25, np.nan, 0.1, 3.0],
            "end": [12.5, np.nan, 0.7, np.nan],
            "sentiment": [-0.8, np.nan, 2.4, 0.0],
            "votes": [1, 2, 3, 4],
            "emotion": ["happy", "", "größe", "sad"],
        }
    ).astype(dict.fromkeys(("utterance", "recording", "text", "speaker", "split", "emotion"), "str"))
    rows = np.array([[1.5, np.nan], [0.1, -3.0], [7.0, 8.0]], np.float32)
    times = np.array([[0.0, 0.3], [np.nan, 0.5], [0.1 + 0.2, 1.0]])
    frame = Entry(
        "ok",
        "cut off",
        {"values": np.zeros((0, 2), np.float32), "times": np.zeros((0, 2))},
        {"pooled": np.full(4, 9, "f4")},
    )
    made = [entry_of(rows, times)[0], Entry("absent", "no sound"), entry_of(rows[:1])[0], frame]
    names = table["utterance"].tolist()
    audio = FeatureSet(
        "egemaps",
        "audio",
        ("f0", "größe"),
        pooled_names_of(("f0", "größe")),
        [item_of(n, e) for n, e in zip(names, made, strict=True)],
        {"source": "x", "n": [1, 2]},
    )
    vectors = [entry_of(np.array([[i]]), pooled=np.array([i]))[0] for i in range(3)] + [Entry("failed", "it broke")]
    text = FeatureSet("bert", "text", ("t",), ("t",), [item_of(n, e) for n, e in zip(names, vectors, strict=True)])
    words = pd.DataFrame(
        [
            ("größe", "naïve", 3.0, 3.4),
            ("v_1", "good", 10.25, 10.5),
            ("v_1", "", np.nan, np.nan),
            ("größe", "x", 3.5, np.nan),
        ],
        columns=["utterance", "word", "start", "end"],
    ).astype({"utterance": "str", "word": "str"})
    return Bundle(table, words, (audio, text))
