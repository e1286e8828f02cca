"""Audio streams: turn one recording and the spans of its utterances into clean mono sound at one sampling rate.

Each track is decoded once, in order. Sound is placed by its presentation time stamps, so that a track that starts late
or has gaps stays on the recording's clock. Each utterance is then resampled, filtered, trimmed and levelled.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import soxr  # type: ignore[import-untyped, unused-ignore]

from features.errors import EmptyInput, NoStream
from features.types import AudioStream, FloatArray
from pipeline.settings.streams import AudioConfig
from pipeline.streams.channels import offsets_of, voice_of
from pipeline.streams.cleaning import clean
from pipeline.streams.container.opening import MediaError, open_recording
from pipeline.streams.container.timeline import Timeline, timeline_of
from pipeline.streams.container.tracks import Track, chosen, tracks_of
from pipeline.streams.decode import AudioTrack, Chunk
from pipeline.streams.spans import Span

VERSION = 3  # raised whenever the same recording and settings give different samples
CONTEXT_S = 0.05  # length of the sound before and after a span that the resampling filter also reads

Fault = NoStream | EmptyInput | MediaError
Outcome = AudioStream | Fault
Sound = TypeVar("Sound", AudioStream, FloatArray)
Finish = Callable[
    [FloatArray, AudioConfig, Span, str], Sound
]  # function of the samples of a span, settings, span and note


def read_audio(path: Path, spans: Sequence[Span], config: AudioConfig, name: str = "") -> Iterator[tuple[int, Outcome]]:
    """Decode each wanted track of `path` once, and yield the stream of each span as soon as it is complete.

    Only the sound of spans that are currently being read is kept in memory. Spans may overlap and be in any order.

    Parameters
    ----------
    path
        A recording that FFmpeg reads.
    spans
        Where the utterances are, on the recording's clock (`Span`).
    config
        Settings of the stream: track, channel, sampling rate and cleaning.
    name
        Name of the recording in messages; its path if empty.

    Yields
    ------
    tuple of int and AudioStream or exception
        The index of a span and its stream, or the reason why there is no stream: `NoStream` if there is no audio track;
        `EmptyInput` if the span has no length, lies after the end of the sound or is (almost) silent; `MediaError` if
        the recording, track or channel cannot be read, or if the sound breaks off inside the span.
    """
    return _read(path, spans, config, name or str(path), _cleaned)


def read_sound(
    path: Path, spans: Sequence[Span], config: AudioConfig, name: str = ""
) -> Iterator[tuple[int, FloatArray | Fault]]:
    """Yield the samples of each span without filtering, trimming or levelling.

    Track, channel and sampling rate are chosen as in `read_audio`, which also describes parameters and outcomes.
    Silence counts as sound here. The array ``(n,)`` is shorter than the span if the sound ends before the span does.
    """
    return _read(path, spans, config, name or str(path), lambda samples, *_: samples)


def _read(
    path: Path, spans: Sequence[Span], config: AudioConfig, name: str, finish: Finish[Sound]
) -> Iterator[tuple[int, Sound | Fault]]:
    waiting = dict(enumerate(spans))
    try:
        timeline = timeline_of(path, name)
        for index in [index for index, span in waiting.items() if not _has_length(span)]:
            span = waiting.pop(index)
            yield (
                index,
                EmptyInput(f"the span from {span.start_s} to {span.end_s} s has no length: correct its start and end"),
            )
        for track in dict.fromkeys(span.track for span in waiting.values()):
            wanted = {index: span for index, span in waiting.items() if span.track == track}
            for index, outcome in _read_track(path, name, timeline, wanted, config, finish):
                del waiting[index]
                yield index, outcome
    except MediaError as error:
        for index in waiting:
            yield index, error


class Window:
    """The sound of one span, collected at the recording's own rate with a little context on either side."""

    def __init__(self, index: int, span: Span, rate_hz: int) -> None:
        self.index, self.span, self.rate_hz = index, span, rate_hz
        self.first = math.floor((span.start_s - CONTEXT_S) * rate_hz)
        self.last = math.ceil((span.end_s + CONTEXT_S) * rate_hz)
        self._chunks: list[Chunk] = []

    def add(self, chunk: Chunk) -> None:
        """Keep the part of a chunk that is inside the window."""
        rows = chunk.rows[:, max(self.first - chunk.start, 0) : max(self.last - chunk.start, 0)]
        if rows.shape[1]:
            self._chunks.append(Chunk(max(chunk.start, self.first) - self.first, chunk.names, rows))

    def mono(self, channel: str, where: object) -> tuple[FloatArray, str]:
        """Return the window's sound in mono, ``(n,)``, and a note about its channels.

        The sound ends with the last sample received. Gaps are filled with zeros. If the channel layout changes inside
        the window, each layout is mixed separately.
        """
        length = max((chunk.start + chunk.rows.shape[1] for chunk in self._chunks), default=0)
        mono, notes = np.zeros(length, dtype=np.float32), []
        layouts = dict.fromkeys(chunk.names for chunk in self._chunks)
        for names in layouts:
            chunks = [chunk for chunk in self._chunks if chunk.names == names]
            rows = np.zeros((len(names), length), dtype=np.float32)
            offsets = offsets_of(np.concatenate([chunk.rows for chunk in chunks], axis=1))
            for start, _, part in chunks:
                rows[:, start : start + part.shape[1]] = part - offsets if offsets.any() else part
            voice, note = voice_of(rows, names, channel, self.rate_hz, where)
            if len(layouts) == 1:
                return voice, note
            notes.append(note)
            for start, _, part in chunks:
                mono[start : start + part.shape[1]] = voice[start : start + part.shape[1]]
        return mono, "; ".join(note for note in dict.fromkeys(notes) if note)


