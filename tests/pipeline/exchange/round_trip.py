"""Random bundles, and a comparison of two bundles."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from features.base import MODALITIES, Modality
from features.store import Entry
from pipeline.corpora.utterances import WORD_COLUMNS
from pipeline.exchange.bundle import Bundle, FeatureSet, item_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
NUMBER = st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))


@st.composite
def entries(draw: Any, d: int, p: int) -> Entry:
    if draw(st.booleans()) and draw(st.booleans()):
        return Entry(draw(st.sampled_from(["absent", "empty", "failed"])), draw(TEXT))
    rows = draw(st.integers(0, 4))
    numbers = draw(st.lists(NUMBER, min_size=rows * d + p, max_size=rows * d + p))
    times = draw(st.lists(NUMBER, min_size=rows * 2, max_size=rows * 2))
    values = np.array(numbers[: rows * d], np.float32).reshape(rows, d)
    pooled = np.array(numbers[rows * d :], np.float32)
    return Entry("ok", "", {"values": values, "times": np.array(times, float).reshape(rows, 2)}, {"pooled": pooled})


@st.composite
def stores(draw: Any, names: list[str], name: str, modality: Modality) -> FeatureSet:
    d, p = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    items = [item_of(utterance, draw(entries(d, p))) for utterance in names]
    columns, pooled = tuple(f"c{j}" for j in range(d)), tuple(f"p{j}" for j in range(p))
    return FeatureSet(name, modality, columns, pooled, items, {"version": 3, "config": {"rate": draw(NUMBER_JSON)}})


NUMBER_JSON = st.integers(-5, 5) | st.none() | st.text("ab", max_size=2)


@st.composite
def bundles(draw: Any, splits: bool = False) -> Bundle:
    """Three utterances or more in three stores, with words, text, whole and other numbers."""
    names = draw(st.lists(TEXT.filter(bool), min_size=3, max_size=6, unique=True))
    n = len(names)
    each = {"min_size": n, "max_size": n}
    table = pd.DataFrame(
        {
            "utterance": pd.Series(names, dtype="str"),
            "recording": pd.Series(draw(st.lists(TEXT, **each)), dtype="str"),
            "text": pd.Series(draw(st.lists(TEXT, **each)), dtype="str"),
            "start": draw(st.lists(NUMBER, **each)),
            "sentiment": draw(st.lists(st.floats(-3, 3, width=32), **each)),
            "rank": np.array(draw(st.lists(st.integers(-9, 9), **each)), np.int64),
        }
    )
    if splits:
        rest = draw(st.lists(st.sampled_from(["train", "valid", "test"]), min_size=n - 3, max_size=n - 3))
        table["split"] = pd.Series(draw(st.permutations(["train", "valid", "test", *rest])), dtype="str")
    count = draw(st.integers(0, 3))
    words = {
        "utterance": pd.Series(draw(st.lists(st.sampled_from(names), min_size=count, max_size=count)), dtype="str"),
        "word": pd.Series(draw(st.lists(TEXT, min_size=count, max_size=count)), dtype="str"),
        "start": np.array(draw(st.lists(NUMBER, min_size=count, max_size=count)), float),
        "end": np.array(draw(st.lists(NUMBER, min_size=count, max_size=count)), float),
    }
    features = tuple(draw(stores(names, f"{m}_store", m)) for m in MODALITIES)
    return Bundle(table, pd.DataFrame(words), features)


def assert_equal(found: Bundle, wanted: Bundle) -> None:
    """Compare everything in two bundles, numbers bit by bit, except that all NaNs are equal."""
    assert_same_table(found.utterances, wanted.utterances)
    assert_same_table(found.words[list(WORD_COLUMNS)], wanted.words[list(WORD_COLUMNS)])
    assert [s.name for s in found.features] == [s.name for s in wanted.features]
    for one, other in zip(found.features, wanted.features, strict=True):
        for name in ("modality", "feature_names", "pooled_names", "details"):
            assert getattr(one, name) == getattr(other, name), name
        assert [i.utterance for i in one.items] == [i.utterance for i in other.items]
        for a, b in zip(one.items, other.items, strict=True):
            assert a.length == b.length
            assert_same_entry(a.load(), b.load())


def assert_same_table(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert list(found.columns) == list(wanted.columns)
    assert len(found) == len(wanted)
    for name in wanted.columns:
        if len(wanted) and isinstance(wanted[name].dtype, np.dtype) and wanted[name].dtype.kind in "biuf":
            assert found[name].dtype == wanted[name].dtype, name
            same(found[name].to_numpy(), wanted[name].to_numpy())
        else:
            assert found[name].tolist() == wanted[name].tolist(), name


def assert_same_entry(found: Entry, wanted: Entry) -> None:
    assert (found.status, found.note) == (wanted.status, wanted.note)
    assert set(found.rows) == set(wanted.rows)
    assert set(found.clips) == set(wanted.clips)
    for name in wanted.rows:
        same(np.asarray(found.rows[name]), np.asarray(wanted.rows[name]))
    for name in wanted.clips:
        same(np.asarray(found.clips[name]), np.asarray(wanted.clips[name]))


def same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)
    if found.dtype.kind == "f":
        numbers = ~np.isnan(wanted)
        np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(wanted)[numbers])
