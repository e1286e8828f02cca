"""The committed demo corpus is whole, balanced and what its script makes; its words and faces are where it says."""

import csv
import importlib
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
CLASSES = ("negative", "neutral", "positive")
REMADE = ("ana-01", "leo-12")
MAX_BYTES = 6_000_000
RATE_HZ = 16000


@dataclass(frozen=True)
class Movie:
    frames: list[NDArray[np.uint8]]  # RGB
    times: NDArray[np.float64]  # of the frames, s
    samples: NDArray[np.float32]
    sound_start: float  # s

    @property
    def sound_end(self) -> float:
        return self.sound_start + len(self.samples) / RATE_HZ


def decode(path: Path) -> Movie:
    frames, times, blocks, sound_start = [], [], [], None
    with av.open(str(path)) as container:
        assert container.streams.audio[0].rate == RATE_HZ
        for frame in container.decode(video=0, audio=0):
            if isinstance(frame, av.VideoFrame):
                frames.append(frame.to_ndarray(format="rgb24"))
                times.append(frame.time)
            else:
                sound_start = frame.time if sound_start is None else sound_start
                blocks.append(frame.to_ndarray()[0])
    assert sound_start is not None
    return Movie(frames, np.array(times), np.concatenate(blocks), sound_start)


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def class_of(score: float) -> str:
    return CLASSES[int(score > -1) + int(score > 1)]


@pytest.fixture(scope="module")
def manifest() -> list[dict[str, str]]:
    return read(DEMO, "manifest.csv")


@pytest.fixture(scope="module")
def words() -> dict[str, list[tuple[str, float, float]]]:
    found: dict[str, list[tuple[str, float, float]]] = {}
    for row in read(DEMO, "words.csv"):
        found.setdefault(row["utterance"], []).append((row["word"], float(row["start"]), float(row["end"])))
    return found


@pytest.fixture(scope="module")
def sample(manifest) -> dict[str, Movie]:
    """A clip of each speaker and a second one of every third, decoded; together they show every class."""
    by_speaker: dict[str, list[str]] = {}
    for row in manifest:
        by_speaker.setdefault(row["speaker"], []).append(row["media"])
    own = list(by_speaker.values())
    chosen = [media[i] for i, media in enumerate(own)] + [media[-1 - i] for i, media in enumerate(own) if i % 3 == 0]
    return {Path(media).stem: decode(DEMO / media) for media in chosen}


@pytest.fixture(scope="module")
def sampled_frames(sample) -> list[NDArray[np.uint8]]:
    """Five frames a second of the sample."""
    return [
        movie.frames[np.abs(movie.times - time).argmin()]
        for movie in sample.values()
        for time in np.arange(0, movie.times[-1], 0.2)
    ]


def test_manifest_is_balanced(manifest):
    assert len(manifest) == 144
    assert len({row["utterance"] for row in manifest}) == len({row["text"] for row in manifest}) == 144
    cells = Counter((row["speaker"], row["sentiment"]) for row in manifest)
    assert len({speaker for speaker, _ in cells}) == 12
    assert {sentiment for _, sentiment in cells} == set(CLASSES)
    assert len(cells) == 36  # every speaker has every class,
    assert set(cells.values()) == {4}  # each as often


def test_groups_and_order_belong_to_speakers(manifest):
    assert all(row["group"] == row["speaker"] for row in manifest)
    for speaker in {row["speaker"] for row in manifest}:
        assert sorted(int(row["order"]) for row in manifest if row["speaker"] == speaker) == list(range(12))


def test_scores_agree_with_classes(manifest):
    for row in manifest:
        score = float(row["score"])
        assert -3 <= score <= 3
        assert row["sentiment"] == class_of(score)


def test_two_modalities_show_the_class_and_the_third_each_other_class_equally_often(manifest, monkeypatch):
    monkeypatch.syspath_prepend(DEMO)
    clips = importlib.import_module("plan").plan_corpus()
    assert [(clip.utterance, clip.text, clip.sentiment) for clip in clips] == [
        (row["utterance"], row["text"], row["sentiment"]) for row in manifest
    ]
    shown = [{name: class_of(score) for name, score in clip.shown.items()} for clip in clips]
    for clip, classes in zip(clips, shown, strict=True):
        assert [name for name, found in classes.items() if found != clip.sentiment] == [clip.misleading]
    by_speaker = Counter((clip.misleading, clip.speaker.name) for clip in clips)
    by_class = Counter(
        (clip.misleading, clip.sentiment, own[clip.misleading]) for clip, own in zip(clips, shown, strict=True)
    )
    assert (len(by_speaker), set(by_speaker.values())) == (36, {4})
    assert (len(by_class), set(by_class.values())) == (18, {8})


def test_adjectives_show_what_the_plan_says(manifest, monkeypatch):
    monkeypatch.syspath_prepend(DEMO)
    adjectives = importlib.import_module("sentences").ADJECTIVES
    reader = SentimentIntensityAnalyzer()
    compound = {name: [reader.polarity_scores(word)["compound"] for word in adjectives[name]] for name in CLASSES}
    assert max(compound["negative"]) < -0.3
    assert set(compound["neutral"]) == {0.0}
    assert min(compound["positive"]) > 0.3
    everyone = {word for words in adjectives.values() for word in words}
    assert all(len(everyone & set(re.findall(r"\w+", row["text"]))) == 1 for row in manifest)


