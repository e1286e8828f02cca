"""Head and shoulders of each frame, from the 33 points of a body pose.

The pose: Bazarevsky et al., 2020, "BlazePose: On-device Real-time Body Pose tracking", as mediapipe ships it. Only the
positions of its points in the picture are used; their depth, and the metric points, do not follow a tilted head or a
mirrored picture. Head angles come from where the nose lies between the ears; lengths are in units of the head's width,
so that the distance from the camera does not affect them. Left and right are the subject's.
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
    landmark_array,
    load_mediapipe,
    mediapipe_weights,
    quiet_stderr,
    read_jpeg,
    row_times,
)

MEASURES = (
    "head_yaw",  # degrees, to the subject's left
    "head_pitch",  # degrees, nose above the ears; about -10 for a level head
    "head_roll",  # degrees, clockwise in the picture
    "head_size",  # head width over the picture's height: how near the subject is
    "visibility",  # that of the less visible shoulder, 0 to 1
    "shoulder_width",  # in head widths, like all below unless noted; small when the head leans forward
    "shoulder_tilt",  # degrees, positive where the left shoulder is the lower one
    "shoulder_raise",  # height of the shoulders above the mouth; negative, and nearer to 0 when raised
    "lean_side",  # mouth's offset from the middle of the shoulders, to the subject's left
    "head_motion",  # head widths per second since the previous frame
    "shoulder_motion",
)
FUNCTIONALS = ("mean", "std")

NOSE, MOUTH, EARS, SHOULDERS = 0, (9, 10), (7, 8), (11, 12)  # pairs: left, right
EYES = ((1, 2, 3), (4, 5, 6))  # inner corner, middle, outer corner
NOSE_DEPTH = 0.85  # how far the nose lies in front of the ears, in head widths: 12 of 14 cm in adults


@dataclass(frozen=True)
class PostureConfig:
    """Settings of `Posture`.

    Attributes
    ----------
    min_score
        Bodies that the detector finds with less confidence than this get no row; from 0 to 1.
    min_visibility
        Shoulders with a lower visibility are undefined; from 0 to 1.
    step
        Measure every n-th sampled frame: at 5 frames per second, 5 means once a second. Posture changes slowly, and
        this model takes longer to run than any other.
    """

    min_score: float = 0.5
    min_visibility: float = 0.5
    step: int = 5

    def __post_init__(self) -> None:
        if self.step < 1:
            raise ValueError(f"step is {self.step}: it must be 1 or more")
        for name, value in (("min_score", self.min_score), ("min_visibility", self.min_visibility)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}: it must be from 0 to 1")


@dataclass(frozen=True)
class Body:
    """A body found in a picture.

    Attributes
    ----------
    points
        ``(33, 2)`` in picture heights: x to the right, y down.
    visibility
        Visibility of the less visible shoulder, 0 to 1.
    """

    points: TimeArray
    visibility: float


class Posture(Extractor[VideoStream]):
    """The `MEASURES` of every fifth frame (`PostureConfig.step`) in which a body is found.

    Pooled: mean and deviation of each over the frames where it is defined.
    """

    name = "posture"
    modality = "video"
    version = 1
    terms = "Apache-2.0"
    references = (
        Reference(
            "misc",
            "Bazarevsky, Valentin and Grishchenko, Ivan and Raveendran, Karthik and others",
            "BlazePose: On-device real-time body pose tracking",
            "arXiv:2006.10204",
            2020,
        ),
    )
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

    def weights(self) -> tuple[Path, ...]:
        """Return the models inside mediapipe."""
        return mediapipe_weights("pose_landmark/pose_landmark_full", "pose_detection/pose_detection")

    def extract(self, stream: VideoStream) -> Features:
        """Measure the body in the frames of `stream`.

        Raises
        ------
        EmptyInput
            If no frame shows a body.
        """
        times, frames = stream.times[:: self.config.step], stream.frames[:: self.config.step]
        bodies = list(self._bodies([read_jpeg(frame) for frame in frames]))
        rows = [i for i, body in enumerate(bodies) if body is not None]
        if not rows:
            raise EmptyInput(f"no body in any of {len(frames)} frames")
        found = [body for body in bodies if body is not None]
        values = np.array([measure(body, self.config.min_visibility) for body in found])
        table = np.hstack([values, motion(found, times[rows], self.config.min_visibility)])
        return Features(table, row_times(times, rows), functionals(table))

    def _bodies(self, frames: Sequence[Picture]) -> Iterator[Body | None]:
        """Follow the body through the frames; a blank picture first makes the model forget the previous clip."""
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
    if found.pose_landmarks is None:
        return None
    return Body(
        points=landmark_array(found.pose_landmarks, (aspect, 1.0, aspect))[:, :2],
        visibility=min(found.pose_landmarks.landmark[i].visibility for i in SHOULDERS),
    )


def head(body: Body) -> tuple[float, float, float, float]:
    """Return yaw, pitch and roll of the head in degrees, and its width in picture heights.

    The line through the eyes gives the roll. Across it, a head of width w turned by a shows its ears w cos(a) apart and
    its nose, `NOSE_DEPTH` w in front of them, `NOSE_DEPTH` w sin(a) off their middle.
    """
    left, right = (body.points[list(eye)].mean(0) for eye in EYES)
    x = (left - right) / np.linalg.norm(left - right)
    ears = body.points[list(EARS)]
    apart = max(float((ears[0] - ears[1]) @ x), 1e-3)
    ahead = (body.points[NOSE] - ears.mean(0)) / NOSE_DEPTH
    yaw = np.arctan2(ahead @ x, apart)
    width = apart / np.cos(yaw)
    pitch = np.arctan2(ahead @ np.array([x[1], -x[0]]), width)
    roll = np.arctan2(x[1], x[0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll)), float(width)


def measure(body: Body, min_visibility: float) -> FloatArray:
    """Return all of the `MEASURES` but motion, ``(9,)``; those of shoulders that cannot be seen are NaN."""
    yaw, pitch, roll, width = head(body)
    left, right = body.points[list(SHOULDERS)]
    across = left - right
    offset = body.points[list(MOUTH)].mean(0) - (left + right) / 2
    tilt = float(np.degrees(np.arctan2(across[1], across[0])))
    shoulders = [float(np.hypot(*across)) / width, tilt, offset[1] / width, offset[0] / width]
    if body.visibility < min_visibility:
        shoulders = [np.nan] * len(shoulders)
    return np.array([yaw, pitch, roll, width, body.visibility, *shoulders], dtype=np.float32)


def motion(bodies: Sequence[Body], times: TimeArray, min_visibility: float) -> FloatArray:
    """Return how fast head and shoulders move, ``(n, 2)`` in head widths per second; the first row is NaN.

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
        unit = head(now)[-1] * (times[i] - times[i - 1])
        moved = now.points - before.points
        speeds[i, 0] = np.hypot(*moved[NOSE]) / unit
        if min(before.visibility, now.visibility) >= min_visibility:
            speeds[i, 1] = np.hypot(*moved[list(SHOULDERS)].mean(0)) / unit
    return speeds


def functionals(values: FloatArray) -> FloatArray:
    """Return the mean and deviation of the defined values of each column of ``(rows, d)``: ``(2 d,)``; NaN without any.

    >>> functionals(np.array([[1.0, np.nan], [3.0, np.nan]], dtype=np.float32)).tolist()
    [2.0, nan, 1.0, nan]
    """
    defined = np.isfinite(values)
    count = np.where(defined.any(0), defined.sum(0), np.nan)
    mean = np.where(defined, values, 0).sum(0) / count
    std = np.sqrt((np.where(defined, values - mean, 0) ** 2).sum(0) / count)
    return np.concatenate([mean, std]).astype(np.float32)
