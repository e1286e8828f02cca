"""Streams and features are unchanged after being stored and read back."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

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


GOOD = (np.zeros((2, 3), np.float32), np.array([[0, 1], [np.nan, np.nan]]), np.array([0, np.nan, 1, 2], np.float32))
TOY: Any = SimpleNamespace(name="toy", feature_names=("a", "b", "c"), pooled_names=("p", "q", "r", "s"))


def changed(place: int, at: tuple[int, ...], value: float) -> Features:
    parts = [part.astype(np.float64) for part in GOOD]
    parts[place][at] = value
    return Features(*parts)


def test_features_are_checked() -> None:
    assert feature_entry(Features(*GOOD), TOY).length == 2
    assert feature_entry(changed(0, (1, 2), np.nan), TOY).length == 2  # NaN is undefined
    none = Features(np.zeros((0, 3)), np.zeros((0, 2)), GOOD[2])
    assert feature_entry(none, TOY).length == 0


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])  # the last one is infinite as float32
@pytest.mark.parametrize(("place", "at", "named"), [(0, (1, 2), "infinite c"), (2, (3,), "infinite pooled s")])
def test_infinite_features_are_named(place: int, at: tuple[int, ...], named: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"toy gave an {named}: an undefined value must be NaN"):
        feature_entry(changed(place, at, value), TOY)


def test_features_without_a_number_or_with_infinite_times_are_refused() -> None:
    with pytest.raises(ValueError, match="toy gave no number at all"):
        feature_entry(Features(GOOD[0], GOOD[1], np.full(4, np.nan)), TOY)
    with pytest.raises(ValueError, match="toy gave an infinite time"):
        feature_entry(changed(1, (0, 1), np.inf), TOY)


@pytest.mark.parametrize(
    "parts",
    [
        (GOOD[0], np.zeros((3, 2)), GOOD[2]),
        (GOOD[0][:, :2], GOOD[1], GOOD[2]),
        (GOOD[0], GOOD[1], GOOD[2][:3]),
        (GOOD[0][:, 0], GOOD[1], GOOD[2]),
        (GOOD[0], GOOD[1], GOOD[2][None]),
    ],
)
def test_features_of_other_shapes_than_their_names_are_refused(parts: Any) -> None:
    with pytest.raises(ValueError, match="toy gave values, times and pooled features of the shapes"):
        feature_entry(Features(*parts), TOY)
