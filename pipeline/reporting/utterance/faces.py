"""Draw some sampled frames of an utterance as one strip of small pictures, and find the faces in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.types import VideoStream
from features.video.images import read_jpeg
from pipeline.streams.pictures import Box, Picture, iou, jpeg, shrink
from pipeline.streams.spans import Region

SHOWN = 6  # maximum number of frames in a strip; every other one of them is searched for faces again
HEIGHT = 96  # height of the pictures in pixels
QUALITY = 70  # quality of the JPEG
SAME = 0.3  # minimum overlap (intersection over union) of the followed face and the same face found again

Faces = Callable[[Picture], Sequence[Box]]  # finds the faces in a picture, in pixels


@dataclass(frozen=True)
class Strip:
    """Small pictures side by side.

    Attributes
    ----------
    image
        All pictures as one JPEG.
    width
        The aspect ratio of one picture (width divided by height).
    frames
        For each picture: ``frame``, its index among the sampled frames, or None if it is not one of them; ``box``, the
        box of the followed face or None; and ``others``, the boxes of other faces, or None if they were not searched
        for. Boxes are x, y, width and height as fractions of the picture's width and height.
    """

    image: bytes
    width: float
    frames: list[dict[str, Any]]


def shown(count: int) -> list[int]:
    """Return the indices of at most `SHOWN` of `count` stored frames, evenly spaced from the first to the last.

    >>> shown(3), shown(11)
    ([0, 1, 2], [0, 2, 4, 6, 8, 10])
    """
    return np.unique(np.linspace(0, count - 1, min(count, SHOWN)).round().astype(int)).tolist() if count else []


def strip(stream: VideoStream, size: tuple[int, int] | None, region: Region | None, faces: Faces) -> Strip | None:
    """Draw some of the stored frames side by side; return None if none are stored.

    The store has the boxes of the followed face only. `faces` searches every other drawn frame for more.

    Parameters
    ----------
    stream
        The frames.
    size
        Width and height of the recording's picture, to which the stream's boxes refer; None if unknown. In that case,
        if `faces` finds exactly one face in a frame in which a face was followed, the found face is taken for the
        followed one.
    region
        The part of the picture that the frames show.
    faces
        The function that finds faces.
    """
    pictures, frames = [], []
    kept = [place for place, frame in enumerate(stream.frames) if frame]
    for number, place in enumerate(kept[k] for k in shown(len(kept))):
        picture = read_jpeg(stream.frames[place])
        whole = picture.shape[1], picture.shape[0]
        own = None if size is None else followed(stream.boxes[place], size, region)
        found = None if number % 2 else [_parts(box, whole) for box in faces(picture)]
        if size is None and found and len(found) == 1 and np.isfinite(stream.scores[place]):
            own = found[0]
        frames.append({"frame": place, "box": own and _short(own), "others": found and _others(found, own)})
        pictures.append(shrink(picture, HEIGHT))
    return _joined(pictures, frames)


def _others(found: Sequence[Box], own: Box | None) -> list[list[float]]:
    return [_short(box) for box in found if own is None or iou(box, own) < SAME]


def strip_of(stills: Sequence[Picture]) -> Strip | None:
    """Draw pictures side by side, without boxes of faces; None if there are no pictures."""
    return _joined(
        [shrink(picture, HEIGHT) for picture in stills], [{"frame": None, "box": None, "others": None}] * len(stills)
    )


def _joined(pictures: Sequence[Picture], frames: list[dict[str, Any]]) -> Strip | None:
    if not pictures:
        return None
    height, width = pictures[0].shape[:2]
    image = np.concatenate([_fitted(picture, width, height) for picture in pictures], axis=1)
    return Strip(jpeg(image, QUALITY), round(width / height, 4), frames)


def followed(box: Sequence[float], size: tuple[int, int], region: Region | None) -> Box | None:
    """Return a box, given in pixels of the recording's picture, as fractions of its `region`; None if the box is NaN.

    >>> followed((50, 0, 25, 50), (100, 100), Region(0.5, 0, 1, 1))
    (0.0, 0.0, 0.5, 0.5)
    """
    if not np.isfinite(box).all():
        return None
    width, height = size
    left, top, right, bottom = (0, 0, width, height)
    if region is not None:
        left, top = int(region.left * width), int(region.top * height)
        right, bottom = int(np.ceil(region.right * width)), int(np.ceil(region.bottom * height))
    x, y, across, down = map(float, box)
    return _parts((x - left, y - top, across, down), (right - left, bottom - top))


def _parts(box: Box, whole: tuple[int, int]) -> Box:
    return box[0] / whole[0], box[1] / whole[1], box[2] / whole[0], box[3] / whole[1]


def _short(box: Box) -> list[float]:
    return [round(float(side), 3) for side in box]


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """Return a picture cropped, or padded with black, to the given size."""
    fitted = np.zeros((height, width, 3), np.uint8)
    part = picture[:height, :width]
    fitted[: part.shape[0], : part.shape[1]] = part
    return fitted
