"""The packets of a recording from its beginning to its end, and the parts that they make up.

There is one part, unless stamps begin again in the middle: files were joined byte by byte, or stamps wrapped around.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from pipeline.streams.container.opening import media_streams
from pipeline.streams.container.sizes import FROM_STAMPS

BACK_S = 0.2  # decoding stamps that go back by more than this begin again
AHEAD_S = 60.0  # stamps that go forward by more than this at once begin again too, where a file has nothing but stamps
WRAPPED_S = 12 * 3600.0  # and by more than this in any file: they have wrapped
GLITCH_S = 1.0  # one stream alone may go back by less than this: a slip, no further part
TS_SIZES = (188, 192, 204)  # bytes of a packet: plain, with a stamp before it, with a sum behind it
TS_SYNC = 0x47
TS_PADDING = 0x1FFF  # the number of a stream that is padding
TS_AROUND = 1 << 16  # bytes that are looked at before a place, and behind it


@dataclass
class StreamParts:
    """How far one stream was read: its part, its last stamps there, and where its parts begin and end."""

    part: int = 0
    count: int = 0
    shown: int = 0  # of those packets, the ones that are seen or heard
    last_s: float | None = None
    begins: list[tuple[int, int]] = field(default_factory=list)  # (number of a packet, part from there on)
    back_s: float = 0.0  # the longest way that its stamps went back
    ends_s: dict[int, float] = field(default_factory=dict)  # part -> end on the container's clock
    first_s: float | None = None  # the first presentation stamp
    early: int | None = None  # the number of the first packet that is shown in the next part
    bytes: tuple[int, int] | None = None  # where its first and its last packet stand in the file


@dataclass
class Parts:
    """The parts of a recording as its packets come: one, unless stamps begin again."""

    timed: Mapping[int, str]  # the kinds of sound and picture, whose stamps say where a part begins and ends
    ahead_s: float  # how far stamps may go forward at once
    streams: dict[int, StreamParts] = field(default_factory=dict)
    spans_s: list[list[float]] = field(default_factory=list)  # of each part, over its streams, on the container's clock
    last_byte: int = 0
    joints: dict[int, int] = field(default_factory=dict)  # part -> the byte from which it was read; none of the first
    leaps: set[int] = field(default_factory=set)  # the parts at whose beginning stamps go forward
    pauses: set[int] = field(default_factory=set)  # of those parts, the ones behind a pause of one recording

    def note(self, packet: Any) -> None:
        """Note one packet."""
        stream = self.streams.setdefault(packet.stream_index, StreamParts())
        timed = packet.stream_index in self.timed
        early = timed and stream.last_s is not None and self._is_early(packet)
        if early:
            stream.early = stream.count if stream.early is None else stream.early
        elif timed and packet.dts is not None:
            self._follow(stream, float(packet.dts * packet.time_base), packet.pos or 0)
        span_s = packet_span_s(packet, stream.ends_s.get(stream.part, 0.0))
        part = stream.part + early
        if not packet.is_discard:
            stream.shown += 1
            stream.ends_s[part] = max(stream.ends_s.get(part, span_s[1]), span_s[1])
            if timed:
                self._extend(part, span_s)
            if stream.first_s is None and packet.pts is not None:
                stream.first_s = span_s[0]
        stream.count += 1
        if packet.pos is not None:
            stream.bytes = (stream.bytes[0] if stream.bytes else packet.pos, packet.pos)
        self.last_byte = max(self.last_byte, (packet.pos or 0) + packet.size)

    def _is_early(self, packet: Any) -> bool:
        """Whether a picture is decoded before the place where stamps go forward, and shown behind it."""
        shown = packet.pts is not None and packet.dts is not None
        return shown and float((packet.pts - packet.dts) * packet.time_base) > self.ahead_s

    def _follow(self, stream: StreamParts, stamp_s: float, byte: int) -> None:
        """Follow the decoding stamps of a stream; it enters its next part where they begin again."""
        if stream.last_s is None:
            stream.last_s = stamp_s
        elif stamp_s < stream.last_s - BACK_S or stamp_s > stream.last_s + self.ahead_s:
            stream.back_s = max(stream.back_s, stream.last_s - stamp_s)
            stream.part += 1
            stream.begins.append((stream.count if stream.early is None else stream.early, stream.part))
            stream.early = None
            self.joints.setdefault(stream.part, byte)
            if stamp_s > stream.last_s:
                self.leaps.add(stream.part)
            stream.last_s = stamp_s
        else:
            stream.last_s = max(stamp_s, stream.last_s)

    @property
    def match(self) -> bool:
        """Whether all streams have as many parts."""
        return len({self.streams[index].part for index in self.timed if index in self.streams}) <= 1

    @property
    def follow_each_other(self) -> bool:
        """Whether a stream begins in the file where another one of its kind has ended."""
        read: dict[str, list[tuple[int, int]]] = {kind: [] for kind in self.timed.values()}
        for index, stream in self.streams.items():
            if index in self.timed and stream.bytes and stream.count > 1:
                read[self.timed[index]].append(stream.bytes)
        return any(one[1] < other[0] for spans in read.values() for one in spans for other in spans)

    def first_s(self, index: int) -> float | None:
        """Return the stamp of a stream's first packet, on the container's clock."""
        return self.streams[index].first_s if index in self.streams else None

    def shown(self, index: int) -> int:
        """Return how many packets of a stream are seen or heard."""
        return self.streams[index].shown if index in self.streams else 0

    def forget(self) -> None:
        """Take all parts for one: stamps are what they are."""
        for stream in self.streams.values():
            stream.part, stream.begins = 0, []
            stream.ends_s = {0: max(stream.ends_s.values())} if stream.ends_s else {}
        self.joints.clear()
        self.leaps.clear()
        self.spans_s = [[min(start for start, _ in self.spans_s), max(end for _, end in self.spans_s)]]

    def _extend(self, part: int, span_s: tuple[float, float]) -> None:
        while len(self.spans_s) <= part:
            self.spans_s.append([span_s[0], span_s[1]])
        known = self.spans_s[part]
        known[0], known[1] = min(known[0], span_s[0]), max(known[1], span_s[1])

    def shifts(self) -> list[float]:
        """Return by how much each part is moved so that it begins where the one before it ends; none behind a pause."""
        shifts_s: list[float] = []
        for number, (start_s, _) in enumerate(self.spans_s):
            before_s = shifts_s[-1] if number else 0.0
            joined = number and number not in self.pauses
            shifts_s.append(self.spans_s[number - 1][1] + before_s - start_s if joined else before_s)
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


def read_parts(container: Any) -> Parts:
    """Read all packets of an open recording, to its end or to where it can be read no more."""
    ahead_s = AHEAD_S if container.format.name in FROM_STAMPS else WRAPPED_S
    parts = Parts({stream.index: stream.type for stream in media_streams(container)}, ahead_s)
    try:
        for packet in demuxed(container):
            if packet.size:
                parts.note(packet)
    except av.error.FFmpegError:  # what follows cannot be read: the recording ends here
        pass
    return parts


def demuxed(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield the packets of `streams`, or of all, in the order of the file."""
    try:
        yield from container.demux(*streams)
    except IndexError:  # PyAV, behind the last packet, of streams that came up on the way: it has passed them over
        return


