"""Read the duration and tracks of a recording, and decode its sound by presentation time stamps."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from features.errors import EmptyInput
from features.types import FloatArray
from pipeline.settings.streams import DEFAULT
from pipeline.streams.container.opening import MediaError, media_streams, open_recording
from pipeline.streams.container.parts import packet_span_s
from pipeline.streams.container.timeline import MISSING_S, Timeline, packets, read_timeline, timeline_of
from pipeline.streams.container.tracks import Track, stream_of, tracks_of
from pipeline.streams.spans import Span

# Bytes per sample of the codecs whose packets hold nothing but samples.
PCM_BYTES = {
    **dict.fromkeys(("pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw"), 1),
    **dict.fromkeys(("pcm_s16le", "pcm_s16be"), 2),
    **dict.fromkeys(("pcm_s24le", "pcm_s24be"), 3),
    **dict.fromkeys(("pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be"), 4),
    **dict.fromkeys(("pcm_f64le", "pcm_f64be"), 8),
}
DRIFT_S = 0.03  # a time stamp overrides the count of samples if the two differ by more than this


@dataclass(frozen=True)
class RecordingInfo:
    """Duration, tracks and oddities of a recording.

    Attributes
    ----------
    duration_s
        Seconds from time 0 to the end of the longest stream, or to the stated end if the recording breaks off.
    audio, video
        The audio and video tracks, without cover pictures.
    breaks_off_s
        The earliest time in seconds at which a stream breaks off before its stated end; None for a complete recording.
    notices
        Sentences about oddities; they do not name the recording.
    ends_s
        Index of a track's stream -> when it ends, in seconds; tracks with a single picture are left out.
    """

    duration_s: float
    audio: tuple[Track, ...]
    video: tuple[Track, ...]
    breaks_off_s: float | None = None
    notices: tuple[str, ...] = ()
    ends_s: Mapping[int, float] = field(default_factory=dict)


def probe(path: Path) -> RecordingInfo:
    """Return duration, tracks and oddities of `path`, from its packets, which are not decoded.

    Raises
    ------
    MediaError
        As for `timeline_of`.
    """
    with open_recording(path) as container:
        timeline = read_timeline(container, path)
        ends_s = [timeline.breaks_off_s(stream.index) for stream in media_streams(container)]
        return RecordingInfo(
            duration_s=timeline.duration_s,
            audio=tracks_of(container, "audio", timeline.stills),
            video=tracks_of(container, "video", timeline.stills),
            breaks_off_s=min((end_s for end_s in ends_s if end_s is not None), default=None),
            notices=timeline.notices,
            ends_s={index: end_s for index, end_s in timeline.ends_s.items() if index not in timeline.stills},
        )


class Chunk(NamedTuple):
    """A piece of sound: the number of its first sample, its channels' names, and its samples ``(channels, n)``."""

    start: int
    names: tuple[str, ...]
    rows: FloatArray


