"""Draw a head, from the back to the front.

Face detectors and expression networks look for contrast: dark sockets and brows, a bright ridge of the nose, shadow
below nose and lip. So the head is shaded like a lit ellipsoid, and the shading of these parts is laid over it.
"""

from functools import lru_cache

import cv2
import numpy as np
from canvas import CENTRE_PX, SIDE, Canvas, Mask, Pose, ellipse, ring
from expression import Expression
from numpy.typing import NDArray
from speakers import Speaker

PICTURE_SIDE = 256
SIDES = (-1, 1)
MOUTH_Y = 1.02
_BODY_PX = 60.0
"""Length of a face unit for neck and shoulders, in pixels, whatever the pose of the head."""


def draw_head(speaker: Speaker, face: Expression, pose: Pose, gain: float = 1.0) -> NDArray[np.uint8]:
    """Draw one frame.

    Parameters
    ----------
    speaker : Speaker
        Whose head it is.
    face : Expression
        What the face does.
    pose : Pose
        Where the head is.
    gain : float
        Factor on the brightness.

    Returns
    -------
    ndarray of shape (PICTURE_SIDE, PICTURE_SIDE, 3), uint8
        RGB picture.
    """
    canvas = Canvas(pose)
    canvas.backdrop(speaker.background)
    _draw_back_hair(canvas, speaker)
    _draw_body(canvas, speaker)
    head = _draw_skin(canvas, speaker)
    for side in SIDES:
        _shade_cheek(canvas, speaker, face, head, side)
    _draw_nose(canvas, speaker)
    for side in SIDES:
        _draw_eye(canvas, speaker, face, side)
        _draw_brow(canvas, speaker, face, side)
    if speaker.beard:
        _draw_beard(canvas, speaker, face, head)
    _draw_mouth(canvas, speaker, face, head)
    _draw_front_hair(canvas, speaker)
    return canvas.render(PICTURE_SIDE, gain)


