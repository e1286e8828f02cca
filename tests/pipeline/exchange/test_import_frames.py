"""Frames of other tools go to the utterances of their recordings, by time and never by row."""

import wave
from pathlib import Path

import numpy as np
import pytest

from features.store import open_store
from pipeline.errors import UserError
from pipeline.exchange.frames import FrameColumns
from pipeline.exchange.import_frames import import_frames
from pipeline.settings.params import load_params
from tests.conftest import invoke, write_csv

ACTION = FrameColumns(prefixes=("AU",))


def sound(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        noise = np.random.default_rng(len(path.name)).normal(scale=1000, size=8000 * seconds)
        file.writeframes(noise.astype("<i2").tobytes())


def openface(path: Path, rate: float, seconds: int) -> None:
    """Write a table whose action unit at a time t is 10 t, lost in the second second."""
    path.parent.mkdir(exist_ok=True)
    times = np.arange(round(rate * seconds)) / rate
    rows = [f"{t:.4f}, {0.0 if 1 <= t < 2 else 0.9}, {int(not 1 <= t < 2)}, {10 * t:.4f}" for t in times]
    path.write_text("\n".join(["timestamp, confidence, success, AU12_r", *rows, ""]))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a prepared corpus: two utterances in a.wav, the later one listed first, one in b.wav, one in c.wav."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data/raw/talk"
    folder.mkdir(parents=True)
    for name in "abc":
        sound(folder / f"{name}.wav", 4)
    rows = [
        ("a2", "a.wav", 2.5, 4, "x"),
        ("a1", "a.wav", 0, 2.5, "y"),
        ("b1", "b.wav", 1, 2, "x"),
        ("c1", "c.wav", 0, 4, "y"),
    ]
    write_csv(
        folder / "manifest.csv",
        ("utterance", "media", "start", "end", "mood", "speaker"),
        [(*row, row[1]) for row in rows],
    )
    settings = ("--task", "classification", "--label", "mood", "--modalities", "audio", "--group", "speaker")
    added = invoke("add-corpus", "talk", "--root", str(folder), *settings)
    assert added.exit_code == 0, added.output
    prepared = invoke("prepare", "--corpus", "talk")
    assert prepared.exit_code == 0, prepared.output
    openface(tmp_path / "frames/A.csv", 25, 4)
    openface(tmp_path / "frames/b.csv", 30, 4)
    openface(tmp_path / "frames/other.csv", 30, 4)
    return tmp_path


def imported(folder: Path) -> list[str]:
    return import_frames(load_params(Path("params.yaml")), folder / "frames", "talk", "video", ACTION, "openface")


def test_each_utterance_has_the_frames_of_its_time(project: Path) -> None:
    told = imported(project)
    with open_store(project / "data/work/talk/features/openface.h5") as store:
        by_name = {name: i for i, name in enumerate(store.utterances)}
        assert [store.statuses[by_name[n]] for n in ("a1", "a2", "b1", "c1")] == ["ok", "ok", "empty", "absent"]
        second = 10 * np.arange(63, 100) / 25
        first = 10 * np.r_[np.arange(25), np.arange(50, 63)] / 25
        np.testing.assert_allclose(store.pooled()[by_name["a2"]], [second.mean(), second.std()], atol=1e-5)
        np.testing.assert_allclose(store.pooled()[by_name["a1"]], [first.mean(), first.std()], atol=1e-5)
        assert store.attribute("pooled_names") == ["AU12_r_mean", "AU12_r_std"]
        assert store.notes[by_name["b1"]] == "none of its 30 frames has a sure face"
        assert store.notes[by_name["c1"]] == "no table of frames for c"
    assert told[:4] == [
        "2 of 3 recordings of talk matched by name",
        "1 recordings of talk have no table in " + str(project / "frames") + ": their utterances count as absent (c)",
        "1 tables of "
        + str(project / "frames")
        + " are not named like a recording of talk: they were left out (other.csv)",
        "75 frames lie in utterances; 55 more were left out: the face was lost, or too unsure",
    ]
    assert load_params(Path("params.yaml")).corpora["talk"].features["video"] == ("openface",)


def test_the_same_tables_make_the_same_store(project: Path) -> None:
    imported(project)
    first = (project / "data/work/talk/features/openface.h5").read_bytes()
    imported(project)
    assert (project / "data/work/talk/features/openface.h5").read_bytes() == first


def test_tables_of_other_recordings_or_columns_are_refused_and_nothing_is_written(project: Path) -> None:
    (project / "frames/b.csv").write_text("timestamp,AU99\n0,1\n")
    with pytest.raises(UserError, match=r"b\.csv has other columns than the tables before it \(AU12_r, AU99\)"):
        imported(project)
    for name in "Ab":
        (project / f"frames/{name}.csv").unlink()
    with pytest.raises(UserError, match=r"\(such as other\.csv\) is named like a recording of talk \(such as a\)"):
        imported(project)
    (project / "frames/other.csv").unlink()
    with pytest.raises(UserError, match="holds no table of frames"):
        imported(project)
    assert not (project / "data/work/talk/features/openface.h5").exists()
    assert "openface" not in Path("params.yaml").read_text()


def test_two_tables_of_one_recording_are_refused(project: Path) -> None:
    openface(project / "frames/again/a.csv", 25, 1)
    with pytest.raises(UserError, match="are named like one recording: keep one of them"):
        imported(project)
