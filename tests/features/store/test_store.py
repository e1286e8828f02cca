"""The store: what goes in comes out, byte for byte the same each time, and nothing else is taken for one."""

import errno
import hashlib
import os
import random
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import StoreError
from features.store import Column, Entry, Item, Schema, describe, feature_schema, open_store, write_store
from features.store.head import HEAD, write_head

SCHEMA = feature_schema(3, 2)


def entry(rows: int, seed: int = 0) -> Entry:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 3)).astype("f4")
    return Entry(
        "ok", rows={"values": values, "times": rng.random((rows, 2))}, clips={"pooled": rng.random(2).astype("f4")}
    )


def item(name: str, made: Entry) -> Item:
    return Item(name, f"key of {name}", made.length, lambda: made)


def of_format(path: Path, version: int) -> None:
    """Make a store say that it is of another format, as one that a later version wrote would."""
    content = path.read_bytes()
    block = content[: HEAD - 32].replace(b'"format_version": 2', b'"format_version": %d' % version).rstrip(b"\0")
    block = block.ljust(HEAD - 32, b"\0")
    path.write_bytes(block + hashlib.sha256(block).digest() + content[HEAD:])


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
    of_format(tmp_path / "version", 99)
    for name, message in cases.items():
        with pytest.raises(StoreError, match=message), open_store(tmp_path / name):
            pass


def test_a_truncated_store_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(50))
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(StoreError, match="delete it and run its stage again"), open_store(path):
        pass


def everything(path: Path) -> list[Any]:
    """Return all that a store gives to those who read it."""
    with open_store(path) as store:
        named = [store.utterances, store.keys, store.statuses, store.notes, store.offsets.tolist()]
        cells = [store.rows(i, c) for i in range(len(store)) for c in ("values", "times")]
        pooled = [store.clip(i, "pooled") for i in range(len(store))]
        attributes = sorted((k, str(v)) for k, v in store.file.attrs.items())
        return [named, attributes, [np.asarray(c).tobytes() for c in (*cells, *pooled, store.pooled())]]


def test_no_flipped_bit_is_believed(tmp_path: Path) -> None:
    """One bit somewhere in every 32 bytes of a small store: noticed, in one sentence."""
    path = write(tmp_path / "s.h5", entry(2, 1), Entry("absent", "no audio stream"), entry(3, 2))
    content, chance = path.read_bytes(), random.Random(1)
    for at in range(0, len(content), 32):
        hurt = bytearray(content)
        hurt[min(at + chance.randrange(32), len(content) - 1)] ^= 1 << chance.randrange(8)
        path.write_bytes(hurt)
        with pytest.raises(StoreError, match=r"\A[^\n]* again[^\n]*\Z"):
            everything(path)


@pytest.mark.parametrize("seed", range(3))
def test_no_garbage_is_believed(seed: int, tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", *(entry(i % 4, i) for i in range(20)), Entry("empty", "silence"))
    good, content, chance = everything(path), path.read_bytes(), random.Random(seed)
    for _ in range(60):
        hurt = bytearray(content)
        at, length = chance.randrange(len(content)), chance.randrange(1, 600)
        other = chance.randrange(len(content))
        kind = chance.randrange(4)
        if kind == 0:
            hurt[at : at + length] = chance.randbytes(length)
        elif kind == 1:
            hurt[at : at + length] = bytes(len(hurt[at : at + length]))
        elif kind == 2:
            del hurt[at : at + length]
        else:
            hurt[at : at + length] = content[other : other + length]
        path.write_bytes(hurt)
        with suppress(StoreError):
            assert everything(path) == good


def test_a_damaged_value_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(2, 1), entry(3, 2), entry(1, 3))
    with h5py.File(path) as file:
        at = file["pooled"].id.get_offset() + 2 * 4 + 3  # the sign of the first number of u1
    content = bytearray(path.read_bytes())
    content[at] ^= 0x80
    path.write_bytes(content)
    with open_store(path) as store:
        store.clip(0, "pooled")
        store.rows(1)
        with pytest.raises(StoreError, match=r"s\.h5 is damaged: pooled of 'u1' is not what was written: delete it"):
            store.clip(1, "pooled")
        with pytest.raises(StoreError, match="pooled of 'u1'"):
            store.pooled()
        assert len(list(store.damage())) == 1


def test_what_other_programs_change_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"1234" * 3)

    def swapped(file: Any) -> None:
        file["offsets"][1:3] = file["offsets"][1:3][::-1]

    def status(file: Any) -> None:
        file["status"][0] = "empty"

    def linked(file: Any) -> None:
        del file["pooled"]
        file["pooled"] = h5py.ExternalLink("other.h5", "/pooled")

    def external(file: Any) -> None:
        del file["values"]
        file.create_dataset("values", (3, 3), "f4", external=[(str(tmp_path / "secret"), 0, 36)])

    def hollow(file: Any) -> None:
        del file["values"]
        file.create_dataset("values", (1 << 40, 3), "f4")

    def attribute(file: Any) -> None:
        file.attrs["name"] = "other"

    for i, change in enumerate((swapped, status, linked, external, hollow, attribute)):
        path = write(tmp_path / f"{i}.h5", entry(1, 1), entry(2, 2))
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(StoreError, match=rf"{i}\.h5 is damaged"), open_store(path):
            pass


