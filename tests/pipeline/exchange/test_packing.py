"""A bundle as flat arrays and back, and arrays that are not a bundle."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.store import Entry, Item
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, entry_of, item_of
from pipeline.exchange.packing import Damaged, about, gather, offsets_of, tables, unpack
from tests.pipeline.exchange.round_trip import assert_equal

ROWS = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]], np.float32)


def bundle() -> Bundle:
    table = pd.DataFrame({"utterance": ["a", "b", "c"], "score": [0.5, np.nan, 2.0]}).astype({"utterance": "str"})
    words = pd.DataFrame([("a", "hm", 0.5, np.nan)], columns=["utterance", "word", "start", "end"])
    entries = [entry_of(ROWS[:2])[0], Entry("absent", "no sound"), entry_of(ROWS[2:])[0]]
    items = [item_of(u, e) for u, e in zip("abc", entries, strict=True)]
    store = FeatureSet("voice", "audio", ("x", "y"), ("x_m", "y_m", "x_s", "y_s"), items, {"n": 1})
    return Bundle(table, words.astype({"utterance": "str", "word": "str"}), (store,))


def packed() -> tuple[str, dict[str, Any]]:
    made = bundle()
    values: list[np.ndarray] = []
    rest = gather(made.features[0], lambda _, rows: values.append(rows))
    arrays = {f"features/voice/{part}": cells for part, cells in rest.items()}
    return about(made), {**tables(made), **arrays, "features/voice/values": np.concatenate(values)}


def test_a_bundle_comes_back_equal() -> None:
    assert_equal(unpack(*packed()), bundle())


def test_rows_are_flat_with_offsets_of_each_utterance() -> None:
    _, arrays = packed()
    assert arrays["features/voice/offsets"].tolist() == [0, 2, 2, 3]
    np.testing.assert_array_equal(arrays["features/voice/values"], ROWS)
    assert arrays["features/voice/status"].tolist() == ["ok", "absent", "ok"]
    assert arrays["features/voice/note"].tolist() == ["", "no sound", ""]
    assert np.isnan(arrays["features/voice/pooled"][1]).all()
    assert arrays["features/voice/times"].shape == (3, 2)
    assert offsets_of(FeatureSet("x", "text", (), (), [])).tolist() == [0]


def test_an_utterance_of_another_length_than_announced_is_refused() -> None:
    entry = entry_of(ROWS)[0]
    store = FeatureSet("voice", "audio", ("x", "y"), (), [Item("a", "", 2, lambda: entry)])
    with pytest.raises(UserError, match="utterance 'a' of voice now has 3 rows instead of 2"):
        gather(store, lambda *_: None)


CHANGES: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], Any], str]] = {
    "later version": (lambda head, _: head.update(version=2), "version 2 of the format; this program reads version 1"),
    "no column": (lambda _, arrays: arrays.pop("utterances/score"), "it lacks 'utterances/score'"),
    "no values": (lambda _, arrays: arrays.pop("features/voice/values"), "it lacks 'features/voice/values'"),
    "short values": (
        lambda _, arrays: arrays.update({"features/voice/values": ROWS[:2]}),
        r"voice/values has the shape \(2, 2\) instead of \(3, 2\)",
    ),
    "falling offsets": (
        lambda _, arrays: arrays.update({"features/voice/offsets": np.array([0, 2, 1, 3])}),
        "voice/offsets are not whole numbers that increase from 0",
    ),
    "unknown status": (
        lambda _, arrays: arrays.update({"features/voice/status": np.array(["ok", "fine", "ok"])}),
        "an unknown modality or status",
    ),
    "unknown modality": (
        lambda head, _: head["stores"][0].update(modality="smell"),
        "an unknown modality or status",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_arrays_that_do_not_fit_each_other_are_damaged(change: str) -> None:
    text, arrays = packed()
    head = json.loads(text)
    apply, message = CHANGES[change]
    apply(head, arrays)
    with pytest.raises(Damaged, match=message):
        unpack(json.dumps(head), arrays)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "columns": 3, "stores": []}'])
def test_an_invalid_header_is_damaged(text: str) -> None:
    with pytest.raises(Damaged):
        unpack(text, packed()[1])
