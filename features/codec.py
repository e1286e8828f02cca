"""How the three streams of an utterance, and an extractor's features, become store entries and back."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from features.base import Modality
from features.store import Column, Entry, Schema, Store
from features.types import AudioStream, Features, TextStream, VideoStream

_AUDIO_NUMBERS = ("start_s", "duration_s", "gain_db", "words", "words_start_s", "words_end_s")

STREAM_SCHEMAS: dict[Modality, Schema] = {
    "text": Schema((Column("values", "str"), Column("times", "f8", 2)), (Column("text", "str"),)),
    "audio": Schema((Column("values", "i2", 1),), tuple(Column(name, "f8") for name in _AUDIO_NUMBERS)),
    "video": Schema(
        (
            Column("values", "bytes"),
            Column("times", "f8", 2),
            Column("frame", "bytes"),
            Column("box", "f4", 4),
            Column("crop", "f4", 4),
            Column("score", "f4"),
        )
    ),
}


def text_entry(stream: TextStream) -> Entry:
    """Return the store entry of a text stream: one row a token."""
    return Entry("ok", rows={"values": list(stream.tokens), "times": stream.times}, clips={"text": stream.text})


def read_text(store: Store, i: int) -> TextStream:
    """Return utterance i of a text stream's store."""
    return TextStream(store.clip(i, "text"), tuple(store.rows(i)), store.rows(i, "times"))


def audio_entry(stream: AudioStream) -> Entry:
    """Return the store entry of an audio stream: one row a sample."""
    numbers = {name: np.array(getattr(stream, name), np.float64) for name in _AUDIO_NUMBERS}
    return Entry("ok", stream.note, rows={"values": stream.samples[:, None]}, clips=numbers)


def read_audio(store: Store, i: int) -> AudioStream:
    """Return utterance i of an audio stream's store."""
    numbers = {name: float(store.clip(i, name)) for name in _AUDIO_NUMBERS}
    words = int(numbers.pop("words"))
    rate_hz, note = int(store.attribute("rate_hz")), store.notes[i]
    return AudioStream(store.rows(i)[:, 0], rate_hz, words=words, note=note, **numbers)


def video_entry(stream: VideoStream) -> Entry:
    """Return the store entry of a video stream: one row a sampled frame, ``values`` its face crop."""
    step = float(np.median(np.diff(stream.times))) if len(stream.times) > 1 else 0.0
    rows: dict[str, Any] = {
        "values": list(stream.faces),
        "times": np.stack([stream.times, stream.times + step], axis=1),
        "frame": list(stream.frames),
        "box": stream.boxes,
        "crop": stream.crops,
        "score": stream.scores,
    }
    return Entry("ok", stream.note, rows=rows)


def read_video(store: Store, i: int) -> VideoStream:
    """Return utterance i of a video stream's store."""
    rows = {name: store.rows(i, name) for name in ("frame", "box", "crop", "score")}
    return VideoStream(
        store.rows(i, "times")[:, 0],
        tuple(store.rows(i)),
        tuple(rows["frame"]),
        rows["box"],
        rows["crop"],
        rows["score"],
        store.notes[i],
    )


READERS: dict[Modality, Callable[[Store, int], Any]] = {"text": read_text, "audio": read_audio, "video": read_video}


def feature_entry(features: Features) -> Entry:
    """Return the store entry of an extractor's features.

    Raises
    ------
    ValueError
        If a value is infinite or the shapes disagree: an extractor's mistake.
    """
    if features.values.ndim != 2 or features.times.shape != (len(features.values), 2) or features.pooled.ndim != 1:
        shapes = (features.values.shape, features.times.shape, features.pooled.shape)
        raise ValueError(f"features must be (rows, d), (rows, 2) and (p,), not {shapes}")
    if (
        np.isinf(features.values).any()
        or np.isinf(features.pooled).any()
        or not math.isfinite(np.nansum(features.times))
    ):
        raise ValueError("features must not be infinite; NaN means undefined")
    rows: dict[str, Any] = {"values": features.values, "times": features.times}
    return Entry("ok", features.note, rows=rows, clips={"pooled": features.pooled})
