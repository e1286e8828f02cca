"""From settings to stores: the face that speaks is followed, by a voice in another file."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tools import scenes
from features.codec import read_video
from features.store import open_store
from pipeline.settings.paths import CorpusPaths
from tests.conftest import BLOCK, DATA, needs_data, run, write_csv

pytestmark = needs_data

SPEAKING = "streams: {video: {follow: speaking, mouth_fps: 12.5}, audio: {track: default}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One picture of two people who talk, as four utterances, of which the sound lies in files of its own."""
    left, right = (DATA / "grid" / name for name in ("s1/bbaf2n.mpg", "speakers/lrwp9a.mpg"))
    (tmp_path / "c").mkdir()
    shown = scenes.beside(scenes.pictures(left), scenes.pictures(right))
    scenes.compose(tmp_path / "c" / "both.mp4", shown, None)
    rows = [
        ("both.mp4", "first", left, 0.0, "One.", "a", "s1"),
        ("both.mp4", "second", right, 0.0, "Two.", "b", "s2"),
        ("both.mp4", "nothing", "", "", "Three.", "a", "s3"),
        ("both.mp4", "silence", "", "", "Four.", "b", "s4"),
    ]
    header = ("media", "utterance", "sound", "sound_start", "text", "label", "speaker")
    write_csv(tmp_path / "c" / "manifest.csv", header, rows)
    (tmp_path / "params.yaml").write_text(BLOCK.format(name="c", max_failed=0, task="classification"))
    return tmp_path


def followed(folder: Path) -> dict[str, tuple[str, float, str]]:
    """Return, for each utterance, its key, the middle of the followed face, and the note."""
    with open_store(folder / CorpusPaths("c").stream("video")) as store:
        streams = [read_video(store, i) for i in range(len(store.utterances))]
        middles = [float(np.nanmean(found.boxes[:, 0] + found.boxes[:, 2] / 2)) for found in streams]
        return dict(zip(store.utterances, zip(store.keys, middles, store.notes, strict=True), strict=True))


def test_the_voice_of_each_row_decides_which_face_it_shows(folder: Path) -> None:
    run("prepare", cwd=folder)
    run("preprocess", "--modality", "video", cwd=folder)
    plain = followed(folder)
    assert len({(middle, note) for _, middle, note in plain.values()}) == 1
    settings = folder / "params.yaml"
    settings.write_text(settings.read_text() + SPEAKING)
    run("preprocess", "--modality", "video", cwd=folder)
    found = followed(folder)
    assert found["first"][1] < 360 < found["second"][1]
    assert [found[name][2] for name in ("first", "second")] == ["", ""]
    for name in ("nothing", "silence"):
        assert found[name][1] == plain[name][1]
        assert "cannot be heard" in found[name][2]
    assert len({key for keys in (plain, found) for key, _, _ in keys.values()}) == 4
    settings.write_text(settings.read_text().replace("speaking", "size").replace("12.5", "10"))
    run("preprocess", "--modality", "video", cwd=folder)
    assert followed(folder) == plain
