"""Short clips that browsers play: the recording itself if it is small and playable, else a file in H.264 and AAC."""

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from features.types import FloatArray
from pipeline.streams.container.opening import open_recording
from pipeline.streams.pictures import Picture

SMALL = 150_000  # a recording of up to this many bytes is shown as it is
FPS = 15  # frames per second of a clip that is made here
MOST_HIGH = 240  # maximum height of such a clip in pixels
MOST_S = 60.0  # such a clip shows at most this many seconds of an utterance
_RATE = 48_000  # bit rate of its sound


class Playable(NamedTuple):
    """What browsers play in files with a given suffix: the media type, the video codecs and the audio codecs."""

    mime: str
    video: frozenset[str]
    audio: frozenset[str]


_H264, _VP, _NONE = frozenset({"h264"}), frozenset({"vp8", "vp9"}), frozenset[str]()
_PLAYABLE = {
    ".mp4": Playable("video/mp4", _H264, frozenset({"aac", "mp3"})),
    ".m4v": Playable("video/mp4", _H264, frozenset({"aac", "mp3"})),
    ".webm": Playable("video/webm", _VP, frozenset({"opus", "vorbis"})),
    ".flac": Playable("audio/flac", _NONE, frozenset({"flac"})),
    ".wav": Playable("audio/wav", _NONE, frozenset({"pcm_s16le"})),
    ".mp3": Playable("audio/mpeg", _NONE, frozenset({"mp3"})),
}


def playable(path: Path, name: str) -> str:
    """Return the media type of a small recording that every browser plays; empty for any other recording.

    Raises
    ------
    MediaError
        If the recording cannot be opened.
    """
    known = _PLAYABLE.get(path.suffix.lower())
    if known is None or path.stat().st_size > SMALL:
        return ""
    with open_recording(path, name) as container:
        pictures = [(s.codec_context.name, s.codec_context.pix_fmt) for s in container.streams.video]
        sounds = [s.codec_context.name for s in container.streams.audio]
    if len(pictures) > 1 or len(sounds) > 1 or not {c for c, _ in pictures} <= known.video:
        return ""
    if not set(sounds) <= known.audio or any(form not in ("yuv420p", "yuvj420p") for _, form in pictures):
        return ""
    return known.mime


def encoded(pictures: Iterable[Picture], sound: FloatArray, rate_hz: int) -> bytes:
    """Return pictures at `FPS` and mono sound as one MP4 file; the same input gives the same bytes.

    Parameters
    ----------
    pictures
        ``(height, width, 3)`` RGB, all of the same size; none for a clip with sound only.
    sound
        ``(n,)`` in [-1, 1]; empty for a clip with pictures only.
    rate_hz
        The sampling rate of the sound, in Hz.
    """
    file = BytesIO()
    with av.open(file, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        drawn = list(pictures)
        video: Any = _video_stream(container, drawn[0]) if drawn else None
        audio: Any = container.add_stream("aac", rate=rate_hz, layout="mono") if len(sound) else None
        if audio is not None:
            audio.bit_rate = _RATE
        for place, picture in enumerate(drawn):
            frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, FPS)
            container.mux(video.encode(frame))
        if video is not None:
            container.mux(video.encode())
        if audio is not None:
            samples = np.ascontiguousarray(np.clip(sound, -1, 1)[None].astype(np.float32))
            heard = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = rate_hz, 0, Fraction(1, rate_hz)
            container.mux(audio.encode(heard))
            container.mux(audio.encode())
    return file.getvalue()


def _video_stream(container: Any, picture: Picture) -> Any:
    # x264's macroblock tree reads memory beyond the picture unless its sides are multiples of 16: bytes would vary.
    options = {"crf": "30", "preset": "veryfast", "threads": "1", "mbtree": "0"}
    video = container.add_stream("libx264", rate=FPS, options=options)
    video.height, video.width = _even(picture).shape[:2]
    video.pix_fmt = "yuv420p"
    return video


def _even(picture: Picture) -> Picture:
    """Return a picture of even height and width, which H.264 needs: an odd last row or column is cut off."""
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: max(height - height % 2, 2), : max(width - width % 2, 2)])
