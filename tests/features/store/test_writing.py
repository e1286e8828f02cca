"""Writing a store: data are read back as they were written, and the file has the same bytes each time."""

import errno
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import StoreError
from features.store import Column, Entry, Item, Schema, open_store, write_store
from tests.features.store.samples import SCHEMA, entry, item, write


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


def test_bytes_are_found_by_plain_h5py(tmp_path: Path) -> None:
    schema = Schema((Column("values", "bytes"), Column("frame", "bytes")))
    made = [Entry("ok", rows={"values": [b"ab", b"", b"c"], "frame": [b"x", b"yy", b""]}), Entry("failed", "broken")]
    made.append(Entry("ok", rows={"values": [b"defg"], "frame": [b"z"]}))
    write_store(tmp_path / "s.h5", schema, {}, [item(f"u{i}", e) for i, e in enumerate(made)])
    with h5py.File(tmp_path / "s.h5") as file:
        first = file["offsets"][2]
        start, end = file["cells/values"][first : first + 2]
        assert file["values"][start:end].tobytes() == b"defg"
        assert list(file["cells/rows/frame"][:]) == [0, 1, 3, 3, 4]


@pytest.mark.parametrize("limit", [1000, 6000, 20_000, 60_000])
def test_a_full_disk_names_the_file(limit: int, tmp_path: Path) -> None:
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from tests.features.store.samples import entry, write\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n    write(Path('full.h5'), *(entry(200, i) for i in range(20)))\n"
        "except OSError as error:\n    print(error.errno, error.filename)"
    )
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code, root], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{errno.EFBIG} full.h5\n", done.stderr
    assert list(tmp_path.iterdir()) == []
