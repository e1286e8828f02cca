"""Other people's computational sequences: rows and words go to the utterances that they overlap."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.store import feature_schema, open_store, write_store
from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.csd.csd import read
from tests.conftest import DATA, needs_data
from tests.pipeline.exchange.formats.csd.sequences import AUDIO, entries, make


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    spans = [(0.5, 1.75), (2.0, 2.0), (2.5, 9.0)]
    data = {"_dI--eQ6qVU": ([[-0.8], [2.4], [0.0]], spans), "missing": ([[1.0]], [(0.0, 1.0)])}
    return make(tmp_path / "labels" / "Opinion.csd", data, "Opinion Segment Labels")


def frames(count: int, step: float = 0.5) -> list[tuple[float, float]]:
    return [(i * step, (i + 1) * step) for i in range(count)]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten frames of half a second; frame i holds i and 10 i."""
    rows = [[i, 10.0 * i] for i in range(10)]
    return make(tmp_path / "CMU_MOSI_COVAREP.csd", {"_dI--eQ6qVU": (rows, frames(10)), "other": (rows, frames(10))})


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
    assert found["_dI--eQ6qVU_1"].rows["values"][:, 0].tolist() == [
        1,
        2,
        3,
    ]  # the last frame reaches beyond the utterance
    assert found["_dI--eQ6qVU_1"].rows["times"].tolist() == [[0, 0.5], [0.5, 1], [1, 1.5]]
    assert (found["_dI--eQ6qVU_2"].status, found["_dI--eQ6qVU_2"].note) == ("empty", "the utterance has no length")
    assert found["_dI--eQ6qVU_3"].rows["values"][:, 0].tolist() == [5, 6, 7, 8, 9]
    assert found["missing_1"].status == "absent"
    np.testing.assert_allclose(
        found["_dI--eQ6qVU_1"].clips["pooled"], [2, 20, np.sqrt(2 / 3), 10 * np.sqrt(2 / 3)], 1e-6
    )
    assert bundle.notices == (
        "1 utterance without length (_dI--eQ6qVU_2): kept, with empty features",
        "CMU_MOSI_COVAREP.csd: left out 1 id without an utterance",
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


def test_words_go_to_utterances_and_rows_are_averaged_over_them(video: Path, labels: Path, tmp_path: Path) -> None:
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


def test_features_with_more_dimensions_are_flattened_and_named_by_the_metadata(tmp_path: Path) -> None:
    path = make(tmp_path / "x.csd", {"v": (np.arange(12).reshape(2, 3, 2), frames(2))}, dimension_names=list("abcdef"))
    bundle = read(path, ImportOptions(arrays=(("video", ("x",)),)))
    assert bundle.features[0].feature_names == tuple("abcdef")
    assert entries(bundle)["v"].rows["values"].tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


def test_numbers_that_are_not_finite_are_masked_and_without_others_it_is_empty(tmp_path: Path) -> None:
    rows = [[-np.inf, 1.0], [2.0, np.nan]]
    path = make(tmp_path / "x.csd", {"a": (rows, frames(2)), "b": (np.full((3, 2), -np.inf), frames(3))})
    bundle = read(path, AUDIO)
    found = entries(bundle)
    np.testing.assert_array_equal(found["a"].rows["values"], [[np.nan, 1], [2, np.nan]])
    assert (found["b"].status, found["b"].length) == ("empty", 0)
    assert bundle.notices == ("covarep: 8 numbers of 2 utterances are not finite and count as undefined",)


def test_rows_are_read_when_needed_and_fit_a_store(video: Path, labels: Path, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("given", "kept", "status", "message"),
    [
        ((-0.48, 1.0), (0.0, 1.0), "ok", "1 utterance starting before 0 s (v_1): taken to start at 0"),
        ((-1e-9, 1.0), (0.0, 1.0), "ok", ""),
        ((-2.0, -1.0), (0.0, 0.0), "empty", "1 utterance without length (v_1)"),
        ((-1.0, 0.0), (0.0, 0.0), "empty", "1 utterance without length (v_1)"),
        ((1.5, 1.5), (1.5, 1.5), "empty", "1 utterance without length (v_1)"),
        ((1.5, 1.5 + 1e-8), (1.5, 1.5), "empty", "1 utterance without length (v_1)"),
        ((2.0, 1.0), (2.0, 2.0), "empty", "1 utterance without length (v_1)"),
        (
            (0.0, float("inf")),
            (0.0, float("nan")),
            "empty",
            "1 utterance without a number as start or end",
        ),
    ],
)
def test_labels_begin_at_0_and_those_without_length_are_kept_as_empty(
    tmp_path: Path, given: Any, kept: Any, status: str, message: str
) -> None:
    rows = make(tmp_path / "A.csd", {"v": ([[float(i)] for i in range(10)], frames(10))})
    spans = make(tmp_path / "L.csd", {"v": ([[1.0], [0.5]], [given, (2, 4)])}, "labels")
    bundle = read(rows, ImportOptions(arrays=AUDIO.arrays, labels=spans))
    np.testing.assert_array_equal(bundle.utterances[["start", "end"]].iloc[0], kept)
    assert [entry.status for entry in entries(bundle).values()] == [status, "ok"]
    assert any(notice.startswith(message) for notice in bundle.notices) if message else bundle.notices == ()


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
    assert "W.csd: left out 2 words outside an utterance" in bundle.notices
