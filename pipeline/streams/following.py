"""Follow one face through the sampled frames of an utterance."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pipeline.streams.faces import Face, weight
from pipeline.streams.pictures import Box, iou

MAX_STEP = 0.6  # how far a face may move between two samples and still be the same face, in face sizes
MAX_GROWTH = 2.0  # factor by which a face's size may change between two samples
MAX_CROWDED = 0.2  # a person counts as alone if other faces are seen in at most this share of the frames ...
MAX_OTHER = 0.5  # ... and their sides are at most this fraction of the person's


def follow(frames: Sequence[Sequence[Face]]) -> list[Face | None]:
    """Follow the person whose faces have the largest sum of area times score in an utterance.

    Faces are linked into tracks (`link`), and tracks of one person are joined (`people`).

    Returns
    -------
    That person's face in each frame; None for a frame without it.
    """
    boxes = [[face.box for face in faces] for faces in frames]
    numbers = people(boxes, link(boxes))
    weights: dict[int, float] = {}
    for faces, tracks in zip(frames, numbers, strict=True):
        for face, track in zip(faces, tracks, strict=True):
            weights[track] = weights.get(track, 0.0) + weight(face)
    if not weights:
        return [None] * len(frames)
    best = max(weights, key=lambda track: (weights[track], -track))
    return [
        next((face for face, track in zip(faces, tracks, strict=True) if track == best), None)
        for faces, tracks in zip(frames, numbers, strict=True)
    ]


def several(frames: Sequence[Sequence[Face]]) -> bool:
    """Whether the faces of the frames belong to more than one person, judged by `people`."""
    boxes = [[face.box for face in faces] for faces in frames]
    return len({track for numbers in people(boxes, link(boxes)) for track in numbers}) > 1


def link(frames: Sequence[Sequence[Box]]) -> list[list[int]]:
    """Return the track number of each box in successive frames.

    A new box is joined to the latest box of a track, and the pairs that fit best are joined first. A box that continues
    no track starts a new one. A track continues after frames without its face if the face comes back in the same place.

    Returns
    -------
    One list per frame with the track number of each box; a number occurs at most once per frame.
    """
    latest: list[Box] = []
    numbers: list[list[int]] = []
    for boxes in frames:
        pairs = [(affinity(old, new), t, i) for t, old in enumerate(latest) for i, new in enumerate(boxes)]
        fitting = sorted(((fit, t, i) for fit, t, i in pairs if fit is not None), key=lambda p: (-p[0], p[1], p[2]))
        given: dict[int, int] = {}
        for _, track, i in fitting:
            if i not in given and track not in given.values():
                given[i] = track
        for i, box in enumerate(boxes):
            if i not in given:
                given[i] = len(latest)
                latest.append(box)
            latest[given[i]] = box
        numbers.append([given[i] for i in range(len(boxes))])
    return numbers


def affinity(a: Box, b: Box) -> float | None:
    """Return how well box `b` continues box `a`: IoU minus distance in face sizes; None if `b` differs too much."""
    size_a, size_b = float(np.sqrt(a[2] * a[3])), float(np.sqrt(b[2] * b[3]))
    step = float(np.hypot(a[0] + a[2] / 2 - b[0] - b[2] / 2, a[1] + a[3] / 2 - b[1] - b[3] / 2))
    step /= (size_a + size_b) / 2
    if step > MAX_STEP or max(size_a, size_b) > MAX_GROWTH * min(size_a, size_b):
        return None
    return iou(a, b) - step


def people(frames: Sequence[Sequence[Box]], tracks: Sequence[Sequence[int]]) -> list[list[int]]:
    """Join all tracks of a person who is alone in the picture, also across cuts and zooms.

    A person is alone if other faces are much smaller (`MAX_OTHER`) and are seen in few frames: in at most the share
    `MAX_CROWDED` of the frames with a face. A face next to a larger one is never joined, and neither is a probable
    error of the detector: a much smaller face in a single frame while another track goes on. If several people are seen
    together, all tracks are left unchanged. Two people who are shown alternately, each of them alone, look like one
    person, because boxes cannot distinguish them.

    Parameters
    ----------
    frames
        The boxes of each frame, in pixels. If pictures differ in size, boxes are scaled to the size of one picture.
    tracks
        The track numbers of the boxes, from `link`.

    Returns
    -------
    The track numbers of the boxes, as in `tracks`, but with one number for all joined tracks.
    """
    sides = [[float(np.sqrt(box[2] * box[3])) for box in boxes] for boxes in frames]
    together = [(own, numbers) for own, numbers in zip(sides, tracks, strict=True) if len(own) > 1]
    seen = sum(map(bool, tracks))
    if len(together) > MAX_CROWDED * seen or any(sorted(own)[-2] > MAX_OTHER * max(own) for own, _ in together):
        return [list(numbers) for numbers in tracks]
    others = {track for own, numbers in together for track in numbers if track != numbers[own.index(max(own))]}
    alone = {track for numbers in tracks for track in numbers} - others - _detector_errors(sides, tracks)
    return [[min(alone) if track in alone else track for track in numbers] for numbers in tracks]


def _detector_errors(sides: Sequence[Sequence[float]], tracks: Sequence[Sequence[int]]) -> set[int]:
    """Return the tracks that consist of one frame and fall in the middle of a track with a much larger face."""
    places: dict[int, list[int]] = {}
    widest: dict[int, float] = {}
    for place, (own, numbers) in enumerate(zip(sides, tracks, strict=True)):
        for side, track in zip(own, numbers, strict=True):
            places.setdefault(track, []).append(place)
            widest[track] = max(widest.get(track, 0.0), side)
    return {
        track
        for track, (first, *more) in places.items()
        if not more
        and any(
            own[0] < first < own[-1] and widest[track] <= MAX_OTHER * widest[other] for other, own in places.items()
        )
    }


def jumps(faces: Sequence[Face | None]) -> int:
    """Return how often the followed face changes its place or size by more than a moving face can."""
    there = [face.box for face in faces if face is not None]
    return sum(affinity(old, new) is None for old, new in pairwise(there))
