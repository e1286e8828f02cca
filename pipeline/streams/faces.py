"""Finding faces in a picture, following one of them through an utterance, and cutting it out.

Detectors: `mediapipe` is BlazeFace's full-range model (Bazarevsky et al., 2019, "BlazeFace: Sub-millisecond Neural
Face Detection on Mobile GPUs"), which looks at each picture alone; `haar` is the boosted cascade of Viola and Jones
(2001) as OpenCV ships it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.video.images import load_mediapipe, quiet_stderr

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # x, y, width, height in pixels; x and y of the upper left corner

MAX_FACES = 5  # candidates kept of one frame
MAX_STEP = 0.6  # how far, in face sizes, a face may move between two samples and still be the same
MAX_GROWTH = 2.0  # by what factor its size may change
MAX_CROWDED = 0.2  # in what share of the frames a second face may be seen with a person who counts as alone
MAX_BESIDE = 0.5  # and how large it may be, side against side
HAAR_HEIGHT = 360  # pictures are halved until they are lower than twice this: the cascade's time grows with the area


@dataclass(frozen=True)
class Detection:
    """A face that a detector found: its tight box in pixels, and how sure the detector is in [0, 1]."""

    box: Box
    score: float


@dataclass(frozen=True)
class Face:
    """A detected face, cut out.

    Attributes
    ----------
    box
        The tight box, in pixels of the source picture.
    score
        The detector's confidence.
    square
        What `image` shows, in the same pixels; it may reach over the picture's edge.
    image
        The square as a JPEG image.
    """

    box: Box
    score: float
    square: Box
    image: bytes

    def moved(self, left: float, top: float) -> "Face":
        """Return the same face in the pixels of a picture of which this one was a part, that far from its corner."""
        x, y, width, height = self.box
        a, b, side, _ = self.square
        return replace(self, box=(x + left, y + top, width, height), square=(a + left, b + top, side, side))

    def scaled(self, factor: float) -> "Face":
        """Return the same face in the pixels of a picture that many times as large."""
        return replace(self, box=_scaled(self.box, factor), square=_scaled(self.square, factor))


Detector = Callable[[Picture], list[Detection]]


@cache
def detector(name: str, min_score: float) -> Detector:
    """Return the detector `name`, built once a process; one thread at a time may call it.

    Parameters
    ----------
    name
        ``"mediapipe"`` or ``"haar"``.
    min_score
        Faces that score lower are dropped.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    builders = {"mediapipe": _mediapipe, "haar": _haar}
    if name not in builders:
        raise ValueError(f"no face detector is named {name!r}: there are {', '.join(builders)}")
    return builders[name](min_score)


def _mediapipe(min_score: float) -> Detector:
    mp = load_mediapipe()
    with quiet_stderr():
        model = mp.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=min_score)
        model.process(np.zeros((192, 192, 3), np.uint8))

    def detect(picture: Picture) -> list[Detection]:
        height, width = picture.shape[:2]
        found = model.process(np.ascontiguousarray(picture)).detections or []
        return [Detection(_pixels(face.location_data, width, height), float(face.score[0])) for face in found]

    return detect


def _pixels(location: Any, width: int, height: int) -> Box:
    box = location.relative_bounding_box
    return box.xmin * width, box.ymin * height, box.width * width, box.height * height


def _haar(min_score: float) -> Detector:
    """Build the cascade; its stage weight w, which has no upper end, is reported as 1 - exp(-w / 3)."""
    import cv2

    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))

    def detect(picture: Picture) -> list[Detection]:
        small = _halved(picture, HAAR_HEIGHT)
        scale = picture.shape[0] / small.shape[0]
        least = max(24, small.shape[0] // 10)
        boxes, _, weights = cascade.detectMultiScale3(
            cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), 1.1, 5, minSize=(least, least), outputRejectLevels=True
        )
        scores = [1 - float(np.exp(-max(weight, 0.0) / 3)) for weight in np.ravel(weights)]
        found = [Detection(_scaled(box, scale), score) for box, score in zip(boxes, scores, strict=True)]
        return [face for face in found if face.score >= min_score]

    return detect


def _scaled(box: Sequence[float], scale: float) -> Box:
    x, y, width, height = (float(side) * scale for side in box)
    return x, y, width, height


