"""How long a recording is, where its clock starts, where it breaks off: all of it read from its packets.

Headers only state a length, or FFmpeg guesses one; what a recording holds is in its packets. Where the two agree the
stated length stands, since it knows what encoders padded. A recording that was joined of several byte by byte (``cat
a.ts b.ts``), or whose stamps wrap around, starts its stamps again in the middle: its parts are laid end to end, picture
and sound alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from pipeline.streams.opening import MediaError, media_streams, open_recording
from pipeline.streams.sizes import FROM_STAMPS, bytes_cut, has_second_header, is_guessed, states_length

MICROSECONDS = 1_000_000  # a container states its own times in these
MISSING_S = 0.5  # what ends this much before it claims to breaks off
AGREES_S = 0.25  # a stated length this near to the packets' end is believed
BACK_S = 0.2  # decoding stamps that go back by more than this begin again
AHEAD_S = 60.0  # stamps that go forward by more than this at once begin again too, where a file has nothing but stamps
WRAPPED_S = 12 * 3600.0  # and by more than this in any file: they have wrapped
GLITCH_S = 1.0  # one stream alone may go back by less than this: a slip, no further part
NO_LENGTH_OF_ITS_OWN = ("matroska,webm",)  # what FFmpeg says of a stream there is the whole recording's length
LOSING = ("flac",)  # here FFmpeg loses what stands beside a joint


@dataclass(frozen=True)
class Timeline:
    """What the packets of a recording say of its time.

    Attributes
    ----------
    start_s
        The stamp, on the container's own clock, that is the recording's time 0.
    duration_s
        Seconds from there to the end of the longest stream; for a recording that breaks off, to where it claims to end.
    ends_s
        Index of a stream -> where its last packet ends, on the recording's clock.
    claims_s
        Index of a stream -> where the headers say that it ends; only where they can be believed.
    shifts
        Index of a stream -> (number of a packet, seconds to add to the stamps from that packet on), ascending; empty
        unless the recording is a joined one.
    """

    start_s: float
    duration_s: float
    ends_s: Mapping[int, float]
    claims_s: Mapping[int, float]
    shifts: Mapping[int, Sequence[tuple[int, float]]] = field(default_factory=dict)

    def breaks_off_s(self, index: int) -> float | None:
        """Return where a stream breaks off before the end that it claims; None if it does not."""
        end_s = self.ends_s.get(index, 0.0)
        return end_s if self.claims_s.get(index, 0.0) > end_s + MISSING_S else None


def timeline_of(path: Path) -> Timeline:
    """Read all packets of `path`, decoding none.

    Raises
    ------
    MediaError
        As `open_recording`.
    """
    with open_recording(path) as container:
        return read_timeline(container, path)


def read_timeline(container: Any, path: Path) -> Timeline:
    """Read all packets of an open recording to its end; as `timeline_of`."""
    parts = _read_parts(container)
    _refuse_unreadable_joints(container, path, parts)
    start_s = clock_start_s(container)
    shifts = parts.shifts()
    ends_s = {index: end_s - start_s for index, end_s in parts.ends(shifts).items()}
    streams = [stream.index for stream in media_streams(container)]
    reach_s = max((ends_s[index] for index in streams if index in ends_s), default=0.0)
    claims_s = _claims(container, path, start_s, max(ends_s.values(), default=0.0))
    short = [claims_s[i] for i in streams if claims_s.get(i, 0.0) > ends_s.get(i, 0.0) + MISSING_S]
    duration_s = max([*short, reach_s]) if short else _believed_s(container, path, start_s, reach_s)
    return Timeline(start_s, duration_s, ends_s, claims_s, parts.shifts_by_stream(shifts))


def clock_start_s(container: Any) -> float:
    """Return the earliest presentation stamp of any audio or video stream, in seconds: the recording's time 0."""
    starts = [float(s.start_time * s.time_base) for s in media_streams(container) if s.start_time is not None]
    if starts:
        return min(starts)
    return 0.0 if container.start_time is None else float(container.start_time / MICROSECONDS)