@lru_cache(maxsize=2)
def _grain(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the fine structure of skin (blurred noise) and hair (vertical streaks), each (SIDE, SIDE)."""
    rng = np.random.default_rng(seed)
    skin, hair = rng.normal(0, 1, (2, SIDE, SIDE)).astype(np.float32)
    hair = cv2.GaussianBlur(hair, (0, 0), sigmaX=1, sigmaY=9)
    return cv2.GaussianBlur(skin, (0, 0), 1.2), hair / hair.std()


def _skin(speaker: Speaker) -> NDArray[np.float64]:
    return np.array(speaker.skin, float)


def _half_width(speaker: Speaker) -> float:
    return 1.18 * speaker.width


def _draw_back_hair(canvas: Canvas, speaker: Speaker) -> None:
    """Draw the hair behind the head."""
    width = speaker.width
    hair = ellipse(0, -0.25, 1.42 * width, 1.55)
    if speaker.long_hair:
        fall = [[1.5 * width, 0.2], [1.45 * width, 2.3], [-1.45 * width, 2.3], [-1.5 * width, 0.2]]
        hair = np.r_[hair[len(hair) // 2 :], fall]
    else:
        hair[:, 1] = np.minimum(hair[:, 1], 0.45)
    canvas.paint(canvas.polygon(hair, 0.3, blur=1.5), speaker.hair)


def _draw_body(canvas: Canvas, speaker: Speaker) -> None:
    """Draw the neck, which follows the head a little, and the shirt, which stays in place."""
    x, y = CENTRE_PX
    neck = np.array([[-0.62, 1.1], [0.62, 1.1], [0.75, 2.6], [-0.75, 2.6]]) * _BODY_PX
    canvas.paint(canvas.pixel_polygon(np.add(neck, (x + 0.3 * canvas.pose.dx, y)), blur=2), 0.72 * _skin(speaker))
    shirt = np.array([[-3.2, 4], [-2.6, 2.6], [-0.9, 2.25], [0, 2.6], [0.9, 2.25], [2.6, 2.6], [3.2, 4]]) * _BODY_PX
    canvas.paint(canvas.pixel_polygon(np.add(shirt, (x, y)), blur=2), speaker.shirt)


def _draw_skin(canvas: Canvas, speaker: Speaker) -> Mask:
    """Draw ears and head, lit from the upper left, and return the head's outline."""
    skin, half = _skin(speaker), _half_width(speaker)
    for side in SIDES:
        canvas.paint(canvas.polygon(ellipse(side * half * 0.99, 0.15, 0.14, 0.3), 0.2, blur=1), 0.85 * skin)
    head = canvas.polygon(_head_outline(speaker), 0.5, blur=1.2)
    across, along = canvas.x / half, (canvas.y - 0.2) / 1.75
    bulge = np.sqrt(np.clip(1 - (across / 1.05) ** 2 - along**2, 0, 1))
    light = np.clip(0.55 * bulge - 0.27 * across - 0.30 * along + 0.38, 0, 1.4)
    grain = 1 + 0.04 * _grain(speaker.grain)[0]
    canvas.paint(head, skin.astype(np.float32) * ((0.55 + 0.55 * light) * grain)[..., None])
    return head


def _head_outline(speaker: Speaker) -> NDArray[np.float64]:
    """Return a superellipse that narrows towards the chin."""
    angle = np.linspace(0, 2 * np.pi, 120)
    cos, sin = np.cos(angle), np.sin(angle)
    down = np.clip(sin, 0, 1)
    x = _half_width(speaker) * np.sign(cos) * np.abs(cos) ** 0.85 * (1 - (1 - speaker.jaw) * down**1.5)
    y = np.where(sin > 0, 1.72 * speaker.height * down**0.95, -1.25 * np.abs(sin) ** 0.9)
    return np.c_[x, y]


def _shade_cheek(canvas: Canvas, speaker: Speaker, face: Expression, head: Mask, side: int) -> None:
    """Draw one side's eye socket, cheek, fold from nose to mouth, and furrow between the brows."""
    raised = max(face.cheek, 0.0)
    canvas.shade(canvas.blob(side * 0.5 * speaker.eye_gap, -0.10, 0.30, 0.20) * head, 0.80)
    canvas.shade(canvas.blob(side * 0.2, 0.02, 0.09, 0.22) * head, 0.88)
    flush = 0.16 * canvas.blob(side * 0.68, 0.62 - 0.06 * face.cheek, 0.28, 0.2) * head
    canvas.paint(flush, np.add(_skin(speaker), (20, -25, -15)))
    canvas.shade(canvas.blob(side * 0.66, 0.50 - 0.07 * raised, 0.22, 0.13) * head, 1.04 + 0.10 * raised)
    end = 0.10 * face.fold
    fold = [[side * 0.27, 0.55], [side * 0.42, 0.70], [side * (0.50 + end), 0.86], [side * (0.54 + end), 1.02]]
    canvas.shade(face.fold * canvas.line(fold, 0.9, thickness=3, blur=2.0), 0.62)
    furrow = [[side * 0.10, -0.42], [side * 0.075, -0.2]]
    canvas.shade(face.furrow * canvas.line(furrow, thickness=2, blur=1.3), 0.6)


def _draw_nose(canvas: Canvas, speaker: Speaker) -> None:
    """Draw the nose: a bright ridge with a dark side, the shadow below, wings and nostrils."""
    wide = speaker.nose
    canvas.shade(canvas.blob(0, 0.25, 0.07, 0.32, 1.35), 1.13)
    canvas.shade(canvas.blob(0.19, 0.42, 0.07, 0.22, 1.35), 0.84)
    canvas.shade(canvas.blob(-0.19, 0.45, 0.06, 0.16, 1.35), 0.92)
    canvas.shade(canvas.blob(0, 0.55, 0.12, 0.08, 1.35), 1.12)
    canvas.shade(canvas.blob(0, 0.70, 0.24 * wide, 0.045, 1.3), 0.68)
    for side in SIDES:
        nostril = ellipse(side * 0.125 * wide, 0.665, 0.065, 0.03)
        canvas.paint(0.8 * canvas.polygon(nostril, 1.3, blur=1), 0.28 * _skin(speaker))
        canvas.shade(canvas.blob(side * 0.25 * wide, 0.58, 0.035, 0.09, 1.25), 0.80)


def _draw_eye(canvas: Canvas, speaker: Speaker, face: Expression, side: int) -> None:
    """Draw one eye: white, iris, pupil, glint, the upper lid's shadow, and the lines of the lids."""
    x, opening = side * 0.5 * speaker.eye_gap, face.eye_open
    t = np.linspace(-1, 1, 21)
    tilt = -0.02 * t * side
    upper = np.c_[x + 0.245 * t, -0.115 * opening * (1 - t**2) ** 0.8 + tilt]
    lower = np.c_[x + 0.245 * t, 0.075 * np.sqrt(opening) * (1 - 0.6 * face.lid_raise) * (1 - t**2) ** 0.9 + tilt]
    white = canvas.polygon(ring(upper, lower), blur=0.6)
    canvas.paint(white, (232, 228, 224))
    canvas.paint(white * canvas.polygon(ellipse(x, -0.02, 0.108, 0.108), 1.05, blur=0.6), speaker.iris)
    canvas.paint(white * canvas.polygon(ellipse(x, -0.02, 0.05, 0.05), 1.05, blur=0.6), (15, 12, 12))
    canvas.paint(white * canvas.polygon(ellipse(x - 0.035, -0.055, 0.02, 0.02), 1.05, blur=0.5), (250, 250, 250))
    canvas.shade(white * canvas.blob(x, -0.11, 0.3, 0.05), 0.6)
    crease = upper - (0, 0.075 + 0.02 * (opening - 1))
    lid = 0.55 * _skin(speaker)
    canvas.paint(0.9 * canvas.line(upper - (0, 0.005), thickness=3, blur=0.7), (35, 22, 18))
    canvas.paint(0.55 * canvas.line(crease, thickness=2, blur=0.7), lid)
    canvas.paint(0.5 * canvas.line(lower, thickness=2, blur=0.7), lid)


def _draw_brow(canvas: Canvas, speaker: Speaker, face: Expression, side: int) -> None:
    """Draw one eyebrow, thick at the nose."""
    t = np.linspace(0, 1, 12)
    x = side * (0.20 - face.brow_close + 0.58 * t) * speaker.eye_gap
    y = -0.33 - 0.10 * np.sin(2.6 * t) + face.brow_inner * (1 - t) + face.brow_outer * t
    half = 0.055 * speaker.brow * (1 - 0.65 * t)
    brow = canvas.polygon(ring(np.c_[x, y - half], np.c_[x, y + half]), blur=1.2)
    canvas.paint(0.88 * brow, 0.85 * np.array(speaker.hair, float))


def _lip_edges(speaker: Speaker, face: Expression) -> tuple[NDArray[np.float64], ...]:
    """Return the four edges of the lips, top to bottom, each (25, 2) from left to right."""
    t = np.linspace(-1, 1, 25)
    x, arch = 0.40 * face.mouth_width * t, 1 - t**2
    middle = MOUTH_Y + face.mouth_curve * (t**2 - 0.35)
    upper_in = middle - face.upper_gap * arch
    lower_in = middle + face.lower_gap * arch
    upper_out = upper_in - 0.085 * speaker.lip * arch**0.7 + 0.02 * np.exp(-((t / 0.18) ** 2))
    lower_out = lower_in + 0.115 * speaker.lip * arch**0.75
    return tuple(np.c_[x, y] for y in (upper_out, upper_in, lower_in, lower_out))


def _draw_mouth(canvas: Canvas, speaker: Speaker, face: Expression, head: Mask) -> None:
    """Draw lips, the inside with teeth, the line between the lips, and the shadows around."""
    upper_out, upper_in, lower_in, lower_out = _lip_edges(speaker, face)
    lips = np.array(speaker.lips, float)
    canvas.paint(0.92 * canvas.polygon(ring(upper_out, upper_in), 1.05, blur=0.9), 0.82 * lips)
    canvas.paint(0.92 * canvas.polygon(ring(lower_in, lower_out), 1.05, blur=0.9), lips)
    canvas.shade(canvas.blob(0, MOUTH_Y + 0.06 + face.lower_gap, 0.17, 0.03), 1.12)
    inside = canvas.polygon(ring(upper_in, lower_in), 1.05, blur=0.6)
    canvas.paint(inside, (52, 20, 20))
    _draw_teeth(canvas, face, inside, upper_in, lower_in)
    closed = 0.7 if face.lower_gap < 0.03 else 0.14
    canvas.paint(closed * canvas.line((upper_in + lower_in) / 2, 1.05, thickness=2, blur=0.8), (70, 28, 26))
    canvas.shade(canvas.blob(0, MOUTH_Y + 0.27 + face.lower_gap, 0.22, 0.05) * head, 0.80)
    corner = 0.40 * face.mouth_width + 0.05
    for side in SIDES:
        canvas.shade(canvas.blob(side * corner, MOUTH_Y + 0.65 * face.mouth_curve, 0.05, 0.05) * head, 0.75)


def _draw_teeth(
    canvas: Canvas, face: Expression, inside: Mask, upper_in: NDArray[np.float64], lower_in: NDArray[np.float64]
) -> None:
    """Draw the upper teeth: all of them in a smile, else a glimpse while talking."""
    for width, length, colour, opacity in (
        (0.93, 0.075, (235, 230, 222), face.teeth),
        (0.80, 0.030, (215, 208, 200), 0.6 if face.teeth < 0.5 else 0.0),
    ):
        edge = np.c_[upper_in[:, 0] * width, upper_in[:, 1]]
        bottom = np.c_[edge[:, 0], np.minimum(upper_in[:, 1] + length, lower_in[:, 1])]
        canvas.paint(opacity * inside * canvas.polygon(ring(edge, bottom), 1.05, blur=0.8), colour)


def _draw_beard(canvas: Canvas, speaker: Speaker, face: Expression, head: Mask) -> None:
    """Darken chin and jaw around the mouth."""
    upper_out, _, _, lower_out = _lip_edges(speaker, face)
    mouth = canvas.polygon(ring(np.subtract(upper_out, (0, 0.03)), np.add(lower_out, (0, 0.03))), blur=2)
    below = np.clip((canvas.y - 0.75) / 0.3, 0, 1)
    canvas.paint(0.55 * canvas.blob(0, 1.3, 0.75, 0.5) * head * below * (1 - mouth), speaker.hair)


def _draw_front_hair(canvas: Canvas, speaker: Speaker) -> None:
    """Draw the hair over the forehead, with streaks and a shine near the crown."""
    t, half = np.linspace(-1, 1, 40), _half_width(speaker)
    line = -0.80 - 0.07 * np.cos(3 * t + speaker.grain) + 0.55 * t**4 + speaker.fringe - speaker.parting * t
    angle = np.linspace(0, np.pi, 40)
    crown = np.c_[1.30 * speaker.width * np.cos(angle), -0.35 - 1.38 * np.sin(angle)]
    hair = canvas.polygon(np.r_[np.c_[t * half * 1.12, line], crown], 0.4, blur=2)
    canvas.paint(hair, speaker.hair)
    shine = 0.35 * np.exp(-(((canvas.y + 1.3) / 0.18) ** 2))
    canvas.picture *= 1 + (hair * (0.14 * _grain(speaker.grain)[1] + shine))[..., None]
