"""What a face is drawn with: a picture, coordinates fixed to the head, and soft-edged shapes.

Face coordinates have their origin between the eyes, x to the picture's right and y down. Their unit is the distance
between the pupils. Shapes have a depth: turning the head shifts near ones (nose) more than far ones (back hair).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

SIDE = 384
"""Width and height of the picture while it is drawn, in pixels."""
UNIT_PX = 72.0
CENTRE_PX = (SIDE / 2, SIDE * 0.46)
_SUBPIXEL_BITS = 4
_VISIBLE = 0.004

Picture = NDArray[np.float32]
Mask = NDArray[np.float32]


@dataclass(frozen=True)
class Pose:
    """Where the head is."""

    dx: float = 0.0
    """Shift to the right, pixels."""
    dy: float = 0.0
    """Shift down, pixels."""
    roll: float = 0.0
    """Tilt, radians."""
    scale: float = 1.0
    yaw: float = 0.0
    """Turn of the head, as the shift of a shape of depth 1, in face units."""


class Canvas:
    """A picture of shape (SIDE, SIDE, 3), float32 RGB, with the face coordinates of one pose.

    Parameters
    ----------
    pose : Pose
        Where the head is in the picture.
    """

    _rows, _columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)

    def __init__(self, pose: Pose) -> None:
        self.pose = pose
        self.unit = UNIT_PX * pose.scale
        self._origin = np.array([CENTRE_PX[0] + pose.dx, CENTRE_PX[1] + pose.dy])
        self._cos, self._sin = float(np.cos(pose.roll)), float(np.sin(pose.roll))
        right, down = self._columns - np.float32(self._origin[0]), self._rows - np.float32(self._origin[1])
        self.x: Picture = (right * self._cos + down * self._sin) / np.float32(self.unit)
        self.y: Picture = (down * self._cos - right * self._sin) / np.float32(self.unit)
        self.picture: Picture = np.zeros((SIDE, SIDE, 3), np.float32)

    def backdrop(self, colour: ArrayLike) -> None:
        """Fill the picture with a colour that is lighter at the top and in the middle."""
        light = 1.05 - 0.3 * self._rows / SIDE - 0.1 * np.abs(self._columns / SIDE - 0.5)
        self.picture = light[..., None] * np.asarray(colour, np.float32)

    def to_pixels(self, points: ArrayLike, depth: float = 1.0) -> NDArray[np.float64]:
        """Turn face coordinates of shape (n, 2) into pixels."""
        x, y = np.asarray(points, float).T
        x = x + self.pose.yaw * depth
        return self._origin + self.unit * np.stack([x * self._cos - y * self._sin, x * self._sin + y * self._cos], -1)

    def polygon(self, points: ArrayLike, depth: float = 1.0, blur: float = 0.0) -> Mask:
        """Return a mask of the inside of a polygon given in face coordinates; `blur` is in pixels."""
        return self.pixel_polygon(self.to_pixels(points, depth), blur)

    def pixel_polygon(self, points: ArrayLike, blur: float = 0.0) -> Mask:
        """Return a mask of the inside of a polygon; its points and `blur` are in pixels."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [_subpixels(points)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return _soften(mask, blur)

    def line(self, points: ArrayLike, depth: float = 1.0, *, thickness: int, blur: float) -> Mask:
        """Return a mask of an open line given in face coordinates; `thickness` and `blur` are in pixels."""
        mask = np.zeros((SIDE, SIDE), np.uint8)
        pixels = _subpixels(self.to_pixels(points, depth))
        cv2.polylines(mask, [pixels], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
        return _soften(mask, blur)

    def blob(self, x: float, y: float, width: float, height: float, depth: float = 1.0) -> Mask:
        """Return the mask of a Gaussian spot; its centre and standard deviations are in face units."""
        mask = np.zeros((SIDE, SIDE), np.float32)
        column, row = self.to_pixels([[x, y]], depth)[0]
        reach = 3.3 * self.unit * max(width, height) + 4
        area = _window(row, reach), _window(column, reach)
        across = (self.x[area] - self.pose.yaw * depth - x) / width
        along = (self.y[area] - y) / height
        mask[area] = np.exp(-0.5 * (across**2 + along**2))
        return mask

    def paint(self, mask: Mask, colour: ArrayLike) -> None:
        """Paint a colour, or a picture of the same size, over the picture, with `mask` as its opacity."""
        area = _extent(mask)
        if area is None:
            return
        paint = np.asarray(colour, np.float32)
        opacity = mask[area][..., None]
        self.picture[area] += opacity * ((paint if paint.ndim == 1 else paint[area]) - self.picture[area])

    def shade(self, mask: Mask, factor: float) -> None:
        """Multiply the brightness by `factor` where the mask is 1."""
        area = _extent(mask)
        if area is not None:
            self.picture[area] *= 1 + np.float32(factor - 1) * mask[area][..., None]

    def render(self, side: int, gain: float) -> NDArray[np.uint8]:
        """Return the picture, (side, side, 3) uint8, with its brightness multiplied by `gain`."""
        picture = cv2.resize(self.picture * np.float32(gain), (side, side), interpolation=cv2.INTER_AREA)
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def ellipse(x: float, y: float, width: float, height: float, points: int = 60) -> NDArray[np.float64]:
    """Return the outline of an ellipse, shape (points, 2); `width` and `height` are half axes."""
    angle = np.linspace(0, 2 * np.pi, points)
    return np.c_[x + width * np.cos(angle), y + height * np.sin(angle)]


def ring(upper: ArrayLike, lower: ArrayLike) -> NDArray[np.float64]:
    """Return the outline between two edges that both run from left to right."""
    return np.r_[np.asarray(upper, float), np.asarray(lower, float)[::-1]]


def _subpixels(points: ArrayLike) -> NDArray[np.int32]:
    return np.rint(np.asarray(points, float) * 2**_SUBPIXEL_BITS).astype(np.int32)


def _soften(mask: NDArray[np.uint8], blur: float) -> Mask:
    """Divide a mask by 255, and blur its edges."""
    soft = mask.astype(np.float32) / 255
    return cv2.GaussianBlur(soft, (0, 0), blur) if blur else soft


def _window(centre: float, reach: float) -> slice:
    return slice(int(np.clip(centre - reach, 0, SIDE)), int(np.clip(centre + reach, 0, SIDE)))


def _extent(mask: Mask) -> tuple[slice, slice] | None:
    """Return the rows and columns where a mask is visible, or None."""
    rows, columns = np.flatnonzero(mask.max(1) > _VISIBLE), np.flatnonzero(mask.max(0) > _VISIBLE)
    if not len(rows):
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