def packets(container: Any, timeline: Timeline, streams: Sequence[Any]) -> Iterator[Any]:
    """Demux `streams` to where they can be read, the parts of a joined recording laid end to end."""
    counts: dict[int, int] = {}
    try:
        for packet in container.demux(streams):
            shifts = timeline.shifts.get(packet.stream_index)
            if shifts and packet.size:
                number = counts[packet.stream_index] = counts.get(packet.stream_index, -1) + 1
                _shift(packet, [by_s for first, by_s in shifts if first <= number])
            yield packet
    except av.error.FFmpegError:  # what follows cannot be read: the timeline knows where that is
        return


def packet_span_s(packet: Any, otherwise_s: float) -> tuple[float, float]:
    """Return where a packet starts and ends on the container's clock, in seconds; without a stamp, where it starts."""
    stamp = packet.dts if packet.pts is None else packet.pts
    start_s = otherwise_s if stamp is None else float(stamp * packet.time_base)
    return start_s, start_s + float((packet.duration or 0) * packet.time_base)


def _shift(packet: Any, shifts_s: Sequence[float]) -> None:
    ticks = round(shifts_s[-1] / packet.time_base) if shifts_s else 0
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks


@dataclass
class _Stream:
    """How far one stream was read: its part, its last stamps there, and where its parts begin and end."""

    part: int = 0
    count: int = 0
    last_s: float | None = None
    begins: list[tuple[int, int]] = field(default_factory=list)  # (number of a packet, part from there on)
    back_s: float = 0.0  # the longest way that its stamps went back
    ends_s: dict[int, float] = field(default_factory=dict)  # part -> end on the container's clock


@dataclass
class _Parts:
    """The parts of a recording as its packets come: one, unless stamps begin again."""

    timed: frozenset[int]  # the streams whose stamps say where a part begins and ends: sound and picture
    ahead_s: float  # how far stamps may go forward at once
    streams: dict[int, _Stream] = field(default_factory=dict)
    spans_s: list[list[float]] = field(default_factory=list)  # of each part, over its streams, on the container's clock
    last_byte: int = 0

    def note(self, packet: Any) -> None:
        """Note one packet."""
        stream = self.streams.setdefault(packet.stream_index, _Stream())
        timed = packet.stream_index in self.timed
        if timed and packet.dts is not None:
            self._follow(stream, float(packet.dts * packet.time_base))
        span_s = packet_span_s(packet, stream.ends_s.get(stream.part, 0.0))
        if not packet.is_discard:
            stream.ends_s[stream.part] = max(stream.ends_s.get(stream.part, span_s[1]), span_s[1])
            if timed:
                self._extend(stream.part, span_s)
        stream.count += 1
        self.last_byte = max(self.last_byte, (packet.pos or 0) + packet.size)

    def _follow(self, stream: _Stream, stamp_s: float) -> None:
        """Follow the decoding stamps of a stream; it enters its next part where they begin again."""
        if stream.last_s is None:
            stream.last_s = stamp_s
        elif stamp_s < stream.last_s - BACK_S or stamp_s > stream.last_s + self.ahead_s:
            stream.back_s = max(stream.back_s, stream.last_s - stamp_s)
            stream.part += 1
            stream.begins.append((stream.count, stream.part))
            stream.last_s = stamp_s
        else:
            stream.last_s = max(stamp_s, stream.last_s)

    @property
    def match(self) -> bool:
        """Whether all streams have as many parts."""
        return len({self.streams[index].part for index in self.timed if index in self.streams}) <= 1

    def forget(self) -> None:
        """Take all parts for one: stamps are what they are."""
        for stream in self.streams.values():
            stream.part, stream.begins = 0, []
            stream.ends_s = {0: max(stream.ends_s.values())} if stream.ends_s else {}
        self.spans_s = [[min(start for start, _ in self.spans_s), max(end for _, end in self.spans_s)]]

    def _extend(self, part: int, span_s: tuple[float, float]) -> None:
        while len(self.spans_s) <= part:
            self.spans_s.append([span_s[0], span_s[1]])
        known = self.spans_s[part]
        known[0], known[1] = min(known[0], span_s[0]), max(known[1], span_s[1])

    def shifts(self) -> list[float]:
        """Return by how much each part is moved so that it begins where the one before it ends."""
        shifts_s: list[float] = []
        for number, (start_s, _) in enumerate(self.spans_s):
            shifts_s.append(self.spans_s[number - 1][1] + shifts_s[-1] - start_s if number else 0.0)
        return shifts_s

    def ends(self, shifts_s: Sequence[float]) -> dict[int, float]:
        """Return where each stream ends, on the container's clock."""
        moved = {0: 0.0, **dict(enumerate(shifts_s))}
        return {
            index: max(end_s + moved[part] for part, end_s in stream.ends_s.items())
            for index, stream in self.streams.items()
            if stream.ends_s
        }

    def shifts_by_stream(self, shifts_s: Sequence[float]) -> dict[int, tuple[tuple[int, float], ...]]:
        """Return `Timeline.shifts`."""
        return {
            index: tuple((first, shifts_s[part]) for first, part in stream.begins)
            for index, stream in self.streams.items()
            if stream.begins
        }