def packet_span_s(packet: Any, otherwise_s: float) -> tuple[float, float]:
    """Return where a packet starts and ends on the container's clock, in seconds; without a stamp, where it starts."""
    stamp = packet.dts if packet.pts is None else packet.pts
    start_s = otherwise_s if stamp is None else float(stamp * packet.time_base)
    return start_s, start_s + float((packet.duration or 0) * packet.time_base)


def is_pause(path: Path, at: int) -> bool:
    """Whether the packets around a byte of a transport stream are counted on without a break.

    A recorder that pauses goes on counting, each stream from 0 to 15 and again; another recording that was joined to
    the first one begins anew. False for what is no transport stream.
    """
    with path.open("rb") as file:
        file.seek(max(at - TS_AROUND, 0))
        data = file.read(2 * TS_AROUND)
    last: dict[int, int] = {}
    count = 0
    for packet in _transport_packets(data):
        count += 1
        number, counter = int.from_bytes(packet[1:3], "big") & 0x1FFF, packet[3] & 15
        extended, filled = packet[3] & 0x20, packet[3] & 0x10
        if number == TS_PADDING:
            continue
        if extended and packet[4] and packet[5] & 0x80:  # it says itself that it breaks
            return False
        if filled and number in last and counter not in (last[number], (last[number] + 1) & 15):
            return False
        last[number] = counter
    return count > 1


def _transport_packets(data: bytes) -> Iterator[bytes]:
    """Yield the whole packets in a part of a transport stream; none if it is not one."""
    for size in TS_SIZES:
        for first in range(size):
            places = range(first, len(data) - 187, size)
            if len(places) > 1 and all(data[place] == TS_SYNC for place in places):
                yield from (data[place : place + 188] for place in places)
                return
