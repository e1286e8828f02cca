"""Eyes, mouth, eyebrows, gaze and head pose in each frame, measured on the 478 points of a face mesh.

The mesh is mediapipe's: Kartynnik et al., 2019, "Real-time Facial Surface Geometry from Monocular Video on Mobile
GPUs", with attention on lips, eyes and irises (Grishchenko et al., 2020). Eye opening is the eye aspect ratio of
Soukupová and Čech, 2016. Distances are measured along axes that turn with the head, in units of the distance between
the eyes, so that they depend neither on the size nor on the pose of the head. Left and right are the subject's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from common.references import Reference
from features.base import Extractor
from features.errors import EmptyInput
from features.types import Features, FloatArray, TimeArray, VideoStream
from features.video.images import (
    Picture,
    cross,
    head_angles,
    load_mediapipe,
    mediapipe_weights,
    mesh_array,
    norm,
    quiet_stderr,
    read_jpeg,
    row_times,
    serialized_list,
)
from features.video.tracking import Tracker

MEASURES = (
    "eye_opening_left",  # eye aspect ratio: height over width
    "eye_opening_right",
    "mouth_opening",  # from here on, in units of the distance between the eyes unless noted
    "mouth_width",
    "corner_lift_left",  # height of the mouth corner above the middle of the upper lip
    "corner_lift_right",
    "upper_lip",  # thickness
    "lower_lip",
    "brow_inner_left",  # height above the corner of the eye
    "brow_inner_right",
    "brow_outer_left",
    "brow_outer_right",
    "brow_distance",  # small when frowning
    "jaw_drop",  # nose to chin
    "gaze_x",  # offset of the iris from the middle of the eye, in eye widths, to the subject's left
    "gaze_y",  # the same, upwards
    "head_yaw",  # degrees, to the subject's left
    "head_pitch",  # degrees, upwards
    "head_roll",  # degrees, clockwise in the picture
)
FUNCTIONALS = ("mean", "std", "p10", "p90", "speed")  # speed: mean absolute change per second

# Points of the mesh on the subject's left and right: outer and inner corner of the eye, two pairs of points on the
# upper
# and lower lid, the iris, two points each on the inner and outer end of the brow, and the corner of the mouth.
SIDES = {
    "left": (263, 362, ((385, 380), (387, 373)), 473, (285, 336), (276, 300), 291),
    "right": (33, 133, ((160, 144), (158, 153)), 468, (55, 107), (46, 70), 61),
}
FOREHEAD, NOSE, CHIN = 10, 2, 152
LIPS = (0, 13, 14, 17)  # along the middle, downwards


@dataclass(frozen=True)
class LandmarksConfig:
    """Settings of `Landmarks`.

    Attributes
    ----------
    min_score
        Minimum confidence of a face; frames without such a face have no row. From 0 to 1.
    """

    min_score: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"min_score is {self.min_score}: it must be from 0 to 1")


class Landmarks(Extractor[VideoStream]):
    """The `MEASURES` in each frame in which a face mesh is found; pooled: the `FUNCTIONALS` of each measure."""

    name = "landmarks"
    modality = "video"
    version = 1
    terms = "Apache-2.0"
    references = (
        Reference(
            "misc",
            "Kartynnik, Yury and Ablavatski, Artsiom and Grishchenko, Ivan and Grundmann, Matthias",
            "Real-time facial surface geometry from monocular video on mobile GPUs",
            "arXiv:1907.06724",
            2019,
        ),
        Reference(
            "misc",
            "Grishchenko, Ivan and Ablavatski, Artsiom and Kartynnik, Yury and others",
            "Attention mesh: High-fidelity face mesh prediction in real-time",
            "arXiv:2006.10962",
            2020,
        ),
        Reference(
            "inproceedings",
            "Soukupová, Tereza and Čech, Jan",
            "Real-time eye blink detection using facial landmarks",
            "Computer Vision Winter Workshop",
            2016,
        ),
    )
    packages = ("mediapipe", "opencv-contrib-python")
    Config = LandmarksConfig
    config: LandmarksConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the measures."""
        return MEASURES

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The first functional of all measures, then the second functional of all measures, and so on."""
        return tuple(f"{measure}_{kind}" for kind in FUNCTIONALS for measure in MEASURES)

    def weights(self) -> tuple[Path, ...]:
        """Return the paths of the model files, which are part of the package mediapipe."""
        return mediapipe_weights(
            "face_landmark/face_landmark_with_attention", "face_detection/face_detection_short_range"
        )

    def extract(self, stream: VideoStream) -> Features:
        """Measure all faces of `stream`.

        Raises
        ------
        EmptyInput
            If no frame has a face mesh.
        """
        crops = [(i, read_jpeg(face)) for i, face in enumerate(stream.faces) if face]
        rows, values = [], []
        for (i, _), mesh in zip(crops, self._meshes([crop for _, crop in crops]), strict=True):
            if mesh is not None:
                rows.append(i)
                values.append(measure(mesh))
        if not rows:
            raise EmptyInput(f"no face mesh in any sampled frame ({len(stream.faces)} in all)")
        table = np.stack(values)
        return Features(table, row_times(stream.times, rows), functionals(table, stream.times[rows]))

    def _meshes(self, crops: Sequence[Picture]) -> Iterator[TimeArray | None]:
        """Yield the face mesh of each crop, ``(478, 3)``; None if there is no mesh."""
        for crop, found in zip(crops, self._model.follow(crops), strict=True):
            height, width = crop.shape[:2]
            yield mesh_array(found[0], (width, height, width)) if found else None

    @cached_property
    def _model(self) -> Tracker:
        score = self.config.min_score
        detector = "facedetectionshortrangecpu__facedetectionshortrange__facedetection__TensorsToDetectionsCalculator"
        return Tracker(
            "face_mesh",
            "face_landmark/face_landmark_front_cpu",
            "multi_face_landmarks",
            serialized_list,
            {"num_faces": 1, "with_attention": True},
            {f"{detector}.min_score_thresh": score, "facelandmarkcpu__ThresholdingCalculator.threshold": score},
        )


def face_mesh(min_score: float) -> Any:
    """Return mediapipe's face mesh model for one face per picture, without tracking.

    A face counts as found if its confidence is at least `min_score`.
    """
    with quiet_stderr():
        model = load_mediapipe().solutions.face_mesh.FaceMesh(
            static_image_mode=True,
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=min_score,
            min_tracking_confidence=min_score,
        )
        model.process(np.zeros((224, 224, 3), np.uint8))
    return model


def measure(mesh: TimeArray) -> FloatArray:
    """Return the `MEASURES` of one face.

    Parameters
    ----------
    mesh
        ``(478, 3)`` points in pixels; x to the right, y down, z away from the camera.
    """
    eyes = {side: (mesh[outer] + mesh[inner]) / 2 for side, (outer, inner, *_) in SIDES.items()}
    across = eyes["left"] - eyes["right"]
    up = mesh[FOREHEAD] - mesh[NOSE]
    face = upright(mesh, across, up)
    left, right = (_side(face, *SIDES[side]) for side in ("left", "right"))
    lip_0, lip_1, lip_2, lip_3 = (face[i] for i in LIPS)
    both = [value for pair in zip(left[:4], right[:4], strict=True) for value in pair]
    mouth = [
        _distance(lip_1, lip_2),
        _distance(face[SIDES["left"][-1]], face[SIDES["right"][-1]]),
        *both[2:4],
        _distance(lip_0, lip_1),
        _distance(lip_2, lip_3),
    ]
    brows = [*both[4:8], _distance(face[SIDES["left"][4][0]], face[SIDES["right"][4][0]])]
    gaze = [(left[4] + right[4]) / 2, (left[5] + right[5]) / 2]
    values = [*both[:2], *mouth, *brows, _distance(face[NOSE], face[CHIN]), *gaze, *head_angles(across, up)]
    return np.array(values, dtype=np.float32)


def upright(mesh: TimeArray, across: TimeArray, up: TimeArray) -> TimeArray:
    """Return the points of `mesh` along axes that turn with the head, in units of the distance between the eyes.

    The axes point to the subject's left, up, and backwards.
    """
    x = across / norm(across)
    y = up - (up @ x) * x
    y /= norm(y)
    axes = np.array([x, y, cross(y, x)])
    turned: TimeArray = mesh @ axes.T / norm(across)
    return turned


def _side(
    face: TimeArray,
    outer: int,
    inner: int,
    lids: tuple[tuple[int, int], ...],
    iris: int,
    brow_inner: tuple[int, int],
    brow_outer: tuple[int, int],
    corner: int,
) -> tuple[float, ...]:
    """Return six measures of one side of the face.

    These are eye opening, lift of the mouth corner, inner and outer brow height, gaze to the left, and gaze upwards.
    """
    width = _distance(face[outer], face[inner])
    opening = sum(_distance(face[a], face[b]) for a, b in lids) / len(lids) / width
    gaze = (face[iris] - (face[outer] + face[inner]) / 2) / width
    return (
        opening,
        float(face[corner][1] - face[LIPS[1]][1]),
        float((face[brow_inner[0], 1] + face[brow_inner[1], 1]) / 2 - face[inner, 1]),
        float((face[brow_outer[0], 1] + face[brow_outer[1], 1]) / 2 - face[outer, 1]),
        float(gaze[0]),
        float(gaze[1]),
    )


def _distance(a: TimeArray, b: TimeArray) -> float:
    return norm(a - b)


def functionals(values: FloatArray, times: TimeArray) -> FloatArray:
    """Return the `FUNCTIONALS` of all columns, ``(5 d,)``: first all means, last all speeds.

    `values` is ``(rows, d)``, `times` is ``(rows,)`` in seconds. The speed of a single row is NaN.

    >>> functionals(np.array([[0.0], [1.0]], dtype=np.float32), np.array([0.0, 0.5]))[-1].item()
    2.0
    """
    speed = np.full(values.shape[1], np.nan)
    if len(values) > 1:
        speed = (np.abs(np.diff(values, axis=0)) / np.diff(times)[:, None]).mean(0)
    low, high = np.percentile(values, [10, 90], axis=0)
    return np.concatenate([values.mean(0), values.std(0), low, high, speed]).astype(np.float32)
