"""Previews: waveform, curves, pictures and clip of an utterance, made on a worker and kept in the cache."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from features.codec import READERS
from features.store import Entry, open_store
from features.types import AudioStream, FloatArray, VideoStream
from pipeline.reporting.utterance.clip import FPS, MOST_HIGH, MOST_S
from pipeline.reporting.utterance.faces import Strip, strip, strip_of
from pipeline.reporting.utterance.media import Clip as Film
from pipeline.reporting.utterance.media import clip_of, sound_of
from pipeline.reporting.utterance.sound import curves, envelope, sides
from pipeline.run.dividing import evenly
from pipeline.run.plans import Clip, Source
from pipeline.run.recordings import each_recording
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams.faces import detector, found_faces
from pipeline.streams.pictures import Box, Picture
from pipeline.streams.tracking import detected

VERSION = 3  # raised whenever the same utterance would give a different preview
_MOST_IN_A_BATCH = 16
PROGRAM = {"version": VERSION, "fps": FPS, "height": MOST_HIGH, "seconds": MOST_S}


@dataclass(frozen=True)
class Preview:
    """What the report page draws and plays for one utterance.

    Attributes
    ----------
    facts
        ``sound``: the waveform before cleaning, the part that was kept, the gain, pitch and level. ``faces``: the times
        of sampled frames, the score of the followed face in each, whether the detector ran in each, and the frames that
        are shown. ``clip``: the media
        type and a note; only if pictures were made.
    strip
        Some sampled frames side by side as JPEG; empty if there are none.
    clip
        A clip that browsers play; empty if there is none.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    strip: bytes = b""
    clip: bytes = b""

    def entry(self) -> Entry:
        """Return the preview as a cache entry."""
        return Entry("ok", rows={"values": [json.dumps(self.facts).encode(), self.strip, self.clip]})

    @classmethod
    def of(cls, entry: Entry) -> "Preview":
        """Return the preview that a cache entry holds."""
        facts, strip, clip = (bytes(cell) for cell in entry.rows["values"] if not isinstance(cell, str))
        return cls(json.loads(facts), strip, clip)


@dataclass(frozen=True)
class PreviewStep:
    """Makes previews; the payload of a clip says where its picture is, and the payload's `voice` where its sound is."""

    audio: AudioConfig
    video: VideoConfig
    stores: tuple[tuple[str, str], ...]  # pairs of a modality and the path of its stream
    pictures: bool  # whether clips and pictures of faces are made
    plugins: tuple[str, ...] = ()
    name: str = "preview"
    stage: str = "report"
    light: bool = False

    def ready(self) -> "PreviewStep":
        """Return this step, which needs no preparation."""
        return self

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Return batches that are small enough to keep all workers busy until the end."""
        return evenly(clips, min(_MOST_IN_A_BATCH, ceil(len(clips) / (4 * workers))), workers)

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield the index of each clip, with its preview as a cache entry, or with the error."""
        streams = [dict[str, Any]() for _ in clips]
        for modality, path in self.stores:
            with open_store(Path(path)) as store:
                for i, clip in enumerate(clips):
                    if store.statuses[at := store.index(clip.utterance)] == "ok":
                        streams[i][modality] = READERS["audio" if modality == "audio" else "video"](store, at)
        by_name = {clip.utterance: own for clip, own in zip(clips, streams, strict=True)}
        yield from each_recording(clips, partial(self._recording, by_name))

    def _recording(
        self, streams: dict[str, dict[str, Any]], clips: Sequence[Clip]
    ) -> Iterator[tuple[int, Entry | Exception]]:
        for i, clip in enumerate(clips):
            yield i, self._preview(clip.payload, **streams[clip.utterance]).entry()

    def _preview(self, source: Source, audio: AudioStream | None = None, video: VideoStream | None = None) -> Preview:
        voice = source.voice or source
        samples = sound_of(voice, self.audio)
        facts: dict[str, Any] = {"sound": _sound(samples, audio)}
        if not self.pictures:
            return Preview(facts | {"faces": _faces(video, None, self.video)})
        heard: FloatArray = np.zeros(0, np.float32) if isinstance(samples, str) else samples
        film = clip_of(source, voice, heard, self.audio.rate_hz, self.video)
        found = self._strip(source, video, film)
        facts |= {"faces": _faces(video, found, self.video), "clip": {"mime": film.mime, "note": film.note}}
        return Preview(facts, found.image if found else b"", film.content)

    def _strip(self, source: Source, video: VideoStream | None, film: Film) -> Strip | None:
        if video is None:
            return strip_of(film.stills)
        return strip(video, film.size, source.span.region, self._boxes)

    def _boxes(self, picture: Picture) -> list[Box]:
        detect = detector(self.video.detector, self.video.min_score)
        return [found.box for found in found_faces(picture, detect)]


def _sound(samples: FloatArray | str, stream: AudioStream | None) -> dict[str, Any]:
    """Return waveform and peak before cleaning, the part that was kept, the gain, and pitch and level over time.

    If the sound could not be read, `samples` is the reason.
    """
    there = not isinstance(samples, str) and len(samples) > 0
    peak = float(np.abs(samples).max()) if there else 0.0
    found: dict[str, Any] = {
        "wave": sides(envelope(samples)) if not isinstance(samples, str) else [],
        "peak_db": round(20 * float(np.log10(peak)), 1) if peak else None,
        "unread": samples if isinstance(samples, str) else "",
    }
    if stream is None:
        return found
    end_s = stream.start_s + len(stream.samples) / stream.rate_hz
    return found | {
        "kept": [round(stream.start_s, 3), round(end_s, 3)],
        "gain_db": round(stream.gain_db, 1),
        "curves": curves(stream),
    }


def _faces(stream: VideoStream | None, found: Strip | None, config: VideoConfig) -> dict[str, Any]:
    """Return the facts about faces that `Preview` lists.

    They are the times of the sampled frames, the score of the followed face in each, whether the detector ran in each,
    and the frames in the strip. If the detector did not run, the face was tracked, and its score is that of an earlier
    frame.
    """
    facts: dict[str, Any] = {"times": [], "scores": [], "detected": []}
    if stream is not None:
        scores = [round(float(score), 3) if np.isfinite(score) else None for score in stream.scores]
        ran = detected(stream.times.tolist(), stream.scores.tolist(), stream.boxes.tolist(), config.detector_due_s)
        facts = {"times": np.round(stream.times, 3).tolist(), "scores": scores, "detected": ran}
    return facts | ({"shown": found.frames, "shape": found.width} if found else {})
