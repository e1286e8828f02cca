"""The store: what goes in comes out, byte for byte the same each time, and nothing else is taken for one."""

from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import StoreError
from features.store import Column, Entry, Item, Schema, describe, feature_schema, open_store, write_store

SCHEMA = feature_schema(3, 2)


def entry(rows: int, seed: int = 0) -> Entry:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 3)).astype("f4")
    return Entry(
        "ok", rows={"values": values, "times": rng.random((rows, 2))}, clips={"pooled": rng.random(2).astype("f4")}
    )


def item(name: str, made: Entry) -> Item:
    return Item(name, f"key of {name}", made.length, lambda: made)


def write(path: Path, *entries: Entry) -> Path:
    items = [item(f"u{i}", made) for i, made in enumerate(entries)]
    write_store(path, SCHEMA, {"name": "toy", "feature_names": ["a", "b", "c"]}, items)
    return path


@given(lengths=st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=6))
@settings(max_examples=30, deadline=None)
def test_rows_come_back_to_their_utterances(
    lengths: list[int | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = [Entry("empty", "silence") if n is None else entry(n, i) for i, n in enumerate(lengths)]
    path = write(tmp_path_factory.mktemp("store") / "s.h5", *entries)
    with open_store(path) as store:
        assert len(store) == len(entries)
        for i, made in enumerate(entries):
            assert store.statuses[i] == made.status
            assert store.notes[i] == made.note
            assert store.utterances[i] == f"u{i}"
            if made.status == "ok":
                np.testing.assert_array_equal(store.rows(i), made.rows["values"])
                np.testing.assert_array_equal(store.rows(i, "times"), made.rows["times"])
                np.testing.assert_array_equal(store.clip(i, "pooled"), made.clips["pooled"])
            else:
                assert len(store.rows(i)) == 0
                assert np.isnan(store.pooled()[i]).all()


def test_plain_h5py_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(2, 1), Entry("absent", "no audio stream"), entry(3, 2))
    with h5py.File(path) as file:
        offsets = file["offsets"][:]
        assert list(offsets) == [0, 2, 2, 5]
        assert file["status"].asstr()[1] == "absent"
        np.testing.assert_array_equal(file["values"][offsets[2] : offsets[3]], entry(3, 2).rows["values"])


def test_text_and_bytes_cells(tmp_path: Path) -> None:
    schema = Schema((Column("values", "str"), Column("image", "bytes")), (Column("text", "str"),))
    rows = {"values": ["naïve", "", "日本"], "image": [b"\xff\xd8\x00", b"", b"x"]}
    made = Entry("ok", rows=rows, clips={"text": "naïve 日本!"})
    write_store(tmp_path / "s.h5", schema, {}, [item("a", made), item("b", Entry("failed", "broken"))])
    with open_store(tmp_path / "s.h5") as store:
        assert store.rows(0) == rows["values"]
        assert store.rows(0, "image") == rows["image"]
        assert store.clip(0, "text") == "naïve 日本!"
        assert store.rows(1) == []


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    schema = Schema((Column("values", "bytes"), Column("score", "f4")))
    made = Entry("ok", rows={"values": [b"a" * n for n in range(300)], "score": np.arange(300, dtype="f4")})
    for name in ("one.h5", "two.h5"):
        write_store(tmp_path / name, schema, {"b": {"y": 1, "x": 2}, "a": 1}, [item("u", made)])
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


def test_a_broken_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(2))
    before = path.read_bytes()

    def breaks() -> Entry:
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="disk is gone"):
        write_store(path, SCHEMA, {}, [Item("u0", "k", 2, breaks)])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["s.h5"]


def test_an_entry_that_changed_its_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="from 5 to 2 rows"):
        write_store(tmp_path / "s.h5", SCHEMA, {}, [Item("u0", "k", 5, partial(entry, 2))])


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    cases = {
        "no file": "does not exist",
        "text": "no readable HDF5",
        "other": "no crossmodal-store",
        "version": "format 99",
    }
    (tmp_path / "text").write_text("hello")
    with h5py.File(tmp_path / "other", "w") as file:
        file["x"] = 1
    write(tmp_path / "version", entry(1))
    with h5py.File(tmp_path / "version", "a") as file:
        file.attrs["format_version"] = 99
    for name, message in cases.items():
        with pytest.raises(StoreError, match=message), open_store(tmp_path / name):
            pass


def test_a_truncated_store_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(50))
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(StoreError, match="delete it and run its stage again"), open_store(path):
        pass


def test_an_unknown_utterance_is_named(tmp_path: Path) -> None:
    with open_store(write(tmp_path / "s.h5", entry(1))) as store, pytest.raises(StoreError, match="'nobody'"):
        store.index("nobody")


def test_describe_says_what_is_inside(tmp_path: Path) -> None:
    with open_store(write(tmp_path / "s.h5", entry(2), Entry("empty", "silence"))) as store:
        text = "\n".join(describe(store))
    assert "2 (1 ok, 1 empty)" in text
    assert "values (2, 3)" in text
    assert "toy" in text
