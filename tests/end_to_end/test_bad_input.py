"""What a user can get wrong: one clear sentence, a non-zero exit, nothing lost. Every case through the command line."""

import csv
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.conftest import BLOCK, DATA, ROOT, grid_corpus, needs_data, run, write_csv
from tests.features.store.samples import of_format
from tests.forked import Running

pytestmark = needs_data
CLIP = DATA / "grid" / "s1" / "bbaf2n.mpg"


def make(folder: Path, rows: list[tuple[object, ...]], header: tuple[str, ...], **options: object) -> Path:
    write_csv(folder / "mine" / "manifest.csv", header, rows)
    settings = {"name": "mine", "max_failed": 0.01, "task": "classification"} | options
    (folder / "params.yaml").write_text(BLOCK.format(**settings))
    return folder


HEADER = ("media", "utterance", "text", "label", "speaker")


def silence(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.zeros(16000, "<i2").tobytes())
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A corpus with one of every kind of broken recording, and two good ones."""
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "words.mp4").write_text("this is no recording")
    speech = DATA / "ravdess" / "av" / "01-01-01-01-01-01-01.mp4"
    (tmp_path / "cut.mp4").write_bytes(speech.read_bytes()[:60_000])
    silence(tmp_path / "silence.wav")
    media = {
        "good": CLIP,
        "good2": CLIP.parent / "bbbs5s.mpg",
        "missing": tmp_path / "nowhere.mp4",
        "empty": tmp_path / "empty.mp4",
        "words": tmp_path / "words.mp4",
        "cut": tmp_path / "cut.mp4",
        "silence": tmp_path / "silence.wav",
        "no_audio": DATA / "edge" / "no_audio.mp4",
        "no_face": DATA / "edge" / "no_face.mp4",
    }
    rows = [(path, name, "so it is", "ab"[i % 2], f"s{i % 3}") for i, (name, path) in enumerate(media.items())]
    return make(tmp_path, rows, HEADER, max_failed=1.0)


def statuses(folder: Path, store: str) -> dict[str, str]:
    with h5py.File(folder / "data" / "work" / "mine" / store) as file:
        return dict(zip(file["utterance"].asstr()[:], file["status"].asstr()[:], strict=True))


def test_broken_recordings_stay_as_failed_rows(broken: Path) -> None:
    said = run("prepare", cwd=broken).stderr
    for name in ("nowhere.mp4", "empty.mp4", "words.mp4"):
        assert name in said
    run("preprocess", cwd=broken)
    failed = dict.fromkeys(("missing", "empty", "words", "cut"), "failed")
    audio = failed | {"good": "ok", "good2": "ok", "silence": "empty", "no_audio": "absent", "no_face": "ok"}
    video = failed | {"good": "ok", "good2": "ok", "silence": "absent", "no_audio": "ok", "no_face": "empty"}
    assert statuses(broken, "streams/audio.h5") == audio
    assert statuses(broken, "streams/video.h5") == video
    assert set(statuses(broken, "streams/text.h5").values()) == {"ok"}
    with (broken / "data" / "work" / "mine" / "failures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["utterance"], row["step"]) for row in rows} == {(u, s) for u in failed for s in ("audio", "video")}
    assert all(row["message"] for row in rows)
    run("extract", "--extractor", "mfcc", cwd=broken)
    assert statuses(broken, "features/mfcc.h5") == audio


def test_too_many_failures_end_with_an_error_that_names_them(broken: Path) -> None:
    params = broken / "params.yaml"
    params.write_text(params.read_text().replace("max_failed: 1.0", "max_failed: 0.01"))
    run("prepare", cwd=broken)
    done = run("preprocess", "--modality", "audio", cwd=broken, check=False)
    assert done.returncode == 1
    assert "4 of 9 clips failed" in done.stderr
    assert "failures.csv" in done.stderr
    assert statuses(broken, "streams/audio.h5")["good"] == "ok"


def test_validate_lists_every_bad_row(broken: Path) -> None:
    manifest = broken / "mine" / "manifest.csv"
    with manifest.open("a") as file:
        file.write(f"{CLIP},good,again,a,s1\n")
    done = run("validate", "mine", cwd=broken, check=False)
    assert done.returncode == 1
    for line, name in ((4, "nowhere"), (5, "empty"), (6, "words"), (7, "cut"), (11, "'good'")):
        assert any(f"manifest.csv:{line}:" in said and name in said for said in done.stdout.splitlines())


def test_a_span_past_the_recording(tmp_path: Path) -> None:
    rows = [(CLIP, "a", 0, 1, "x", "s1"), (CLIP, "b", 1, 99, "y", "s2"), (CLIP, "c", 50, 60, "x", "s2")]
    make(tmp_path, [*rows, (CLIP, "d", 0, 1, "y", "s1")], ("media", "utterance", "start", "end", "label", "speaker"))
    done = run("prepare", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "manifest.csv:3: end is 99 s" in done.stderr
    assert "manifest.csv:4: start is 50 s" in done.stderr
    assert not (tmp_path / "data" / "work").exists()


def test_no_text_in_a_corpus_that_names_text(tmp_path: Path) -> None:
    clips = sorted(CLIP.parent.glob("*.mpg"))[:8]
    rows = [(clip, clip.stem, "", "xy"[i % 2], f"s{i // 2}") for i, clip in enumerate(clips)]
    make(tmp_path, rows, HEADER)
    said = run("validate", "mine", cwd=tmp_path).stdout
    assert "no row has text: leaving out text, as if the settings had modalities: [audio, video]" in said


def test_a_group_on_both_sides_fails_training(tmp_path: Path) -> None:
    clips = sorted(CLIP.parent.glob("*.mpg"))[:8]
    rows = [
        (p, p.stem, "ab"[i % 2], "g" if i in (0, 7) else f"g{i}", ("train", "test")[i // 4])
        for i, p in enumerate(clips)
    ]
    make(tmp_path, rows, ("media", "utterance", "label", "group", "split"))
    params = tmp_path / "params.yaml"
    text = params.read_text().replace("[text, audio, video]", "[audio]")
    params.write_text(text.replace("{kind: group-kfold, folds: 2, group: speaker}", "{kind: official}"))
    said = run("validate", "mine", cwd=tmp_path, check=False)
    assert said.returncode == 1
    assert clips[0].stem in said.stdout or clips[7].stem in said.stdout
    run("prepare", cwd=tmp_path)
    done = run("train", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "group" in done.stderr


def test_more_folds_than_speakers(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 4)
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("folds: 2", "folds: 9"))
    said = run("validate", "grid", cwd=folder).stdout
    assert "group-kfold: 2 folds instead of 9, since there are no more groups (speaker) to divide" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prepare", "--corpus", "gird"), "did you mean 'grid'"),
        (("preprocess", "--modality", "vidoe"), "did you mean 'video'"),
        (("extract", "--extractor", "mfc"), "did you mean 'mfcc'"),
        (("extract", "--extractor", "mfcc"), "run `crossmodal prepare`"),
        (("preprocess",), "run `crossmodal prepare`"),
        (("train",), "run `crossmodal prepare`"),
        (("evaluate",), "run `crossmodal train --corpus grid`"),
        (("report",), "run `crossmodal train --corpus grid`"),
        (("prepare", "--params", "none.yaml"), "none.yaml does not exist"),
        (("features", "show", "none.h5"), "none.h5 does not exist"),
        (("features", "show", "params.yaml"), "params.yaml is not a store of features or streams"),
    ],
)
def test_commands_out_of_order_or_misspelt(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run(*arguments, cwd=grid_corpus(tmp_path, 4), check=False)
    assert done.returncode == 1
    assert message in done.stderr


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 4)
    (folder / "data").write_text("a file where a folder should be")
    done = run("prepare", cwd=folder, check=False)
    assert done.returncode == 1
    assert "data" in done.stderr


def test_a_store_of_another_version(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 4)
    run("prepare", cwd=folder)
    run("preprocess", "--modality", "audio", cwd=folder)
    of_format(folder / "data" / "work" / "grid" / "streams" / "audio.h5", 7)
    done = run("extract", "--extractor", "mfcc", cwd=folder, check=False)
    assert done.returncode == 1
    assert "store format 7" in done.stderr


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_keeps_what_fitted(tmp_path: Path) -> None:
    """A limit on file sizes stands in for the full disk: both end a write with an OSError in the middle of a run."""
    folder = grid_corpus(tmp_path, 4)
    run("prepare", cwd=folder)
    run("preprocess", "--modality", "audio", cwd=folder)
    done = Running(folder, [("preprocess", "--modality", "video")], small_files).done()
    assert (done.code, done.fault) == (1, "")
    assert "kept" in done.err
    assert len(list((folder / "data" / "cache" / "audio").rglob("*.clip"))) == 4
    assert not list((folder / "data" / "cache").rglob(".*.clip*"))
    run("preprocess", "--modality", "video", cwd=folder)


def test_ctrl_c_stops_with_a_sentence_and_keeps_clips(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 40)
    run("prepare", cwd=folder)
    command = [sys.executable, str(ROOT / "cli.py"), "preprocess", "--modality", "video"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background ignores Ctrl-C
    )
    cache = folder / "data" / "cache" / "video"
    for _ in range(300):
        if len(list(cache.rglob("*.clip"))) >= 2:
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "run the same command again" in said
    kept = len(list(cache.rglob("*.clip")))
    assert 2 <= kept < 40
    shutil.rmtree(folder / "data" / "work")
