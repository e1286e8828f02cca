"""The picture: from one recording and the spans of its utterances to sampled frames with the speaker's face cut out.

A recording is decoded once, in order, however many spans it holds (see `frames`). Frames are chosen by their
presentation time stamps and not by their number, so that recordings with a variable frame rate, or whose picture starts
late, stay on their clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from features.errors import EmptyInput, NoStream
from features.types import TimeArray, VideoStream
from pipeline.settings.streams import VideoConfig
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.timeline import MISSING_S
from pipeline.streams.faces import Face, cut_faces, detector
from pipeline.streams.following import follow, jumps
from pipeline.streams.frames import Contents, decode, survey
from pipeline.streams.pictures import Box, Painter, Picture, cropped, jpeg, shrink
from pipeline.streams.sampling import Index, seen
from pipeline.streams.spans import Region, Span

VERSION = 3  # raised whenever the same recording and settings give other streams

Outcome = VideoStream | NoStream | EmptyInput | MediaError


@dataclass
class Pending:
    """A span whose frames are being collected.

    Attributes
    ----------
    span
        Where it is.
    wanted, at
        The ascending indices of its frames in the recording, and their times on the recording's clock. A picture that
        stays occurs several times.
    times, frames, faces
        Of each frame so far: the time on the recording's clock, the reduced image, and the faces.
    side
        The square root of the first picture's area. Faces in pictures of another size are scaled to it.
    """

    span: Span
    wanted: Index
    at: TimeArray
    times: list[float] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    faces: list[list[Face]] = field(default_factory=list)
    side: float = 0.0

    def add(self, time_s: float, small: bytes, faces: Sequence[Face], side: float) -> None:
        """Add a frame and its faces; `side` is the square root of its picture's area."""
        self.side = self.side or side
        self.times.append(time_s)
        self.frames.append(small)
        self.faces.append([face.scaled(self.side / side) for face in faces])


def read_video(path: Path, spans: Sequence[Span], config: VideoConfig, name: str = "") -> Iterator[tuple[int, Outcome]]:
    """Decode each wanted track of `path` once, and yield the stream of each span after its last frame.

    Only reduced images and cut-out faces are kept in memory, and only while their span is being read. Spans may overlap
    and come in any order. Pictures are as players show them: turned upright and with square pixels. For a span with a
    region, only that part of the picture is used. A face that is alone in the picture is followed over cuts
    (`following.people`); of several faces, the track with the largest sum of area times detector score is followed.

    Parameters
    ----------
    path
        A recording that FFmpeg reads.
    spans
        Where the utterances are, on the recording's clock (`Span`).
    config
        How frames are sampled and faces are cut out.
    name
        What messages call the recording; its path if empty.

    Yields
    ------
    tuple of int and VideoStream or exception
        The index of a span and its stream, or the reason why there is no stream: `NoStream` where there is no picture
        (a cover does not count), `EmptyInput` where no frame lies in the span or none shows a face, `MediaError` for a
        recording that cannot be read or that breaks off inside the span.
    """
    spans_of: dict[str, dict[int, Span]] = {}
    for index, span in enumerate(spans):
        spans_of.setdefault(span.track, {})[index] = span
    for waiting in spans_of.values():
        try:
            for index, outcome in _read(path, name or str(path), dict(waiting), config):
                del waiting[index]
                yield index, outcome
        except MediaError as error:
            for index in waiting:
                yield index, error


def sample_targets(span: Span, fps: float) -> TimeArray:
    """Return the times at which a span is sampled: k / fps after its start, up to its end."""
    count = max(int(np.ceil(span.duration_s * fps - 1e-6)), 0)
    return span.start_s + np.arange(count) / fps


def _read(path: Path, name: str, spans: Mapping[int, Span], config: VideoConfig) -> Iterator[tuple[int, Outcome]]:
    """Yield the stream of each span; all spans are of one track."""
    contents = survey(path, next(iter(spans.values())).track or str(config.track), name)
    pending: dict[int, Pending] = {}
    for index, span in spans.items():
        found = NoStream(f"{name} has no picture") if contents is None else _choose(contents, span, config)
        if isinstance(found, Pending):
            pending[index] = found
        else:
            yield index, found
    if contents is not None:
        yield from _collect(path, contents, pending, config)


def _choose(contents: Contents, span: Span, config: VideoConfig) -> Pending | EmptyInput | MediaError:
    """Choose the frames of a span, or return the reason why there are none."""
    end_s = contents.breaks_off_s
    if end_s is not None and span.end_s > end_s + MISSING_S:
        return MediaError(
            f"{contents.name} breaks off at {end_s:.2f} s, before the span's end at {span.end_s:.2f} s: copy it again"
        )
    wanted, at = seen(contents.times, contents.end_s, sample_targets(span, config.fps), 1 / config.fps)
    if not len(wanted):
        return EmptyInput(f"no frame between {span.start_s:.2f} and {span.end_s:.2f} s")
    return Pending(span, wanted, at)


def _collect(
    path: Path, contents: Contents, pending: dict[int, Pending], config: VideoConfig
) -> Iterator[tuple[int, Outcome]]:
    """Give each wanted frame to the spans that need it, and yield every span that is complete."""
    takers: dict[int, list[int]] = {}
    for index, span in pending.items():
        for number in np.unique(span.wanted).tolist():
            takers.setdefault(number, []).append(index)
    painter = Painter(contents.aspect)
    for number, frame in decode(path, contents, np.array(sorted(takers), np.int64)):
        if frame is not None:
            _distribute(painter(frame), number, [pending[index] for index in takers[number]], config)
        for index in takers[number]:
            if pending[index].wanted[-1] == number:
                yield index, _finish(contents.name, pending.pop(index))


def _distribute(picture: Picture, number: int, takers: Sequence[Pending], config: VideoConfig) -> None:
    """Give each span its view of one frame; spans with the same region share the work."""
    detect = detector(config.detector, config.min_score)
    side = float(np.sqrt(picture.shape[0] * picture.shape[1]))
    views: dict[Region | None, tuple[bytes, list[Face]]] = {}
    for span in takers:
        region = span.span.region
        if region not in views:
            part, left, top = cropped(picture, region)
            faces = cut_faces(part, detect, config.margin, config.size, config.jpeg_quality)
            small = jpeg(shrink(part, config.frame_height), config.jpeg_quality)
            views[region] = small, [face.moved(left, top) for face in faces]
        for time_s in span.at[span.wanted == number]:
            span.add(float(time_s), *views[region], side)


def _finish(name: str, span: Pending) -> VideoStream | EmptyInput | MediaError:
    """Follow one face through a span's frames."""
    if not span.times:
        return MediaError(f"{name}: none of the {len(span.wanted)} sampled frames can be decoded: copy it again")
    faces = follow(span.faces)
    if not any(faces):
        return EmptyInput(f"no face in any of the {len(faces)} sampled frames")
    nowhere: Box = (np.nan, np.nan, np.nan, np.nan)
    return VideoStream(
        times=np.array(span.times) - span.span.start_s,
        faces=tuple(face.image if face else b"" for face in faces),
        frames=tuple(span.frames),
        boxes=np.array([face.box if face else nowhere for face in faces], dtype=np.float32),
        crops=np.array([face.square if face else nowhere for face in faces], dtype=np.float32),
        scores=np.array([face.score if face else np.nan for face in faces], dtype=np.float32),
        note=_jumps_note(jumps(faces)),
    )


def _jumps_note(count: int) -> str:
    if not count:
        return ""
    cuts = f"{count} cut{'s' if count > 1 else ''}"
    return f"one face, followed over {cuts}: where that is another person, give each a row or a region"
