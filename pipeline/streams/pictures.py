"""Turn pictures upright, cut parts out of them, resize them and encode them as JPEG; compute with boxes."""

from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.streams.spans import Region

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # x, y, width, height in pixels; x and y of the upper left corner


def iou(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes.

    >>> iou((0, 0, 2, 1), (1, 0, 2, 1)) == 1 / 3
    True
    """
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared) if shared else 0.0


def scaled(box: Sequence[float], scale: float) -> Box:
    """Return `box` in pixels of the same picture enlarged by `scale`."""
    x, y, width, height = (float(side) * scale for side in box)
    return x, y, width, height


def square(box: Box, margin: float) -> Box:
    """Return the square around the centre of `box` in whole pixels; its side is (1 + 2 `margin`) times the longer side.

    >>> square((10, 10, 20, 10), 0.25)
    (5.0, 0.0, 30.0, 30.0)
    """
    side = max(round(max(box[2], box[3]) * (1 + 2 * margin)), 1)
    left, top = round(box[0] + (box[2] - side) / 2), round(box[1] + (box[3] - side) / 2)
    return float(left), float(top), float(side), float(side)


def cropped(picture: Picture, region: Region | None) -> tuple[Picture, int, int]:
    """Return the part of `picture` inside `region`, and the x and y of the part's upper left corner in pixels."""
    if region is None:
        return picture, 0, 0
    height, width = picture.shape[:2]
    left, top = int(region.left * width), int(region.top * height)
    right, bottom = int(np.ceil(region.right * width)), int(np.ceil(region.bottom * height))
    return np.ascontiguousarray(picture[top:bottom, left:right]), left, top


def cut(picture: Picture, area: Box, size: int) -> Picture:
    """Return `area` of `picture` as ``(size, size, 3)``; beyond the edge the outermost pixels are repeated."""
    import cv2

    height, width = picture.shape[:2]
    left, top, right, bottom = int(area[0]), int(area[1]), int(area[0] + area[2]), int(area[1] + area[3])
    inside = picture[max(top, 0) : max(min(bottom, height), 0), max(left, 0) : max(min(right, width), 0)]
    over = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    whole = cv2.copyMakeBorder(inside, *over, cv2.BORDER_REPLICATE) if any(over) else inside
    return _resized(whole, size, size)


def shrink(picture: Picture, height: int) -> Picture:
    """Return `picture` reduced to a height of `height` pixels in proportion; unchanged if it is not higher."""
    if picture.shape[0] <= height:
        return picture
    return _resized(picture, max(round(picture.shape[1] * height / picture.shape[0]), 1), height)


def _resized(picture: Picture, width: int, height: int) -> Picture:
    """Return a resized picture: halved while possible (fast in OpenCV), then area-averaged or enlarged linearly."""
    import cv2

    smaller = halved(picture, height)
    down = smaller.shape[0] > height
    resized: Picture = cv2.resize(smaller, (width, height), interpolation=cv2.INTER_AREA if down else cv2.INTER_LINEAR)
    return resized


def halved(picture: Picture, height: int) -> Picture:
    """Halve the width and height of `picture` again and again, by area averages, until it is lower than 2 `height`."""
    import cv2

    while picture.shape[0] >= 2 * height:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
    return picture


def jpeg(picture: Picture, quality: int) -> bytes:
    """Encode ``(height, width, 3)`` RGB as JPEG; equal pictures give equal bytes."""
    import cv2

    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


class Painter:
    """Turns decoded frames into RGB pictures as players show them: upright and with square pixels.

    Parameters
    ----------
    aspect
        Ratio of width to height of a source pixel.
    """

    def __init__(self, aspect: float) -> None:
        self._aspect = aspect
        self._convert = av.video.reformatter.VideoReformatter()

    def __call__(self, frame: Any) -> Picture:
        """Return `frame` as ``(height, width, 3)`` RGB."""
        width = max(round(frame.width * self._aspect), 1)
        converted: Picture = self._convert.reformat(frame, width=width, format="rgb24").to_ndarray()
        return upright(converted, frame)


def upright(picture: Picture, frame: Any) -> Picture:
    """Return `picture` turned by quarter turns, and mirrored, as the display matrix of `frame` requires."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return picture
    a, b, _, c, d = np.frombuffer(bytes(data), "<i4")[:5]
    if abs(b) > abs(a):  # the picture's rows become columns
        picture = picture.swapaxes(0, 1)
        across, down = c, b
    else:
        across, down = a, d
    return np.ascontiguousarray(picture[:: 1 if down >= 0 else -1, :: 1 if across >= 0 else -1])
