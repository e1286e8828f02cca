"""Streams and features survive the way into a store and back."""

from pathlib import Path

import numpy as np
import pytest

from features.codec import READERS, STREAM_SCHEMAS, audio_entry, feature_entry, text_entry, video_entry
from features.store import Item, open_store, write_store
from features.types import AudioStream, Features, TextStream, VideoStream

TEXT = TextStream("Don’t worry!", ("don't", "worry"), np.array([[0.1, 0.4], [np.nan, np.nan]]))
AUDIO = AudioStream(np.arange(-5, 5, dtype=np.int16), 16000, 0.25, 1.5, -3.5, 2, 0.1, 0.9)
VIDEO = VideoStream(
    times=np.array([0.0, 0.2]),
    faces=(b"\xff\xd8face", b""),
    frames=(b"\xff\xd8a", b"\xff\xd8b"),
    boxes=np.array([[1, 2, 3, 4], [np.nan] * 4], np.float32),
    crops=np.array([[0, 1, 5, 5], [np.nan] * 4], np.float32),
    scores=np.array([0.9, np.nan], np.float32),
)


@pytest.mark.parametrize(
    ("modality", "stream", "entry"),
    [("text", TEXT, text_entry(TEXT)), ("audio", AUDIO, audio_entry(AUDIO)), ("video", VIDEO, video_entry(VIDEO))],
)
def test_streams_come_back(modality: str, stream: object, entry: object, tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    items = [Item("u", "k", entry.length, lambda: entry)]  # type: ignore[attr-defined, arg-type, return-value]
    write_store(path, STREAM_SCHEMAS[modality], {"rate_hz": 16000}, items)  # type: ignore[index]
    with open_store(path) as store:
        found = READERS[modality](store, 0)  # type: ignore[index]
    for name, value in vars(stream).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(found, name), value)
        else:
            assert getattr(found, name) == value


def test_features_are_checked() -> None:
    good = Features(np.zeros((2, 3), np.float32), np.zeros((2, 2)), np.zeros(4, np.float32))
    assert feature_entry(good).length == 2
    infinite = Features(np.full((2, 3), np.inf, np.float32), good.times, good.pooled)
    with pytest.raises(ValueError, match="infinite"):
        feature_entry(infinite)
    with pytest.raises(ValueError, match=r"\(rows, d\)"):
        feature_entry(Features(good.values, np.zeros((3, 2)), good.pooled))
