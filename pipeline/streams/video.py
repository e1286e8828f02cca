"""Video streams: turn one recording and the spans of its utterances into sampled frames with the speaker's face.

Each track is decoded in order, and usually once for all its spans (for the exceptions, see `frames` and `read_video`).
Frames are chosen by their presentation time stamps and not by their number, so that times stay right if the frame rate
varies or the picture starts late.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from features.errors import EmptyInput, NoStream
from features.types import TimeArray, VideoStream
from pipeline.settings.streams import VideoConfig
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.timeline import MISSING_S
from pipeline.streams.faces import Detection, Face, cut_face, detector, found_faces
from pipeline.streams.following import follow, jumps, several
from pipeline.streams.frames import Contents, decode, survey
from pipeline.streams.pictures import Box, Painter, Picture, cropped, jpeg, shrink
from pipeline.streams.sampling import Index, sample_targets, seen
from pipeline.streams.spans import Region, Span
from pipeline.streams.speaker.choosing import speaker
from pipeline.streams.speaker.voice import Voice, levels
from pipeline.streams.speaker.watching import watch
from pipeline.streams.tracking import FaceTracker

VERSION = 4  # raised whenever the same recording and settings give different streams
MOST_HELD = 1000  # the largest number of frames, of spans with several faces, that wait until mouths are measured
NOBODY = "no mouth moves with the voice: the largest face is followed"
UNHEARD = "the voice cannot be heard ({}): the largest face is followed"

Outcome = VideoStream | NoStream | EmptyInput | MediaError


@dataclass
class Pending:
    """A span whose frames are being collected.

    Attributes
    ----------
    span
        The place of the utterance.
    wanted, at
        The ascending indices of its frames in the recording, and their times on the recording's clock. A frame that is
        shown for longer than one sampling step occurs several times.
    numbers, times, frames, faces
        For each frame collected so far: its index in the recording, its time on the recording's clock, the reduced
        image (empty unless it is kept), and the faces.
    side
        The square root of the first picture's area. Faces in pictures of other sizes are scaled to that size.
    tracker
        Finds the faces. Each span has its own tracker, so that its stream does not depend on other spans.
    """

    span: Span
    wanted: Index
    at: TimeArray
    tracker: FaceTracker
    numbers: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    faces: list[list[Face]] = field(default_factory=list)
    side: float = 0.0

    def add(self, number: int, time_s: float, small: bytes, faces: Sequence[Face], side: float) -> None:
        """Add a frame and its faces; `side` is the square root of the area of the whole picture."""
        self.side = self.side or side
        self.numbers.append(number)
        self.times.append(time_s)
        self.frames.append(small)
        self.faces.append([face.scaled(self.side / side) for face in faces])


def read_video(
    path: Path,
    spans: Sequence[Span],
    config: VideoConfig,
    name: str = "",
    voices: Mapping[int, Voice] | None = None,
) -> Iterator[tuple[int, Outcome]]:
    """Decode each wanted track of `path` once, and yield the stream of each span after its last frame.

    Only reduced images and cut-out faces are kept in memory, and only while their span is being read. Spans may overlap
    and be in any order. Pictures are as players show them: upright and with square pixels. For a span with a region,
    only that part of the picture is used. A face that is alone in the picture is followed across cuts
    (`following.people`). If there are several faces, the settings decide which one is followed: the face whose track
    has the largest sum of area times detector score, or the face of the person who speaks (`speaker.choosing`). For the
    latter, the span is decoded up to twice more: to detect faces in every sampled frame, and to measure the mouths.

    Parameters
    ----------
    path
        A recording that FFmpeg reads.
    spans
        Where the utterances are, on the recording's clock (`Span`).
    config
        Settings for sampling frames and cutting out faces.
    name
        Name of the recording in messages; its path if empty.
    voices
        Index of a span -> where its voice is. If a span is not listed, its voice is in the default track of `path`, at
        the times of the span.

    Yields
    ------
    tuple of int and VideoStream or exception
        The index of a span and its stream, or the reason why there is no stream: `NoStream` if there is no picture (a
        cover picture does not count); `EmptyInput` if the span has no frame or no face is found; `MediaError` if the
        recording or track cannot be read, or if the picture breaks off inside the span.
    """
    here = {index: Voice(path, Span(span.start_s, span.end_s), name) for index, span in enumerate(spans)}
    heard = here | dict(voices or {}) if config.follow == "speaking" else {}
    spans_of: dict[str, dict[int, Span]] = {}
    for index, span in enumerate(spans):
        spans_of.setdefault(span.track, {})[index] = span
    for waiting in spans_of.values():
        try:
            for index, outcome in _read(path, name or str(path), dict(waiting), config, heard):
                del waiting[index]
                yield index, outcome
        except MediaError as error:
            for index in waiting:
                yield index, error


def _read(
    path: Path, name: str, spans: Mapping[int, Span], config: VideoConfig, voices: Mapping[int, Voice]
) -> Iterator[tuple[int, Outcome]]:
    """Yield the outcome of each span; all spans belong to one track."""
    contents = survey(path, next(iter(spans.values())).track or str(config.track), name)
    pending: dict[int, Pending] = {}
    for index, span in spans.items():
        found = NoStream(f"{name} has no picture") if contents is None else _choose(contents, span, config)
        if isinstance(found, Pending):
            pending[index] = found
        else:
            yield index, found
    if contents is not None:
        yield from _collect(path, contents, pending, config, voices)


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
    return Pending(span, wanted, at, FaceTracker(config.detector_due_s))


def _collect(
    path: Path, contents: Contents, pending: dict[int, Pending], config: VideoConfig, voices: Mapping[int, Voice]
) -> Iterator[tuple[int, Outcome]]:
    """Give each wanted frame to the spans that need it, and yield the outcome of every span that is complete.

    If the speaker is followed, spans that show several faces are collected anew with the detector in every frame, so
    that `watch` finds the same faces. Then they wait until together they hold more than `MOST_HELD` frames, so that the
    mouths of many spans are measured in one pass.
    """
    takers: dict[int, list[int]] = {}
    for index, span in pending.items():
        for number in np.unique(span.wanted).tolist():
            takers.setdefault(number, []).append(index)
    painter = Painter(contents.aspect)
    again: dict[int, Pending] = {}
    crowded: dict[int, Pending] = {}
    for number, frame in decode(path, contents, np.array(sorted(takers), np.int64)):
        if frame is not None:
            _distribute(painter(frame), number, [pending[index] for index in takers[number]], config)
        for index in [index for index in takers[number] if pending[index].wanted[-1] == number]:
            span = pending.pop(index)
            if index in voices and span.tracker.every_s and (span.tracker.crowded or several(span.faces)):
                again[index] = Pending(span.span, span.wanted, span.at, FaceTracker(0))
            elif index in voices and several(span.faces):
                crowded[index] = span
            else:
                yield index, _finish(contents.name, span, follow(span.faces))
        if sum(len(span.frames) for span in crowded.values()) > MOST_HELD:
            yield from _follow_speakers(path, contents, crowded, config, voices)
    yield from _follow_speakers(path, contents, crowded, config, voices)
    if again:
        yield from _collect(path, contents, again, config, voices)


def _follow_speakers(
    path: Path, contents: Contents, crowded: dict[int, Pending], config: VideoConfig, voices: Mapping[int, Voice]
) -> Iterator[tuple[int, Outcome]]:
    """Yield the outcomes of spans that show several faces, and remove these spans from `crowded`.

    The speaker's face is followed, or the largest face if the voice cannot be heard or no mouth moves with it.
    """
    found = levels({index: voices[index] for index in crowded})
    heard = {index: level for index, level in found.items() if not isinstance(level, Exception)}
    for index in sorted(found.keys() - heard.keys()):
        span = crowded.pop(index)
        yield index, _finish(contents.name, span, follow(span.faces), UNHEARD.format(found[index]))
    watched = {index: (span.span, span.wanted) for index, span in crowded.items()}
    for index, glances in watch(path, contents, watched, config):
        span = crowded.pop(index)
        shown = speaker(glances, heard[index], config.mouth_fps) or {}
        faces = [own[shown[k]] if k in shown else None for k, own in zip(span.numbers, span.faces, strict=True)]
        if any(faces):
            yield index, _finish(contents.name, span, faces)
        else:
            yield index, _finish(contents.name, span, follow(span.faces), NOBODY)


class View:
    """One region of a frame; its reduced image and faces are computed once for all spans that use the region.

    Attributes
    ----------
    part
        ``(height, width, 3)`` the region's part of the frame.
    """

    def __init__(self, picture: Picture, region: Region | None, config: VideoConfig) -> None:
        self._config = config
        self.part, self._left, self._top = cropped(picture, region)
        self._cut: dict[Detection, Face] = {}

    @cached_property
    def small(self) -> bytes:
        """The region's part of the frame as a JPEG image, reduced to the height in the settings."""
        return jpeg(shrink(self.part, self._config.frame_height), self._config.jpeg_quality)

    def detect(self) -> list[Detection]:
        """Return the faces that the detector finds in `part`, with boxes in pixels of `part`."""
        return self._detected

    @cached_property
    def _detected(self) -> list[Detection]:
        return found_faces(self.part, detector(self._config.detector, self._config.min_score))

    def face(self, found: Detection) -> Face:
        """Cut out a face that `detect` found, and return it with boxes in pixels of the whole frame."""
        if found not in self._cut:
            config = self._config
            face = cut_face(self.part, found, config.margin, config.size, config.jpeg_quality)
            self._cut[found] = face.moved(self._left, self._top)
        return self._cut[found]


