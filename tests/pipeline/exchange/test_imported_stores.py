"""Stores of imported features: all of them are written or none, and none replaces a computed store."""

from pathlib import Path

import numpy as np
import pytest

from features.store import feature_schema, open_store, write_store
from pipeline.errors import UserError
from pipeline.exchange.bundle import FeatureSet, ImportOptions, entry_of, item_of
from pipeline.exchange.imported_stores import origin_of, renamed, written
from pipeline.settings.paths import CorpusPaths

ORIGIN = {"origin": "f.csv", "sha256": "0" * 64}


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def store(name: str, number: float = 1.0) -> FeatureSet:
    entry = entry_of(np.full((2, 1), number), pooled=np.array([number]))[0]
    return FeatureSet(name, "audio", ("x",), ("x",), [item_of("a", entry)], {"source": "f.csv"})


def pooled(name: str) -> float:
    with open_store(CorpusPaths("c").features(name)) as found:
        return float(found.pooled()[0, 0])


def test_stores_are_moved_into_place_when_the_block_succeeds() -> None:
    with written("c", [store("one"), store("two", 2.0)], ORIGIN):
        assert not CorpusPaths("c").features("one").exists()
    assert (pooled("one"), pooled("two")) == (1.0, 2.0)
    with open_store(CorpusPaths("c").features("two")) as found:
        assert found.attribute("kind") == "imported"
        assert found.attribute("config") == ORIGIN
        assert found.attribute("source") == "f.csv"


def test_a_block_that_fails_leaves_the_old_stores() -> None:
    with written("c", [store("one")], ORIGIN):
        pass
    with pytest.raises(RuntimeError, match="settings"), written("c", [store("one", 5.0), store("two")], ORIGIN):
        raise RuntimeError("the settings cannot be written")
    assert pooled("one") == 1.0
    assert [path.name for path in CorpusPaths("c").features("one").parent.glob("*.h5")] == ["one.h5"]


def test_a_computed_store_is_not_overwritten_unless_it_is_damaged() -> None:
    path = CorpusPaths("c").features("one")
    write_store(path, feature_schema(1, 1), {"kind": "computed", "name": "one"}, store("one").items)
    with pytest.raises(UserError, match=r"one\.h5 holds features that"), written("c", [store("one")], ORIGIN):
        pass
    path.write_bytes(b"not a store")
    with written("c", [store("one", 3.0)], ORIGIN):
        pass
    assert pooled("one") == 3.0


def test_keys_differ_by_store_origin_and_utterance() -> None:
    def keys(name: str, **origin: str) -> list[str]:
        with written("c", [store(name)], ORIGIN | origin):
            pass
        with open_store(CorpusPaths("c").features(name)) as found:
            return list(found.keys)

    first = keys("one")
    assert keys("one") == first
    assert keys("one", sha256="1" * 64) != first
    assert keys("two") != first


def test_stores_named_like_extractors_are_renamed() -> None:
    notices: list[str] = []
    found = renamed([store("mfcc"), store("tfidf"), store("voice")], ["mfcc", "bert"], notices)
    assert [one.name for one in found] == ["mfcc_imported", "tfidf_imported", "voice"]
    assert notices[0] == "the features mfcc are stored as mfcc_imported, since an extractor is named mfcc"
    with pytest.raises(UserError, match="two stores would be named 'voice'"):
        renamed([store("voice"), store("voice")], ["mfcc", "bert"], notices)
    with pytest.raises(UserError):
        renamed([store("../voice")], [], notices)


def test_the_origin_is_the_content_and_the_options(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csd").write_bytes(b"a")
    (tmp_path / "in" / "b.csd").write_bytes(b"b")
    options = ImportOptions(arrays=(("audio", ("x",)),), labels=tmp_path / "l.csd")
    found = origin_of("csd", tmp_path / "in", options)
    assert found["options"] == {"arrays": [["audio", ["x"]]], "labels": "l.csd"}
    assert list(found["sha256"]) == ["a.csd", "b.csd"]
    assert found["sha256"]["a.csd"].startswith("ca978112ca1bbdca")  # sha256 of "a"
