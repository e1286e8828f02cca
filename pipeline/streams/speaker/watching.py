"""Read the frames of an utterance at a high rate, and measure the mouth of every face in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from features.types import TimeArray
from features.video.images import landmark_array
from features.video.landmarks import LIPS, SIDES, face_mesh
from pipeline.settings.streams import VideoConfig
from pipeline.streams.faces import Detector, detector, found_faces
from pipeline.streams.frames import Contents, decode
from pipeline.streams.pictures import Painter, Picture, cropped, cut, scaled, square
from pipeline.streams.sampling import Index, sample_targets, seen
from pipeline.streams.spans import Region, Span
from pipeline.streams.speaker.choosing import Glance
from pipeline.streams.speaker.people import Sighting, look_of

MARGIN = 0.25  # margin around the tight box that the mesh expects, as a share of the longer side
SIDE = 224  # width and height of the cropped face that the mesh reads, in pixels
MIN_SCORE = 0.5  # if the mesh's confidence in a face is lower, its lips are unknown


@dataclass
class Watched:
    """A span whose mouths are being measured.

    Attributes
    ----------
    span
        The place of the utterance.
    wanted
        Indices ``(n,)`` of its frames in the recording, ascending and without repetition.
    glances
        The frames measured so far.
    side
        The square root of the first picture's area. Faces in pictures of other sizes are scaled to that size.
    """

    span: Span
    wanted: Index
    glances: list[Glance] = field(default_factory=list)
    side: float = 0.0

    def add(self, number: int, time_s: float, faces: Sequence[Sighting], side: float) -> None:
        """Add a frame that is shown at `time_s` of the recording; `side` is the square root of its picture's area."""
        self.side = self.side or side
        factor = self.side / side
        sized = [Sighting(scaled(face.box, factor), face.look, face.lips) for face in faces]
        self.glances.append(Glance(number, time_s - self.span.start_s, sized))


def watch(
    path: Path, contents: Contents, spans: Mapping[int, tuple[Span, Index]], config: VideoConfig
) -> Iterator[tuple[int, list[Glance]]]:
    """Measure the mouths of all faces, ``config.mouth_fps`` times per second.

    Parameters
    ----------
    path, contents
        The recording, and what `survey` returned for it.
    spans
        The place of each utterance, and the indices of its sampled frames, whose mouths are also measured.
    config
        Settings for finding faces.

    Yields
    ------
    tuple of int and list of Glance
        The key of a span and its frames in order, as soon as the last one is measured.
    """
    waiting = {index: Watched(span, _wanted(contents, span, own, config)) for index, (span, own) in spans.items()}
    detect, painter = detector(config.detector, config.min_score), Painter(contents.aspect)
    takers: dict[int, list[int]] = {}
    for index, watched in waiting.items():
        for number in watched.wanted.tolist():
            takers.setdefault(number, []).append(index)
    for number, frame in decode(path, contents, np.array(sorted(takers), np.int64)):
        if frame is not None:
            time_s = float(contents.times[number])
            _look(painter(frame), number, time_s, [waiting[index] for index in takers[number]], detect)
        for index in takers[number]:
            if waiting[index].wanted[-1] == number:
                yield index, waiting.pop(index).glances


def _wanted(contents: Contents, span: Span, sampled: Index, config: VideoConfig) -> Index:
    """Return the indices of the frames of a span in which mouths are measured."""
    targets = sample_targets(span, config.mouth_fps)
    return np.union1d(sampled, seen(contents.times, contents.end_s, targets, 1 / config.mouth_fps)[0])


def _look(picture: Picture, number: int, time_s: float, spans: Sequence[Watched], detect: Detector) -> None:
    """Add a frame to the spans that need it; faces are found once for all spans with the same region."""
    side = float(np.sqrt(picture.shape[0] * picture.shape[1]))
    views: dict[Region | None, list[Sighting]] = {}
    for watched in spans:
        region = watched.span.region
        if region not in views:
            views[region] = sightings(cropped(picture, region)[0], detect)
        watched.add(number, time_s, views[region], side)


def sightings(picture: Picture, detect: Detector) -> list[Sighting]:
    """Return the faces of a picture, in the order of `found_faces`, with how far their lips are apart."""
    found = []
    for face in found_faces(picture, detect):
        crop = cut(picture, square(face.box, MARGIN), SIDE)
        found.append(Sighting(face.box, look_of(crop), lips_apart(crop)))
    return found


def lips_apart(crop: Picture) -> float:
    """Return the distance between the lips' outer edges, divided by that between the eyes; NaN if no face is found.

    Parameters
    ----------
    crop
        RGB image ``(height, width, 3)`` of a face with a margin.
    """
    found = _mesh().process(crop).multi_face_landmarks
    if not found:
        return float("nan")
    height, width = crop.shape[:2]
    mesh = landmark_array(found[0], (width, height, width))
    left, right = (mesh[list(SIDES[side][:2])].mean(axis=0) for side in ("left", "right"))
    return _distance(mesh[LIPS[0]], mesh[LIPS[-1]]) / _distance(left, right)


def _distance(a: TimeArray, b: TimeArray) -> float:
    return float(np.linalg.norm(a - b))


@cache
def _mesh() -> Any:
    """Return the face mesh model, built once per process; it treats each image separately."""
    return face_mesh(MIN_SCORE)