def _distribute(picture: Picture, number: int, takers: Sequence[Pending], config: VideoConfig) -> None:
    """Add one frame to each span that needs it; spans with the same region share the work."""
    side = float(np.sqrt(picture.shape[0] * picture.shape[1]))
    views: dict[Region | None, View] = {}
    for span in takers:
        region = span.span.region
        if region not in views:
            views[region] = View(picture, region, config)
        view = views[region]
        times = span.at[span.wanted == number].tolist()
        faces = [view.face(found) for found in span.tracker.find(view.part, times[0], view.detect)]
        for time_s in times:
            place = len(span.frames)
            kept = place % config.frame_step == 0 or place == len(span.at) - 1
            span.add(number, time_s, view.small if kept else b"", faces, side)


def _finish(
    name: str, span: Pending, faces: Sequence[Face | None], note: str = ""
) -> VideoStream | EmptyInput | MediaError:
    """Return the stream of a span, or the reason why it has none.

    `faces` holds the followed face in each frame, or None for a frame without it. `note` becomes part of the stream's
    note; it says why the largest face is followed instead of the speaker's.
    """
    if not span.times:
        return MediaError(
            f"{name}: no sampled frame ({len(span.wanted)} in all) can be decoded: copy the recording again"
        )
    if not any(faces):
        return EmptyInput(f"no face in any sampled frame ({len(faces)} in all)")
    nowhere: Box = (np.nan, np.nan, np.nan, np.nan)
    return VideoStream(
        times=np.array(span.times) - span.span.start_s,
        faces=tuple(face.image if face else b"" for face in faces),
        frames=tuple(span.frames),
        boxes=np.array([face.box if face else nowhere for face in faces], dtype=np.float32),
        crops=np.array([face.square if face else nowhere for face in faces], dtype=np.float32),
        scores=np.array([face.score if face else np.nan for face in faces], dtype=np.float32),
        note="; ".join(part for part in (note, _jumps_note(jumps(faces))) if part),
    )


def _jumps_note(count: int) -> str:
    if not count:
        return ""
    cuts = f"{count} cut{'s' if count > 1 else ''}"
    return f"one face is followed across {cuts}: if it is not always the same person, give each a row or a region"
