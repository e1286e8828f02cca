"""Computational sequences: read as the SDK's own files are laid out, written so that the SDK's rules hold, and back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.store import Entry, feature_schema, open_store, write_store
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of
from pipeline.exchange.formats.csd.csd import read, write
from tests.conftest import DATA, needs_data

AUDIO = ImportOptions(arrays=(("audio", ("COVAREP",)),))
TEMPLATE = (  # the SDK's own list, in which a comma is missing
    "root name",
    "computational sequence description",
    "dimension namescomputational sequence version",
    "alignment compatible",
    "dataset name",
    "dataset version",
    "creator",
    "contact",
    "featureset bib citation",
    "dataset bib citation",
)


def make(path: Path, data: Mapping[str, tuple[Any, Any]], root: str = "COVAREP", **metadata: Any) -> Path:
    """Write a file as the SDK's write_CSD does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as h5:
        for name, (features, intervals) in data.items():
            group = h5.create_group(f"{root}/data/{name}")
            group.create_dataset("features", data=np.array(features), compression="gzip", compression_opts=9)
            group.create_dataset("intervals", data=np.array(intervals, float).reshape(-1, 2))
        for key, value in ({"root name": root} | metadata).items():
            cell = h5.create_dataset(f"{root}/metadata/{key.replace('_', ' ')}", (1,), h5py.string_dtype())
            cell[0] = json.dumps(value)
    return path


