"""Find a single face again by its appearance, so that the detector need not run in every sampled frame.

The image of the face in the previous frame is searched for around its old place by normalised cross-correlation (Lewis,
1995, "Fast normalized cross-correlation"), at a reduced size. That takes a tenth of the detector's time, and its result
shows whether the face is still there. After a cut, a quick turn of the head or a change of light it is not found, and
the detector runs. The box keeps the size that the detector found last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.faces import Detection
from pipeline.streams.pictures import Box, Picture, cut, scaled

LIKENESS = 0.9  # a place whose correlation with the face is lower than this does not show the face
SURE = 0.75  # a face whose detector score is lower is not tracked
SIDE = 32  # length of the face's longer side in the images that are compared, in pixels
SAMPLES = 4  # number of source pixels that are averaged for one of these pixels, in each direction, if there are enough
REACH = 12  # how far the face may have moved in either direction, in the same pixels


@dataclass(frozen=True)
class Look:
    """A detected face and the image by which it is found again in the next frame.

    Attributes
    ----------
    face
        The detected face.
    grey
        Grey image ``(SIDE, SIDE)`` of the square around the face.
    """

    face: Detection
    grey: NDArray[np.uint8]


class FaceTracker:
    """Finds the faces in the frames of one utterance, in order.

    The detector runs in the first frame, at least every `every_s` seconds, when the size of the picture changes, when
    the frame before did not have exactly one face with a high score, and when the tracked face is lost. Once it has
    found several faces, it runs in every frame.

    Parameters
    ----------
    every_s
        Seconds between two frames in which the detector runs; with 0, it runs in every frame.

    Attributes
    ----------
    crowded
        Whether the detector has found several faces in a frame.
    """

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._detected_s = -np.inf
        self.crowded = False
        self._shape: tuple[int, ...] = ()
        self._look: Look | None = None

    def find(self, picture: Picture, time_s: float, detect: Callable[[], list[Detection]]) -> list[Detection]:
        """Return the faces in the next frame of the utterance; call this once for each frame, in order.

        If the frame before showed a single face, the face is found again by its appearance. `detect` is called only if
        this is impossible or the detector is due.

        Parameters
        ----------
        picture
            The next frame, RGB ``(height, width, 3)``.
        time_s
            Time at which the frame is shown, in seconds.
        detect
            Function that runs the detector on `picture`.
        """
        due = time_s - self._detected_s >= self.every_s or picture.shape != self._shape
        tracked = None if due or self._look is None else _tracked(picture, self._look)
        found = detect() if tracked is None else [tracked]
        if tracked is None:
            self._detected_s, self._shape = time_s, picture.shape
            self.crowded |= len(found) > 1
        followed = self.every_s > 0 and not self.crowded and len(found) == 1 and _trackable(picture, found[0])
        self._look = Look(found[0], _around(picture, found[0].box, 0)[0]) if followed else None
        return found


def detected(
    times: Sequence[float], scores: Sequence[float], boxes: Sequence[Sequence[float]], every_s: float
) -> list[bool]:
    """Return for each frame whether its face was found by the detector (True) or by tracking (False).

    This is inferred from the rules of `FaceTracker`. A face was found by the detector in three cases:

    - Its score differs from that of the frame before, since tracking keeps the score.
    - The frame before had no face, or a face whose score was too low to be tracked.
    - At least `every_s` seconds have passed since the detector last ran, so it had to run again.

    However, a face with the same score and the same box as in the frame before gets the value of that frame, because
    tracking moves the box at least a little. Either the same frame was sampled twice, or the detector ran again on a
    still picture. A frame without a face is True.

    Parameters
    ----------
    times, scores
        The time of each frame in seconds, and the score of the followed face; NaN without a face.
    boxes
        ``(n, 4)`` the box of the followed face in each frame, in any unit.
    every_s
        Seconds between two frames in which the detector runs, as for `FaceTracker`.

    Examples
    --------
    >>> detected([0.0, 0.2, 0.4, 0.6], [0.9, 0.9, 0.9, 0.8], [[i, 0, 9, 9] for i in range(4)], 0.4)
    [True, False, True, True]
    >>> detected([0.0, 0.2, 0.4, 0.6], [0.9, 0.9, 0.9, 0.9], [[i, 0, 9, 9] for i in (0, 0, 1, 1)], 0.6)
    [True, True, False, False]
    """
    found: list[bool] = []
    last_s, before, place = -np.inf, np.nan, None
    for time_s, score, box in zip(times, scores, boxes, strict=True):
        if score == before and list(box) == place:
            found.append(found[-1])
            continue
        lost = not before >= SURE  # also where there was no face
        found.append(bool(lost or score != before or time_s - last_s >= every_s))
        last_s = time_s if found[-1] else last_s
        before, place = score, list(box)
    return found


def _tracked(picture: Picture, look: Look) -> Detection | None:
    """Return the face at its new place; None if no place within reach looks like it."""
    import cv2

    old = look.face.box
    if look.grey.min() == look.grey.max():  # without contrast, it would look like every place
        return None
    grey, (left, top, side, _) = _around(picture, old, REACH)
    likeness = cv2.matchTemplate(grey, look.grey, cv2.TM_CCOEFF_NORMED)
    _, best, _, (across, down) = cv2.minMaxLoc(likeness)
    pixels = side / len(grey)
    x = left + (across + _peak(likeness[down], across) + SIDE / 2) * pixels
    y = top + (down + _peak(likeness[:, across], down) + SIDE / 2) * pixels
    if best < LIKENESS or not _shows(picture, x, y):
        return None
    return Detection((x - old[2] / 2, y - old[3] / 2, old[2], old[3]), look.face.score)


def _peak(values: NDArray[np.float32], place: int) -> float:
    """Fit a parabola to the value at `place` and its neighbours; return its peak relative to `place`, 0 at an edge.

    >>> round(_peak(np.array([0.0, 1.0, 0.5], dtype=np.float32), 1), 3)
    0.167
    """
    if not 0 < place < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[place - 1 : place + 2])
    bend = before - 2 * here + after
    return (before - after) / (2 * bend) if bend < 0 else 0.0


def _around(picture: Picture, box: Box, reach: int) -> tuple[NDArray[np.uint8], Box]:
    """Return a grey image of the square around a face, `SIDE` + 2 `reach` pixels wide, and the square's box."""
    import cv2

    size = SIDE + 2 * reach
    wanted = max(box[2:]) * size / SIDE
    step = max(int(wanted / (SAMPLES * size)), 1)  # of a large face, only every step-th pixel is read
    side = max(round(wanted / step), 1)
    left, top = (
        round((start + (length - side * step) / 2) / step) for start, length in ((box[0], box[2]), (box[1], box[3]))
    )
    grey = cv2.cvtColor(cut(picture[::step, ::step], (left, top, side, side), size), cv2.COLOR_RGB2GRAY)
    return grey, scaled((left, top, side, side), step)


def _trackable(picture: Picture, face: Detection) -> bool:
    x, y, width, height = face.box
    return face.score >= SURE and _shows(picture, x + width / 2, y + height / 2)


def _shows(picture: Picture, x: float, y: float) -> bool:
    return bool(0 <= x < picture.shape[1] and 0 <= y < picture.shape[0])