class AudioTrack:
    """An audio track of an open recording, decoded once, in order.

    Samples are numbered on the recording's clock: sample ``k`` is heard at ``k / rate_hz`` seconds.

    Attributes
    ----------
    rate_hz
        Samples per second; does not change after the first chunk.
    end_s
        End of the sound read so far, in seconds.
    """

    def __init__(self, container: Any, timeline: Timeline, track: Track, name: str) -> None:
        self._container, self._timeline, self._name = container, timeline, name
        self._stream = container.streams[track.index]
        self._origin_s = timeline.start_s
        self._next: int | None = None
        self._end = 0
        self._finished = False
        self._lost: list[tuple[float, float]] = []
        self.rate_hz = int(self._stream.rate or 0) or 16000

    @property
    def end_s(self) -> float:
        """The end of the sound read so far, in seconds; skipped sound counts as read."""
        return self._end / self.rate_hz

    def chunks(self, from_s: float = 0.0) -> Iterator[Chunk]:
        """Yield the sound in the order of the file.

        Sound is placed by its time stamps: a gap between two chunks is a gap in the recording, and where two chunks
        overlap, the later one counts. A packet that cannot be decoded leaves a gap, too, which `check` reports.

        Parameters
        ----------
        from_s
            Time in seconds before which no sound is needed. Earlier sound is skipped if packets can be decoded
            separately; otherwise it is yielded, too.
        """
        count = _counter(self._container, self._stream)
        for packet in packets(self._container, self._timeline, [self._stream]):
            if count is not None and self._is_before(packet, from_s):
                self._advance(float(packet.pts * packet.time_base), count(packet))
                continue
            for frame in self._frames(packet):
                yield self._place(frame)
        self._finished = True

    def _is_before(self, packet: Any, until_s: float) -> bool:
        """Whether a packet ends before `until_s`, with a margin for drift.

        The result is False for the first packet, and for a packet that is damaged, is to be discarded, or has no time
        or duration.
        """
        plain = packet.pts is not None and packet.duration and not (packet.is_discard or packet.is_corrupt)
        if self._next is None or not plain:
            return False
        end_s = float((packet.pts + packet.duration) * packet.time_base) - self._origin_s
        return end_s + 2 * DRIFT_S < until_s

    def check(self, span: Span) -> None:
        """Raise `MediaError` if sound in a span is damaged or cut off.

        Raise `EmptyInput` if the audio ends before the span starts.
        """
        lost_s = sum(max(0.0, min(end, span.end_s) - max(start, span.start_s)) for start, end in self._lost)
        if lost_s > MISSING_S:
            raise MediaError(
                f"{self._name}: {lost_s:.1f} s of audio between {span.start_s:.2f} and {span.end_s:.2f} s cannot be "
                "decoded: copy the recording again"
            )
        if not self._finished:
            return
        claimed_s = self._timeline.claims_s.get(self._stream.index, 0.0)
        if min(span.end_s, claimed_s) > self.end_s + MISSING_S:
            raise MediaError(
                f"the audio of {self._name} breaks off at {self.end_s:.2f} s, but its header states an end at "
                f"{claimed_s:.2f} s: copy the recording again"
            )
        if span.start_s >= self.end_s:
            raise EmptyInput(f"the span starts at {span.start_s:.2f} s, but the audio ends at {self.end_s:.2f} s")

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(packet.decode())
        except av.error.FFmpegError:
            start_s, end_s = packet_span_s(packet, self.end_s + self._origin_s)
            self._lost.append((start_s - self._origin_s, end_s - self._origin_s))
            return []

    def _place(self, frame: Any) -> Chunk:
        if self._next is None:
            self.rate_hz = frame.sample_rate
        elif frame.sample_rate != self.rate_hz:
            raise MediaError(
                f"{self._name} changes its sampling rate from {self.rate_hz} to {frame.sample_rate} Hz: "
                "convert it to one rate"
            )
        names, rows = _channels(frame)
        return Chunk(self._advance(frame.time, rows.shape[1]), names, rows)

    def _advance(self, time_s: float | None, count: int) -> int:
        """Place the next `count` samples, which begin at the container's time `time_s`; return the first one's number.

        If `time_s` is None or within `DRIFT_S` of the end of the previous samples, they follow without a gap.
        """
        expected = self._next
        start = (expected or 0) if time_s is None else round((time_s - self._origin_s) * self.rate_hz)
        if expected is not None and abs(start - expected) <= DRIFT_S * self.rate_hz:
            start = expected
        self._next = start + count
        self._end = max(self._end, self._next)
        return start


def divisible(path: Path, track: str = DEFAULT, name: str = "") -> bool:
    """Return whether the sound can be decoded from any time on with the same result as from the beginning.

    The result is False if there is no sound.

    Raises
    ------
    MediaError
        If the recording cannot be opened, or lacks the track `track`.
    """
    timeline = timeline_of(path, name)
    with open_recording(path, name) as container:
        stream = stream_of(container, "audio", timeline.stills, track, name or path)
        return stream is not None and _counter(container, stream) is not None


def _counter(container: Any, stream: Any) -> Callable[[Any], int] | None:
    """Return a function that counts the samples of a packet without decoding it, or None.

    The result is None unless packets can be decoded separately, as in PCM and in FLAC files. In other codecs, the
    samples of a packet also depend on earlier packets (overlapping windows, noise from one random sequence).
    """
    codec = stream.codec_context
    if codec is None or not stream.rate or stream.time_base != Fraction(1, stream.rate):
        return None
    if codec.name in PCM_BYTES:
        size = PCM_BYTES[codec.name] * codec.layout.nb_channels
        return lambda packet: int(packet.size // size)
    return (lambda packet: int(packet.duration)) if codec.name == container.format.name == "flac" else None


def _channels(frame: Any) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names of an audio frame's channels, and their float32 samples ``(channels, n)`` with full scale 1."""
    names = tuple(channel.name for channel in frame.layout.channels)
    data = frame.to_ndarray()
    return names, _as_float(data if frame.format.is_planar else data.reshape(-1, len(names)).T)


def _as_float(data: NDArray[Any]) -> FloatArray:
    if data.dtype.kind == "f":
        return data.astype(np.float32)
    full_scale = 2.0 ** (8 * data.dtype.itemsize - 1)
    if data.dtype.kind == "u":
        return ((data - full_scale) / full_scale).astype(np.float32)
    return data.astype(np.float32) * np.float32(1 / full_scale)  # exact, because it only changes the exponent
