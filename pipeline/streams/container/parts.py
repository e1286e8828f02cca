"""Read the packets of a recording from beginning to end, and divide them into parts.

A recording is one part unless its time stamps go back or jump far ahead. That happens if files were joined byte by
byte, if the recorder paused, or if the stamps wrapped around.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from pipeline.streams.container.opening import media_streams
from pipeline.streams.container.sizes import FROM_STAMPS

BACK_S = 0.2  # a new part starts where decoding stamps go back by more than this
AHEAD_S = 60.0  # a new part also starts where stamps jump forward by more than this, in files without stated lengths
WRAPPED_S = 12 * 3600.0  # in any file, a jump forward by more than this means that stamps have wrapped around
GLITCH_S = 1.0  # if only one stream goes back, by less than this, no part starts
TS_SIZES = (188, 192, 204)  # bytes per packet of a transport stream: plain, with a time stamp, with a checksum
TS_SYNC = 0x47
TS_PADDING = 0x1FFF  # the stream number of padding
TS_AROUND = 1 << 16  # bytes that are examined before and after a position


@dataclass
class StreamParts:
    """The state of reading one stream: its part, its latest stamps, and where its parts begin and end."""

    part: int = 0
    count: int = 0
    shown: int = 0  # number of packets that are seen or heard
    last_s: float | None = None
    begins: list[tuple[int, int]] = field(default_factory=list)  # (number of a packet, the part that starts there)
    back_s: float = 0.0  # the largest step back of its stamps
    ends_s: dict[int, float] = field(default_factory=dict)  # part -> end on the container's clock
    first_s: float | None = None  # the first presentation stamp
    early: int | None = None  # the number of the first packet that is decoded in this part but shown in the next
    bytes: tuple[int, int] | None = None  # positions of its first and last packet in the file


@dataclass
class Parts:
    """The parts of a recording, collected packet by packet."""

    timed: Mapping[int, str]  # index of each stream whose stamps define the parts -> its kind
    ahead_s: float  # how far stamps may jump forward within a part
    streams: dict[int, StreamParts] = field(default_factory=dict)
    spans_s: list[list[float]] = field(default_factory=list)  # start and end of each part, on the container's clock
    last_byte: int = 0
    joints: dict[int, int] = field(default_factory=dict)  # part, except the first -> the byte where it starts
    leaps: set[int] = field(default_factory=set)  # the parts that start with a jump forward
    pauses: set[int] = field(default_factory=set)  # those parts in `leaps` before which the same recording paused

    def note(self, packet: Any) -> None:
        """Add the next packet to its stream and part."""
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
        """Whether a packet is decoded before a jump of the stamps but shown after it."""
        shown = packet.pts is not None and packet.dts is not None
        return shown and float((packet.pts - packet.dts) * packet.time_base) > self.ahead_s

    def _follow(self, stream: StreamParts, stamp_s: float, byte: int) -> None:
        """Follow the decoding stamps of a stream; where they go back or jump far ahead, its next part begins."""
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
        """Whether all streams have the same number of parts."""
        return len({self.streams[index].part for index in self.timed if index in self.streams}) <= 1

    @property
    def follow_each_other(self) -> bool:
        """Whether some stream begins in the file after another stream of its kind has ended."""
        read: dict[str, list[tuple[int, int]]] = {kind: [] for kind in self.timed.values()}
        for index, stream in self.streams.items():
            if index in self.timed and stream.bytes and stream.count > 1:
                read[self.timed[index]].append(stream.bytes)
        return any(one[1] < other[0] for spans in read.values() for one in spans for other in spans)

    def first_s(self, index: int) -> float | None:
        """Return a stream's first presentation time stamp, in seconds on the container's clock; None if unknown."""
        return self.streams[index].first_s if index in self.streams else None

    def shown(self, index: int) -> int:
        """Return how many packets of a stream are shown or played, that is, not dropped by an edit list."""
        return self.streams[index].shown if index in self.streams else 0

    def forget(self) -> None:
        """Treat all parts as one, and leave time stamps unchanged."""
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
        """Return how far to move each part, in seconds, so that it begins where the previous part ends.

        After a pause, a part is moved as far as the previous part.
        """
        shifts_s: list[float] = []
        for number, (start_s, _) in enumerate(self.spans_s):
            before_s = shifts_s[-1] if number else 0.0
            joined = number and number not in self.pauses
            shifts_s.append(self.spans_s[number - 1][1] + before_s - start_s if joined else before_s)
        return shifts_s

    def ends(self, shifts_s: Sequence[float]) -> dict[int, float]:
        """Return when each stream ends once its parts are moved by `shifts_s`.

        Keys are stream indices; times are in seconds on the container's clock.
        """
        moved = {0: 0.0, **dict(enumerate(shifts_s))}
        return {
            index: max(end_s + moved[part] for part, end_s in stream.ends_s.items())
            for index, stream in self.streams.items()
            if stream.ends_s
        }

    def shifts_by_stream(self, shifts_s: Sequence[float]) -> dict[int, tuple[tuple[int, float], ...]]:
        """Return, for each stream index, pairs of a packet's number and the seconds to add from this packet on.

        `shifts_s` says how far each part is moved.
        """
        return {
            index: tuple((first, shifts_s[part]) for first, part in stream.begins)
            for index, stream in self.streams.items()
            if stream.begins
        }


def read_parts(container: Any) -> Parts:
    """Read all packets of an open recording, up to its end or as far as it can be read."""
    ahead_s = AHEAD_S if container.format.name in FROM_STAMPS else WRAPPED_S
    parts = Parts({stream.index: stream.type for stream in media_streams(container)}, ahead_s)
    try:
        for packet in demuxed(container):
            if packet.size:
                parts.note(packet)
    except av.error.FFmpegError:  # the rest cannot be read: the recording ends here
        pass
    return parts


def demuxed(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield the packets of `streams`, or of all streams if none are given, in the order of the file."""
    try:
        yield from container.demux(*streams)
    except IndexError:  # PyAV raises it after the last packet if further streams appeared meanwhile, which it skipped
        return


def packet_span_s(packet: Any, otherwise_s: float) -> tuple[float, float]:
    """Return when a packet starts and ends on the container's clock; without a stamp, it starts at `otherwise_s`."""
    stamp = packet.dts if packet.pts is None else packet.pts
    start_s = otherwise_s if stamp is None else float(stamp * packet.time_base)
    return start_s, start_s + float((packet.duration or 0) * packet.time_base)


def is_pause(path: Path, at: int) -> bool:
    """Whether the packets around a byte of a transport stream are numbered without a break.

    After a pause, a recorder continues numbering the packets of each stream (from 0 to 15, then again from 0). If
    a different recording was joined to the first one, its numbers start again. Other formats give False.
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
        if extended and packet[4] and packet[5] & 0x80:  # the packet itself announces a break in the numbering
            return False
        if filled and number in last and counter not in (last[number], (last[number] + 1) & 15):
            return False
        last[number] = counter
    return count > 1


def _transport_packets(data: bytes) -> Iterator[bytes]:
    """Yield the complete packets in a piece of a transport stream; nothing for other data."""
    for size in TS_SIZES:
        for first in range(size):
            places = range(first, len(data) - 187, size)
            if len(places) > 1 and all(data[place] == TS_SYNC for place in places):
                yield from (data[place : place + 188] for place in places)
                return
