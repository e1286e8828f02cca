"""Frames: their times by hand."""

import numpy as np
import pytest

from features.audio.frames import check_frames, frame_times, require
from features.errors import EmptyInput
from features.types import AudioStream


def voice(samples: int) -> AudioStream:
    return AudioStream(np.full(samples, 16384, np.int16), 1000, 0.0, 1.0, 0.0)


def test_a_stream_must_be_as_long_as_a_frame() -> None:
    assert require(voice(25), 0.025).tolist() == [0.5] * 25
    with pytest.raises(EmptyInput, match="24 ms of sound: at least 25 ms are needed"):
        require(voice(24), 0.025)


def test_frames_follow_each_other_by_the_hop_and_keep_their_length() -> None:
    np.testing.assert_allclose(frame_times(3, 0.03, 0.01, 0.5), [[0.5, 0.53], [0.51, 0.54], [0.52, 0.55]])
    assert frame_times(0, 0.03, 0.01, 0.5).shape == (0, 2)


@pytest.mark.parametrize(("frame_s", "hop_s"), [(0.025, 0.0), (0.01, 0.02), (2.0, 1.0), (0.025, -1)])
def test_frames_without_length_or_with_gaps_are_refused(frame_s: float, hop_s: float) -> None:
    check_frames(0.025, 0.01)
    with pytest.raises(ValueError, match="they must satisfy 0 < hop_s <= frame_s <= 1 second"):
        check_frames(frame_s, hop_s)
