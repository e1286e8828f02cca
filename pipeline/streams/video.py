"""The picture: one recording and its spans in, sampled frames with the speaker's face cut out.

A recording is decoded once, in order, whatever number of spans it holds (`frames` says how). Frames are chosen by their
presentation stamps, never by their number, so that variable frame rates and streams that start late stay on the
recording's clock.
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
        The indices of its frames in the recording, ascending, and when each is seen on the recording's clock; a picture
        that stays is wanted several times.
    times, frames, faces
        Of those that came: the time on the recording's clock, the small whole image, the faces seen.
    side
        Of the first picture that came: the root of its area. Faces of pictures of another size are scaled to it.
    """

    span: Span
    wanted: Index
    at: TimeArray
    times: list[float] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    faces: list[list[Face]] = field(default_factory=list)
    side: float = 0.0

    def add(self, time_s: float, small: bytes, faces: Sequence[Face], side: float) -> None:
        """Keep what one frame shows; `side` is the root of its picture's area."""
        self.side = self.side or side
        self.times.append(time_s)
        self.frames.append(small)
        self.faces.append([face.scaled(self.side / side) for face in faces])


def read_video(path: Path, spans: Sequence[Span], config: VideoConfig) -> Iterator[tuple[int, Outcome]]:
    """Decode `path` once (each wanted track of it) and yield the stream of each span with its last frame.

    Of a frame only its small image and its cut-out faces are kept, and those only while the span is open. Spans may
    overlap and come in any order. The picture is the one that players show: turned as the recording says and with
    square pixels; a span with a region sees that part of it only. A face that is seen alone is followed over cuts
    (`faces.people`); where several are visible, the one followed through the utterance is the track with the largest
    sum of area times detector score.

    Parameters
    ----------
    path
        A recording that FFmpeg reads.
    spans
        Where the utterances are, on the recording's clock (`Span`).
    config
        How frames are sampled and faces cut out.

    Yields
    ------
    tuple of int and VideoStream or exception
        The span's index with its stream, or with what kept it from existing: `NoStream` without a picture (a cover
        image is none), `EmptyInput` where no frame lies in the span or none shows a face, `MediaError` for a recording
        that cannot be read or breaks off inside the span.
    """
    spans_of: dict[str, dict[int, Span]] = {}
    for index, span in enumerate(spans):
        spans_of.setdefault(span.track, {})[index] = span
    for track, waiting in spans_of.items():
        try:
            for index, outcome in _read(path, track or str(config.track), dict(waiting), config):
                del waiting[index]
                yield index, outcome
        except MediaError as error:
            for index in waiting:
                yield index, error


def sample_targets(span: Span, fps: float) -> TimeArray:
    """Return the wanted times of a span, k / fps from its start for as long as that is before its end."""
    count = max(int(np.ceil(span.duration_s * fps - 1e-6)), 0)
    return span.start_s + np.arange(count) / fps


def _read(path: Path, track: str, spans: Mapping[int, Span], config: VideoConfig) -> Iterator[tuple[int, Outcome]]:
    contents = survey(path, track)
    pending: dict[int, Pending] = {}
    for index, span in spans.items():
        found = NoStream(f"{path} has no picture") if contents is None else _choose(path, contents, span, config)
        if isinstance(found, Pending):
            pending[index] = found
        else:
            yield index, found
    if contents is not None:
        yield from _collect(path, contents, pending, config)


def _choose(path: Path, contents: Contents, span: Span, config: VideoConfig) -> Pending | EmptyInput | MediaError:
    """Choose a span's frames, or say why there are none."""
    end_s = contents.breaks_off_s
    if end_s is not None and span.end_s > end_s + MISSING_S:
        return MediaError(
            f"{path} breaks off at {end_s:.2f} s, before the span's end at {span.end_s:.2f} s: copy it again"
        )
    wanted, at = seen(contents.times, contents.end_s, sample_targets(span, config.fps), 1 / config.fps)
    if not len(wanted):
        return EmptyInput(f"no frame between {span.start_s:.2f} and {span.end_s:.2f} s")
    return Pending(span, wanted, at)


def _collect(
    path: Path, contents: Contents, pending: dict[int, Pending], config: VideoConfig
) -> Iterator[tuple[int, Outcome]]:
    """Hand each wanted frame to the spans that want it, and yield every span that is complete."""
    wanted = np.unique(np.concatenate([span.wanted for span in pending.values()])) if pending else np.empty(0, np.int64)
    painter = Painter(contents.aspect)
    for number, frame in decode(path, contents, wanted):
        takers = [span for span in pending.values() if number in span.wanted]
        if frame is not None:
            _hand_out(painter(frame), number, takers, config)
        for index in [index for index, span in pending.items() if span.wanted[-1] <= number]:
            yield index, _finish(path, pending.pop(index))


def _hand_out(picture: Picture, number: int, takers: Sequence[Pending], config: VideoConfig) -> None:
    """Note what each span sees of one frame; spans with the same region share the work."""
    detect = detector(config.detector, config.min_score)
    side = float(np.sqrt(picture.shape[0] * picture.shape[1]))
    looked: dict[Region | None, tuple[bytes, list[Face]]] = {}
    for span in takers:
        region = span.span.region
        if region not in looked:
            part, left, top = cropped(picture, region)
            faces = cut_faces(part, detect, config.margin, config.size, config.jpeg_quality)
            small = jpeg(shrink(part, config.frame_height), config.jpeg_quality)
            looked[region] = small, [face.moved(left, top) for face in faces]
        for time_s in span.at[span.wanted == number]:
            span.add(float(time_s), *looked[region], side)


def _finish(path: Path, span: Pending) -> VideoStream | EmptyInput | MediaError:
    """Follow one face through a span's frames."""
    if not span.times:
        return MediaError(f"{path}: none of the {len(span.wanted)} sampled frames can be decoded: copy it again")
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
