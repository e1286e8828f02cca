"""The clip cache: entries are never half-written, stale, or used when damaged."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.store import Entry
from pipeline.run.cache import ClipCache, Outline, garbage

ENTRY = Entry(
    "ok",
    rows={"values": [b"\xff\x00", b"", b"abc"], "times": np.arange(6.0).reshape(3, 2), "word": ["é", "", "x"]},
    clips={"text": "déjà vu", "gain_db": np.float64(2.5), "pooled": np.array([1, np.nan], "f4")},
)


def assert_same(one: Entry, other: Entry | None) -> None:
    assert other is not None
    assert (one.status, one.note, one.length, one.device) == (other.status, other.note, other.length, other.device)
    for mine, theirs in ((one.rows, other.rows), (one.clips, other.clips)):
        assert mine.keys() == theirs.keys()
        for name, cells in mine.items():
            if isinstance(cells, list | str):
                assert theirs[name] == cells
            else:
                np.testing.assert_array_equal(theirs[name], cells)


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        Entry("empty", "silence: nothing over -70 dB"),
        Entry("absent", "no audio stream"),
        replace(ENTRY, device="cuda:1"),
    ],
)
def test_a_stored_entry_is_returned(entry: Entry, tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    assert cache.get("k1") is None
    cache.put("k1", entry)
    assert_same(entry, cache.get("k1"))


@pytest.mark.parametrize("note", ["", "read in 2 windows; " * 500])
def test_the_outline_of_an_entry_is_what_its_header_says(note: str, tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    numbers = Entry("ok", note, {"values": np.zeros((4, 2), "f4"), "times": np.zeros((4, 2))}, device="cuda:1")
    for entry in (replace(ENTRY, note=note), numbers, Entry("empty", note), Entry("ok", note, {"values": []})):
        cache.put("k1", entry)
        assert cache.outline("k1") == Outline(entry.status, entry.length, note, entry.device)


def test_there_is_no_outline_of_a_shortened_or_unreadable_file(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    assert cache.outline("k1") is None
    cache.put("k1", ENTRY)
    whole = cache.path("k1").read_bytes()
    for size in (0, 10, 40, 55, 70, 200, len(whole) - 1):
        cache.path("k1").write_bytes(whole[:size])
        assert cache.outline("k1") is None
    for at in range(0, 300, 7):  # whatever is flipped, it does not break
        cache.path("k1").write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])
        cache.outline("k1")


def test_a_file_of_another_host_is_found_once_its_folder_was_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network file system, which goes on missing a file that was missed before."""
    cache = ClipCache(tmp_path, "step")
    cache.put("k1", ENTRY)
    listed: set[Path] = set()
    isfile, iterdir = os.path.isfile, Path.iterdir
    monkeypatch.setattr("os.path.isfile", lambda path: {*Path(path).parents[:2]} <= listed and isfile(path))
    monkeypatch.setattr(Path, "iterdir", lambda path: listed.add(path) or iterdir(path))
    assert cache.get("k1") is None
    assert_same(ENTRY, cache.written("k1"))
    assert cache.written("k2") is None


def test_an_entry_of_a_renamed_step_is_read_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    before, now = ClipCache(tmp_path, "opensmile"), ClipCache(tmp_path, "egemaps")
    before.put("k1", ENTRY)
    assert now.exists("k1")
    assert_same(ENTRY, now.get("k1"))
    assert not now.exists("k2")
    assert now.get("k2") is None
    before.path("k1").write_bytes(b"damaged")
    assert now.exists("k1")
    assert now.get("k1") is None
    now.put("k1", replace(ENTRY, note="again"))
    assert_same(replace(ENTRY, note="again"), now.get("k1"))
    assert not garbage(tmp_path, {"k1"})


def test_empty_tokens_and_frames_are_stored(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    cache.put("k", Entry("ok", rows={"values": [], "times": np.zeros((0, 2))}))
    assert_same(Entry("ok", rows={"values": [], "times": np.zeros((0, 2))}), cache.get("k"))


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_one_flipped_bit_is_noticed(at: int, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = ClipCache(tmp_path_factory.mktemp("cache"), "step")
    cache.put("k", ENTRY)
    content = bytearray(cache.path("k").read_bytes())
    content[at % len(content)] ^= 1 << bit
    cache.path("k").write_bytes(content)
    assert cache.get("k") is None
    assert cache.exists("k")


@pytest.mark.parametrize("keep", [0, 1, 17, 40, 100, -1])
def test_a_cut_off_file_is_noticed(keep: int, tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    cache.put("k", ENTRY)
    cache.path("k").write_bytes(cache.path("k").read_bytes()[:keep])
    assert cache.get("k") is None


def test_an_entry_under_the_wrong_key_is_ignored(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    cache.put("aa1", ENTRY)
    cache.path("aa2").write_bytes(cache.path("aa1").read_bytes())
    assert cache.get("aa2") is None
    assert_same(ENTRY, cache.get("aa1"))


def test_a_pipe_in_the_place_of_an_entry_is_not_waited_for(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    cache.path("aa1").parent.mkdir(parents=True)
    os.mkfifo(cache.path("aa1"))
    assert cache.get("aa1") is None


def test_garbage_is_every_unused_file(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path, "step")
    for key in ("aa1", "bb2"):
        cache.put(key, ENTRY)
    cache.path("bb2").with_name("notes.clip").write_text("a person's")
    assert garbage(tmp_path, {"aa1"}) == [cache.path("bb2")]


def test_a_linked_folder_is_not_garbage(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "mine", "step")
    cache.put("aa1", ENTRY)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "step").symlink_to(tmp_path / "mine" / "step")
    assert garbage(tmp_path / "cache", set()) == []
