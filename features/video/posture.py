"""Head and shoulders of each frame, from the 33 points of a body pose.

The pose: Bazarevsky et al., 2020, "BlazePose: On-device Real-time Body Pose tracking", as mediapipe ships it. Head
angles come from the ears, eyes and mouth of its metric points; lengths in the picture are in units of the head's width
(ear to ear, in space), so that the distance from the camera is not in them. Left and right are the subject's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.base import Extractor
from features.errors import EmptyInput
from features.types import Features, FloatArray, TimeArray, VideoStream
from features.video.images import (
    Picture,
    head_angles,
    landmark_array,
    load_mediapipe,
    quiet_stderr,
    read_jpeg,
    row_times,
)

MEASURES = (
    "head_yaw",  # degrees, to the subject's left
    "head_pitch",  # degrees, upwards; relative to the plane of eyes and mouth
    "head_roll",  # degrees, clockwise in the picture
    "head_size",  # head width over the picture's height: how near the subject is
    "visibility",  # of the shoulders, 0 to 1
    "shoulder_width",  # in head widths, as all that follow unless said otherwise
    "shoulder_tilt",  # degrees, positive where the left shoulder is the lower one
    "shoulder_raise",  # height of the shoulders above the mouth; negative, and nearer to 0 when raised
    "lean_side",  # mouth off the middle of the shoulders, to the subject's left
    "lean_forward",  # head in front of the shoulders
    "head_motion",  # head widths a second since the frame before
    "shoulder_motion",
)
FUNCTIONALS = ("mean", "std")
SHOULDERS = slice(5, 10)  # of the measures: undefined where the shoulders cannot be seen

NOSE, MOUTH = 0, (9, 10)
EYES, EARS, SHOULDER = (2, 5), (7, 8), (11, 12)  # left, right


@dataclass(frozen=True)
class PostureConfig:
    """Settings of `Posture`.

    Attributes
    ----------
    min_score
        Bodies that the detector is less sure of have no row; from 0 to 1.
    min_visibility
        Shoulders that the model sees less well are undefined; from 0 to 1.
    """

    min_score: float = 0.5
    min_visibility: float = 0.5

    def __post_init__(self) -> None:
        for name, value in (("min_score", self.min_score), ("min_visibility", self.min_visibility)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}: it must lie from 0 to 1")


@dataclass(frozen=True)
class Body:
    """A body found in a picture.

    Attributes
    ----------
    picture
        ``(33, 3)`` points in picture heights: x to the right, y down, z away from the camera.
    metric
        ``(33, 3)`` the same in metres from the middle of the hips.
    visibility
        Of the less visible shoulder, 0 to 1.
    """

    picture: TimeArray
    metric: TimeArray
    visibility: float


class Posture(Extractor[VideoStream]):
    """The `MEASURES` of each frame in which a body is found.

    Pooled: mean and deviation of each over the frames where it is defined.
    """

    name = "posture"
    modality = "video"
    version = 1
    packages = ("mediapipe", "opencv-contrib-python")
    Config = PostureConfig
    config: PostureConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The measures."""
        return MEASURES

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """Each functional of each measure."""
        return tuple(f"{measure}_{kind}" for kind in FUNCTIONALS for measure in MEASURES)

    def extract(self, stream: VideoStream) -> Features:
        """Measure the body in every frame of `stream`.

        Raises
        ------
        EmptyInput
            If no frame shows a body.
        """
        bodies = list(self._bodies([read_jpeg(frame) for frame in stream.frames]))
        rows = [i for i, body in enumerate(bodies) if body is not None]
        if not rows:
            raise EmptyInput(f"no body in any of {len(stream.frames)} frames")
        found = [body for body in bodies if body is not None]
        values = np.array([measure(body, self.config.min_visibility) for body in found])
        table = np.hstack([values, motion(found, stream.times[rows], self.config.min_visibility)])
        return Features(table, row_times(stream.times, rows), functionals(table))

    def _bodies(self, frames: Sequence[Picture]) -> Iterator[Body | None]:
        """Follow the body through the frames; a blank picture first makes the model forget the clip before."""
        if frames:
            self._model.process(np.zeros_like(frames[0]))
        for frame in frames:
            yield _body(self._model.process(frame), frame.shape[1] / frame.shape[0])

    @cached_property
    def _model(self) -> Any:
        with quiet_stderr():
            model = load_mediapipe().solutions.pose.Pose(
                model_complexity=1,
                smooth_landmarks=False,
                min_detection_confidence=self.config.min_score,
                min_tracking_confidence=self.config.min_score,
            )
            model.process(np.zeros((256, 256, 3), np.uint8))
        return model


