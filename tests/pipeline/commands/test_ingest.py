"""Commands that make a corpus of what people hold."""

from pathlib import Path

import pytest

from tests.conftest import invoke, output_of
from tests.pipeline.ingest.clips import sound
from tests.pipeline.ingest.segments.speaking import recording

SETTINGS = """
run: {corpora: [talks], workers: 1}
corpora:
  talks: {reader: manifest, root: ., task: classification, label: mood, modalities: [audio],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
"""


def test_segments_of_recordings_are_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recording(Path("a.wav"))
    recording(Path("b.wav"), clips=2)
    Path("manifest.csv").write_text("media,mood,speaker\na.wav,glad,Ann\nb.wav,sad,Bob\n")
    printed = output_of("segment", "a.wav", "b.wav")
    assert "a.wav: 3 utterances by voice activity" in printed
    assert "take over its other cells" in printed
    assert printed.endswith("Next:\n  crossmodal init\n")
    Path("params.yaml").write_text(SETTINGS)
    assert (
        "talks: 5 utterances, 2 recordings, 2 groups, 0 timed words; 3 glad, 2 sad"
        in invoke("validate", "talks").output
    )


def test_what_cannot_be_cut_is_an_error_after_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recording(Path("a.wav"), clips=1)
    Path("b.wav").write_bytes(b"RIFF")
    found = invoke("segment", "b.wav", "a.wav", "--pause", "1")
    assert found.exit_code == 1
    assert "b.wav cannot be read" in found.output
    assert len(Path("manifest.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.mp4",), "nowhere.mp4 does not exist"),
        (("folder",), "folder is a folder: give its recordings"),
        (("a.mp4", "--from", "nowhere.srt"), "nowhere.srt does not exist"),
    ],
)
def test_what_does_not_exist_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("a.mp4").write_bytes(b"not opened")
    found = invoke("segment", *arguments)
    assert (found.exit_code, found.output.strip()) == (1, f"Error: {message}")
    assert not Path("manifest.csv").exists()
    assert invoke("segment").exit_code == 2


def test_a_folder_of_recordings_becomes_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for mood in ("glad", "sad"):
        for take in (1, 2):
            sound(tmp_path / "clips" / f"{mood}_Ann_{take}.wav", 0.5)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    arguments = ("init", "../clips", "--name", "talks", "--pattern", "{mood}_{speaker}_{take}")
    dry = output_of(*arguments, "--dry-run")
    assert "4 recordings in 1 folder of ../clips (.wav)" in dry
    assert dry.endswith("nothing was written, since this is a dry run\n")
    assert not list(project.iterdir())
    assert output_of(*arguments).endswith("  dvc repro && crossmodal evaluate talks --show\n")
    assert "talks: 4 utterances, 4 recordings" in invoke("validate", "talks").output


def test_a_project_in_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound(tmp_path / "a.wav", 0.5)
    (tmp_path / "params.yaml").mkdir()  # a folder in the place of a file, which root cannot write either
    monkeypatch.chdir(tmp_path)
    found = invoke("init", "--no-labels")
    assert found.exit_code == 1
    assert "params.yaml" in found.output
    assert found.output.count("Error:") == 1
