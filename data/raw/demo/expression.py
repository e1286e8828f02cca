"""What a face does: it smiles or scowls more or less, its mouth talks, its eyes blink, and its head moves a little."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from canvas import Pose
from numpy.typing import NDArray
from plan import Clip

STRENGTH = 1.3
"""Strength of the expression at the peak of a clip whose video shows a score of 3; 1 is a full smile."""
BLINK_COURSE = (0.3, 0.6)
"""Opening of the eyes in the frames of a blink."""


@dataclass(frozen=True)
class Expression:
    """The moving parts of a face; lengths in face units (distance between the pupils)."""

    mouth_width: float = 1.0
    """Factor on the speaker's own."""
    mouth_curve: float = 0.0
    """How far the corners hang; negative is a smile."""
    upper_gap: float = 0.0
    """Rise of the upper lip above the mouth line."""
    lower_gap: float = 0.004
    """Drop of the lower lip below the mouth line."""
    brow_inner: float = 0.0
    """Drop of the inner ends of the brows."""
    brow_outer: float = 0.0
    brow_close: float = 0.0
    """How far the brows come together."""
    eye_open: float = 1.0
    lid_raise: float = 0.0
    """How far the lower lids come up, 0 to 1."""
    teeth: float = 0.0
    """How visible the upper teeth are, 0 to 1."""
    fold: float = 0.15
    """Depth of the folds from nose to mouth, 0 to 1."""
    furrow: float = 0.0
    """Depth of the furrows between the brows, 0 to 1."""
    cheek: float = 0.0
    """How far the cheeks are raised."""


NEUTRAL = Expression()
SMILE = Expression(
    mouth_width=1.28, mouth_curve=-0.13, upper_gap=0.03, lower_gap=0.085, brow_inner=-0.02, brow_outer=-0.02,
    eye_open=0.80, lid_raise=0.35, teeth=1.0, fold=0.9, cheek=1.0,
)  # fmt: skip
SCOWL = Expression(
    mouth_width=0.95, mouth_curve=0.16, brow_inner=0.19, brow_outer=-0.06, brow_close=0.07, eye_open=0.66,
    lid_raise=0.25, fold=0.6, furrow=1.0, cheek=-0.3,
)  # fmt: skip


def express(mood: float, talk: float = 0.0, blink: float = 1.0) -> Expression:
    """Return an expression between a scowl, a neutral face and a smile.

    Parameters
    ----------
    mood : float
        -1 is a full scowl, 0 neutral, 1 a full smile; values a little beyond these are possible.
    talk : float
        Loudness of the voice, 0 to 1, which opens the mouth.
    blink : float
        Factor on the opening of the eyes.

    Returns
    -------
    Expression
        The face at this moment.
    """
    target, share = (SMILE, mood) if mood >= 0 else (SCOWL, -mood)
    mixed = Expression(
        **{
            field.name: (1 - share) * getattr(NEUTRAL, field.name) + share * getattr(target, field.name)
            for field in fields(Expression)
        }
    )
    return replace(
        mixed,
        mouth_width=mixed.mouth_width * (1 - 0.10 * talk),
        upper_gap=mixed.upper_gap + 0.02 * talk,
        lower_gap=mixed.lower_gap + 0.105 * talk,
        eye_open=mixed.eye_open * blink,
    )


def perform(clip: Clip, samples: NDArray[np.float32], frame_samples: int) -> Iterator[tuple[Expression, Pose]]:
    """Yield what the face does and where the head is in each frame of a clip.

    Parameters
    ----------
    clip : Clip
        The clip. Its face shows the score of its video, most strongly in the middle.
    samples : ndarray of shape (n,), float32
        The clip's sound, which the mouth follows.
    frame_samples : int
        Number of samples per frame.

    Yields
    ------
    tuple of Expression and Pose
        One for each of the ``n // frame_samples`` frames.
    """
    rng = clip.rng("face")
    talk = _mouth_opening(samples, frame_samples)
    count = len(talk)
    mood = clip.shown["video"] / 3 * STRENGTH * (0.55 + 0.45 * np.sin(np.pi * np.arange(count) / count))
    blinks = _blinks(count, rng)
    for index, pose in enumerate(_poses(count, rng)):
        yield express(float(mood[index]), float(talk[index]), float(blinks[index])), pose


def _mouth_opening(samples: NDArray[np.float32], frame_samples: int) -> NDArray[np.float64]:
    """Return the opening of the mouth in each frame, 0 to 1, from the sound's level relative to the whole clip."""
    level = np.sqrt((samples.reshape(-1, frame_samples).astype(float) ** 2).mean(1))
    return np.clip(level / np.percentile(level, 92) - 0.08, 0, 1)


def _blinks(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the opening of the eyes in each frame, with two blinks."""
    opening = np.ones(count)
    for start in rng.integers(0, count - len(BLINK_COURSE), 2):
        opening[start : start + len(BLINK_COURSE)] = BLINK_COURSE
    return opening


def _poses(count: int, rng: np.random.Generator) -> list[Pose]:
    """Return the pose of each frame: slow sine movements around a random place of the head."""
    spread = np.array([5.0, 3.0, 0.03, 0.02, 0.04])
    place = rng.normal(0, spread) + np.array([0, 0, 0, 1, 0])
    speed_hz, phase = rng.uniform(0.2, 0.7, 5), rng.uniform(0, 2 * np.pi, 5)
    seconds = np.arange(count)[:, None] / 12.5
    course = place + spread * np.sin(2 * np.pi * speed_hz * seconds + phase)
    return [Pose(*map(float, row)) for row in course]
