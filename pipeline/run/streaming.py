"""Compute the streams of a corpus on workers, one recording at a time."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from features.base import Modality
from features.codec import STREAM_SCHEMAS, audio_entry, text_entry, video_entry
from features.store import Entry
from pipeline.run.clips import StepReport
from pipeline.run.dividing import evenly, shares
from pipeline.run.keys.description import described, key_of
from pipeline.run.keys.utterance import stream_program
from pipeline.run.plans import Clip, Outcome, Source, stream_clips
from pipeline.run.pool.cluster import Pool
from pipeline.run.recordings import by_recording, each_recording
from pipeline.run.stores import finish, require_planned, start_ahead, start_storing
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

_MOST_IN_A_BATCH = 8  # recordings
LIGHT: tuple[Modality, ...] = ("text",)  # streams that are made more quickly than a file of the cache is read


@dataclass(frozen=True)
class StreamStep:
    """Makes one kind of stream; a long recording is decoded in parts by several workers."""

    name: Modality
    config: Any
    depends: str  # what its streams depend on, as planned; JSON
    plugins: tuple[str, ...] = ()
    stage: str = "preprocess"

    @property
    def light(self) -> bool:
        """Whether no workers and no cache are used: true for text, which is made more quickly than a file is read."""
        return self.name in LIGHT

    def ready(self) -> "StreamStep":
        """Return this step unchanged, since nothing about it is slow to find out."""
        return self

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Return the tasks: each holds the clips of one or more recordings, or of parts of long recordings."""
        parts = shares(by_recording(clips).values(), workers, self._divisible)
        most = max(1, min(_MOST_IN_A_BATCH, len(parts) // (8 * workers)))
        return [[clip for part in batch for clip in part] for batch in evenly(parts, most, workers)]

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield each clip's stream as a store entry.

        Raises
        ------
        Changed
            If a recording, the code or a library has changed since the clips' keys were made.
        """
        require_planned(f"the {self.name} stream", json.loads(self.depends), stream_program(self.name, self.config))
        if self.name == "text":
            yield from ((i, self._text(clip.payload)) for i, clip in enumerate(clips))
            return
        yield from each_recording(clips, self._recording)

    def _recording(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        source: Source = clips[0].payload
        for i, stream in self._read(source, [clip.payload for clip in clips]):
            if isinstance(stream, Exception):
                yield i, stream
            elif self.name == "audio":
                yield i, audio_entry(replace(stream, **clips[i].payload.timed))
            else:
                yield i, video_entry(stream)

    def _divisible(self, source: Source, tracks: Collection[str]) -> bool:
        """Whether parts of a recording can be decoded separately; False if it is unreadable (decoding will say so)."""
        from pipeline.streams import decode, frames
        from pipeline.streams.container.opening import MediaError

        divisible = decode.divisible if self.name == "audio" else frames.divisible
        try:
            default = str(self.config.track)
            return all(divisible(Path(source.path), track or default, source.media) for track in tracks)
        except MediaError:
            return False

    def _read(self, source: Source, parts: Sequence[Source]) -> Iterator[tuple[int, Any]]:
        """Decode parts of a recording; messages use the path that the manifest gives, not the resolved one."""
        spans = [part.span for part in parts]
        if self.name == "audio":
            from pipeline.streams.audio import read_audio

            return read_audio(Path(source.path), spans, self.config, source.media)
        from pipeline.streams.speaker.voice import Voice
        from pipeline.streams.video import read_video

        heard = {i: part.voice for i, part in enumerate(parts) if part.voice is not None}
        voices = {i: Voice(Path(sound.path), sound.span, sound.media) for i, sound in heard.items()}
        return read_video(Path(source.path), spans, self.config, source.media, voices)

    def _text(self, source: Source) -> Entry | Exception:
        from pipeline.streams.text import read_text

        try:
            return text_entry(read_text(source.text, source.words, source.span.start_s, self.config))
        except Exception as error:  # a bad transcript is a failure of this clip
            return error


def write_stream(params: Params, name: str, modality: Modality, pool: Pool) -> StepReport:
    """Compute a stream of a corpus, write its store streams/<modality>.h5, and return a report of all clips.

    The errors are those of the stage `preprocess`.
    """
    return start_stream(params, name, modality, pool)()


def start_stream(params: Params, name: str, modality: Modality, pool: Pool) -> Callable[[], StepReport]:
    """Start to compute a stream, and return a function that writes streams/<modality>.h5 and returns a report."""
    program, step, planned = plan_stream(params, name, modality)
    attributes = stream_attributes(params, modality, program)
    paths = CorpusPaths(name)
    stored = start_storing(step, planned, pool, (paths.stream(modality), STREAM_SCHEMAS[modality], attributes))

    def finished() -> StepReport:
        report = stored()
        finish(report, params, paths, step)
        return report

    return finished


def stream_attributes(params: Params, modality: Modality, program: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a stream's store; `program` is what `stream_program` returned."""
    attributes: dict[str, Any] = {
        "kind": "stream",
        "name": modality,
        "version": program["version"],
        "config": program["config"],
        "config_hash": key_of(program["config"]),
        "libraries": program["libraries"],
    }
    if modality == "audio":
        attributes["rate_hz"] = params.streams["audio"].rate_hz
    return attributes


def preprocess_ahead(params: Params, name: str, modality: Modality, pool: Pool) -> Callable[[], int]:
    """Start to compute what is missing in a stream before the stage that writes its store begins.

    Return a function that waits until that is done, and returns the number of clips that were missing.
    """
    _, step, planned = plan_stream(params, name, modality)
    return start_ahead(step, planned, pool)


def plan_stream(
    params: Params, name: str, modality: Modality
) -> tuple[dict[str, Any], StreamStep, list[Clip | Outcome]]:
    """Return what a stream depends on, the step that computes it, and the planned clips."""
    config = params.streams[modality]
    program = stream_program(modality, config)
    step = StreamStep(modality, config, described(program), params.run.plugins)
    return program, step, stream_clips(params, name, modality)
