"""Small recordings made by FFmpeg's encoders, each with its own content."""

from pathlib import Path

import av
import numpy as np

_RATE = 16000
_SOUND = {".wav": "pcm_s16le", ".flac": "flac", ".ogg": "flac", ".mp3": "libmp3lame", ".avi": "pcm_s16le"}


def sound(path: Path, seconds: float = 1.0) -> Path:
    """Write a recording of noise; its name gives the seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path.absolute()), "w", format=_format(path)) as out:
        _write_voice(out, _voice(out, path), _noise(path, seconds))
    return path


def picture(path: Path, seconds: float = 1.0, *, voice: bool = False) -> Path:
    """Write a film of grey noise at 10 frames a second, with sound if `voice`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = np.random.default_rng(len(path.name)).integers(0, 256, (round(10 * seconds), 32, 32, 3), dtype=np.uint8)
    with av.open(str(path.absolute()), "w", format=_format(path)) as out:
        film = out.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        track = _voice(out, path) if voice else None
        for pixels in frames:
            out.mux(film.encode(av.VideoFrame.from_ndarray(pixels)))
        out.mux(film.encode())
        if track is not None:
            _write_voice(out, track, _noise(path, seconds))
    return path


def _format(path: Path) -> str | None:
    return "matroska" if path.suffix.lower() == ".mkv" else None


def _voice(out: av.container.OutputContainer, path: Path) -> av.AudioStream:
    stream = out.add_stream(_SOUND.get(path.suffix.lower(), "aac"), rate=_RATE, layout="mono")
    assert isinstance(stream, av.AudioStream)
    return stream


def _noise(path: Path, seconds: float) -> np.ndarray:
    seed = sum(map(ord, path.name.encode("utf-8", "replace").decode("latin-1")))
    return np.random.default_rng(seed).normal(0, 3000, (1, round(_RATE * seconds))).astype(np.int16)


def _write_voice(out: av.container.OutputContainer, stream: av.AudioStream, samples: np.ndarray) -> None:
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts = _RATE, 0
    out.mux(stream.encode(frame))
    out.mux(stream.encode())
