"""Opening a recording, and the one clock that all of its streams share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from features.errors import EmptyInput
from features.types import FloatArray
from pipeline.streams.spans import Span

av.logging.set_level(av.logging.PANIC)  # FFmpeg writes to file descriptor 2 by itself; what matters is raised below

MICROSECONDS = 1_000_000  # a container states its own times in these
DRIFT_S = 0.03  # stamps that disagree with the count of samples by more than this are believed
MISSING_S = 0.5  # sound that is missing for longer than this makes an utterance fail
LENGTH_GUESSED = ("aac",)  # formats whose length FFmpeg guesses from the bit rate


class MediaError(Exception):
    """A recording that cannot be read, or not up to where it claims to go: status ``failed``."""


@dataclass(frozen=True)
class RecordingInfo:
    """What a recording's headers say.

    Attributes
    ----------
    duration_s
        Seconds from the recording's time 0 to the end of its longest stream.
    has_audio, has_video
        Whether there is such a stream; a cover picture is no video.
    """

    duration_s: float
    has_audio: bool
    has_video: bool


@contextmanager
def open_recording(path: Path) -> Iterator[Any]:
    """Open `path` for reading as a PyAV container, and close it again.

    Errors of FFmpeg inside the ``with`` block are raised as `MediaError` too.

    Raises
    ------
    MediaError
        If the file is missing, holds no bytes, cannot be read, or has neither sound nor picture.
    """
    _refuse_missing(path)
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            if not media_streams(container):
                raise MediaError(f"{path} holds neither sound nor picture: is it a recording?")
            yield container
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{path} cannot be read ({error.strerror}): is it damaged or cut off? copy it again"
        ) from error


def media_streams(container: Any, kind: str | None = None) -> list[Any]:
    """Return the streams of `kind` (``"audio"``, ``"video"``, or both for None), without cover pictures."""
    kinds = ("audio", "video") if kind is None else (kind,)
    return [stream for stream in container.streams if stream.type in kinds and not _is_cover(stream)]


def clock_start_s(container: Any) -> float:
    """Return the earliest presentation stamp of any audio or video stream, in seconds: the recording's time 0."""
    starts = [float(s.start_time * s.time_base) for s in media_streams(container) if s.start_time is not None]
    if starts:
        return min(starts)
    return 0.0 if container.start_time is None else container.start_time / MICROSECONDS


def probe(path: Path) -> RecordingInfo:
    """Return what the headers of `path` say; packets are read only if they state no duration.

    Raises
    ------
    MediaError
        As `open_recording`.
    """
    with open_recording(path) as container:
        stated = container.duration
        ends_s = _last_stamp_s(container) - clock_start_s(container) if stated is None else stated / MICROSECONDS
        missing_s = 8 * _riff_bytes_cut(path) / max(container.bit_rate or 1, 1)  # FFmpeg believes the file's size
        return RecordingInfo(
            duration_s=ends_s + missing_s,
            has_audio=bool(media_streams(container, "audio")),
            has_video=bool(media_streams(container, "video")),
        )


def breaks_off_s(path: Path) -> float | None:
    """Return where `path` breaks off before the length that it claims, in seconds; None if it does not.

    Reads all packets and decodes none. MPEG and other streams without a stated length never break off.

    Raises
    ------
    MediaError
        As `open_recording`.
    """
    with open_recording(path) as container:
        if container.duration is None or container.format.name in LENGTH_GUESSED:
            return None
        end_s = _last_stamp_s(container) - clock_start_s(container)
        short = end_s < container.duration / MICROSECONDS - MISSING_S or _riff_bytes_cut(path) > 0
        return end_s if short else None


def packet_end_s(packet: Any) -> float | None:
    """Return where a packet ends on the container's clock, in seconds; None for a packet without a stamp."""
    if packet.pts is None:
        return None
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


