"""Write pictures and sound as one small MP4 file."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FRAME_RATE = Fraction(25, 2)
_VIDEO_OPTIONS = {"crf": "30", "preset": "slow", "threads": "1"}
_AUDIO_BITS_PER_S = 32000
_BLOCK_SAMPLES = 1024


def write_movie(
    path: Path, frames: Iterable[NDArray[np.uint8]], samples: NDArray[np.float32], *, side: int, rate_hz: int
) -> None:
    """Write pictures as H.264 and sound as AAC to a temporary file, then rename it to `path`.

    Parameters
    ----------
    path : Path
        The file to write; its folder exists.
    frames : iterable of ndarray of shape (side, side, 3), uint8
        RGB pictures at `FRAME_RATE`.
    samples : ndarray of shape (n,), float32
        Mono sound in [-1, 1].
    side : int
        Width and height in pixels.
    rate_hz : int
        Sampling rate of the sound.
    """
    partial = path.with_name(f".{path.name}.part")
    with av.open(
        str(partial), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
    ) as container:
        video = container.add_stream("libx264", rate=FRAME_RATE, options=_VIDEO_OPTIONS)
        video.width = video.height = side
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=rate_hz, layout="mono")
        audio.bit_rate = _AUDIO_BITS_PER_S
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, 1 / FRAME_RATE
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for first in range(0, len(samples), _BLOCK_SAMPLES):
            block = av.AudioFrame.from_ndarray(samples[None, first : first + _BLOCK_SAMPLES], "fltp", "mono")
            block.pts, block.sample_rate, block.time_base = first, rate_hz, Fraction(1, rate_hz)
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    partial.replace(path)
