"""Find faces in a picture and cut them out.

There are two detectors. `mediapipe` is BlazeFace's full-range model (Bazarevsky et al., 2019, "BlazeFace:
Sub-millisecond Neural Face Detection on Mobile GPUs"), which treats each picture separately. `haar` is the boosted
cascade of Viola and Jones (2001) that OpenCV ships.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from features.video.images import load_mediapipe, message_list, quiet_stderr, run_graph
from pipeline.streams.pictures import Box, Picture, cut, halved, iou, jpeg, scaled, square

MAX_FACES = 5  # the largest number of faces that are kept per frame
HAAR_HEIGHT = 360  # pictures are halved until they are lower than twice this, as the cascade's time grows with the area


@dataclass(frozen=True)
class Detection:
    """A face that a detector found: its tight box in pixels, and the detector's confidence in [0, 1]."""

    box: Box
    score: float


@dataclass(frozen=True)
class Face:
    """A detected face, cut out of its picture.

    Attributes
    ----------
    box
        The tight box around the face, in pixels of the source picture.
    score
        The detector's confidence in [0, 1].
    square
        The square that `image` shows, in pixels of the source picture; it may extend beyond the picture's edge.
    image
        The content of the square as a JPEG image.
    """

    box: Box
    score: float
    square: Box
    image: bytes

    def moved(self, left: float, top: float) -> "Face":
        """Return the face with boxes in pixels of the larger picture from which its picture was cut at (left, top)."""
        x, y, width, height = self.box
        a, b, side, _ = self.square
        return replace(self, box=(x + left, y + top, width, height), square=(a + left, b + top, side, side))

    def scaled(self, factor: float) -> "Face":
        """Return the face with boxes in pixels of its picture enlarged by `factor`."""
        return replace(self, box=scaled(self.box, factor), square=scaled(self.square, factor))


Detector = Callable[[Picture], list[Detection]]


@cache
def detector(name: str, min_score: float) -> Detector:
    """Return the detector `name`, which is built once per process; only one thread at a time may call it.

    Parameters
    ----------
    name
        ``"mediapipe"`` or ``"haar"``.
    min_score
        Faces with a lower score are dropped.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    builders = {"mediapipe": _mediapipe, "haar": _haar}
    if name not in builders:
        raise ValueError(f"no face detector is named {name!r}: choose from {', '.join(builders)}")
    return builders[name](min_score)


def _mediapipe(min_score: float) -> Detector:
    load_mediapipe()
    import_module("mediapipe.python.solutions.face_detection")  # registers the graph's calculators
    with quiet_stderr():
        # mediapipe's own class sets the score too late, so that it always uses the graph's 0.6
        model = import_module("mediapipe.python.solution_base").SolutionBase(
            binary_graph_path="mediapipe/modules/face_detection/face_detection_full_range_cpu.binarypb",
            calculator_params={
                "facedetectionfullrange__facedetection__TensorsToDetectionsCalculator.min_score_thresh": min_score
            },
            outputs=["detections"],
        )
        model.process(np.zeros((192, 192, 3), np.uint8))

    def detect(picture: Picture) -> list[Detection]:
        height, width = picture.shape[:2]
        packet = run_graph(model, {"image": np.ascontiguousarray(picture)}, "detections")
        found = [] if packet is None else message_list(packet)
        return [Detection(_pixels(face.location_data, width, height), float(face.score[0])) for face in found]

    return detect


def _pixels(location: Any, width: int, height: int) -> Box:
    box = location.relative_bounding_box
    return box.xmin * width, box.ymin * height, box.width * width, box.height * height


def _haar(min_score: float) -> Detector:
    """Build the Haar cascade; the score of a face is 1 - exp(-w / 3), where w >= 0 is the cascade's stage weight."""
    import cv2

    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))

    def detect(picture: Picture) -> list[Detection]:
        small = halved(picture, HAAR_HEIGHT)
        scale = picture.shape[0] / small.shape[0]
        least = max(24, small.shape[0] // 10)
        boxes, _, weights = cascade.detectMultiScale3(
            cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), 1.1, 5, minSize=(least, least), outputRejectLevels=True
        )
        scores = [1 - float(np.exp(-max(weight, 0.0) / 3)) for weight in np.ravel(weights)]
        found = [Detection(scaled(box, scale), score) for box, score in zip(boxes, scores, strict=True)]
        return [face for face in found if face.score >= min_score]

    return detect


def weight(face: Face | Detection) -> float:
    """Return the weight of a face when choosing whom to follow: its area in pixels times its score."""
    return face.box[2] * face.box[3] * face.score


def found_faces(picture: Picture, detect: Detector) -> list[Detection]:
    """Return at most `MAX_FACES` faces in `picture`, in descending order of `weight`."""
    edges = (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
    kept = sorted((found for found in detect(picture) if iou(found.box, edges) > 0), key=weight, reverse=True)
    return kept[:MAX_FACES]


def cut_face(picture: Picture, found: Detection, margin: float, size: int, quality: int) -> Face:
    """Cut a square around a face out of `picture`.

    Parameters
    ----------
    picture
        RGB picture ``(height, width, 3)``.
    found
        The detected face.
    margin
        Margin of the square: its side is (1 + 2 `margin`) times the longer side of the tight box.
    size
        Width and height of the cut-out image, in pixels.
    quality
        JPEG quality of the cut-out image.
    """
    around = square(found.box, margin)
    return Face(found.box, found.score, around, jpeg(cut(picture, around, size), quality))
