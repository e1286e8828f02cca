"""The level of the voice, on the recording's clock."""

from pathlib import Path

import numpy as np
import pytest

from features.errors import EmptyInput, NoStream
from features.types import AudioStream
from pipeline.streams.container.opening import MediaError
from pipeline.streams.spans import Span
from pipeline.streams.speaker.voice import DEPTH_DB, RATE_HZ, Voice, level, levels
from tests.pipeline.streams.recordings import LENGTH_S, flashing


def loud_from_to_s(found: object) -> tuple[float, float]:
    assert isinstance(found, np.ndarray), found
    loud = np.flatnonzero(found > DEPTH_DB - 3) / RATE_HZ
    return float(loud[0]), float(loud[-1])


def test_the_level_is_on_the_recordings_clock(tmp_path: Path) -> None:
    path = flashing(tmp_path / "a.mp4", 3.0, 1.0, video="libx264", audio="aac")
    spans = [Span(0.0, 3.0), Span(0.5, 2.0), Span(0.95, 1.45)]
    found = levels({7 + i: Voice(path, span) for i, span in enumerate(spans)})
    assert sorted(found) == [7, 8, 9]
    for i, span in enumerate(spans):
        assert len(found[7 + i]) == round(span.duration_s * RATE_HZ)  # type: ignore[arg-type]
        start_s, end_s = loud_from_to_s(found[7 + i])
        assert span.start_s + start_s == pytest.approx(1.0, abs=0.03)
        assert span.start_s + end_s == pytest.approx(1.0 + LENGTH_S, abs=0.03)


def test_voices_may_be_in_several_files(tmp_path: Path) -> None:
    early, late = (flashing(tmp_path / f"{at}.wav", 2.0, at, audio="pcm_s16le") for at in (0.5, 1.2))
    found = levels({0: Voice(early, Span(0, 2)), 1: Voice(late, Span(0, 2)), 2: Voice(early, Span(0.3, 2))})
    assert [round(loud_from_to_s(found[i])[0], 1) for i in range(3)] == [0.5, 1.2, 0.2]


def test_why_there_is_no_voice(tmp_path: Path) -> None:
    silent = flashing(tmp_path / "picture.mp4", 1.0, 0.5, video="libx264")
    quiet = flashing(tmp_path / "quiet.wav", 2.0, 1.5, audio="pcm_s16le")
    found = levels(
        {
            0: Voice(silent, Span(0, 1), "clips/picture.mp4"),
            1: Voice(quiet, Span(0, 1)),
            2: Voice(tmp_path / "gone.wav", Span(0, 1), "gone.wav"),
        }
    )
    assert [type(found[i]) for i in range(3)] == [NoStream, EmptyInput, MediaError]
    assert str(found[0]) == "clips/picture.mp4 has no audio stream"
    assert "silence" in str(found[1])
    assert "gone.wav" in str(found[2])


def test_the_level_is_relative_to_the_loudest_moment() -> None:
    """A part at a tenth of the amplitude is 20 dB lower, and one at a thousandth counts as silence."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(4800) / 16000)
    samples = np.concatenate([20000 * tone, 2000 * tone, 20 * tone])
    found = level(AudioStream(samples.astype(np.int16), 16000, start_s=0.2, duration_s=1.2, gain_db=0.0))
    assert len(found) == 120
    np.testing.assert_allclose(found[[10, 35, 65, 95, 115]], [0, DEPTH_DB, DEPTH_DB - 20, 0, 0], atol=0.1)
