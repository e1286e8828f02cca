"""Every real clip at hand through a manifest with all three streams; words, voice and face must agree in time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features.codec import read_audio, read_text, read_video
from features.store import Store, open_store
from tests.conftest import BLOCK, DATA, align_words, needs_data, run, write_csv

pytestmark = needs_data

FRAME_S = {"grid": 1 / 25, "ravdess": 1001 / 30000}


def group_of(clip: Path) -> str:
    return clip.relative_to(DATA).parts[0]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    clips = [
        p
        for pattern in ("grid/s1/*.mpg", "grid/speakers/*.mpg", "ravdess/av/*.mp4", "edge/*.m*")
        for p in DATA.glob(pattern)
    ]
    assert len(clips) >= 57
    rows, words = [], []
    for i, clip in enumerate(sorted(clips)):
        name = f"{group_of(clip)}-{clip.stem}"
        align = clip.with_suffix(".align")
        timed = align_words(align) if align.exists() else []
        rows.append(
            (clip, name, " ".join(w for w, _, _ in timed) or "Nobody wrote this down.", "ab"[i % 2], f"s{i % 5}")
        )
        words += [(name, *word) for word in timed]
    write_csv(folder / "all" / "manifest.csv", ("media", "utterance", "text", "label", "speaker"), rows)
    write_csv(folder / "all" / "words.csv", ("utterance", "word", "start", "end"), words)
    (folder / "params.yaml").write_text(BLOCK.format(name="all", max_failed=0, task="classification"))
    run("prepare", cwd=folder)
    run("preprocess", cwd=folder)
    run("extract", "--extractor", "landmarks", cwd=folder)
    return folder / "data" / "work" / "all"


@pytest.fixture
def text(work: Path) -> Iterator[Store]:
    with open_store(work / "streams" / "text.h5") as store:
        yield store


@pytest.fixture
def audio(work: Path) -> Iterator[Store]:
    with open_store(work / "streams" / "audio.h5") as store:
        yield store


@pytest.fixture
def video(work: Path) -> Iterator[Store]:
    with open_store(work / "streams" / "video.h5") as store:
        yield store


def test_missing_streams_have_their_status(text: Store, audio: Store, video: Store) -> None:
    odd = {
        (s.attribute("name"), u): status
        for s in (text, audio, video)
        for u, status in zip(s.utterances, s.statuses, strict=True)
    }
    odd = {key: status for key, status in odd.items() if status != "ok"}
    assert odd == {("audio", "edge-no_audio"): "absent", ("video", "edge-no_face"): "empty"}


def test_a_face_in_ninety_nine_of_a_hundred_frames(video: Store) -> None:
    for corpus in ("grid", "ravdess"):
        faces = [bool(face) for i, u in enumerate(video.utterances) if u.startswith(corpus) for face in video.rows(i)]
        assert len(faces) >= 60
        assert np.mean(faces) >= 0.99


def test_the_face_leaves_in_face_noface(video: Store) -> None:
    stream = read_video(video, video.index("edge-face_noface"))
    there = [bool(face) for face in stream.faces]
    first_without = there.index(False)
    assert 3 <= first_without < len(there)
    assert not any(there[first_without:])
    assert np.isnan(stream.boxes[first_without:]).all()


def test_frames_are_sampled_five_times_a_second(video: Store) -> None:
    for i, name in enumerate(video.utterances):
        corpus = name.split("-")[0]
        if corpus not in FRAME_S:
            continue
        times = read_video(video, i).times
        assert len(times) >= 14
        wanted = np.round(times * 5) / 5
        assert len(set(wanted)) == len(times)
        assert np.abs(times - wanted).max() <= FRAME_S[corpus] / 2 + 1e-6


def test_every_grid_word_has_its_time(text: Store) -> None:
    for i, name in enumerate(text.utterances):
        clip = DATA / "grid" / "s1" / f"{name.removeprefix('grid-')}.align"
        if clip.exists():
            stream = read_text(text, i)
            words = align_words(clip)
            assert stream.tokens == tuple(word for word, _, _ in words)
            np.testing.assert_allclose(stream.times, [(start, end) for _, start, end in words], atol=1e-6)


def loudness(store: Store, i: int, at: np.ndarray, width: float = 0.1) -> np.ndarray:
    """Return the root mean square of the voice around each time; 0 where trimming left nothing."""
    stream = read_audio(store, i)
    signal = stream.signal()
    begins = np.round((at - width / 2 - stream.start_s) * stream.rate_hz).astype(int)
    parts = [signal[max(b, 0) : max(b + int(width * stream.rate_hz), 0)] for b in begins]
    return np.array([float(np.sqrt((part**2).mean())) if len(part) else 0.0 for part in parts])


def test_words_are_where_the_voice_is(text: Store, audio: Store) -> None:
    inside, outside = [], []
    for i, name in enumerate(text.utterances):
        times = read_text(text, i).times
        if not name.startswith("grid") or np.isnan(times).all():
            continue
        moments = np.arange(0.05, 2.95, 0.1)
        spoken = (moments > times[0, 0] + 0.05) & (moments < times[-1, 1] - 0.05)
        silent = (moments < times[0, 0] - 0.1) | (moments > times[-1, 1] + 0.15)
        level = loudness(audio, i, moments)
        inside.append(level[spoken].mean())
        outside.append(level[silent].mean())
    assert len(inside) == 40
    assert np.mean(np.array(inside) > 3 * np.array(outside)) >= 0.95


def test_the_mouth_moves_with_the_voice(work: Path, audio: Store) -> None:
    """Mouth opening against loudness, both centred by clip: the correlation peaks where nothing is shifted."""
    lags = {shift: [] for shift in (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6)}
    with open_store(work / "features" / "landmarks.h5") as landmarks:
        column = landmarks.attribute("feature_names").index("mouth_opening")
        for i, name in enumerate(landmarks.utterances):
            if not name.startswith("grid"):
                continue
            mouth, times = landmarks.rows(i)[:, column], landmarks.rows(i, "times")[:, 0]
            for shift, found in lags.items():
                voice = loudness(audio, i, times + shift, 0.2)
                found += list((mouth - np.nanmean(mouth)) * (voice - voice.mean()))
    strength = {shift: float(np.nanmean(found)) for shift, found in lags.items()}
    assert max(strength, key=strength.__getitem__) in (0.0, 0.2)
    assert strength[0.0] > 2 * max(strength[-0.6], strength[0.6], 0)
