"""Stores that are exported: read when they are needed, joined by word, refused if they have changed."""

from pathlib import Path

import numpy as np
import pytest

from features.store import Entry, feature_schema, open_store, write_store
from pipeline.errors import Changed
from pipeline.exchange.bundle import entry_of, item_of
from pipeline.exchange.export_sources import ExportStore, joined

TIMES = np.array([[0.0, 0.5], [0.5, 1.0], [1.0, 1.5]])


def store(folder: Path, name: str, scale: float, *, late: bool = False) -> ExportStore:
    """A store of a (three rows), b (absent) and c (one row); the table has c, a, and d, which the store lacks."""
    path = folder / f"{name}.h5"
    rows = scale * np.array([[1.0], [2.0], [4.0]])
    entries = {
        "a": entry_of(rows, TIMES + 10 * late)[0],
        "b": Entry("absent", "no sound"),
        "c": entry_of(rows[:1], TIMES[:1])[0],
    }
    items = [item_of(utterance, entry) for utterance, entry in entries.items()]
    write_store(path, feature_schema(1, 2), {"name": name}, items)
    with open_store(path) as made:
        return ExportStore(
            path, made.digest, name, "audio", ("x",), ("m", "s"), {"n": scale}, ("c", "a", "d", "b"),
            np.array([2, 0, -1, 1]), made.statuses, made.notes, made.offsets, timed=True,
        )  # fmt: skip


def test_utterances_are_in_the_order_of_the_table(tmp_path: Path) -> None:
    found = store(tmp_path, "voice", 1.0)
    assert found.lengths.tolist() == [1, 3, 0, 0]
    features = found.features()
    assert [item.utterance for item in features.items] == ["c", "a", "d", "b"]
    entries = [item.load() for item in features.items]
    assert [(e.status, e.note) for e in entries] == [
        ("ok", ""),
        ("ok", ""),
        ("absent", "not in voice.h5"),
        ("absent", "no sound"),
    ]
    np.testing.assert_array_equal(entries[1].rows["values"], [[1], [2], [4]])
    np.testing.assert_array_equal(entries[1].rows["times"], TIMES)
    assert [item.length for item in features.items] == [entry.length for entry in entries]


def test_a_store_that_was_written_again_is_refused(tmp_path: Path) -> None:
    found = store(tmp_path, "voice", 1.0)
    store(tmp_path, "voice", 2.0)
    with pytest.raises(Changed, match=r"voice\.h5 was changed while it was exported"):
        found.entry(1)
    assert found.entry(2).status == "absent"  # known without the file


def test_stores_are_joined_with_one_row_per_word(tmp_path: Path) -> None:
    words = [
        np.array([[0.0, 0.5]]),
        np.array([[0.0, 1.0], [1.25, 1.5], [7.0, 8.0]]),
        np.zeros((0, 2)),
        np.zeros((0, 2)),
    ]
    made = joined([store(tmp_path, "one", 1.0), store(tmp_path, "two", 10.0)], "audio", words)
    assert (made.name, made.feature_names) == ("audio", ("one.x", "two.x"))
    assert made.details["stores"] == {"one": {"n": 1.0}, "two": {"n": 10.0}}
    entries = [item.load() for item in made.items]
    np.testing.assert_allclose(entries[1].rows["values"], [[1.5, 15], [4, 40], [np.nan, np.nan]])
    np.testing.assert_array_equal(entries[1].rows["times"], words[1])
    assert [item.length for item in made.items] == [1, 3, 0, 0]
    assert [entry.status for entry in entries] == ["ok", "ok", "absent", "absent"]


def test_words_without_rows_are_undefined_and_utterances_without_words_empty(tmp_path: Path) -> None:
    pair = [store(tmp_path, "one", 1.0), store(tmp_path, "late", 1.0, late=True)]
    none = np.zeros((0, 2))
    made = joined(pair, "audio", [none, np.array([[0.0, 0.5]]), none, none])
    np.testing.assert_array_equal(made.items[1].load().rows["values"], [[1, np.nan]])
    assert (made.items[0].load().status, made.items[0].load().note) == ("empty", "no word times")
