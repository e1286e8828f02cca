"""Compose recordings of several people from real clips of one person each, with the voice of one of them."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.streams.pictures import Picture

FPS = 25
RATE_HZ = 44100
SILENT_FRAMES = 6  # number of frames at the start of a GRID clip in which nobody speaks

Sound = NDArray[np.float32]


def pictures(path: Path, count: int = 75) -> list[Picture]:
    """Return up to `count` frames of a clip, ``(height, width, 3)`` RGB each."""
    found: list[Picture] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            found.append(frame.to_ndarray(format="rgb24"))
            if len(found) == count:
                break
    return found


def sound(path: Path) -> Sound:
    """Return the sound of a clip, ``(n,)`` mono at `RATE_HZ`."""
    resampler = av.AudioResampler("flt", "mono", RATE_HZ)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().ravel() for frame in [*frames, *resampler.resample(None)]])


def frozen(shown: Sequence[Picture]) -> list[Picture]:
    """Return a still picture of a person, repeated for the length of the clip."""
    return [shown[0]] * len(shown)


def listening(shown: Sequence[Picture], silent: int = SILENT_FRAMES) -> list[Picture]:
    """Return a person who does not speak: the first `silent` frames of a clip, repeated forwards and backwards."""
    around = [*range(silent), *range(silent - 2, 0, -1)]
    return [shown[around[i % len(around)]] for i in range(len(shown))]


def beside(*people: Sequence[Picture]) -> list[Picture]:
    """Return frames that show people side by side."""
    return [np.concatenate(row, axis=1) for row in zip(*people, strict=False)]


def in_the_corner(small: Sequence[Picture], large: Sequence[Picture], scale: float = 0.6) -> list[Picture]:
    """Return frames of `large` at twice its size; `small`, scaled by `scale`, is in the upper right corner."""
    import cv2

    made = []
    for inner, outer in zip(small, large, strict=False):
        whole = cv2.resize(outer, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        corner = cv2.resize(inner, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        whole[8 : 8 + corner.shape[0], -8 - corner.shape[1] : -8] = corner
        made.append(np.asarray(whole, np.uint8))
    return made


def compose(path: Path, frames: Sequence[Picture], voice: Sound | None, late_s: float = 0.0) -> Path:
    """Write frames as H.264 at `FPS`, and the voice, if there is one, as AAC that begins at `late_s`; return `path`."""
    with av.open(str(path), "w") as out:
        picture: Any = out.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": "ultrafast"})
        picture.height, picture.width = (side // 2 * 2 for side in frames[0].shape[:2])
        picture.pix_fmt = "yuv420p"
        heard: Any = None if voice is None else out.add_stream("aac", rate=RATE_HZ, layout="mono")
        for frame in frames:
            shown = np.ascontiguousarray(frame[: picture.height, : picture.width])
            out.mux(picture.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        out.mux(picture.encode(None))
        if heard is not None and voice is not None:
            for start in range(0, len(voice), 1024):
                part = av.AudioFrame.from_ndarray(voice[None, start : start + 1024], format="fltp", layout="mono")
                part.sample_rate, part.time_base = RATE_HZ, Fraction(1, RATE_HZ)
                part.pts = start + round(late_s * RATE_HZ)
                out.mux(heard.encode(part))
            out.mux(heard.encode(None))
    return path