def test_a_made_up_head_does_not_open_other_files(tmp_path: Path) -> None:
    """Whoever writes a head too can say anything, but not lead elsewhere or fill the memory."""
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(36))

    def external(file: Any) -> None:
        file.create_dataset("values", (3, 3), "f4", external=[(str(secret), 0, 36)])

    def linked(file: Any) -> None:
        file["values"] = h5py.ExternalLink(str(secret), "/values")

    def hollow(file: Any) -> None:
        file.create_dataset("values", (1 << 40, 3), "f4")

    for i, change in enumerate((external, linked, hollow)):
        path = write(tmp_path / f"{i}.h5", entry(1, 1), entry(2, 2))
        with h5py.File(path, "r+") as file:
            del file["values"]
            change(file)
        write_head(path, [], "x")
        with open_store(path) as store, pytest.raises(StoreError, match="values cannot be read"):
            store.all_rows()


def test_a_locked_store_is_not_called_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(2))
    hold = "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="held by another program") as caught, open_store(path):
            pass
        other.communicate()
    assert "delete" not in str(caught.value)
    everything(path)


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOLCK, "Unable to open file (unable to lock file, errno = 37, 'No locks available')")

    path = write(tmp_path / "s.h5", entry(2))
    monkeypatch.setattr(h5py, "File", refused)
    with pytest.raises(StoreError, match="HDF5_USE_FILE_LOCKING=FALSE") as caught, open_store(path):
        pass
    assert "delete" not in str(caught.value)


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


def test_the_digest_of_a_store_is_that_of_what_it_says(tmp_path: Path) -> None:
    def digest(name: str, *entries: Entry, **attributes: Any) -> str:
        items = [item(f"u{i}", made) for i, made in enumerate(entries)]
        write_store(tmp_path / name, SCHEMA, {"name": "toy", **attributes}, items)
        with open_store(tmp_path / name) as store:
            return store.digest

    base = digest("a.h5", entry(2, 1), entry(3, 2))
    assert digest("b.h5", entry(2, 1), entry(3, 2)) == base
    changed = replace(entry(3, 2), clips={"pooled": np.array([1, 2], "f4")})
    others = [
        digest("c.h5", entry(2, 1), changed),
        digest("d.h5", entry(2, 1), entry(3, 3)),
        digest("e.h5", entry(2, 1), Entry("empty", "silence")),
        digest("f.h5", entry(2, 1), Entry("empty", "noise")),
        digest("g.h5", entry(2, 1), entry(3, 2), feature_names=["x"]),
        digest("h.h5", entry(3, 2), entry(2, 1)),
    ]
    assert len({base, *others}) == 7


def test_imported_stores_of_format_1_are_read_unchecked(tmp_path: Path) -> None:
    for kind in ("imported", "features"):
        with h5py.File(tmp_path / f"{kind}.h5", "w") as file:
            file.attrs.update({"format": "crossmodal-store", "format_version": 1, "kind": kind, "name": "voice"})
            file["offsets"] = np.array([0, 1])
            file["values"], file["times"] = np.ones((1, 2), "f4"), np.zeros((1, 2))
            file["pooled"] = np.ones((1, 2), "f4")
            for name, cell in {"utterance": "u0", "key": "k", "status": "ok", "note": ""}.items():
                file[name] = np.array([cell], dtype=h5py.string_dtype())
    with open_store(tmp_path / "imported.h5") as store:
        assert not store.checked
        assert store.pooled().tolist() == [[1, 1]]
        assert len(store.digest) == 64
    with pytest.raises(StoreError, match="format 1, this program reads format 2"), open_store(tmp_path / "features.h5"):
        pass


@pytest.mark.parametrize("limit", [1000, 6000, 20_000, 60_000])
def test_a_full_disk_names_the_file(limit: int, tmp_path: Path) -> None:
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from tests.features.store.test_store import entry, write\n"
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


def test_an_unknown_utterance_is_named(tmp_path: Path) -> None:
    with open_store(write(tmp_path / "s.h5", entry(1))) as store, pytest.raises(StoreError, match="'nobody'"):
        store.index("nobody")


def test_describe_says_what_is_inside(tmp_path: Path) -> None:
    with open_store(write(tmp_path / "s.h5", entry(2), Entry("empty", "silence"))) as store:
        text = "\n".join(describe(store))
    assert "2 (1 ok, 1 empty)" in text
    assert "values (2, 3)" in text
    assert "toy" in text