def iou(a: Box, b: Box) -> float:
    """Return the area two boxes share over the area they cover together.

    >>> iou((0, 0, 2, 1), (1, 0, 2, 1)) == 1 / 3
    True
    """
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared) if shared else 0.0


def affinity(a: Box, b: Box) -> float | None:
    """Return how well `b` continues `a`: their IoU less their centres' distance in face sizes; None if not at all."""
    size_a, size_b = float(np.sqrt(a[2] * a[3])), float(np.sqrt(b[2] * b[3]))
    step = float(np.hypot(a[0] + a[2] / 2 - b[0] - b[2] / 2, a[1] + a[3] / 2 - b[1] - b[3] / 2))
    step /= (size_a + size_b) / 2
    if step > MAX_STEP or max(size_a, size_b) > MAX_GROWTH * min(size_a, size_b):
        return None
    return iou(a, b) - step


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


def jumps(faces: Sequence[Face | None]) -> int:
    """Return how often the face that is followed goes on at another place or size than a face moves to."""
    there = [face.box for face in faces if face is not None]
    return sum(affinity(old, new) is None for old, new in pairwise(there))


def weight(face: Face | Detection) -> float:
    """Return how much a face counts in the choice of whom to follow: its area in pixels times its score."""
    return face.box[2] * face.box[3] * face.score


def cut_faces(picture: Picture, detect: Detector, margin: float, size: int, quality: int) -> list[Face]:
    """Return the faces of `picture`, heaviest first, at most `MAX_FACES`, each cut out ``size`` x ``size``.

    Parameters
    ----------
    picture
        ``(height, width, 3)`` RGB.
    detect
        From `detector`.
    margin
        What the cut adds to the tight box on each side, in parts of its longer side.
    size
        Side of the image cut out, in pixels.
    quality
        Of its JPEG encoding.
    """
    edges = (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
    kept = sorted((found for found in detect(picture) if iou(found.box, edges) > 0), key=weight, reverse=True)
    faces = []
    for found in kept[:MAX_FACES]:
        around = square(found.box, margin)
        faces.append(Face(found.box, found.score, around, jpeg(cut(picture, around, size), quality)))
    return faces


def square(box: Box, margin: float) -> Box:
    """Return the square around the middle of `box`, of its longer side and a margin on each side, in whole pixels.

    >>> square((10, 10, 20, 10), 0.25)
    (5.0, 0.0, 30.0, 30.0)
    """
    side = max(round(max(box[2], box[3]) * (1 + 2 * margin)), 1)
    left, top = round(box[0] + (box[2] - side) / 2), round(box[1] + (box[3] - side) / 2)
    return float(left), float(top), float(side), float(side)


def cut(picture: Picture, area: Box, size: int) -> Picture:
    """Return `area` of `picture` as ``(size, size, 3)``; beyond the picture's edge its outermost pixels go on."""
    import cv2

    height, width = picture.shape[:2]
    left, top, right, bottom = int(area[0]), int(area[1]), int(area[0] + area[2]), int(area[1] + area[3])
    inside = picture[max(top, 0) : max(min(bottom, height), 0), max(left, 0) : max(min(right, width), 0)]
    over = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    whole = cv2.copyMakeBorder(inside, *over, cv2.BORDER_REPLICATE) if any(over) else inside
    return _resized(whole, size, size)


def shrink(picture: Picture, height: int) -> Picture:
    """Return `picture` at `height` pixels and its own proportions; a lower one as it is."""
    if picture.shape[0] <= height:
        return picture
    return _resized(picture, max(round(picture.shape[1] * height / picture.shape[0]), 1), height)


def _resized(picture: Picture, width: int, height: int) -> Picture:
    """Halve by areas while that is possible (OpenCV's fast path), then by areas down or linearly up."""
    import cv2

    halved = _halved(picture, height)
    down = halved.shape[0] > height
    resized: Picture = cv2.resize(halved, (width, height), interpolation=cv2.INTER_AREA if down else cv2.INTER_LINEAR)
    return resized


def _halved(picture: Picture, height: int) -> Picture:
    import cv2

    while picture.shape[0] >= 2 * height:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
    return picture


def jpeg(picture: Picture, quality: int) -> bytes:
    """Encode ``(height, width, 3)`` RGB as JPEG; the same picture gives the same bytes."""
    import cv2

    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)
