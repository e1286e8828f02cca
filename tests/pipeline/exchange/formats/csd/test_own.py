"""Our own computational sequences: a bundle comes back from its files."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of
from pipeline.exchange.formats.csd.csd import read, write
from tests.pipeline.exchange.formats.csd.sequences import AUDIO, example


def assert_same(found: Bundle, made: Bundle) -> None:
    pd.testing.assert_frame_equal(found.utterances, made.utterances)
    pd.testing.assert_frame_equal(found.words, made.words, check_exact=False, atol=1e-9)
    assert [s.name for s in found.features] == [s.name for s in made.features]
    for a, b in zip(found.features, made.features, strict=True):
        assert (a.modality, a.feature_names, a.pooled_names) == (b.modality, b.feature_names, b.pooled_names)
        assert dict(a.details) == dict(b.details)
        for x, y in zip(a.items, b.items, strict=True):
            one, other = x.load(), y.load()
            assert (x.utterance, x.length, one.status, one.note) == (y.utterance, y.length, other.status, other.note)
            if other.status == "ok":
                np.testing.assert_array_equal(one.rows["values"], other.rows["values"])
                np.testing.assert_array_equal(one.clips["pooled"], other.clips["pooled"])
                np.testing.assert_allclose(one.rows["times"], other.rows["times"], rtol=0, atol=1e-9)


def test_a_bundle_comes_back_from_its_folder(tmp_path: Path) -> None:
    write(example(), tmp_path / "out")
    names = ["bert.csd", "egemaps.csd", "labels.csd", "labels_emotion.csd", "words.csd"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == names
    assert_same(read(tmp_path / "out", ImportOptions()), example())


def test_a_single_file_gives_its_store_with_utterances_and_words(tmp_path: Path) -> None:
    write(example(), tmp_path)
    made = example()
    assert_same(read(tmp_path / "egemaps.csd", ImportOptions()), Bundle(made.utterances, made.words, made.features[:1]))
    with pytest.raises(UserError, match="'arrays'"):
        read(tmp_path / "egemaps.csd", AUDIO)


@pytest.mark.parametrize("key", ["crossmodal utterances", "crossmodal store"])
@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"pooled": "AAA"}', '[["utterance", {"dtype": "U999999999", "cells": []}]]']
)
def test_damaged_metadata_of_ours_is_refused_in_one_sentence(tmp_path: Path, key: str, text: str) -> None:
    write(Bundle(example().utterances, features=example().features[:1]), tmp_path)
    with h5py.File(tmp_path / "egemaps.csd", "a") as h5:
        h5[f"egemaps/metadata/{key}"][0] = text
    with pytest.raises(UserError, match="damaged"):
        read(tmp_path / "egemaps.csd", ImportOptions())


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=6
)


NUMBERS = st.floats(allow_infinity=False, width=32)


SECONDS = st.just(float("nan")) | st.floats(0, 1000)


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    width = draw(st.integers(1, 3))
    made = []
    for _ in names:
        count = draw(st.integers(0, 3))
        rows = np.array(draw(st.lists(NUMBERS, min_size=count * width, max_size=count * width)), np.float32)
        times = np.array(draw(st.lists(SECONDS, min_size=count * 2, max_size=count * 2)), float)
        made.append(entry_of(rows.reshape(count, width), times.reshape(count, 2))[0])
    table = pd.DataFrame(
        {"utterance": names, "start": [draw(SECONDS) for _ in names], "score": [draw(NUMBERS) for _ in names]}
    )
    table["text"] = pd.Series(
        [draw(st.text(st.characters(codec="utf-8"), max_size=5)).rstrip("\0") for _ in names], dtype="str"
    )
    words = [
        (draw(st.sampled_from(names)), draw(NAMES), draw(SECONDS), draw(SECONDS))
        for _ in range(draw(st.integers(0, 5)))
    ]
    spoken = pd.DataFrame(words, columns=["utterance", "word", "start", "end"])
    kinds = {"utterance": "str", "word": "str", "start": float, "end": float} if words else {}
    columns = tuple(f"f{i}" for i in range(width))
    items = [item_of(n, e) for n, e in zip(names, made, strict=True)]
    store = FeatureSet(
        "store", draw(st.sampled_from(["text", "audio", "video"])), columns, pooled_names_of(columns), items
    )
    return Bundle(table.astype({"utterance": "str"}), spoken.astype(kinds), (store,))


@given(bundles())
@settings(max_examples=25, deadline=None)
def test_any_bundle_comes_back(tmp_path_factory: pytest.TempPathFactory, made: Bundle) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(made, folder)
    assert_same(read(folder, ImportOptions()), made)
