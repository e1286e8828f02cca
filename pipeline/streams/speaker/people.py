"""Find out which faces of an utterance belong to the same person, even after a cut or a change of layout.

Boxes alone do not show this: if two people change places at a cut, each of them is where the other one was. Therefore,
a track ends where the face suddenly looks different, and tracks at different times are joined if their faces look
alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from features.types import TimeArray
from pipeline.streams.following import link
from pipeline.streams.pictures import Box, Picture

LOOK_SIDE = 16  # width and height in pixels of the grey image that represents a face
ALIKE = 0.8  # images of one face in adjacent frames have a higher correlation, and those of two people a lower one
COMPARED = 12  # number of frames of a track that are compared with those of another track

Look = NDArray[np.uint8]
Place = tuple[int, int]  # index of a frame among those read, and of a face in that frame
Piece = list[Place]


@dataclass(frozen=True)
class Sighting:
    """A face in a frame.

    Attributes
    ----------
    box
        The tight box. All pictures of an utterance are scaled to one size, and the box is in pixels of that size.
    look
        Grey image ``(LOOK_SIDE, LOOK_SIDE)`` of the face with a margin.
    lips
        Distance from the upper edge of the upper lip to the lower edge of the lower lip, divided by the distance
        between the eyes; NaN if the mesh does not find the face.
    """

    box: Box
    look: Look
    lips: float


def look_of(crop: Picture) -> Look:
    """Return the small grey image that represents a cropped face."""
    import cv2

    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (LOOK_SIDE, LOOK_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def people(frames: Sequence[Sequence[Sighting]]) -> list[list[Piece]]:
    """Return the people who are seen in an utterance, each as a list of stretches without a cut."""
    return joined(frames, pieces(frames))


def pieces(frames: Sequence[Sequence[Sighting]]) -> list[Piece]:
    """Link faces from frame to frame, and split a track where its face suddenly looks different."""
    tracks = link([[face.box for face in faces] for faces in frames])
    current: dict[int, Piece] = {}
    found: list[Piece] = []
    for place, numbers in enumerate(tracks):
        for position, track in enumerate(numbers):
            piece = current.get(track)
            if piece is None or _likeness(frames, piece[-1:], [(place, position)]) < ALIKE:
                piece = current[track] = []
                found.append(piece)
            piece.append((place, position))
    return found


def joined(frames: Sequence[Sequence[Sighting]], found: Sequence[Piece]) -> list[list[Piece]]:
    """Group pieces by person: pieces that look alike and share no frame are joined, beginning with the most alike."""
    alike = [
        (likeness, a, b)
        for a, b in combinations(range(len(found)), 2)
        if (likeness := _likeness(frames, found[a], found[b])) >= ALIKE
    ]
    person = list(range(len(found)))
    at = [{place for place, _ in piece} for piece in found]
    for _, a, b in sorted(alike, key=lambda pair: (-pair[0], pair[1], pair[2])):
        first, second = sorted((person[a], person[b]))
        if first != second and not at[first] & at[second]:
            at[first] |= at[second]
            person = [first if number == second else number for number in person]
    return [list(_of(number, person, found)) for number in dict.fromkeys(person)]


def _of(number: int, person: Sequence[int], found: Sequence[Piece]) -> Iterator[Piece]:
    return (piece for own, piece in zip(person, found, strict=True) if own == number)


def _likeness(frames: Sequence[Sequence[Sighting]], a: Piece, b: Piece) -> float:
    """Return the highest correlation between an image of piece `a` and an image of piece `b`."""
    return float((_looks(frames, a) @ _looks(frames, b).T).max())


def _looks(frames: Sequence[Sequence[Sighting]], piece: Piece) -> TimeArray:
    """Return up to `COMPARED` evenly spaced images of a piece, ``(n, LOOK_SIDE ** 2)``, each with mean 0 and norm 1."""
    chosen = np.unique(np.linspace(0, len(piece) - 1, COMPARED).round().astype(int))
    images = np.stack([frames[place][face].look.ravel() for place, face in (piece[i] for i in chosen)]).astype(float)
    images -= images.mean(axis=1, keepdims=True)
    norms: TimeArray = np.linalg.norm(images, axis=1, keepdims=True)
    return images / np.maximum(norms, 1e-9)
