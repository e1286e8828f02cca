"""cache gc: it deletes what is not used and what killed runs left, and nothing of a person's own."""

import json
from pathlib import Path

import h5py
import pytest

from features.errors import StoreError
from features.store import open_store
from pipeline.errors import UserError
from pipeline.inspection import cleaning
from pipeline.inspection.cleaning import Garbage, clean, found_garbage, used_keys
from pipeline.run.cache import ClipCache
from tests.conftest import invoke, output_of


def test_cache_gc_removes_what_killed_runs_left(here: Path) -> None:
    left = [
        "data/cache/.hashes.json.4711",
        "data/cache/vader/ab/.k.clip.99",
        "data/work/c/streams/.text.h5.partial",
        "data/work/.predict-x1y2z3a4/clip/manifest.csv",
        "results/c/.predictions.csv.0123456789abcdef.partial",
    ]
    for name in left:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("half")
    mine = ["raw/.originals.old/clip.txt", ".env.old", ".conda.lock", ".settings.json.2024", "data/raw/.old"]
    for name in mine:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("mine")
    asked = invoke("cache", "gc", input="n\n")
    assert asked.exit_code == 1
    assert "data/work/.predict-x1y2z3a4/ and everything in it: left unfinished" in asked.output
    assert "Delete all this?" in asked.output
    assert all((here / name).exists() for name in (*left, *mine))
    printed = output_of("cache", "gc", "--yes")
    assert "5 unfinished files" in printed
    assert all(name.removesuffix("/clip/manifest.csv") in printed for name in left)
    assert not any((here / name).exists() for name in left)
    assert all((here / name).exists() for name in mine)
    assert "all are as they were written" in output_of("status", "--verify")


def test_nothing_in_use_is_garbage(here: Path) -> None:
    garbage = found_garbage()
    assert not garbage
    assert (garbage.clips, garbage.size, garbage.unfinished) == ([], 0, [])
    assert str(clean(garbage)) == "0 files deleted, 0.0 MB freed"


def test_what_is_deleted_is_counted(here: Path) -> None:
    for k, size in enumerate((300_000, 700_000)):
        path = here / "data/cache/vader" / f"a{k}" / f"a{k}{'0' * 62}.clip"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    (here / "results/c/.table.csv.0123456789abcdef.partial").write_text("half")
    garbage = found_garbage()
    assert garbage
    assert (len(garbage.clips), garbage.size) == (2, 1_000_000)
    assert garbage.lines() == [
        "unused in the cache: 2 files (1.0 MB)",
        "results/c/.table.csv.0123456789abcdef.partial: left unfinished by a run that was killed",
    ]
    assert str(clean(garbage)) == "2 files deleted, 1.0 MB freed; 1 unfinished file of killed runs deleted"
    assert not found_garbage()


def test_what_an_earlier_version_kept_of_light_steps_is_garbage(here: Path) -> None:
    used = []
    for store in ("streams/text", "features/vader"):
        with open_store(here / f"data/work/c/{store}.h5") as opened:
            used.append(ClipCache(here / "data/cache", store.rpartition("/")[2]).path(opened.keys[0]))
    for path in used:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"of before")
    assert found_garbage().clips == [path.relative_to(here) for path in used]
    clean(found_garbage())


def test_a_file_that_is_gone_already_is_no_error_and_one_that_cannot_be_deleted_is_counted(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "discard", lambda path: False)
    garbage = Garbage([here / "gone.clip"], 10, [here / "held"])
    assert str(clean(garbage)) == "1 file deleted, 0.0 MB freed; 1 could not be deleted"


def test_the_keys_in_use_are_those_of_all_stores_and_fits(here: Path) -> None:
    expected: set[str] = set()
    for store in ("streams/audio.h5", "streams/video.h5"):  # text and vader are light
        with h5py.File(here / "data/work/c" / store) as file:
            expected |= set(file["key"].asstr()[:])
    assert used_keys() == expected | set(json.loads((here / "results/c/train.json").read_text())["fits"])


def test_a_store_or_record_that_cannot_be_read_is_an_error_since_its_keys_are_unknown(here: Path) -> None:
    store = here / "data/work/c/features/vader.h5"
    whole = store.read_bytes()
    store.write_bytes(whole[:100])
    with pytest.raises(StoreError, match="vader"):
        used_keys()
    store.write_bytes(whole)
    (here / "results/c/train.json").write_text("{")
    with pytest.raises(UserError, match="train"):
        used_keys()
