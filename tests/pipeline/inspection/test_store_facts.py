"""Facts of a store: statuses with their reasons and the ranges of its features, against numbers counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from features.errors import StoreError
from features.store import Column, Entry, Schema, feature_schema, write_store
from pipeline.exchange.bundle import item_of
from pipeline.inspection.store_facts import Incomplete, Range, StoreFacts, facts_of_store, ranges_of

NAN = float("nan")


def ok(pooled: list[float], rows: int = 1, note: str = "") -> Entry:
    cells = {"values": np.zeros((rows, 1), "f4"), "times": np.zeros((rows, 2))}
    return Entry("ok", note, rows=cells, clips={"pooled": np.array(pooled, "f4")})


def store(folder: Path, entries: dict[str, Entry], **more: object) -> Path:
    attributes = {"name": "toy", "kind": "features", "modality": "audio", "version": 3, "feature_names": ["x"]}
    items = [item_of(name, entry) for name, entry in entries.items()]
    write_store(
        folder / "toy.h5", feature_schema(1, 2), attributes | {"pooled_names": ["pitch_hz", "rate"]} | more, items
    )
    return folder / "toy.h5"


@pytest.fixture
def facts(tmp_path: Path) -> StoreFacts:
    entries = {
        "a": ok([100, 1], rows=4),
        "b": Entry("empty", "silence"),
        "c": ok([NAN, 1], rows=2, note="read in 2 windows"),
        "d": Entry("failed", "cannot be decoded"),
        "e": ok([300, 1], rows=9),
        "f": Entry("absent", "no audio stream"),
        "g": ok([110, 1], rows=3),
    }
    return facts_of_store(store(tmp_path, entries))


def test_every_utterance_without_features_is_named_with_its_reason(facts: StoreFacts) -> None:
    assert facts.utterances == 7
    assert facts.statuses == {"ok": 4, "absent": 1, "empty": 1, "failed": 1}
    assert facts.incomplete == (
        Incomplete("b", "empty", "silence"),
        Incomplete("d", "failed", "cannot be decoded"),
        Incomplete("f", "absent", "no audio stream"),
    )
    assert facts.remarks == (Incomplete("c", "ok", "read in 2 windows"),)


def test_ranges_are_of_the_utterances_that_are_ok(facts: StoreFacts) -> None:
    """What is written for the others is NaN, which must not count as undefined."""
    assert facts.features_per == "utterance"
    assert facts.features == (Range("pitch_hz", 100, 110, 300, 1), Range("rate", 1, 1, 1, 0))
    assert facts.rows == Range("rows", 2, 3.5, 9, 0)


def test_what_the_store_says_of_itself(facts: StoreFacts) -> None:
    assert (facts.name, facts.kind, facts.modality, facts.version) == ("toy", "features", "audio", 3)
    assert facts.columns["pooled"] == "(7, 2) float32"
    assert facts.format_version == 2


def test_a_column_that_is_undefined_everywhere_has_no_range() -> None:
    assert ranges_of(["a", "b"], np.array([[NAN, -1.0], [NAN, 2.0]])) == (
        Range("a", None, None, None, 2),
        Range("b", -1, 0.5, 2, 0),
    )
    assert ranges_of(["a"], np.zeros((0, 1))) == (Range("a", None, None, None, 0),)


def test_features_without_one_vector_per_utterance_are_ranged_over_their_rows(tmp_path: Path) -> None:
    schema = Schema((Column("values", "f4", 1), Column("times", "f8", 2)))
    cells = [{"values": np.array(own, "f4")[:, None], "times": np.zeros((len(own), 2))} for own in ([1, 5], [3])]
    items = [item_of(name, Entry("ok", rows=own)) for name, own in zip("ab", cells, strict=True)]
    write_store(tmp_path / "s.h5", schema, {"kind": "features", "feature_names": ["x"]}, items)
    found = facts_of_store(tmp_path / "s.h5")
    assert found.features_per == "row"
    assert found.features == (Range("x", 1, 3, 5, 0),)


def test_the_numbers_of_a_stream_are_ranged(tmp_path: Path) -> None:
    schema = Schema((Column("values", "str"),), (Column("gain_db", "f8"), Column("text", "str")))
    items = [
        item_of("a", Entry("ok", rows={"values": ["hello"]}, clips={"gain_db": np.float64(-2), "text": "Hello."})),
        item_of("b", Entry("empty", "no words")),
        item_of("c", Entry("ok", rows={"values": ["so"]}, clips={"gain_db": np.float64(6), "text": "So."})),
    ]
    write_store(tmp_path / "s.h5", schema, {"name": "text", "kind": "stream"}, items)
    assert facts_of_store(tmp_path / "s.h5").features == (Range("gain_db", -2, 2, 6, 0),)


def test_no_file_but_a_store_has_facts(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("run: {}\n")
    with pytest.raises(StoreError, match="is not a store") as caught:
        facts_of_store(tmp_path / "params.yaml")
    assert "delete" not in str(caught.value)
