"""Head and shoulders in each frame, measured on the 33 points of a body pose.

The pose is mediapipe's: Bazarevsky et al., 2020, "BlazePose: On-device Real-time Body Pose tracking". Only the
positions of the points in the picture are used, because their depth and mediapipe's metric coordinates are wrong for
tilted heads and mirrored pictures. Head angles are computed from the position of the nose relative to the ears. Lengths
are in units of the head's width, so that they do not depend on the distance from the camera. Left and right are the
subject's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from common.references import Reference
from features.base import Extractor
from features.errors import EmptyInput, ExtractorError
from features.types import Features, FloatArray, TimeArray, VideoStream
from features.video.images import (
    Picture,
    landmark_array,
    mediapipe_weights,
    message,
    read_jpeg,
    row_times,
)
from features.video.tracking import Tracker

MEASURES = (
    "head_yaw",  # degrees, to the subject's left
    "head_pitch",  # degrees, positive if the nose is above the ears; about -10 for a level head
    "head_roll",  # degrees, clockwise in the picture
    "head_size",  # head width over picture height, which shows how near the subject is
    "visibility",  # visibility of the less visible shoulder, 0 to 1
    "shoulder_width",  # from here on, in head widths unless noted; small when the head leans forward
    "shoulder_tilt",  # degrees, positive if the left shoulder is lower
    "shoulder_raise",  # height of the shoulders relative to the mouth: negative, and nearer to 0 if they are raised
    "lean_side",  # offset of the mouth from the middle of the shoulders, to the subject's left
    "head_motion",  # head widths per second since the previous frame
    "shoulder_motion",
)
FUNCTIONALS = ("mean", "std")

NOSE, MOUTH, EARS, SHOULDERS = 0, (9, 10), (7, 8), (11, 12)  # pairs: left, right
EYES = ((1, 2, 3), (4, 5, 6))  # inner corner, middle, outer corner
NOSE_DEPTH = 0.85  # distance of the nose in front of the ears, in head widths: in adults 12 cm, with a width of 14 cm


@dataclass(frozen=True)
class PostureConfig:
    """Settings of `Posture`.

    Attributes
    ----------
    min_score
        Minimum confidence of a body; frames without such a body have no row. From 0 to 1.
    min_visibility
        Minimum visibility of the shoulders; below it, their measures are NaN. From 0 to 1.
    step
        Measure every n-th sampled frame: at 5 frames per second, 5 means once a second. A larger step saves
        time, but makes means slightly less exact, and standard deviations much less. The video stream must have kept
        these frames: see `streams.video.frame_step`.
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
        ``(33, 2)`` points in units of the picture's height; x to the right, y down.
    visibility
        Visibility of the less visible shoulder, 0 to 1.
    """

    points: TimeArray
    visibility: float


class Posture(Extractor[VideoStream]):
    """The `MEASURES` of every n-th sampled frame, where n is `PostureConfig.step`; frames without a body have no row.

    Pooled: mean and standard deviation of each measure over the frames in which it is defined.
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
        """The names of the measures."""
        return MEASURES

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The means of all measures, then their standard deviations."""
        return tuple(f"{measure}_{kind}" for kind in FUNCTIONALS for measure in MEASURES)

    def weights(self) -> tuple[Path, ...]:
        """Return the paths of the model files, which are part of the package mediapipe."""
        return mediapipe_weights("pose_landmark/pose_landmark_full", "pose_detection/pose_detection")

    def extract(self, stream: VideoStream) -> Features:
        """Measure the body in the frames of `stream`.

        Raises
        ------
        EmptyInput
            If no frame shows a body.
        ExtractorError
            If the stream did not keep all frames to be measured.
        """
        step = self.config.step
        times, frames = stream.times[::step], stream.frames[::step]
        if not all(frames):
            raise ExtractorError(
                f"step is {step}, but the video stream did not keep one frame in {step}: set streams.video.frame_step "
                f"to {step} (or a divisor of it), or set step to a multiple of frame_step"
            )
        bodies = list(self._bodies([read_jpeg(frame) for frame in frames]))
        rows = [i for i, body in enumerate(bodies) if body is not None]
        if not rows:
            raise EmptyInput(f"no body in any measured frame ({len(frames)} in all)")
        found = [body for body in bodies if body is not None]
        values = np.array([measure(body, self.config.min_visibility) for body in found])
        table = np.hstack([values, motion(found, times[rows], self.config.min_visibility)])
        return Features(table, row_times(times, rows), functionals(table))

    def _bodies(self, frames: Sequence[Picture]) -> Iterator[Body | None]:
        """Yield the body in each frame; None if there is none."""
        for frame, found in zip(frames, self._model.follow(frames), strict=True):
            yield _body(found, frame.shape[1] / frame.shape[0]) if found else None

    @cached_property
    def _model(self) -> Tracker:
        score = self.config.min_score
        landmarks = "poselandmarkbyroicpu__tensorstoposelandmarksandsegmentation"
        return Tracker(
            "pose",
            "pose_landmark/pose_landmark_cpu",
            "pose_landmarks",
            message,
            {
                "model_complexity": 1,
                "smooth_landmarks": False,
                "enable_segmentation": False,
                "smooth_segmentation": False,
            },
            {
                "posedetectioncpu__TensorsToDetectionsCalculator.min_score_thresh": score,
                f"{landmarks}__ThresholdingCalculator.threshold": score,
            },
            searched="image_for_pose_detection",
        )


def _body(found: Any, aspect: float) -> Body:
    return Body(
        points=landmark_array(found, (aspect, 1.0, aspect))[:, :2],
        visibility=min(found.landmark[i].visibility for i in SHOULDERS),
    )


def head(body: Body) -> tuple[float, float, float, float]:
    """Return yaw, pitch and roll of the head in degrees, and its width in units of the picture's height.

    The roll is the angle of the line through the eyes. In a head of width w that is turned by the angle a, the ears
    appear w cos(a) apart along this line, and the nose, which lies `NOSE_DEPTH` w in front of the ears, appears
    `NOSE_DEPTH` w sin(a) away from their middle. The yaw follows from both.
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
    """Return all `MEASURES` except motion, ``(9,)``; measures of shoulders that are not visible are NaN."""
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
    """Return the speed of head and shoulders, ``(n, 2)`` in head widths per second; the first row is NaN.

    Parameters
    ----------
    bodies
        The n bodies.
    times
        ``(n,)`` times in seconds.
    min_visibility
        Minimum visibility of the shoulders in both frames; otherwise their speed is NaN.
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
    """Return the column means of `values`, ``(rows, d)``, then the standard deviations; undefined values are skipped.

    The result has the shape ``(2 d,)``. For a column without any defined value, both numbers are NaN.

    >>> functionals(np.array([[1.0, np.nan], [3.0, np.nan]], dtype=np.float32)).tolist()
    [2.0, nan, 1.0, nan]
    """
    defined = np.isfinite(values)
    count = np.where(defined.any(0), defined.sum(0), np.nan)
    mean = np.where(defined, values, 0).sum(0) / count
    std = np.sqrt((np.where(defined, values - mean, 0) ** 2).sum(0) / count)
    return np.concatenate([mean, std]).astype(np.float32)