def test_position_does_not_tell_the_class(manifest):
    means = [np.mean([int(row["order"]) for row in manifest if row["sentiment"] == name]) for name in CLASSES]
    assert max(means) - min(means) < 2.4  # of 12 places


def test_length_does_not_tell_the_class(manifest, words):
    lengths = {
        name: [words[row["utterance"]][-1][2] for row in manifest if row["sentiment"] == name] for name in CLASSES
    }
    means = [np.mean(own) for own in lengths.values()]
    assert max(means) - min(means) < 0.1 * np.mean(means)


def test_files_are_there_and_small(manifest):
    assert {row["media"] for row in manifest} == {f"clips/{path.name}" for path in (DEMO / "clips").iterdir()}
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) <= MAX_BYTES


def test_words_are_the_text_and_in_the_clip(manifest, words):
    assert set(words) == {row["utterance"] for row in manifest}
    for row in manifest:
        spoken = words[row["utterance"]]
        assert [word for word, _, _ in spoken] == [token.strip(".,;!?") for token in row["text"].split()]
        assert all(start < end for _, start, end in spoken)
        assert all(a[2] <= b[1] for a, b in pairwise(spoken))
        with av.open(str(DEMO / row["media"])) as container:
            assert spoken[0][1] >= 0
            assert spoken[-1][2] <= container.duration / av.time_base


def test_sound_begins_and_ends_with_the_words(sample, words):
    for name, movie in sample.items():
        level = np.sqrt(np.convolve(movie.samples**2, np.full(160, 1 / 160), "same"))
        loud = np.flatnonzero(level > 0.05 * level.max()) / RATE_HZ + movie.sound_start
        assert loud[0] == pytest.approx(words[name][0][1], abs=0.08), name
        assert loud[-1] == pytest.approx(words[name][-1][2], abs=0.15), name


def test_picture_and_sound_end_together(sample):
    for movie in sample.values():
        assert movie.times[0] == pytest.approx(0, abs=0.01)
        assert movie.sound_start == pytest.approx(0, abs=0.01)
        assert movie.times[-1] + 0.08 == pytest.approx(movie.sound_end, abs=0.07)


def test_mediapipe_finds_the_faces(sampled_frames):
    from mediapipe.python.solutions.face_detection import FaceDetection

    with FaceDetection(model_selection=1) as detector:
        found = [bool(detector.process(frame).detections) for frame in sampled_frames]
    assert np.mean(found) >= 0.99


def test_haar_cascade_finds_the_faces(sampled_frames):
    detector = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    found = [len(detector.detectMultiScale(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), 1.1, 3)) for f in sampled_frames]
    assert np.mean(np.array(found) >= 1) >= 0.99


@pytest.fixture(scope="module")
def remade(tmp_path_factory) -> Path:
    """Two clips made again, by the command that made the committed ones."""
    out = tmp_path_factory.mktemp("demo")
    command = [sys.executable, str(DEMO / "make_demo.py"), "--out", str(out), "--only", *REMADE]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return out


def picture_difference(a: Movie, b: Movie) -> float:
    """Mean absolute difference over the frames, in grey levels."""
    assert len(a.frames) == len(b.frames)
    return float(np.mean([cv2.absdiff(one, other).mean() for one, other in zip(a.frames, b.frames, strict=True)]))


def sound_correlation(a: Movie, b: Movie) -> float:
    n = min(len(a.samples), len(b.samples))
    return float(np.corrcoef(a.samples[:n], b.samples[:n])[0, 1])


@pytest.mark.parametrize("name", REMADE)
def test_committed_clip_is_what_the_script_makes(remade, name):
    committed, again = decode(DEMO / "clips" / f"{name}.mp4"), decode(remade / "clips" / f"{name}.mp4")
    assert len(committed.samples) == len(again.samples)
    assert picture_difference(committed, again) < 1.0
    assert sound_correlation(committed, again) > 0.98


@pytest.mark.parametrize("name", ["manifest.csv", "words.csv"])
def test_committed_rows_are_what_the_script_makes(remade, name):
    committed = [row for row in read(DEMO, name) if row["utterance"] in REMADE]
    again = read(remade, name)
    assert len(committed) == len(again) > 0
    for old, new in zip(committed, again, strict=True):
        times = {"start", "end"} & set(old)
        assert {k: v for k, v in old.items() if k not in times} == {k: v for k, v in new.items() if k not in times}
        assert all(float(old[k]) == pytest.approx(float(new[k]), abs=0.01) for k in times)


def test_other_clips_would_be_noticed(remade, manifest):
    """The comparison above can fail: another sentence of the same speaker is far outside its limits."""
    a = decode(remade / "clips" / f"{REMADE[0]}.mp4")
    b = decode(DEMO / "clips" / "ana-02.mp4")
    n = min(len(a.frames), len(b.frames))
    shorter = [Movie(m.frames[:n], m.times[:n], m.samples, m.sound_start) for m in (a, b)]
    assert picture_difference(*shorter) > 2.0
    assert abs(sound_correlation(a, b)) < 0.5


def test_unknown_clip_is_refused(tmp_path):
    command = [sys.executable, str(DEMO / "make_demo.py"), "--out", str(tmp_path), "--only", "zoe-01"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "no such utterance: zoe-01" in done.stderr