def windows(track: AudioTrack, spans: Mapping[int, Span]) -> Iterator[Window]:
    """Yield the sound of each span once it is complete, or once the track ends."""
    coming = sorted(spans, key=lambda index: spans[index].start_s, reverse=True)  # popped from the end
    held: list[Window] = []
    from_s = min((span.start_s for span in spans.values()), default=0.0) - CONTEXT_S
    for chunk in track.chunks(from_s):
        end = chunk.start + chunk.rows.shape[1]
        while coming and (spans[coming[-1]].start_s - CONTEXT_S) * track.rate_hz < end:
            held.append(Window(coming[-1], spans[coming.pop()], track.rate_hz))
        for window in held:
            window.add(chunk)
        for window in [window for window in held if window.last <= end]:
            held.remove(window)
            yield window
        if not coming and not held:
            return
    yield from held
    yield from (Window(index, spans[index], track.rate_hz) for index in reversed(coming))


def _has_length(span: Span) -> bool:
    return math.isfinite(span.start_s) and math.isfinite(span.end_s) and span.duration_s > 0


def _read_track(
    path: Path,
    name: str,
    timeline: Timeline,
    spans: Mapping[int, Span],
    config: AudioConfig,
    finish: Finish[Sound],
) -> Iterator[tuple[int, Sound | Fault]]:
    """Yield each span's index and outcome; all spans must belong to one track."""
    with open_recording(path, name) as container:
        tracks = tracks_of(container, "audio", timeline.stills)
        if not tracks:
            yield from ((index, NoStream(f"{name} has no audio stream")) for index in spans)
            return
        try:
            wanted = next(iter(spans.values())).track or str(config.track)
            track = AudioTrack(container, timeline, chosen(tracks, wanted, "audio", name), name)
        except MediaError as error:
            yield from ((index, error) for index in spans)
            return
        for window in windows(track, spans):
            try:
                track.check(window.span)
                voice, note = window.mono(window.span.channel or str(config.channel), name)
                samples = _resampled(window, voice, config.rate_hz)
                yield window.index, finish(samples, config, window.span, note)
            except EmptyInput as error:
                yield window.index, _with_others(error, tracks)
            except MediaError as error:
                yield window.index, error


def _cleaned(samples: FloatArray, config: AudioConfig, span: Span, note: str) -> AudioStream:
    return replace(clean(samples, config, span.duration_s), note=note)


def _with_others(error: EmptyInput, tracks: Sequence[Track]) -> EmptyInput:
    """Return the error of an empty span; if the recording has several audio tracks, the message also lists them."""
    if len(tracks) > 1:
        return EmptyInput(f"{error}; the recording has {len(tracks)} audio tracks: {', '.join(map(str, tracks))}")
    return error


def _resampled(window: Window, native: FloatArray, rate_hz: int) -> FloatArray:
    """Return the samples of the span at `rate_hz`, without the context around it."""
    if not np.isfinite(native).all():
        raise MediaError(
            f"the sound from {window.span.start_s:.2f} s holds samples that are not finite numbers: export it again"
        )
    sound = native if window.rate_hz == rate_hz else soxr.resample(native, window.rate_hz, rate_hz, quality="HQ")
    first = round((window.span.start_s - window.first / window.rate_hz) * rate_hz)
    cut: FloatArray = sound[first : first + round(window.span.duration_s * rate_hz)]
    return cut