class AudioTrack:
    """The first audio stream of an open recording, decoded once, in order.

    Samples are numbered on the recording's clock: number ``k`` sounds at ``k / rate_hz`` seconds.

    Attributes
    ----------
    rate_hz
        Samples a second; final once the first chunk was there.
    end_s
        Where the sound that was decoded so far ends.
    """

    def __init__(self, container: Any, path: Path) -> None:
        self._container, self._path = container, path
        self._stream = media_streams(container, "audio")[0]
        self._origin_s = clock_start_s(container)
        self._next: int | None = None
        self._end = 0
        self._file_end_s = 0.0
        self._finished = False
        self._lost: list[tuple[float, float]] = []
        self.rate_hz = int(self._stream.rate or 0) or 16000

    @property
    def end_s(self) -> float:
        """Where the sound that was decoded so far ends, in seconds."""
        return self._end / self.rate_hz

    def chunks(self) -> Iterator[tuple[int, FloatArray]]:
        """Yield the number of the first sample and ``(1 or 2, n)``: the mean of the channels, and a centre channel.

        The mean leaves out the subwoofer; mono and stereo have no second row. Stamps place the sound: a
        hole between two chunks is a hole in the recording, and where two overlap the later one is meant. A packet that
        cannot be decoded is a hole too, which `check` remembers.
        """
        for packet in self._packets():
            for frame in self._frames(packet):
                yield self._place(frame)
        self._finished = True

    def check(self, span: Span) -> None:
        """Raise `MediaError` if a span reaches into lost sound, `EmptyInput` if it lies behind the end of all sound."""
        lost_s = sum(max(0.0, min(end, span.end_s) - max(start, span.start_s)) for start, end in self._lost)
        if lost_s > MISSING_S:
            raise MediaError(f"{lost_s:.1f} s of the audio from {span.start_s:.2f} s in {self._path} cannot be decoded")
        if not self._finished:
            return
        claimed_s = self._claimed_s()
        if min(span.end_s, claimed_s) > self.end_s + MISSING_S:
            raise MediaError(
                f"the audio of {self._path} breaks off at {self.end_s:.2f} s, it claims to go on to {claimed_s:.2f} s: "
                "copy the recording again"
            )
        if span.start_s >= self.end_s:
            raise EmptyInput(f"the span starts at {span.start_s:.2f} s, the audio ends at {self.end_s:.2f} s")

    def _packets(self) -> Iterator[Any]:
        """Yield the audio packets and note how far any stream goes."""
        try:
            for packet in self._container.demux(media_streams(self._container)):
                self._file_end_s = max(self._file_end_s, (packet_end_s(packet) or 0.0) - self._origin_s)
                if packet.stream.index == self._stream.index:
                    yield packet
        except av.error.FFmpegError:
            self._file_end_s = min(self._file_end_s, self.end_s)  # a file that is cut off ends here

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(packet.decode())
        except av.error.FFmpegError:
            end_s = packet_end_s(packet)
            if end_s is not None:
                start_s = float(packet.pts * packet.time_base)
                self._lost.append((start_s - self._origin_s, end_s - self._origin_s))
            return []

    def _place(self, frame: Any) -> tuple[int, FloatArray]:
        """Return a frame's first sample number and its rows."""
        if self._next is None:
            self.rate_hz = frame.sample_rate
        elif frame.sample_rate != self.rate_hz:
            raise MediaError(f"{self._path} changes its sampling rate from {self.rate_hz} to {frame.sample_rate} Hz")
        rows, expected = _mean_and_centre(frame), self._next
        start = (expected or 0) if frame.time is None else round((frame.time - self._origin_s) * self.rate_hz)
        if expected is not None and abs(start - expected) <= DRIFT_S * self.rate_hz:
            start = expected
        self._next = start + rows.shape[1]
        self._end = max(self._end, self._next)
        return start, rows

    def _claimed_s(self) -> float:
        """Return where the headers say that the audio ends; what FFmpeg only guesses is not believed."""
        stream, container = self._stream, self._container
        if container.format.name in LENGTH_GUESSED:
            return self.end_s
        if cut_bytes := _riff_bytes_cut(self._path):
            return float(self.end_s + 8 * cut_bytes / max(container.bit_rate, 1))
        if stream.duration is not None:
            return float(((stream.start_time or 0) + stream.duration) * stream.time_base) - self._origin_s
        whole_s = (container.duration or 0) / MICROSECONDS
        return whole_s if self._file_end_s < whole_s - MISSING_S else self.end_s


def _mean_and_centre(frame: Any) -> FloatArray:
    """Return an audio frame as ``(1 or 2, n)`` float32, full scale 1: the mean of the channels and a centre channel."""
    names = [channel.name for channel in frame.layout.channels]
    data = frame.to_ndarray()
    planes = data if frame.format.is_planar else data.reshape(-1, len(names)).T
    mains = [row for row, name in enumerate(names) if not name.startswith("LFE")] or list(range(len(names)))
    mean: FloatArray = _as_float(planes[mains]).mean(axis=0, keepdims=True)
    if len(names) == 1 or "FC" not in names:
        return mean
    return np.vstack([mean, _as_float(planes[[names.index("FC")]])])


def _as_float(data: NDArray[Any]) -> FloatArray:
    if data.dtype.kind == "f":
        return data.astype(np.float32)
    full_scale = 2.0 ** (8 * data.dtype.itemsize - 1)
    offset = full_scale if data.dtype.kind == "u" else 0.0
    return ((data - offset) / full_scale).astype(np.float32)


def _riff_bytes_cut(path: Path) -> int:
    """Return how many bytes a WAV or AVI file is shorter than its header says; FFmpeg takes such a file as complete."""
    with path.open("rb") as file:
        header = file.read(8)
    stated = int.from_bytes(header[4:], "little")
    if header[:4] != b"RIFF" or stated >= 2**32 - 2**16:  # writers to a pipe state the largest length there is
        return 0
    return max(0, stated + 8 - path.stat().st_size)


def _last_stamp_s(container: Any) -> float:
    """Read all packets and return the latest end of any, in seconds on the container's clock."""
    ends = (packet_end_s(packet) for packet in container.demux(media_streams(container)))
    return max((end for end in ends if end is not None), default=clock_start_s(container))


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise MediaError(f"{path} is not there: check the recording's path in the utterance table")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} holds no bytes: copy it again")
