"""Find out from its packets how long a recording is, where its clock starts, and where it breaks off.

A header only states a length, and sometimes FFmpeg guesses it, whereas the packets show what a recording holds. If both
agree, the stated length is used, since it takes encoder padding into account. Time stamps start again in the middle of
a file if recordings were joined byte by byte (``cat a.ts b.ts``) or if the stamps wrap around. The parts of such a file
are laid end to end, picture and sound alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import av

from pipeline.streams.container.joints import loses_a_part
from pipeline.streams.container.opening import MediaError, media_streams, open_recording
from pipeline.streams.container.parts import GLITCH_S, Parts, demuxed, is_pause, read_parts
from pipeline.streams.container.sizes import FROM_STAMPS, MATROSKA, bytes_cut, is_complete, is_guessed, states_length
from pipeline.streams.container.tracks import programs_of
from pipeline.streams.container.unread import bytes_unread

MICROSECONDS = 1_000_000  # a container states its own times in these
MISSING_S = 0.5  # a stream that ends this long before its stated end breaks off
AGREES_S = 0.25  # a stated length is used if it differs from the end of the packets by at most this
PROGRAMS_S = 10.0  # programs of one recording that begin further apart than this have separate clocks
PRIMES_S = 0.25  # the largest length of the priming sound at the start of a track
NO_LENGTH_OF_ITS_OWN = (MATROSKA, "asf", "nut")  # formats in which a stream's length is that of the whole recording
LOSING = ("flac",)  # formats in which FFmpeg loses the sound next to a joint


@dataclass(frozen=True)
class Timeline:
    """When the streams of a recording start and end, according to its packets.

    Attributes
    ----------
    start_s
        The time on the container's clock that is time 0 of the recording.
    duration_s
        Seconds from time 0 to the end of the longest stream, or to the stated end if the recording breaks off.
    ends_s
        Index of each stream -> when it ends on the recording's clock: with its last packet, or with its last picture if
        that stays longer.
    claims_s
        Index of each stream -> when it ends according to the headers, if they are reliable.
    shifts
        Index of a stream -> pairs (number of a packet, seconds to add to stamps from that packet on), ascending. Empty
        unless the recording has several parts or clocks.
    stills
        The indices of the video streams with a single picture.
    notices
        Sentences about oddities of the recording as a whole, which do not name it.
    """

    start_s: float
    duration_s: float
    ends_s: Mapping[int, float]
    claims_s: Mapping[int, float]
    shifts: Mapping[int, Sequence[tuple[int, float]]] = field(default_factory=dict)
    stills: frozenset[int] = frozenset()
    notices: tuple[str, ...] = ()

    def breaks_off_s(self, index: int) -> float | None:
        """Return the time in seconds at which a stream breaks off before its stated end; None if it is complete."""
        end_s = self.ends_s.get(index, 0.0)
        return end_s if self.claims_s.get(index, 0.0) > end_s + MISSING_S else None


def timeline_of(path: Path, name: str = "") -> Timeline:
    """Return the timeline of `path`, read from all its packets; messages use `name` for the recording, if given.

    Raises
    ------
    MediaError
        As for `open_recording`, and if the file consists of several recordings that cannot be read as one.
    """
    try:
        status = path.stat()
    except OSError:  # opening the file raises an error that says what is wrong
        return _timeline_of(path, name, 0, 0, 0)
    return _timeline_of(path, name, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)  # because a worker may get several parts of one recording
def _timeline_of(path: Path, name: str, inode: int, size: int, time_ns: int) -> Timeline:  # noqa: ARG001
    with open_recording(path, name) as container:
        return read_timeline(container, path, name)


def read_timeline(container: Any, path: Path, name: str = "") -> Timeline:
    """Return the timeline of an open recording.

    Raises `MediaError` if the file consists of several recordings that cannot be read as one.
    """
    parts = read_parts(container)
    _refuse_unreadable_joints(container, path, parts, name or str(path))
    parts.pauses = {part for part in parts.leaps if is_pause(path, parts.joints[part])}
    start_s = _clock_start_s(container, parts)
    shifts = parts.shifts()
    offsets_s = _program_offsets_s(container, parts, start_s)
    ends_s = {index: end_s - start_s + offsets_s.get(index, 0.0) for index, end_s in parts.ends(shifts).items()}
    claims_s = _claims(container, path, start_s, max(ends_s.values(), default=0.0))
    ends_s |= _held_s(container, path, parts, ends_s, claims_s)
    streams = [stream.index for stream in media_streams(container)]
    reach_s = max((ends_s[index] for index in streams if index in ends_s), default=0.0)
    short = [claims_s[i] for i in streams if claims_s.get(i, 0.0) > ends_s.get(i, 0.0) + MISSING_S]
    duration_s = max([*short, reach_s]) if short else _believed_s(container, path, start_s, reach_s)
    moved = parts.shifts_by_stream(shifts) or {index: ((0, by_s),) for index, by_s in offsets_s.items()}
    stills = frozenset(s.index for s in media_streams(container, "video") if parts.shown(s.index) == 1)
    unread = _unread_notice(container, path, parts.last_byte, reach_s)
    notices = (*_leap_notices(parts, shifts, start_s), *([unread] if unread else []))
    return Timeline(start_s, duration_s, ends_s, claims_s, moved, stills, notices)


def _leap_notices(parts: Parts, shifts_s: Sequence[float], start_s: float) -> Iterator[str]:
    """Yield a sentence about each point where all time stamps jump ahead: a pause, or the join of two recordings."""
    for part in sorted(parts.leaps):
        end_s = parts.spans_s[part - 1][1] + shifts_s[part - 1] - start_s
        by_s = parts.spans_s[part][0] - parts.spans_s[part - 1][1]
        leap = f"its clock jumps forward by {by_s:.2f} s at {end_s:.2f} s, which counts as"
        if part in parts.pauses:
            yield f"{leap} a pause of one recording, in which there is no sound and no picture"
        else:
            yield (
                f"{leap} the join of two recordings, which are laid end to end; if it is a pause instead, all later "
                f"times, also those in `start` and `end`, are {by_s:.2f} s earlier here than in a player"
            )


def _unread_notice(container: Any, path: Path, last_byte: int, reach_s: float) -> str:
    """Return a sentence if a file holds clearly more than FFmpeg reads, else an empty string."""
    unread = bytes_unread(container, path, last_byte)
    about_s = unread * reach_s / max(last_byte, 1)
    if about_s <= MISSING_S:
        return ""
    return (
        f"its header states an end at {reach_s:.2f} s, and the {unread} bytes after it, about {about_s:.1f} s, are "
        "not read: if they are part of the recording, repair its header with an audio or video editor"
    )


def _program_offsets_s(container: Any, parts: Parts, start_s: float) -> dict[int, float]:
    """Return how far to move each stream so that all programs with separate clocks begin together.

    Keys are stream indices. Programs that begin at nearly the same time share a clock and are not moved.
    """
    starts_s: dict[int, float] = {}
    programs = programs_of(container) if parts.joints.keys() <= parts.pauses else {}
    firsts_s = {index: first_s for index in programs if (first_s := parts.first_s(index)) is not None}
    for index, first_s in firsts_s.items():
        starts_s[programs[index]] = min(first_s, starts_s.get(programs[index], first_s))
    by_s = {number: start_s - first_s for number, first_s in starts_s.items()}
    return {index: by_s[programs[index]] for index in firsts_s if abs(by_s[programs[index]]) > PROGRAMS_S}


def _clock_start_s(container: Any, parts: Parts) -> float:
    """Return the time stamp, in seconds, that is time 0 of the recording: the earliest start of its streams.

    The start of an audio or video stream is the one that FFmpeg states. The time of the first packet is used instead if
    FFmpeg states none, or if the packet is earlier, as in some tracks of few pictures. In a sound track, the packet
    must be earlier by more than `PRIMES_S`, since a packet shortly before the stated start may only prime the decoder.
    """
    starts = []
    for stream in media_streams(container):
        first_s = parts.first_s(stream.index)
        start_s = None if stream.start_time is None else float(stream.start_time * stream.time_base)
        primes_s = PRIMES_S if stream.type == "audio" else 0.0
        if start_s is None or (first_s is not None and first_s < start_s - primes_s):
            start_s = first_s
        starts += [] if start_s is None else [start_s]
    if starts:
        return min(starts)
    return 0.0 if container.start_time is None else float(container.start_time / MICROSECONDS)


def packets(container: Any, timeline: Timeline, streams: Sequence[Any]) -> Iterator[Any]:
    """Yield the packets of `streams` as far as they can be read, with the parts of a recording laid end to end."""
    counts: dict[int, int] = {}
    try:
        for packet in demuxed(container, streams):
            shifts = timeline.shifts.get(packet.stream_index)
            if shifts and packet.size:
                number = counts[packet.stream_index] = counts.get(packet.stream_index, -1) + 1
                _shift(packet, [by_s for first, by_s in shifts if first <= number])
            yield packet
    except av.error.FFmpegError:  # the rest cannot be read: the timeline ends there too
        return


def _shift(packet: Any, shifts_s: Sequence[float]) -> None:
    ticks = round(shifts_s[-1] / packet.time_base) if shifts_s else 0
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks


def _refuse_unreadable_joints(container: Any, path: Path, parts: Parts, name: str) -> None:
    """Raise `MediaError` if a file was joined byte by byte and its parts cannot be told apart or cannot all be read."""
    kind = str(container.format.name)
    if not parts.match and max(stream.back_s for stream in parts.streams.values()) < GLITCH_S:
        parts.forget()
    lost = not parts.match or (parts.joints and kind in LOSING) or (kind in FROM_STAMPS and parts.follow_each_other)
    if lost or loses_a_part(container, path, parts.last_byte, list(parts.joints.values())):
        raise MediaError(
            f"{name} consists of several recordings joined byte by byte, which cannot be read as one: use the original "
            "recordings, or join them with a program that writes a new file"
        )


def _claims(container: Any, path: Path, start_s: float, reach_s: float) -> dict[int, float]:
    """Return when each stream ends according to the headers, in seconds on the recording's clock, by stream index.

    Streams whose end the headers do not state are left out.
    """
    if not states_length(container, path):
        return {}
    claims_s = {}
    for stream in media_streams(container):
        if container.format.name not in NO_LENGTH_OF_ITS_OWN and stream.duration is not None:
            claims_s[stream.index] = float(((stream.start_time or 0) + stream.duration) * stream.time_base) - start_s
    whole_s = _whole_s(container, path, start_s, reach_s)
    if whole_s > reach_s + MISSING_S:  # in a complete file, the last picture stays until then
        held = media_streams(container, "video") if is_complete(container, path) else []
        for stream in held or media_streams(container):
            claims_s[stream.index] = max(whole_s, claims_s.get(stream.index, 0.0))
    return claims_s


def _held_s(
    container: Any, path: Path, parts: Parts, ends_s: Mapping[int, float], claims_s: Mapping[int, float]
) -> dict[int, float]:
    """Return the ends of video streams whose packets do not say when the last picture disappears, keyed by index.

    If the file is complete, the last picture stays until the stated end. A single picture stays until the end of the
    recording.
    """
    pictures = [stream.index for stream in media_streams(container, "video") if stream.index in ends_s]
    late = [index for index in pictures if claims_s.get(index, 0.0) > ends_s[index] + MISSING_S]
    held_s = {index: claims_s[index] for index in late} if late and is_complete(container, path) else {}
    still = [index for index in pictures if parts.shown(index) == 1 and index not in held_s]
    heard_s = max((ends_s.get(stream.index, 0.0) for stream in media_streams(container)), default=0.0)
    return held_s | dict.fromkeys(still, heard_s)


def _whole_s(container: Any, path: Path, start_s: float, reach_s: float) -> float:
    """Return when the recording ends according to the headers, in seconds on its clock; 0 if they do not say.

    Some containers count the length from time 0, and others from their first time stamp.
    """
    stated_s = 0.0 if container.duration is None else container.duration / MICROSECONDS - max(start_s, 0.0)
    cut = bytes_cut(path)
    if cut and (stated_s <= reach_s + MISSING_S or container.format.name == "asf"):  # FFmpeg adapted it to the size
        return reach_s * (1 + cut / path.stat().st_size)
    return float(stated_s)


def _believed_s(container: Any, path: Path, start_s: float, reach_s: float) -> float:
    """Return the stated length if the packets agree with it, or else the length that the packets show."""
    if container.duration is None or is_guessed(container, path):
        return reach_s
    stated_s = float(container.duration / MICROSECONDS)
    nearest_s = min((stated_s, stated_s - max(start_s, 0.0)), key=lambda length_s: abs(length_s - reach_s))
    return nearest_s if abs(nearest_s - reach_s) <= AGREES_S else reach_s
