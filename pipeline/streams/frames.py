"""When each frame of a recording is shown, and decoding only the wanted ones.

`survey` reads a recording without decoding it and notes the presentation time stamp of every packet. `decode` then
decodes it once, in order and without seeking. It leaves out what does not change a byte of the wanted frames:

- groups of pictures that hold no wanted frame, unless the next group holds one;
- in other groups, unwanted frames that no other frame refers to (`SKIPPING` codecs only);
- everything after the last wanted frame.

Recordings whose packets do not say when each picture is shown (H.264 in AVI, raw streams, one packet per field) are
decoded twice in full: for their time stamps, and for the frames.
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

# Codecs whose decoders know for certain which frames no other frame refers to. HEVC is not among them: there such a
# frame may still be needed by those of a higher temporal layer.
SKIPPING = frozenset({"h264", "mpeg1video", "mpeg2video", "mpeg4"})
# Codecs whose order of presentation AVI does not store, although its packets have time stamps.
UNORDERED = frozenset({"h264", "hevc"})
# Containers that say how long a picture stays; elsewhere it stays until the next one.
STAYING = frozenset({MOV, MATROSKA})


class Packet(NamedTuple):
    """A packet's time stamp, whether it starts a group of pictures, and whether an edit list drops it."""

    pts: int | None
    key: bool
    dropped: bool


@dataclass(frozen=True)
class Contents:
    """What the picture of a recording holds.

    Attributes
    ----------
    pts
        ``(n,)`` presentation stamps of the frames that are shown, ascending, in units of the stream's time base.
    times
        ``(n,)`` the same in seconds of the recording's clock.
    packets
        All packets of the picture, in decoding order. Empty where they do not say when each frame is shown; decoded
        frames are then identified by their number.
    end_s
        When the last frame disappears, on the recording's clock.
    breaks_off_s
        Where the picture ends, if that is before the end that the container states; None for a complete recording.
    aspect
        Width over height of a pixel.
    timeline
        The timeline of the whole recording.
    index
        The index of the picture's stream.
    name
        What messages call the recording; its path if empty.
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
    """Read all packets of `path` and return what its picture holds; None if it has no picture other than a cover.

    Where there are several tracks of picture, `track` names one, as in `tracks.chosen`. Messages call the recording
    `name`, if given.

    Raises
    ------
    MediaError
        If the recording cannot be opened, or has no such track.
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
    """Return when the last frame disappears: where its packet ends, or one usual frame length after its start.

    Parameters
    ----------
    times
        ``(n,)`` when each frame is shown.
    end_s
        Where the last packet ends.
    until_s
        How long the frame may stay beyond that.
    """
    if not len(times):
        return end_s
    usual_s = float(times[-1] + (np.median(np.diff(times)) if len(times) > 1 else 0.0))
    return max(end_s, min(until_s, usual_s)) if max(end_s, until_s) > times[-1] else usual_s


def decode(path: Path, contents: Contents, wanted: Index) -> Iterator[tuple[int, Any]]:
    """Decode the wanted frames.

    Parameters
    ----------
    path
        The recording that `contents` was read from.
    contents
        From `survey`.
    wanted
        ``(k,)`` ascending indices into ``contents.pts``.

    Yields
    ------
    tuple of int and frame
        Each wanted index, in order, with its PyAV frame, or with None where it cannot be decoded.

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
    """Return the index of a decoded frame: by its time stamp, or by its number where packets have none."""
    if not contents.packets:
        return count
    return -1 if frame.pts is None else int(np.searchsorted(contents.pts, frame.pts))


def divisible(path: Path, track: str = DEFAULT, name: str = "") -> bool:
    """Return whether the packets of a picture say when each frame is shown.

    `decode` then decodes nothing but the groups of the wanted frames, so that several processes can share a recording.

    Raises
    ------
    MediaError
        As `survey`.
    """
    timeline = timeline_of(path, name)
    with open_recording(path, name) as container:
        stream = stream_of(container, "video", timeline.stills, track, name or path)
        if stream is None:
            return False
        return _stamps(container, tuple(_noted(packets(container, timeline, [stream]))), stream) is not None


def _stamps(container: Any, found: tuple[Packet, ...], stream: Any) -> Index | None:
    """Return the ascending time stamps of the frames that are shown; None if the packets do not say."""
    unordered = container.format.name == "avi" and stream.codec_context.name in UNORDERED
    return None if unordered else _shown(found, stream)


def _noted(found: Iterator[Any]) -> Iterator[Packet]:
    for packet in found:
        if packet.size:
            yield Packet(packet.pts, packet.is_keyframe, packet.is_discard or packet.is_corrupt)


def _shown(packets: tuple[Packet, ...], stream: Any) -> Index | None:
    """Return the ascending time stamps of the frames that are shown; None if the packets do not say."""
    stamps = [packet.pts for packet in packets if not packet.dropped and packet.pts is not None]
    if len(stamps) < sum(not packet.dropped for packet in packets):
        return None
    pts = np.unique(np.array(stamps, dtype=np.int64))
    a_frame = 1 / (stream.average_rate * stream.time_base) if stream.average_rate else 0
    one_a_field = len(pts) > 2 and np.median(np.diff(pts)) < 0.75 * a_frame
    return None if one_a_field else pts


def _decoded_stamps(path: Path, stream: Any, timeline: Timeline) -> Index:
    """Decode everything and return the frames' time stamps in ascending order."""
    step = 1 / float((stream.average_rate or stream.guessed_rate or 25) * stream.time_base)
    stamps = []
    with open_recording(path) as container:
        for count, frame in enumerate(_all_frames(container, timeline, stream.index)):
            stamps.append(round(count * step) if frame.pts is None else frame.pts)
    return np.sort(np.array(stamps, dtype=np.int64))


def _frames(container: Any, contents: Contents, wanted: Index) -> Iterator[Any]:
    """Decode the requested frames, and those that they depend on, in order."""
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
        elif fed:  # collect what the decoder still holds, and start afresh with the next group
            yield from _fed(codec, None)
            codec.flush_buffers()
            fed = False
    yield from _fed(codec, None) if fed else ()


def _needed(packets: tuple[Packet, ...], stamps: set[int]) -> list[bool]:
    """Return for each packet whether it must be decoded: its group of pictures, or the next one, holds a wanted stamp.

    The group before a wanted one is needed because the first frames of an open group refer to it.
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
    """Return the stream's decoder without threads: to skip single packets, it must be in step with them."""
    stream.codec_context.thread_type = "NONE"
    return stream.codec_context


def _fed(codec: Any, packet: Any) -> Iterator[Any]:
    """Decode one packet, or for None what the decoder still holds; frames that cannot be decoded are left out."""
    try:
        frames = codec.decode(packet)
    except av.error.FFmpegError:
        return
    yield from (frame for frame in frames if not frame.is_corrupt)