def _read_parts(container: Any) -> _Parts:
    ahead_s = AHEAD_S if container.format.name in FROM_STAMPS else WRAPPED_S
    parts = _Parts(frozenset(stream.index for stream in media_streams(container)), ahead_s)
    try:
        for packet in container.demux():
            if packet.size:
                parts.note(packet)
    except av.error.FFmpegError:  # what follows cannot be read: the recording ends here
        pass
    return parts


def _refuse_unreadable_joints(container: Any, path: Path, parts: _Parts) -> None:
    """Refuse files joined byte by byte whose parts cannot be told from one another, or of which some are never read."""
    name = str(container.format.name)
    if not parts.match and max(stream.back_s for stream in parts.streams.values()) < GLITCH_S:
        parts.forget()
    lost = parts.last_byte and has_second_header(path, name, parts.last_byte)
    lost = lost or (name in LOSING and len(parts.spans_s) > 1)
    if lost or not parts.match:
        raise MediaError(
            f"{path} is several recordings joined byte by byte, which cannot be read as one: name them one by one, or "
            "join them with a program that writes one file anew"
        )


def _claims(container: Any, path: Path, start_s: float, reach_s: float) -> dict[int, float]:
    """Return where the headers say that each stream ends, on the recording's clock."""
    if not states_length(container, path):
        return {}
    claims_s = {}
    whole_s = _whole_s(container, path, start_s, reach_s)
    for stream in media_streams(container):
        if container.format.name not in NO_LENGTH_OF_ITS_OWN and stream.duration is not None:
            claims_s[stream.index] = float(((stream.start_time or 0) + stream.duration) * stream.time_base) - start_s
        if whole_s > reach_s + MISSING_S:  # no stream of all goes as far
            claims_s[stream.index] = max(whole_s, claims_s.get(stream.index, 0.0))
    return claims_s


def _whole_s(container: Any, path: Path, start_s: float, reach_s: float) -> float:
    """Return where the headers say that the recording ends, on its own clock.

    Some containers count that from time 0, some from their first stamp.
    """
    stated_s = 0.0 if container.duration is None else container.duration / MICROSECONDS - max(start_s, 0.0)
    cut = bytes_cut(path)
    if cut and stated_s <= reach_s + MISSING_S:  # FFmpeg has made the length fit the file's size
        return reach_s + 8 * cut / max(container.bit_rate or 1, 1)
    return float(stated_s)


def _believed_s(container: Any, path: Path, start_s: float, reach_s: float) -> float:
    """Return the length that is stated where the packets agree with it, and else the one that they show."""
    if container.duration is None or is_guessed(container, path):
        return reach_s
    stated_s = float(container.duration / MICROSECONDS)
    nearest_s = min((stated_s, stated_s - max(start_s, 0.0)), key=lambda length_s: abs(length_s - reach_s))
    return nearest_s if abs(nearest_s - reach_s) <= AGREES_S else reach_s
