"""Frames of other tools go to the utterances of their recordings, by time and never by row."""

import shutil
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.store import Store, feature_schema, open_store, write_store
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.exchange.bundle import entry_of, item_of
from pipeline.exchange.frames.columns import FrameOptions
from pipeline.exchange.frames.importing import import_frames
from pipeline.settings.blocks import SequenceParams, TrainParams
from pipeline.settings.params import load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.inputs import load_modalities
from tests.conftest import DATA, invoke, needs_data, output_of, write_csv
from tests.pipeline.exchange.frames.face_track import (
    Times,
    frown,
    libreface,
    lost,
    openface2,
    py_feat,
    smile,
    statistics,
    table,
)

STORE = Path("data/work/talk/features/frames.h5")
UTTERANCES = (  # the later one of a recording is listed first
    ("a2", "a.wav", 2.5, 4.0, "x"),
    ("a1", "a.wav", 0.0, 2.5, "y"),
    ("b1", "b.wav", 1.0, 1.5, "x"),
    ("b2", "b.wav", 0.31, 3.57, "y"),
    ("c1", "c.wav", 0.0, 4.0, "y"),
)


def sound(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        noise = np.random.default_rng(ord(path.name[0])).normal(scale=1000, size=8000 * seconds)
        file.writeframes(noise.astype("<i2").tobytes())


def manifest(rows: Sequence[tuple[Any, ...]]) -> None:
    header = ("utterance", "media", "start", "end", "mood", "speaker")
    write_csv(Path("data/raw/talk/manifest.csv"), header, [(*row, row[1]) for row in rows])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus of five utterances in three recordings of 4 s, which has been prepared."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        manifest(UTTERANCES)
        for name in "abc":
            sound(folder / f"data/raw/talk/{name}.wav", 4)
        settings = ("--task", "classification", "--label", "mood", "--modalities", "audio", "--group", "speaker")
        output_of("add-corpus", "talk", "--root", "data/raw/talk", "--folds", "2", *settings)
        output_of("prepare", "--corpus", "talk")
    return folder


@pytest.fixture
def project(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the prepared corpus; it becomes the working directory."""
    shutil.copytree(prepared, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def imported(**options: Any) -> list[str]:
    return import_frames(
        load_params(Path("params.yaml")), Path("frames"), "talk", "video", FrameOptions(**options), "frames"
    )


def held(store: Store, utterance: str) -> tuple[str, str, np.ndarray]:
    """Return status, note and pooled vector of an utterance."""
    i = store.index(utterance)
    return store.statuses[i], store.notes[i], store.pooled()[i]


def seen(rate: float, start: float, end: float) -> Times:
    """Return the times of a film's frames from `start` to `end` at which the face is seen."""
    times = np.arange(round(rate * 4)) / rate
    return np.asarray(times[(times >= start) & (times < end) & ~lost(times)])


def test_openface_statistics_are_those_of_the_right_frames(project: Path) -> None:
    """Another rate, a gap, lost and unsure frames, and spaces in the header: within 1e-6 of a direct computation."""
    gaps, unsure = range(90, 97), (12, 80)
    openface2(project / "frames/A.csv", 30, 4, gaps=gaps, unsure=unsure)
    openface2(project / "frames/b.csv", 24, 4)
    imported(prefixes=("AU*_r",))
    kept = [time for time in seen(30, 0, 4) if round(30 * time) not in (*gaps, *unsure)]
    by_name = {
        "a1": np.array([time for time in kept if time < 2.5]),
        "a2": np.array([time for time in kept if time >= 2.5]),
        "b2": seen(24, 0.31, 3.57),
    }
    with open_store(STORE) as store:
        assert store.attribute("pooled_names") == ["AU04_r_mean", "AU12_r_mean", "AU04_r_std", "AU12_r_std"]
        for name, times in by_name.items():
            status, _, pooled = held(store, name)
            assert status == "ok"
            np.testing.assert_allclose(pooled, statistics(times, frown, smile), atol=1e-6, rtol=0)
        assert held(store, "a1")[1] == "16 of 75 frames failed"
        assert held(store, "a2")[1] == "1 of 38 frames failed"
        assert held(store, "b1")[:2] == ("empty", "all of its 12 frames failed")
        assert held(store, "c1")[:2] == ("absent", "no table of frames for c")


def test_py_feat_statistics_are_those_of_the_right_frames(project: Path) -> None:
    """A third of the frames, rows of nothing, times in whole seconds: within 1e-6 of a direct computation."""
    for name in "abc":
        py_feat(project / f"frames/{name}.csv", 30, 4, every=3)
    imported(prefixes=("AU",), fps=30.0)
    spans = {name: span for name, _, *span, _ in UTTERANCES}
    with open_store(STORE) as store:
        for name in ("a1", "a2", "b2", "c1"):
            right = statistics(seen(10, *spans[name]), frown, smile)
            np.testing.assert_allclose(held(store, name)[2], right, atol=1e-6, rtol=0)
        assert held(store, "b1")[:2] == ("empty", "all of its 5 frames failed")
        i = store.index("a2")
        np.testing.assert_allclose(store.rows(i, "times")[:, 0], seen(10, 2.5, 4) - 2.5, atol=1e-9)
        np.testing.assert_allclose(store.rows(i)[:, 1], smile(seen(10, 2.5, 4)), atol=1e-6)


def test_sequences_are_windows_or_words_of_the_right_frames(project: Path) -> None:
    for name in "abc":
        openface2(project / f"frames/{name}.csv", 25, 4)
    imported(prefixes=("AU12_r",))
    table = read_utterances(CorpusPaths("talk").utterances, "mood")
    words = np.array([[0.1, 0.35], [0.6, 1.3]])  # seconds from the start of each utterance
    entry = entry_of(np.ones((2, 1)), words)[0]
    attributes = {"name": "words", "kind": "features", "pooled_names": ["a", "b"]}
    items = [item_of(name, entry) for name in table["utterance"]]
    write_store(CorpusPaths("talk").features("words"), feature_schema(1, 2), attributes, items)
    features = {"text": ("words",), "video": ("frames",)}
    i = table["utterance"].tolist().index("a2")
    for align, spans in (("word", 2.5 + words), ("none", np.array([[2.5, 3.0], [3.0, 3.5], [3.5, 4.0]]))):
        settings = TrainParams(features=features, sequences=SequenceParams(align=align, step_s=0.5))
        corpus = replace(load_params(Path("params.yaml")).corpora["talk"], modalities=("text", "video"))
        steps = load_modalities("talk", settings, corpus, table, sequences=True).sequences["video"].values(i)
        times = np.arange(63, 100) / 25
        if align == "word":  # the frames that overlap a word, else those whose middle is in the window
            expected = [smile(times[(times < end) & (times + 0.04 > start + 1e-6)]).mean() for start, end in spans]
        else:
            expected = [smile(times[(times + 0.02 >= start) & (times + 0.02 < end)]).mean() for start, end in spans]
        np.testing.assert_allclose(steps[:, 0], expected, atol=1e-6)


def test_everything_that_was_matched_or_left_out_is_told(project: Path) -> None:
    openface2(project / "frames/a.csv", 25, 4)
    openface2(project / "frames/b.csv", 25, 4)
    openface2(project / "frames/other.csv", 25, 4)
    assert imported() == [
        "2 of 3 recordings of talk matched by name",
        "no table in frames for 1 recording, whose utterances count as absent (c)",
        "1 table of frames is left out, since no recording has such a name (other.csv)",
        "6 numbers per frame: gaze_0_x, x_0, X_0, ...",
        "used: 156 frames of utterances; left out as failed: 39 (not marked as a success, a confidence below 0.5, no "
        "number in the row, or only another person's face)",
        "utterances of recordings with a table: 3 with frames, 1 with failed frames only",
        "params.yaml: corpora.talk uses video: frames",
    ]
    corpus = load_params(Path("params.yaml")).corpora["talk"]
    assert (corpus.features["video"], corpus.modalities) == (("frames",), ("audio", "video"))


def test_the_store_says_where_it_is_from_and_the_same_tables_make_the_same_bytes(project: Path) -> None:
    libreface(project / "frames/s1/a.csv", 25, 4)
    libreface(project / "frames/unused.csv", 25, 4)
    imported(prefixes=("au_",))
    first, settings = STORE.read_bytes(), Path("params.yaml").read_bytes()
    with open_store(STORE) as store:
        config, keys = store.attribute("config"), store.keys
    assert (config["origin"], config["format"], list(config["sha256"])) == ("frames", "frames", ["s1/a.csv"])
    assert config["options"] == {"prefixes": ["au_"], "min_confidence": 0.5}
    assert len(set(keys)) == 5
    imported(prefixes=("au_",))
    assert (STORE.read_bytes(), Path("params.yaml").read_bytes()) == (first, settings)
    imported(prefixes=("au_1",))
    with open_store(STORE) as store:
        assert not set(store.keys) & set(keys)
        assert store.attribute("feature_names") == ["au_12_intensity"]


def test_a_folder_names_its_features_unless_an_extractor_has_that_name(project: Path) -> None:
    table(project / "My frames/a.csv", "time,AU", ["0,1", "3,2"])
    table(project / "mfcc/a.csv", "time,AU", ["0,1", "3,2"])
    params = load_params(Path("params.yaml"))
    import_frames(params, Path("My frames"), "talk", "video", FrameOptions())
    told = import_frames(params, Path("mfcc"), "talk", "audio", FrameOptions())
    assert "the features mfcc are stored as mfcc_imported, since an extractor is named mfcc" in told
    assert load_params(Path("params.yaml")).corpora["talk"].features["video"] == ("my_frames",)
    told = import_frames(params, Path("My frames"), "talk", "audio", FrameOptions(), "mfcc_imported")
    assert "the store mfcc_imported, which was imported from mfcc, is replaced" in told
    with pytest.raises(UserError, match="a store cannot be named"):
        import_frames(params, Path("mfcc"), "talk", "audio", FrameOptions(), "a/b")


def test_frames_of_a_voice_in_a_file_of_its_own_are_matched_in_that_file(project: Path) -> None:
    sound(project / "data/raw/talk/mic.wav", 6)
    header = ("utterance", "media", "start", "end", "mood", "speaker", "sound", "sound_start")
    rows = [("a1", "a.wav", 1, 2, "x", "p", "mic.wav", 4), ("b1", "b.wav", 1, 2, "x", "q", "", "")]
    rows += [("c1", "c.wav", 1, 2, "y", "p", "", ""), ("c2", "c.wav", 2, 3, "y", "q", "", "")]
    write_csv(project / "data/raw/talk/manifest.csv", header, rows)
    output_of("prepare", "--corpus", "talk")
    for name in ("a", "b", "mic"):
        table(
            project / f"frames/{name}.csv", "time,loud", [f"{i / 10},{i}" for i in range(60 if name == "mic" else 40)]
        )
    params = load_params(Path("params.yaml"))
    import_frames(params, Path("frames"), "talk", "audio", FrameOptions(), "frames")
    with open_store(STORE) as store:
        assert [held(store, name)[2][0] for name in ("a1", "b1")] == [44.5, 14.5]
        assert store.rows(0, "times")[0, 0] == pytest.approx(0)


def test_an_utterance_without_times_has_the_frames_of_its_whole_recording(project: Path) -> None:
    """So it is in a corpus of text if a recording is missing, so that its length is not known."""
    rows = [(f"{name}1", f"{name}.wav", "well", mood, name) for name, mood in zip("abcd", "xxyy", strict=True)]
    write_csv(project / "data/raw/talk/manifest.csv", ("utterance", "media", "text", "mood", "speaker"), rows)
    settings = Path("params.yaml").read_text()
    Path("params.yaml").write_text(settings.replace("modalities: [audio]", "modalities: [text]"))
    output_of("prepare", "--corpus", "talk")
    assert np.isnan(read_utterances(CorpusPaths("talk").utterances, "mood")["end"]).tolist() == [False] * 3 + [True]
    openface2(project / "frames/d.csv", 25, 60)
    imported(prefixes=("AU12_r",))
    with open_store(STORE) as store:
        times = np.arange(60 * 25) / 25
        np.testing.assert_allclose(store.rows(3)[:, 0], smile(times[~lost(times)]), atol=1e-6)


@needs_data
def test_frames_have_the_times_at_which_a_real_film_shows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip at 29.97 frames per second, and one of a telephone whose frames come irregularly, decoded by PyAV."""
    import av

    monkeypatch.chdir(tmp_path)
    clips = [DATA / "ravdess/av/01-01-01-01-01-01-01.mp4", DATA / "edge/face_noface.mov"]
    rows = [(clip, start, start + 1.5, mood, clip.stem) for clip in clips for start, mood in ((0.25, "x"), (1.75, "y"))]
    write_csv(Path("data/raw/talk/manifest.csv"), ("media", "start", "end", "mood", "group"), rows)
    settings = ("--task", "classification", "--label", "mood", "--modalities", "video")
    output_of("add-corpus", "talk", "--root", "data/raw/talk", "--folds", "2", *settings)
    output_of("prepare", "--corpus", "talk")
    shown = {}
    for clip in clips:
        with av.open(str(clip)) as container:
            shown[clip.stem] = np.array([float(frame.time) for frame in container.decode(video=0)])
        table(Path(f"frames/{clip.stem}.csv"), "frame,AU", [f"{i + 1},{i}" for i in range(len(shown[clip.stem]))])
    imported(fps="recording")
    with open_store(STORE) as store:
        for i, (clip, start, end, *_) in enumerate(rows):
            times = shown[clip.stem]
            right = np.flatnonzero((times >= start) & (times < end))
            np.testing.assert_array_equal(store.rows(i)[:, 0], right)
            np.testing.assert_allclose(store.rows(i, "times")[:, 0], times[right] - start, atol=1e-6)
    with pytest.raises(UserError, match="check the value of --fps"):
        imported(fps=5.0)


def test_a_recording_without_picture_shows_no_frames(project: Path) -> None:
    py_feat(project / "frames/a.csv", 25, 4)
    with pytest.raises(UserError, match=r"a\.wav has no video: give --fps as a number of frames per second"):
        imported(fps="recording")


@pytest.mark.parametrize(
    ("tables", "options", "sentence"),
    [
        ({"z": ["0,1"]}, {}, r"\(such as z\.csv\) is named like a recording of talk \(such as a\)"),
        (
            {"a": [f"{40 * i},1" for i in range(100)]},
            {},
            "go up to 3960.0 s, but the recording a lasts 4.0 s: if they are",
        ),
        ({"a": ["0,1", "3000,2"]}, {"time": "time"}, "--unit ms; if they are frame numbers, give the frames per"),
        ({"a": ["9,1", "9.5,2"]}, {}, "the times go up to 9.5 s, but"),
        (
            {"a": ["4.2,1", "4.5,2"]},
            {},
            "no frame in the tables of frames is within the times of an utterance of talk: check the times",
        ),
        (
            {"a": ["0,", "1,"], "b": ["1,"]},
            {},
            r"all 4 frames in the utterances of talk failed: check .*--min-conf.*0\.5",
        ),
        ({"a": ["0,1"], "b": ["x,1"]}, {}, r"b\.csv:2: time is 'x'"),
        ({"a": ["0,1"]}, {"prefixes": ("au",)}, "begins with 'au'; did you mean 'AU'"),
    ],
)
def test_tables_that_cannot_be_right_are_refused_and_nothing_is_written(
    tables: dict[str, list[str]], options: dict[str, Any], sentence: str, project: Path
) -> None:
    before = Path("params.yaml").read_bytes()
    for name, rows in tables.items():
        table(project / f"frames/{name}.csv", "time,AU12", rows)
    with pytest.raises(UserError, match=sentence):
        imported(**options)
    assert not STORE.exists()
    assert Path("params.yaml").read_bytes() == before


def test_tables_of_different_columns_are_refused_unless_the_face_was_never_seen(project: Path) -> None:
    table(project / "frames/a.csv", "time,AU1,mood", ["0,1,joy"])
    table(project / "frames/b.csv", "time,AU2,mood", ["0,1,joy"])
    with pytest.raises(
        UserError, match=r"b\.csv and the tables before it have different columns \(AU1, AU2\): with --prefix, choose"
    ):
        imported()
    table(project / "frames/b.csv", "time,AU1,mood", ["0,,"])
    imported()
    with open_store(STORE) as store:
        assert store.attribute("feature_names") == ["AU1"]


def test_wrong_frames_per_second_are_found_by_the_length_of_the_recording(project: Path) -> None:
    py_feat(project / "frames/a.csv", 30, 4)
    with pytest.raises(UserError, match=r"go up to 23\.8 s, but .* lasts 4\.0 s: check the value of --fps"):
        imported(fps=5.0)
    told = imported(fps=120.0)
    assert "1 table ended before the middle of the recording: check the times (a.csv: 0.99 of 4.00 s)" in told


def test_several_faces_and_odd_times_are_told(project: Path) -> None:
    libreface(project / "frames/a.csv", 25, 4)
    rows = [f"{i},{i / 10},{who},{i}" for i in range(30) for who in (1, 2)]
    table(project / "frames/b.csv", "frame,time,face_id,yaw", rows)
    told = imported(prefixes=("yaw",))
    assert any("frame_time_in_ms of a.csv was read as seconds" in line for line in told)
    assert any(
        line.startswith("frames with several faces in 1 recording (b): in each utterance, the face") for line in told
    )


def test_a_corpus_must_be_prepared_and_utterances_that_moved_since_are_not_trained_on(project: Path) -> None:
    openface2(project / "frames/a.csv", 25, 4)
    imported(prefixes=("AU",))
    assert "have different times" not in invoke("validate", "talk").output
    moved = [("a2", "a.wav", 2.0, 4.0, "x"), *UTTERANCES[1:]]
    manifest(moved)
    output_of("prepare", "--corpus", "talk")
    sentence = (
        "frames.h5: 1 of the table's 5 utterances have different times or recordings than when their frames were "
        "imported (a2)"
    )
    settings = Path("params.yaml").read_text()
    Path("params.yaml").write_text(settings.replace("[audio, video]", "[video]").replace("{audio:", "{text:"))
    failed = invoke("train", "--corpus", "talk", "--workers", "0")
    assert failed.exit_code == 1
    assert sentence in failed.output.replace("\n", " ")
    assert sentence in invoke("validate", "talk").output.replace("\n", " ")
    imported(prefixes=("AU",))
    assert "have different times" not in invoke("validate", "talk").output
    shutil.rmtree("data/work/talk")
    with pytest.raises(UserError, match="run `crossmodal prepare` for this corpus first"):
        imported()