def _body(found: Any, aspect: float) -> Body | None:
    if found.pose_landmarks is None or found.pose_world_landmarks is None:
        return None
    return Body(
        picture=landmark_array(found.pose_landmarks, (aspect, 1.0, aspect)),
        metric=landmark_array(found.pose_world_landmarks, (1.0, 1.0, 1.0)),
        visibility=min(found.pose_landmarks.landmark[i].visibility for i in SHOULDER),
    )


def head_width(body: Body) -> float:
    """Return the distance between the ears in space, in picture heights."""
    return float(np.linalg.norm(body.picture[EARS[0]] - body.picture[EARS[1]]))


def measure(body: Body, min_visibility: float) -> FloatArray:
    """Return all of the `MEASURES` but motion, ``(10,)``; those of shoulders that cannot be seen are NaN."""
    metric, flat, unit = body.metric, body.picture[:, :2], head_width(body)
    angles = head_angles(metric[EARS[0]] - metric[EARS[1]], metric[list(EYES)].mean(0) - metric[list(MOUTH)].mean(0))
    across = flat[SHOULDER[0]] - flat[SHOULDER[1]]
    offset = flat[list(MOUTH)].mean(0) - flat[list(SHOULDER)].mean(0)
    ahead = metric[list(SHOULDER)].mean(0)[2] - metric[list(EARS)].mean(0)[2]
    shoulders = np.array(
        [
            np.hypot(*across) / unit,
            np.degrees(np.arctan2(across[1], across[0])),
            offset[1] / unit,
            offset[0] / unit,
            ahead / np.linalg.norm(metric[EARS[0]] - metric[EARS[1]]),
        ]
    )
    if body.visibility < min_visibility:
        shoulders[:] = np.nan
    return np.array([*angles, unit, body.visibility, *shoulders], dtype=np.float32)


def motion(bodies: Sequence[Body], times: TimeArray, min_visibility: float) -> FloatArray:
    """Return how fast head and shoulders move, ``(n, 2)`` in head widths a second; the first row is NaN.

    Parameters
    ----------
    bodies
        n of them.
    times
        ``(n,)`` in seconds.
    min_visibility
        Shoulders less visible in either frame have no motion.
    """
    speeds = np.full((len(bodies), 2), np.nan, dtype=np.float32)
    for i in range(1, len(bodies)):
        before, now = bodies[i - 1], bodies[i]
        unit = head_width(now) * (times[i] - times[i - 1])
        moved = now.picture[:, :2] - before.picture[:, :2]
        speeds[i, 0] = np.hypot(*moved[NOSE]) / unit
        if min(before.visibility, now.visibility) >= min_visibility:
            speeds[i, 1] = np.hypot(*moved[list(SHOULDER)].mean(0)) / unit
    return speeds


def functionals(values: FloatArray) -> FloatArray:
    """Return mean and deviation of the defined values of each column of ``(rows, d)``: ``(2 d,)``; NaN where none is.

    >>> functionals(np.array([[1.0, np.nan], [3.0, np.nan]], dtype=np.float32)).tolist()
    [2.0, nan, 1.0, nan]
    """
    defined = np.isfinite(values)
    count = np.where(defined.any(0), defined.sum(0), np.nan)
    mean = np.where(defined, values, 0).sum(0) / count
    std = np.sqrt((np.where(defined, values - mean, 0) ** 2).sum(0) / count)
    return np.concatenate([mean, std]).astype(np.float32)
