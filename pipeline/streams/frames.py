"""Find out when each frame of a recording is shown, and decode only the wanted frames.

`survey` reads a recording without decoding it and notes the presentation time stamp of every packet. `decode` then
decodes it once, in order and without seeking. It leaves out whatever does not change a byte of the wanted frames:

- groups of pictures that hold no wanted frame, unless the next group holds one;
- in other groups, unwanted frames that no other frame refers to (`SKIPPING` codecs only);
- everything after the last wanted frame.

If the packets of a recording do not say when each picture is shown (H.264 in AVI, raw streams, one packet per field),
it is decoded twice in full: once for the time stamps, and once for the frames.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from features.types import TimeArray
from pipeline.settings.streams import DEFAULT
from pipeline.streams.container.opening import open_recording
from pipeline.streams.container.sizes import MATROSKA, MOV
from pipeline.streams.container.timeline import Timeline, packets, timeline_of
from pipeline.streams.container.tracks import stream_of
from pipeline.streams.sampling import Index

# Codecs whose decoders know for certain which frames no other frame refers to. HEVC is not among them, because such a
# frame may still be needed by frames of a higher temporal layer.
SKIPPING = frozenset({"h264", "mpeg1video", "mpeg2video", "mpeg4"})
# Codecs whose order of presentation is not stored in AVI, although AVI's packets have time stamps.
UNORDERED = frozenset({"h264", "hevc"})
# Containers that say how long a picture stays; in other containers, it stays until the next one.
STAYING = frozenset({MOV, MATROSKA})


class Packet(NamedTuple):
    """A packet: its time stamp, whether it is a key frame, and whether it is corrupt or dropped by an edit list."""

    pts: int | None
    key: bool
    dropped: bool


@dataclass(frozen=True)
class Contents:
    """The times of a video track's frames, and what else is needed to decode them.

    Attributes
    ----------
    pts
        Presentation time stamps ``(n,)`` of the frames that are shown, ascending, in units of the stream's time base.
    times
        The same stamps ``(n,)`` in seconds on the recording's clock.
    packets
        All packets of the track, in decoding order. Empty if they do not say when each frame is shown; decoded frames
        are then identified by their number.
    end_s
        Time at which the last frame disappears, in seconds on the recording's clock.
    breaks_off_s
        Time in seconds at which the track ends, if the container states a later end; None for a complete track.
    aspect
        Ratio of width to height of a pixel.
    timeline
        The timeline of the whole recording.
    index
        The index of the track's stream in the file.
    name
        Name of the recording in messages; its path if empty.
    """

    pts: Index
    times: TimeArray
    packets: tuple[Packet, ...]
    end_s: float
    breaks_off_s: float | None
    aspect: float
    timeline: Timeline
    index: int
    name: str = ""


def survey(path: Path, track: str = DEFAULT, name: str = "") -> Contents | None:
    """Read all packets of `path` and return the contents of a video track; None if it has no picture except a cover.

    If there are several video tracks, `track` names one (see `tracks.chosen`). If `name` is given, it is the
    recording's name in messages.

    Raises
    ------
    MediaError
        If the recording cannot be opened, or lacks the track `track`.
    """
    timeline = timeline_of(path, name)
    with open_recording(path, name) as container:
        stream = stream_of(container, "video", timeline.stills, track, name or path)
        if stream is None:
            return None
        found = tuple(_noted(packets(container, timeline, [stream])))
        pts = _stamps(container, found, stream)
        if pts is None:
            found, pts = (), _decoded_stamps(path, stream, timeline)
        times: TimeArray = pts * np.float64(stream.time_base) - timeline.start_s
        end_s = timeline.ends_s.get(stream.index, 0.0)
        end_s = _end_s(times, end_s, end_s if container.format.name in STAYING else timeline.duration_s)
        breaks_off_s = timeline.breaks_off_s(stream.index)
        aspect = float(stream.sample_aspect_ratio or 1)
        return Contents(pts, times, found, end_s, breaks_off_s, aspect, timeline, stream.index, name)


def _end_s(times: TimeArray, end_s: float, until_s: float) -> float:
    """Return the time in seconds at which the last frame disappears.

    The frame disappears at `end_s`, or one median frame length after its start if that is later; this second time is
    limited to `until_s`. If the frame starts after both `end_s` and `until_s`, they are ignored.

    Parameters
    ----------
    times
        Times ``(n,)`` at which frames are shown, in seconds.
    end_s
        Time in seconds at which the last packet ends.
    until_s
        Time in seconds until which the last frame may stay after the end of its packet.
    """
    if not len(times):
        return end_s
    usual_s = float(times[-1] + (np.median(np.diff(times)) if len(times) > 1 else 0.0))
    return max(end_s, min(until_s, usual_s)) if max(end_s, until_s) > times[-1] else usual_s


def decode(path: Path, contents: Contents, wanted: Index) -> Iterator[tuple[int, Any]]:
    """Decode the wanted frames of a recording, in order.

    Parameters
    ----------
    path
        The recording.
    contents
        What `survey` returned for the recording.
    wanted
        Ascending indices ``(k,)`` into ``contents.pts``.

    Yields
    ------
    tuple of int and frame
        Each wanted index, in order, with its PyAV frame, or with None if it cannot be decoded.

    Raises
    ------
    MediaError
        If the recording can no longer be opened.
    """
    queue = wanted.tolist()
    if not queue:
        return
    with open_recording(path, contents.name) as container:
        for count, frame in enumerate(_frames(container, contents, wanted)):
            number = _number(frame, count, contents)
            while queue and queue[0] < number:
                yield queue.pop(0), None
            if queue and queue[0] == number:
                yield queue.pop(0), frame
            if not queue:
                return
    yield from ((number, None) for number in queue)


def _number(frame: Any, count: int, contents: Contents) -> int:
    """Return the index of a decoded frame in ``contents.pts``; -1 if it has no time stamp by which it can be found.

    If the packets do not state times, the index is `count`, the number of frames decoded before this one.
    """
    if not contents.packets:
        return count
    return -1 if frame.pts is None else int(np.searchsorted(contents.pts, frame.pts))


def divisible(path: Path, track: str = DEFAULT, name: str = "") -> bool:
    """Return whether the packets of a video track say when each frame is shown; False if there is no picture.

    If they do, `decode` decodes only the groups of wanted frames, so that several processes can share a recording.

    Raises
    ------
    MediaError
        As for `survey`.
    """
    timeline = timeline_of(path, name)
    with open_recording(path, name) as container:
        stream = stream_of(container, "video", timeline.stills, track, name or path)
        if stream is None:
            return False
        return _stamps(container, tuple(_noted(packets(container, timeline, [stream]))), stream) is not None


def _stamps(container: Any, found: tuple[Packet, ...], stream: Any) -> Index | None:
    """Return the ascending time stamps of the frames that are shown; None if the packets do not state them."""
    unordered = container.format.name == "avi" and stream.codec_context.name in UNORDERED
    return None if unordered else _shown(found, stream)


def _noted(found: Iterator[Any]) -> Iterator[Packet]:
    for packet in found:
        if packet.size:
            yield Packet(packet.pts, packet.is_keyframe, packet.is_discard or packet.is_corrupt)


def _shown(packets: tuple[Packet, ...], stream: Any) -> Index | None:
    """Return the ascending time stamps of the shown frames; None if a packet has no stamp or holds a single field."""
    stamps = [packet.pts for packet in packets if not packet.dropped and packet.pts is not None]
    if len(stamps) < sum(not packet.dropped for packet in packets):
        return None
    pts = np.unique(np.array(stamps, dtype=np.int64))
    a_frame = 1 / (stream.average_rate * stream.time_base) if stream.average_rate else 0
    one_a_field = len(pts) > 2 and np.median(np.diff(pts)) < 0.75 * a_frame
    return None if one_a_field else pts


def _decoded_stamps(path: Path, stream: Any, timeline: Timeline) -> Index:
    """Decode all frames and return their time stamps in ascending order; the frame rate gives missing time stamps."""
    step = 1 / float((stream.average_rate or stream.guessed_rate or 25) * stream.time_base)
    stamps = []
    with open_recording(path) as container:
        for count, frame in enumerate(_all_frames(container, timeline, stream.index)):
            stamps.append(round(count * step) if frame.pts is None else frame.pts)
    return np.sort(np.array(stamps, dtype=np.int64))


def _frames(container: Any, contents: Contents, wanted: Index) -> Iterator[Any]:
    """Yield decoded frames in order: the wanted frames, and at least all frames on which they depend."""
    if not contents.packets:
        yield from _all_frames(container, contents.timeline, contents.index)
        return
    stream = container.streams[contents.index]
    codec = _single_threaded(stream)
    stamps = set(contents.pts[wanted].tolist())
    needed = _needed(contents.packets, stamps)
    elsewhere = "NONREF" if codec.name in SKIPPING else "DEFAULT"
    fed = False
    found = packets(container, contents.timeline, [stream])
    for position, packet in enumerate(packet for packet in found if packet.size):
        if position < len(needed) and needed[position]:
            codec.skip_frame = "DEFAULT" if packet.pts in stamps else elsewhere
            yield from _fed(codec, packet)
            fed = True
        elif fed:  # collect the frames that the decoder still holds, and start afresh with the next group
            yield from _fed(codec, None)
            codec.flush_buffers()
            fed = False
    yield from _fed(codec, None) if fed else ()


def _needed(packets: tuple[Packet, ...], stamps: set[int]) -> list[bool]:
    """Return for each packet whether it must be decoded.

    A packet must be decoded if its group of pictures, or the next group, holds a wanted time stamp. The group before is
    needed because the first frames of an open group refer to it.
    """
    groups = np.cumsum([packet.key for packet in packets])
    holding = {int(group) for group, packet in zip(groups, packets, strict=True) if packet.pts in stamps}
    return [int(group) in holding or int(group) + 1 in holding for group in groups]


def _all_frames(container: Any, timeline: Timeline, index: int) -> Iterator[Any]:
    stream = container.streams[index]
    codec = _single_threaded(stream)
    for packet in packets(container, timeline, [stream]):
        if packet.size:
            yield from _fed(codec, packet)
    yield from _fed(codec, None)


def _single_threaded(stream: Any) -> Any:
    """Return the stream's decoder, set to decode each packet before the next, so that single packets can be skipped."""
    stream.codec_context.thread_type = "NONE"
    return stream.codec_context


def _fed(codec: Any, packet: Any) -> Iterator[Any]:
    """Yield the frames of one packet, except corrupt ones; for None, yield the frames that the decoder still holds."""
    try:
        frames = codec.decode(packet)
    except av.error.FFmpegError:
        return
    yield from (frame for frame in frames if not frame.is_corrupt)
