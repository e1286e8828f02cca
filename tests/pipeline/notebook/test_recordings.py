"""The features of a recording are those that it has in a corpus; predictions are a table without lost rows."""

from pathlib import Path

import numpy as np
import pytest

import crossmodal as cm
from pipeline.notebook.features import read_features
from tests.demo_project import DEMO

CLIP = DEMO / "clips" / "ana-01.mp4"


def test_a_recording_has_the_features_of_the_corpus(demo_copy: Path) -> None:
    text = "I think the meal was rather enjoyable."
    found = cm.extract(str(CLIP), ["vader", "prosody"], text=text, project=demo_copy)
    assert list(found) == ["vader", "prosody"]
    for name, features in found.items():
        stored = read_features(demo_copy / "data" / "work" / "demo" / "features" / f"{name}.h5")
        np.testing.assert_array_equal(features.to_frame().loc["ana-01"], stored.to_frame().loc["ana-01"])
    assert not list((demo_copy / "data" / "work").glob(".predict-*"))


def test_outside_a_project_the_defaults_are_used_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.mp4").write_bytes(CLIP.read_bytes())
    (found,) = cm.extract("a b.mp4", "prosody").values()
    assert found.status == ("ok",)
    assert len(found.sequence("a b")) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["a b.mp4"]


def test_what_is_no_recording_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.mp4").write_text("words")
    with pytest.raises(cm.CrossmodalError, match=r"notes\.mp4"):
        cm.extract("notes.mp4", "prosody")
    with pytest.raises(cm.CrossmodalError, match=r"gone\.mp4 is not a file"):
        cm.extract("gone.mp4")
    with pytest.raises(cm.CrossmodalError, match="no extractor is named 'prosodie'; did you mean 'prosody'"):
        cm.extract("notes.mp4", "prosodie")


def test_predictions_of_several_recordings_are_one_table(demo_copy: Path, tmp_path: Path) -> None:
    from pipeline.notebook.project import project
    from pipeline.notebook.recordings import predict

    with project(demo_copy) as params, pytest.raises(Exception, match="there is no recording"):
        predict(params, tmp_path, [], text=None, workers=0)
    with project(demo_copy) as params, pytest.raises(Exception, match="there are 2: write a manifest"):
        predict(params, tmp_path, [CLIP, CLIP], text="a", workers=0)
