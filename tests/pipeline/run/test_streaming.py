"""The step that makes streams: whole recordings per task, decoded once, and refused if they changed."""

import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.store import Entry
from pipeline.errors import Changed
from pipeline.hashing import Content, sha256_of
from pipeline.run.keys.description import described
from pipeline.run.keys.utterance import stream_program
from pipeline.run.plans import Clip, Source
from pipeline.run.streaming import StreamStep
from pipeline.settings.streams import AudioConfig, TextConfig, VideoConfig
from pipeline.streams.spans import Span
from tests.pipeline.streams.recordings import flashing


def step(name: Any, config: Any) -> StreamStep:
    return StreamStep(name, config, described(stream_program(name, config)))


def clip(name: str, path: Path, start_s: float = 0.0, sha256: str = "") -> Clip:
    span, words = Span(start_s, start_s + 0.5), (("hello", 0.1, 0.3),)
    timed = {"words": 1, "words_start_s": 0.1 - start_s, "words_end_s": 0.3 - start_s}
    source = Source(str(path), path.name, span, "Hello you", words, timed, Content(sha256, ""))
    return Clip(name, "", source)


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    with wave.open("tone.wav", "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((20000 * tone).astype("<i2").tobytes())
    return tmp_path / "tone.wav"


def test_a_task_holds_at_most_eight_whole_recordings() -> None:
    clips = [clip(f"u{i}", Path(f"{i % 3}.mp4")) for i in range(9)]
    audio = step("audio", AudioConfig())
    assert [[c.utterance for c in batch] for batch in audio.batches(clips, 2)] == [
        ["u0", "u3", "u6"],
        ["u1", "u4", "u7"],
        ["u2", "u5", "u8"],
    ]
    many = [clip(f"u{i}", Path(f"{i}.mp4")) for i in range(300)]
    sizes = [len(batch) for batch in audio.batches(many, 2)]
    assert len(sizes) == 38  # as many for each worker
    assert set(sizes) == {7, 8}


def long_recording(path: Path, codec: str) -> Path:
    """Write a minute of sound and of picture."""
    flashing(path, 60.0, 1.0, audio=codec, video="mpeg4" if path.suffix != ".wav" else "")
    return path


@pytest.mark.parametrize(
    ("modality", "name", "codec", "parts"),
    [("audio", "a.wav", "pcm_s16le", 4), ("audio", "a.mp4", "aac", 1), ("video", "a.mp4", "aac", 4)],
)
def test_the_clips_of_a_long_recording_are_divided_among_the_workers(
    tmp_path: Path, modality: str, name: str, codec: str, parts: int
) -> None:
    path = long_recording(tmp_path / name, codec)
    clips = [
        replace(clip(f"u{i}", path), payload=replace(clip("", path).payload, span=Span(i, i + 1))) for i in range(60)
    ]
    of_two = step(modality, AudioConfig() if modality == "audio" else VideoConfig()).batches(clips, 2)
    assert [[c.utterance for c in batch] for batch in of_two] == [
        [f"u{i}" for i in range(first, first + 60 // parts)] for first in range(0, 60, 60 // parts)
    ]


def test_parts_on_several_workers_give_the_entries_of_one_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = long_recording(tmp_path / "a.wav", "pcm_s16le")
    sha256 = sha256_of(path)
    spans = [Span(i + 0.5, i + 1.2 + i % 3) for i in range(57)]
    clips = [
        Clip(f"u{i}", "", replace(clip("", path, sha256=sha256).payload, span=span)) for i, span in enumerate(spans)
    ]
    of_sound = step("audio", AudioConfig(trim_db=200))
    batches = of_sound.batches(clips, 3)
    assert len(batches) == 6
    whole = dict(of_sound.compute(clips))
    for batch in batches:
        for i, entry in of_sound.compute(batch):
            expected = whole[clips.index(batch[i])]
            assert type(entry) is type(expected)
            if isinstance(entry, Entry) and isinstance(expected, Entry):
                assert entry.status == expected.status
                assert entry.rows.keys() == expected.rows.keys()
                assert all(np.array_equal(entry.rows[name], expected.rows[name]) for name in entry.rows)


def test_a_long_recording_that_cannot_be_read_is_one_task(tmp_path: Path) -> None:
    clips = [
        Clip(f"u{i}", "", replace(clip("", tmp_path / "gone.mp4").payload, span=Span(i, i + 1))) for i in range(60)
    ]
    assert step("video", VideoConfig()).batches(clips, 2) == [clips]


def test_each_clip_of_a_recording_gets_its_own_stream(recording: Path) -> None:
    sha256 = sha256_of(recording)
    clips = [clip("a", recording, 0.0, sha256), clip("b", recording, 0.5, sha256)]
    found: Any = dict(step("audio", AudioConfig()).compute(clips))
    assert [found[i].status for i in (0, 1)] == ["ok", "ok"]
    assert 0.4 < float(found[0].clips["duration_s"]) < 0.6
    assert float(found[0].clips["words"]) == 1


def test_a_missing_recording_fails_alone(recording: Path) -> None:
    clips = [clip("a", Path("gone.wav")), clip("b", recording, 0.0, sha256_of(recording))]
    found = dict(step("audio", AudioConfig()).compute(clips))
    assert isinstance(found[0], Exception)
    assert isinstance(found[1], Entry)


def test_a_recording_that_is_not_the_planned_one_ends_the_run(recording: Path) -> None:
    with pytest.raises(Changed, match=r"tone\.wav is not the recording that this run was planned with"):
        list(step("audio", AudioConfig()).compute([clip("a", recording, 0.0, "0" * 64)]))


def test_settings_that_are_not_the_planned_ones_end_the_run(recording: Path) -> None:
    other = replace(step("audio", AudioConfig()), config=AudioConfig(trim_db=20))
    with pytest.raises(Changed, match=r"the audio stream is not the same .* \(different: config\)"):
        list(other.compute([clip("a", recording, 0.0, sha256_of(recording))]))


def test_text_is_tokenised_on_the_utterances_clock() -> None:
    (found,) = [result for _, result in step("text", TextConfig()).compute([clip("a", Path("x"), 0.05)])]
    assert isinstance(found, Entry)
    assert found.rows["values"] == ["hello", "you"]
    np.testing.assert_allclose(np.asarray(found.rows["times"])[0], [0.05, 0.25])
    assert np.isnan(np.asarray(found.rows["times"])[1]).all()
    assert found.clips["text"] == "Hello you"
