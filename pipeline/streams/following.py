"""Following one face through the sampled frames of an utterance."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pipeline.streams.faces import Face, weight
from pipeline.streams.pictures import Box, iou

MAX_STEP = 0.6  # how far, in face sizes, a face may move between two samples and still be the same
MAX_GROWTH = 2.0  # by what factor its size may change
MAX_CROWDED = 0.2  # in what share of the frames a second face may be seen with a person who counts as alone
MAX_BESIDE = 0.5  # and how large it may be, side against side


def follow(frames: Sequence[Sequence[Face]]) -> list[Face | None]:
    """Choose one face through an utterance: of all `people` the one with the largest sum of area times score.

    Returns
    -------
    For each frame, that person's face, or None where it has none.
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


def link(frames: Sequence[Sequence[Box]]) -> list[list[int]]:
    """Give the boxes of successive frames the number of the track that each belongs to.

    The best fitting pair of a track's latest box and a new box is joined first; a box that continues no track starts
    one. A track survives frames without its face: it goes on where the face comes back in the same place.

    Returns
    -------
    For each frame, one track number a box; no number twice in a frame.
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
    """Return how well `b` continues `a`: their IoU less their centres' distance in face sizes; None if not at all."""
    size_a, size_b = float(np.sqrt(a[2] * a[3])), float(np.sqrt(b[2] * b[3]))
    step = float(np.hypot(a[0] + a[2] / 2 - b[0] - b[2] / 2, a[1] + a[3] / 2 - b[1] - b[3] / 2))
    step /= (size_a + size_b) / 2
    if step > MAX_STEP or max(size_a, size_b) > MAX_GROWTH * min(size_a, size_b):
        return None
    return iou(a, b) - step


def people(frames: Sequence[Sequence[Box]], tracks: Sequence[Sequence[int]]) -> list[list[int]]:
    """Join the tracks of a person who is alone in the picture: over a jump cut or a zoom it is still the same person.

    Alone means that hardly ever (`MAX_CROWDED` of the frames with a face) anybody else is seen, and then much smaller
    (`MAX_BESIDE`). Who is seen beside a larger face is never joined to it, and neither is what looks like a slip of the
    detector: a much smaller face in a single frame, within the time of another track. Where several people are seen
    together, tracks stay as they are. Two people who are shown by turns, each of them alone, look like one: boxes
    cannot tell them apart.

    Parameters
    ----------
    frames
        The boxes of each frame, in pixels of one size.
    tracks
        Their numbers, from `link`.

    Returns
    -------
    The numbers, the same for all tracks of that person.
    """
    sides = [[float(np.sqrt(box[2] * box[3])) for box in boxes] for boxes in frames]
    together = [(own, numbers) for own, numbers in zip(sides, tracks, strict=True) if len(own) > 1]
    seen = sum(map(bool, tracks))
    if len(together) > MAX_CROWDED * seen or any(sorted(own)[-2] > MAX_BESIDE * max(own) for own, _ in together):
        return [list(numbers) for numbers in tracks]
    beside = {track for own, numbers in together for track in numbers if track != numbers[own.index(max(own))]}
    alone = {track for numbers in tracks for track in numbers} - beside - _slips(sides, tracks)
    return [[min(alone) if track in alone else track for track in numbers] for numbers in tracks]


def _slips(sides: Sequence[Sequence[float]], tracks: Sequence[Sequence[int]]) -> set[int]:
    """Return the tracks of a single frame within the time of another track whose face is much larger."""
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
            own[0] < first < own[-1] and widest[track] <= MAX_BESIDE * widest[other] for other, own in places.items()
        )
    }


def jumps(faces: Sequence[Face | None]) -> int:
    """Return how often the face that is followed goes on at another place or size than a face moves to."""
    there = [face.box for face in faces if face is not None]
    return sum(affinity(old, new) is None for old, new in pairwise(there))