def as_the_sdk_reads(path: Path) -> tuple[dict[str, Any], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Read a file by the SDK's rules: the first group, JSON metadata, features and intervals of equal length."""
    with h5py.File(path, "r") as h5:
        root = h5[next(iter(h5.keys()))]
        assert len(h5) == 1
        metadata = {key: json.loads(root["metadata"][key][0]) for key in root["metadata"]}
        data = {k: (root["data"][k]["features"][:], root["data"][k]["intervals"][:]) for k in root["data"]}
    for features, intervals in data.values():
        assert features.ndim >= 2
        assert intervals.ndim == 2
        assert intervals.shape == (len(features), 2)
    return metadata, data


def entries(bundle: Bundle, store: int = 0) -> dict[str, Entry]:
    found = {item.utterance: item.load() for item in bundle.features[store].items}
    assert list(found) == bundle.utterances["utterance"].tolist()
    for item in bundle.features[store].items:
        assert item.length == found[item.utterance].length
    return found


def frames(count: int, step: float = 0.5) -> list[tuple[float, float]]:
    return [(i * step, (i + 1) * step) for i in range(count)]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten frames of half a second; frame i holds i and 10 i."""
    rows = [[i, 10.0 * i] for i in range(10)]
    return make(tmp_path / "CMU_MOSI_COVAREP.csd", {"_dI--eQ6qVU": (rows, frames(10)), "other": (rows, frames(10))})


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    spans = [(0.5, 1.75), (2.0, 2.0), (2.5, 9.0)]
    data = {"_dI--eQ6qVU": ([[-0.8], [2.4], [0.0]], spans), "missing": ([[1.0]], [(0.0, 1.0)])}
    return make(tmp_path / "labels" / "Opinion.csd", data, "Opinion Segment Labels")


def test_rows_go_to_the_utterances_they_overlap_and_are_kept_whole(video: Path, labels: Path) -> None:
    bundle = read(video, ImportOptions(arrays=AUDIO.arrays, labels=labels))
    table = bundle.utterances.set_index("utterance")
    assert table.index.tolist() == ["_dI--eQ6qVU_1", "_dI--eQ6qVU_2", "_dI--eQ6qVU_3", "missing_1"]
    assert table["sentiment"].tolist() == [-0.8, 2.4, 0.0, 1.0]
    assert table["recording"].tolist() == table["group"].tolist() == ["_dI--eQ6qVU"] * 3 + ["missing"]
    assert table["start"].tolist() == [0.5, 2.0, 2.5, 0.0]
    assert table["end"].tolist() == [1.75, 2.0, 9.0, 1.0]
    store = bundle.features[0]
    assert (store.name, store.modality, store.feature_names) == ("covarep", "audio", ("covarep_0", "covarep_1"))
    found = entries(bundle)
    assert found["_dI--eQ6qVU_1"].rows["values"][:, 0].tolist() == [1, 2, 3]  # the last frame sticks out
    assert found["_dI--eQ6qVU_1"].rows["times"].tolist() == [[0, 0.5], [0.5, 1], [1, 1.5]]
    assert (found["_dI--eQ6qVU_2"].status, found["_dI--eQ6qVU_2"].note) == ("empty", "the utterance has no length")
    assert found["_dI--eQ6qVU_3"].rows["values"][:, 0].tolist() == [5, 6, 7, 8, 9]
    assert found["missing_1"].status == "absent"
    np.testing.assert_allclose(
        found["_dI--eQ6qVU_1"].clips["pooled"], [2, 20, np.sqrt(2 / 3), 10 * np.sqrt(2 / 3)], 1e-6
    )
    assert bundle.notices == (
        "1 utterances have no length (_dI--eQ6qVU_2): they are kept, with empty features",
        "CMU_MOSI_COVAREP.csd: 1 ids belong to no utterance and were left out",
    )


def test_an_utterance_beyond_all_rows_is_empty(video: Path, tmp_path: Path) -> None:
    late = make(tmp_path / "l.csd", {"other": ([[1.0]], [(50.0, 60.0)])}, "labels")
    assert entries(read(video, ImportOptions(arrays=AUDIO.arrays, labels=late)))["other_1"].status == "empty"


@pytest.mark.parametrize("which", ["features", "words", "two files"])
def test_ids_that_differ_in_spelling_only_are_refused(tmp_path: Path, which: str) -> None:
    rows, spans = [[i, 1.0] for i in range(4)], frames(4)
    audio = make(tmp_path / "audio.csd", {"v01": (rows, spans), "v10": (rows, spans)})
    if which == "two files":
        make(tmp_path / "more.csd", {"v1": (rows, spans), "v10": (rows, spans)}, "more")
        path, options = tmp_path, ImportOptions(arrays=(("audio", ("COVAREP", "more")),))
    elif which == "words":
        words = make(tmp_path / "w" / "words.csd", {"V01": ([[b"hm"]] * 4, spans)}, "words")
        path, options = audio, ImportOptions(arrays=AUDIO.arrays, words=words)
    else:
        labels = make(tmp_path / "l" / "l.csd", {"v1": ([[1.0]], [(0, 1)]), "v10": ([[1.0]], [(0, 1)])}, "labels")
        path, options = audio, ImportOptions(arrays=AUDIO.arrays, labels=labels)
    with pytest.raises(UserError, match="1 id differs only in spelling, such as 'v"):
        read(path, options)


def test_words_are_shared_out_and_rows_averaged_over_them(video: Path, labels: Path, tmp_path: Path) -> None:
    cells = [[b"it"], [b"sp"], [b"was"], [b"fine"]]
    words = make(
        tmp_path / "w" / "words.csd", {"_dI--eQ6qVU": (cells, [(0.5, 1), (1, 1.2), (1.2, 1.9), (3, 4)])}, "words"
    )
    bundle = read(video, ImportOptions(arrays=AUDIO.arrays, labels=labels, words=words, align="word"))
    assert bundle.words.values.tolist() == [
        ["_dI--eQ6qVU_1", "it", 0.5, 1.0],
        ["_dI--eQ6qVU_1", "was", 1.2, 1.9],
        ["_dI--eQ6qVU_3", "fine", 3.0, 4.0],
    ]
    assert bundle.utterances["text"].tolist() == ["it was", "", "fine", ""]
    found = entries(bundle)
    assert found["_dI--eQ6qVU_1"].rows["values"][:, 0].tolist() == [1, 2.5]
    np.testing.assert_allclose(found["_dI--eQ6qVU_1"].rows["times"], [[0, 0.5], [0.7, 1.4]])
    assert found["_dI--eQ6qVU_2"].status == "empty"
    assert found["_dI--eQ6qVU_3"].rows["values"][:, 0].tolist() == [6.5]
    plain = read(video, ImportOptions(arrays=AUDIO.arrays, labels=labels, words=words))
    assert entries(plain)["_dI--eQ6qVU_3"].length == 5


def test_aligned_segments_are_utterances_as_they_are(tmp_path: Path) -> None:
    segments = {
        "v_1[1]": ([[1.0], [2.0]], [(4, 5), (5, 6)]),
        "v_1[0]": ([[3.0]], [(1, 2)]),
        "v_1[9]": ([[4.0]], [(8, 8)]),
    }
    path = make(tmp_path / "x.csd", segments)
    labels = make(tmp_path / "l.csd", {"v_1": ([[0.5], [1.5]], [(1, 2), (4, 6)])}, "labels")
    bundle = read(path, ImportOptions(arrays=AUDIO.arrays, labels=labels))
    assert [e.rows["values"].ravel().tolist() for e in entries(bundle).values()] == [[3], [1, 2]]
    assert entries(bundle)["v_1_2"].rows["times"].tolist() == [[0, 1], [1, 2]]
    alone = read(path, AUDIO)
    assert alone.utterances["utterance"].tolist() == ["v_1_1", "v_1_2", "v_1_10"]
    assert alone.utterances["recording"].tolist() == ["v_1"] * 3
    assert alone.utterances["start"].tolist() == [1, 4, 8]
    swapped = read(
        path, ImportOptions(arrays=AUDIO.arrays, labels=make(tmp_path / "s.csd", {"v_1[1]": ([[2]], [(4, 6)])}, "l"))
    )
    assert swapped.utterances[["utterance", "sentiment"]].values.tolist() == [["v_1_2", 2.0]]
    assert entries(swapped)["v_1_2"].length == 2


def test_without_labels_every_id_is_an_utterance(video: Path) -> None:
    bundle = read(video, AUDIO)
    assert bundle.utterances["utterance"].tolist() == ["_dI--eQ6qVU", "other"]
    assert bundle.utterances[["start", "end"]].values.tolist() == [[0, 5], [0, 5]]
    assert entries(bundle)["other"].rows["values"].shape == (10, 2)
    with pytest.raises(UserError, match="--array audio=CMU_MOSI_COVAREP"):
        read(video, ImportOptions())


def test_deeper_features_become_flat_and_take_their_names_from_the_metadata(tmp_path: Path) -> None:
    path = make(tmp_path / "x.csd", {"v": (np.arange(12).reshape(2, 3, 2), frames(2))}, dimension_names=list("abcdef"))
    bundle = read(path, ImportOptions(arrays=(("video", ("x",)),)))
    assert bundle.features[0].feature_names == tuple("abcdef")
    assert entries(bundle)["v"].rows["values"].tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


def test_a_folder_gives_several_stores_and_labels_of_several_columns(tmp_path: Path) -> None:
    make(tmp_path / "a.csd", {"v": ([[1.0]], [(0, 1)])}, "COVAREP")
    make(tmp_path / "b.csd", {"v": ([[2.0]], [(0, 1)]), "w": ([[3.0]], [(0, 1)])}, "OpenFace 2")
    names = ["sentiment", "happy"]
    labels = make(tmp_path / "c.csd", {"v": ([[1, 0.5]], [(0, 1)])}, "All Labels", dimension_names=names)
    bundle = read(tmp_path, ImportOptions(arrays=(("audio", ("a",)), ("video", ("OpenFace*",))), labels=labels))
    assert [(s.name, s.modality) for s in bundle.features] == [("covarep", "audio"), ("openface_2", "video")]
    assert bundle.utterances[names].values.tolist() == [[1, 0.5]]
    with pytest.raises(UserError, match=r"no \.csd 'covarp'"):
        read(tmp_path, ImportOptions(arrays=(("audio", ("covarp",)),)))


def test_what_is_not_finite_is_masked_and_an_utterance_of_nothing_else_is_empty(tmp_path: Path) -> None:
    rows = [[-np.inf, 1.0], [2.0, np.nan]]
    path = make(tmp_path / "x.csd", {"a": (rows, frames(2)), "b": (np.full((3, 2), -np.inf), frames(3))})
    bundle = read(path, AUDIO)
    found = entries(bundle)
    np.testing.assert_array_equal(found["a"].rows["values"], [[np.nan, 1], [2, np.nan]])
    assert (found["b"].status, found["b"].length) == ("empty", 0)
    assert bundle.notices == ("covarep: 8 numbers of 2 utterances are not finite and count as undefined",)


def test_rows_are_read_when_they_are_asked_for_and_fit_a_store(video: Path, labels: Path, tmp_path: Path) -> None:
    bundle = read(video, ImportOptions(arrays=AUDIO.arrays, labels=labels))
    store = bundle.features[0]
    write_store(tmp_path / "s.h5", feature_schema(2, 4), {"name": store.name}, store.items)
    with open_store(tmp_path / "s.h5") as made:
        assert made.statuses == ["ok", "empty", "ok", "absent"]
        assert made.rows(2)[:, 0].tolist() == [5, 6, 7, 8, 9]
    video.unlink()
    with pytest.raises(UserError, match="does not exist"):
        store.items[0].load()


@needs_data
def test_real_features_of_mosi_by_segment(tmp_path: Path) -> None:
    real = np.load(DATA / "mosi" / "features.npz")
    chosen = np.flatnonzero(np.isin(real["video_id"], np.unique(real["video_id"])[:3]))
    data = {}
    for i in chosen:
        video, number = str(real["id"][i]).rsplit("_", 1)
        data[f"{video}[{int(number) - 1}]"] = (real["audio"][i][None], [(0, 1)])
    bundle = read(make(tmp_path / "x.csd", data), AUDIO)
    found = entries(bundle)
    assert set(found) == {str(name) for name in real["id"][chosen]}
    for i in chosen:
        values = found[str(real["id"][i])].rows["values"][0]
        np.testing.assert_array_equal(values, np.where(np.isfinite(real["audio"][i]), real["audio"][i], np.nan))


# ---- there and back


def example() -> Bundle:
    """Each case that the format has no place for."""
    table = pd.DataFrame(
        {
            "utterance": ["v_1", "a/b", "..", "größe"],
            "recording": ["v", "v", "", ""],
            "text": ["good film", "", 'a "b"\nc', "x"],
            "speaker": ["s0", "", "", "s1"],
            "split": ["train", "valid", "test", ""],
            "start": [10.25, np.nan, 0.1, 3.0],
            "end": [12.5, np.nan, 0.7, np.nan],
            "sentiment": [-0.8, np.nan, 2.4, 0.0],
            "votes": [1, 2, 3, 4],
            "emotion": ["happy", "", "größe", "sad"],
        }
    ).astype(dict.fromkeys(("utterance", "recording", "text", "speaker", "split", "emotion"), "str"))
    rows = np.array([[1.5, np.nan], [0.1, -3.0], [7.0, 8.0]], np.float32)
    times = np.array([[0.0, 0.3], [np.nan, 0.5], [0.1 + 0.2, 1.0]])
    frame = Entry(
        "ok",
        "cut off",
        {"values": np.zeros((0, 2), np.float32), "times": np.zeros((0, 2))},
        {"pooled": np.full(4, 9, "f4")},
    )
    made = [entry_of(rows, times)[0], Entry("absent", "no sound"), entry_of(rows[:1])[0], frame]
    names = table["utterance"].tolist()
    audio = FeatureSet(
        "egemaps",
        "audio",
        ("f0", "größe"),
        pooled_names_of(("f0", "größe")),
        [item_of(n, e) for n, e in zip(names, made, strict=True)],
        {"source": "x", "n": [1, 2]},
    )
    vectors = [entry_of(np.array([[i]]), pooled=np.array([i]))[0] for i in range(3)] + [Entry("failed", "it broke")]
    text = FeatureSet("bert", "text", ("t",), ("t",), [item_of(n, e) for n, e in zip(names, vectors, strict=True)])
    words = pd.DataFrame(
        [
            ("größe", "naïve", 3.0, 3.4),
            ("v_1", "good", 10.25, 10.5),
            ("v_1", "", np.nan, np.nan),
            ("größe", "x", 3.5, np.nan),
        ],
        columns=["utterance", "word", "start", "end"],
    ).astype({"utterance": "str", "word": "str"})
    return Bundle(table, words, (audio, text))


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


def test_the_sdk_can_open_what_is_written(tmp_path: Path) -> None:
    write(example(), tmp_path)
    for path in tmp_path.glob("*.csd"):
        metadata, data = as_the_sdk_reads(path)
        assert set(TEMPLATE) | {"uuid", "md5"} <= set(metadata)
        assert metadata["root name"] == path.stem
        assert all(np.isfinite(intervals).all() for _, intervals in data.values())
    features, intervals = as_the_sdk_reads(tmp_path / "egemaps.csd")[1]["v_1"]
    assert features.dtype == np.float32
    np.testing.assert_allclose(intervals, [[10.25, 10.55], [10.25, 12.5], [10.55, 11.25]])  # recording seconds
    words = as_the_sdk_reads(tmp_path / "words.csd")[1]
    assert words["größe"][0].tolist() == [["naïve".encode()], [b"x"]]
    scores = as_the_sdk_reads(tmp_path / "labels.csd")[1]
    assert scores["v_1"][0].tolist() == [[-0.8, 1.0]]
    assert as_the_sdk_reads(tmp_path / "labels_emotion.csd")[1]["v_1"][0].tolist() == [[b"happy"]]


def test_what_is_written_can_be_read_as_a_strangers_file(tmp_path: Path) -> None:
    """The plain part alone, metadata of ours taken away, gives rows and scores, too."""
    write(example(), tmp_path)
    for name in ("egemaps", "labels"):
        with h5py.File(tmp_path / f"{name}.csd", "a") as h5:
            for key in [key for key in h5[name]["metadata"] if key.startswith("crossmodal")]:
                del h5[name]["metadata"][key]
    bundle = read(tmp_path / "egemaps.csd", AUDIO)
    np.testing.assert_array_equal(
        entries(bundle)["v_1"].rows["values"], example().features[0].items[0].load().rows["values"]
    )


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(example(), tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    write(example(), tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def broken() -> Entry:
        raise UserError("the store is gone")

    made = example()
    items = [*made.features[1].items[:-1], type(made.features[1].items[0])("größe", "", 1, broken)]
    store = FeatureSet("bert", "text", ("t",), ("t",), items)
    with pytest.raises(UserError, match="gone"):
        write(Bundle(made.utterances, made.words, (made.features[0], store)), tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_folders_and_names_that_would_mix_things_up_are_refused(tmp_path: Path) -> None:
    write(example(), tmp_path)
    made = example()
    with pytest.raises(UserError, match=r"holds bert\.csd already"):
        write(Bundle(made.utterances, made.words, made.features[:1]), tmp_path)
    store = FeatureSet("words", "text", ("t",), ("t",), made.features[1].items)
    with pytest.raises(UserError, match="'words'"):
        write(Bundle(made.utterances, made.words, (store,)), tmp_path / "b")
    with pytest.raises(UserError, match="nothing to write"):
        write(Bundle(made.utterances[["utterance"]]), tmp_path / "c")
    write(Bundle(made.utterances.assign(votes=0), features=made.features[:1]), tmp_path / "d")
    (tmp_path / "d" / "egemaps.csd").replace(tmp_path / "egemaps.csd")
    with pytest.raises(UserError, match="two exports"):
        read(tmp_path, ImportOptions())


@pytest.mark.parametrize("key", ["crossmodal utterances", "crossmodal store"])
@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"pooled": "AAA"}', '[["utterance", {"dtype": "U999999999", "cells": []}]]']
)
def test_damaged_metadata_of_ours_is_one_sentence(tmp_path: Path, key: str, text: str) -> None:
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


@pytest.mark.parametrize(
    ("given", "kept", "status", "said"),
    [
        ((-0.48, 1.0), (0.0, 1.0), "ok", "1 utterances begin before 0 s (v_1): they begin at 0 here"),
        ((-1e-9, 1.0), (0.0, 1.0), "ok", ""),
        ((-2.0, -1.0), (0.0, 0.0), "empty", "1 utterances have no length (v_1)"),
        ((-1.0, 0.0), (0.0, 0.0), "empty", "1 utterances have no length (v_1)"),
        ((1.5, 1.5), (1.5, 1.5), "empty", "1 utterances have no length (v_1)"),
        ((1.5, 1.5 + 1e-8), (1.5, 1.5), "empty", "1 utterances have no length (v_1)"),
        ((2.0, 1.0), (2.0, 2.0), "empty", "1 utterances have no length (v_1)"),
        (
            (0.0, float("inf")),
            (0.0, float("nan")),
            "empty",
            "1 utterances have a start or an end that is not a number",
        ),
    ],
)
def test_labels_begin_at_0_and_those_without_length_stay_as_empty(
    tmp_path: Path, given: Any, kept: Any, status: str, said: str
) -> None:
    rows = make(tmp_path / "A.csd", {"v": ([[float(i)] for i in range(10)], frames(10))})
    spans = make(tmp_path / "L.csd", {"v": ([[1.0], [0.5]], [given, (2, 4)])}, "labels")
    bundle = read(rows, ImportOptions(arrays=AUDIO.arrays, labels=spans))
    np.testing.assert_array_equal(bundle.utterances[["start", "end"]].iloc[0], kept)
    assert [entry.status for entry in entries(bundle).values()] == [status, "ok"]
    assert any(notice.startswith(said) for notice in bundle.notices) if said else bundle.notices == ()


def test_a_segment_of_no_length_keeps_the_features_that_are_its_own(tmp_path: Path) -> None:
    rows = make(tmp_path / "A.csd", {"v[0]": ([[7.0]], [(1.0, 1.0)]), "v[1]": ([[8.0]], [(-0.1, 2.0)])})
    bundle = read(rows, AUDIO)
    assert bundle.utterances[["start", "end"]].values.tolist() == [[1, 1], [0, 2]]
    assert [entry.status for entry in entries(bundle).values()] == ["ok", "ok"]


def test_words_of_a_segment_that_lie_outside_it_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = make(tmp_path / "A.csd", {"v[0]": ([[7.0]], [(1.0, 2.0)])})
    cells = ([[b"early"], [b"over"], [b"in"], [b"late"]], [(-1, 0.5), (0.9, 1.1), (1.2, 1.4), (2.5, 3)])
    words = make(tmp_path / "W.csd", {"v[0]": cells}, "words")
    bundle = read(rows, ImportOptions(arrays=AUDIO.arrays, words=words))
    assert bundle.words["word"].tolist() == ["over", "in"]
    assert "W.csd: 2 words outside their utterances were left out" in bundle.notices
