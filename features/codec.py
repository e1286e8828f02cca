"""Convert streams and features to store entries, and entries back to streams."""

from collections.abc import Callable
from typing import Any

import numpy as np

from features.base import Extractor, Modality
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
    """Return the store entry of a text stream: one row per token."""
    return Entry("ok", rows={"values": list(stream.tokens), "times": stream.times}, clips={"text": stream.text})


def read_text(store: Store, i: int) -> TextStream:
    """Return the text stream of utterance `i` in a store."""
    return TextStream(store.clip(i, "text"), tuple(store.rows(i)), store.rows(i, "times"))


def audio_entry(stream: AudioStream) -> Entry:
    """Return the store entry of an audio stream: one row per sample."""
    numbers = {name: np.array(getattr(stream, name), np.float64) for name in _AUDIO_NUMBERS}
    return Entry("ok", stream.note, rows={"values": stream.samples[:, None]}, clips=numbers)


def read_audio(store: Store, i: int) -> AudioStream:
    """Return the audio stream of utterance `i` in a store."""
    numbers = {name: float(store.clip(i, name)) for name in _AUDIO_NUMBERS}
    words = int(numbers.pop("words"))
    rate_hz, note = int(store.attribute("rate_hz")), store.notes[i]
    return AudioStream(store.rows(i)[:, 0], rate_hz, words=words, note=note, **numbers)


def video_entry(stream: VideoStream) -> Entry:
    """Return the store entry of a video stream: one row per sampled frame, with its face crop as ``values``."""
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
    """Return the video stream of utterance `i` in a store."""
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


def feature_entry(features: Features, extractor: Extractor[Any]) -> Entry:
    """Return an extractor's output as a store entry.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or do not fit the number of feature names; if a time is infinite; if a
        value is infinite or too large for float32; or if all pooled features are NaN.
    """
    columns, entries = extractor.feature_names, extractor.pooled_names
    with np.errstate(over="ignore"):
        values, pooled = (np.asarray(a, np.float32) for a in (features.values, features.pooled))
    times = np.asarray(features.times, np.float64)
    due = ((len(values), len(columns)), (len(values), 2), (len(entries),))
    if (shapes := (values.shape, times.shape, pooled.shape)) != due:
        raise ValueError(f"{extractor.name} gave values, times and pooled features of the shapes {shapes}, not {due}")
    for what, found, names in (("", values, columns), ("pooled ", pooled[None], entries)):
        if len(bad := np.flatnonzero(np.isinf(found).any(axis=0))):
            raise ValueError(f"{extractor.name} gave an infinite {what}{names[bad[0]]}: an undefined value must be NaN")
    if np.isinf(times).any():
        raise ValueError(f"{extractor.name} gave an infinite time: an unknown time must be NaN")
    if entries and np.isnan(pooled).all():
        raise ValueError(f"{extractor.name} gave no number at all: every pooled feature is NaN")
    rows: dict[str, Any] = {"values": values, "times": times}
    return Entry("ok", features.note, rows=rows, clips={"pooled": pooled})
