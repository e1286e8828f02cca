"""`import frames` on the command line: its options, and a corpus that is trained on what it imported."""

import wave
from pathlib import Path

import click
import numpy as np
import pytest

from features.store import open_store
from pipeline.commands.frames import Rate
from pipeline.settings.params import load_params
from tests.conftest import invoke, output_of, write_csv
from tests.pipeline.exchange.frames.face_track import py_feat, table

PARAMS = """
run: {corpora: [talk], workers: 1}
corpora:
  talk: {reader: manifest, root: raw, task: classification, label: mood, modalities: [video],
    features: {video: [faces]}, protocol: {kind: group-kfold, folds: 2, group: speaker}}
train: {classifiers: [logistic], unimodal_models: [], fusions: []}
evaluate: {resamples: 50}
"""


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a prepared corpus of eight recordings of half a second, four of each of two speakers."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"u{i}", f"r{i}.wav", ("calm", "glad")[i % 2], f"s{i // 4}") for i in range(8)]
    write_csv(tmp_path / "raw/manifest.csv", ("utterance", "media", "mood", "speaker"), rows)
    for i in range(8):
        with wave.open(f"raw/r{i}.wav", "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(np.random.default_rng(i).integers(-99, 99, 4000, "<i2").tobytes())
    Path("params.yaml").write_text(PARAMS)
    output_of("prepare")
    return tmp_path


def test_imported_frames_are_trained_on(talk: Path) -> None:
    for i in range(8):
        rows = [f"{frame},{1 + i % 2 + frame / 100},{i}" for frame in range(10)]
        table(talk / f"Faces/track_r{i}.csv", "n,AU12,AU04", rows)
    options = ("--time", "n", "--fps", "20", "--prefix", "AU12, AU1", "--match", "track_(.+)")
    printed = output_of("import", "frames", "Faces", "--into", "talk", "--modality", "video", *options)
    assert "8 of 8 recordings of talk matched by name" in printed
    assert "80 frames of utterances" in printed
    with open_store(Path("data/work/talk/features/faces.h5")) as store:
        np.testing.assert_allclose(store.pooled()[:, 0], [1 + i % 2 + 0.045 for i in range(8)], atol=1e-6)
        assert store.attribute("config")["options"] == {
            "time": "n",
            "fps": 20.0,
            "prefixes": ["AU12", "AU1"],
            "min_confidence": 0.5,
            "match": "track_(.+)",
        }
    output_of("train", "--workers", "0")
    output_of("evaluate")
    lines = Path("results/talk/table.csv").read_text().splitlines()
    assert any(line.startswith("talk,unimodal,video,logistic,accuracy,1.000000,") for line in lines)
    assert "faces.h5" not in output_of("status", "--verify")


def test_the_store_and_the_confidence_may_be_named(talk: Path) -> None:
    for i in range(2):
        py_feat(talk / f"out/r{i}.csv", 25, 0.4)
    named = ("--store", "units", "--confidence", "AU12", "--min-confidence", "2.9", "--fps", "25", "--face", "Identity")
    printed = output_of("import", "frames", "out", "--into", "talk", "--modality", "audio", *named)
    assert "corpora.talk uses video: faces; audio: units" in printed
    assert "a confidence below 2.9" in printed
    assert load_params(Path("params.yaml")).corpora["talk"].modalities == ("audio", "video")


def test_frames_per_second_are_a_number_a_fraction_or_those_of_the_recording() -> None:
    rate = Rate()
    assert rate.convert("25", None, None) == 25
    assert rate.convert("30000/1001", None, None) == pytest.approx(29.97003)
    assert rate.convert("recording", None, None) == "recording"
    for wrong in ("0", "-5", "1/0", "nan", "fast", ""):
        with pytest.raises(
            click.BadParameter, match="must be frames per second, such as 25 or 30000/1001, or 'recording'"
        ):
            rate.convert(wrong, None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("import frames raw", "name the corpus that the frames are added to: --into NAME"),
        ("import frames raw --corpus new --modality video", "name the corpus that the frames are added to"),
        ("import frames raw --into talk", "import frames needs --modality: text, audio or video"),
        ("import frames nowhere --into talk --modality video", "nowhere does not exist"),
        ("import frames raw --into talkk --modality video", "did you mean 'talk'"),
        (
            "import frames raw --into talk --modality video --id a --align word",
            "does not use --id, --align: run it without",
        ),
        ("import frames raw --into talk --modality video --time t", "(such as manifest.csv) is named like"),
        ("import npz raw/manifest.csv --into talk --fps 25 --prefix AU", "import npz does not use --fps, --prefix"),
        ("import frame raw --into talk", "did you mean 'frames'"),
    ],
)
def test_commands_that_cannot_be_done_say_why(arguments: str, message: str, talk: Path) -> None:
    failed = invoke(*arguments.split())
    assert failed.exit_code == 1
    assert message in failed.output
    assert not (talk / "data/work/talk/features").exists()
