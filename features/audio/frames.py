"""Helpers for frame-based extractors: check frame lengths, read samples, and compute the times of frames."""

import numpy as np

from features.errors import EmptyInput
from features.types import AudioStream, FloatArray, TimeArray


def require(stream: AudioStream, shortest_s: float) -> FloatArray:
    """Return the samples of a stream as ``(n,)`` float32 in [-1, 1).

    Raises
    ------
    EmptyInput
        If the stream is shorter than `shortest_s` seconds.
    """
    length_s = stream.samples.size / stream.rate_hz
    if length_s < shortest_s:
        raise EmptyInput(f"{1000 * length_s:.0f} ms of sound: at least {1000 * shortest_s:.0f} ms are needed")
    return stream.signal()


def frame_times(count: int, frame_s: float, hop_s: float, start_s: float) -> TimeArray:
    """Return the start and end of each frame in seconds, ``(count, 2)``; the first frame starts at `start_s`.

    >>> frame_times(2, 0.025, 0.01, 1.0).tolist()
    [[1.0, 1.025], [1.01, 1.035]]
    """
    starts = start_s + hop_s * np.arange(count)
    return np.stack([starts, starts + frame_s], axis=1)


def check_frames(frame_s: float, hop_s: float) -> None:
    """Raise ValueError unless frames are at most 1 s long and follow each other without gaps."""
    if not 0 < hop_s <= frame_s <= 1:
        raise ValueError(f"frame_s {frame_s} and hop_s {hop_s}: they must satisfy 0 < hop_s <= frame_s <= 1 second")
