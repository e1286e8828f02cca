"""Synthetic recordings in any container whose picture and sound flash together, and detection of the flashes."""

import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from features.types import AudioStream
from pipeline.settings.streams import DEFAULT, AudioConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.container.timeline import timeline_of
from pipeline.streams.faces import Face
from pipeline.streams.frames import decode, survey
from pipeline.streams.spans import Span

RATE = 48000
FPS = 25
LENGTH_S = 0.3  # length of a flash


def tone(hz: float, duration_s: float = 2.0, amplitude: float = 0.1, rate: int = RATE) -> NDArray[np.float64]:
    """Return a sine of `hz`, ``(n,)``."""
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(duration_s * rate)) / rate)


def bursts(duration_s: float, *places: tuple[float, float], rate: int = 16000) -> NDArray[np.float64]:
    """Silence with a 1 kHz tone from each start to each end."""
    times = np.arange(round(duration_s * rate)) / rate
    sounding = np.any([(times >= start) & (times < end) for start, end in places], axis=0)
    return np.where(sounding, 0.1 * np.sin(2 * np.pi * 1000 * times), 0.0)


def face(x: float, y: float, side: float, score: float = 1.0) -> Face:
    """Return a face that fills its square; its image says which it is."""
    return Face((x, y, side, side), score, (x, y, side, side), f"{x} {y} {side}".encode())


def flashing(
    path: Any,
    duration_s: float,
    flash_s: float,
    *,
    video: str = "",
    audio: str = "",
    container: str | None = None,
    start_s: float = 0.0,
    rate: int = RATE,
    audio_options: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Any:
    """Write a black and silent recording that flashes and beeps from `flash_s` on, its first stamp at `start_s`."""
    with av.open(
        str(path) if isinstance(path, Path) else path, "w", format=container, options=dict(options or {})
    ) as out:
        packets: list[Any] = []
        pictured = out.add_stream(video, rate=FPS) if video else None
        sounding = out.add_stream(audio, rate=rate, layout="stereo") if audio else None
        if pictured:
            packets += _pictures(pictured, duration_s, flash_s, start_s)
        if sounding:
            sounding.codec_context.options = dict(audio_options or {})
            packets += _sound(sounding, duration_s, flash_s, start_s, rate)
        for packet in sorted(packets, key=lambda p: float((p.dts or 0) * p.time_base)):
            out.mux(packet)
    return path


def _pictures(stream: Any, duration_s: float, flash_s: float, start_s: float) -> list[Any]:
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    stream.time_base = stream.codec_context.time_base = Fraction(1, FPS)
    packets: list[Any] = []
    for number in range(round(duration_s * FPS)):
        white = flash_s <= number / FPS < flash_s + LENGTH_S
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 235 if white else 20, np.uint8), "rgb24")
        frame.pts, frame.time_base = number + round(start_s * FPS), Fraction(1, FPS)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def _sound(stream: Any, duration_s: float, flash_s: float, start_s: float, rate: int) -> list[Any]:
    times = np.arange(round(duration_s * rate)) / rate
    beeps = (times >= flash_s) & (times < flash_s + LENGTH_S)
    tone = np.where(beeps, 0.3 * np.sin(2 * np.pi * 1000 * times), 0.0)
    ints = np.repeat(np.round(tone * 32767).astype("<i2")[:, None], 2, axis=1).reshape(1, -1)
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(ints), "s16", "stereo")
    whole.sample_rate, whole.pts = rate, 0
    context = stream.codec_context
    resampler = av.AudioResampler(context.format, "stereo", rate, context.frame_size or 1024)
    packets: list[Any] = []
    for frame in [*resampler.resample(whole), *resampler.resample(None)]:
        frame.pts, frame.time_base = frame.pts + round(start_s * rate), Fraction(1, rate)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def slides(path: Path, shown_s: Sequence[float], *, sound_s: float = 0.0, size: tuple[int, int] = (64, 48)) -> Path:
    """Write a recording whose pictures, ever brighter, are shown for so many seconds each, with sound."""
    codec = {".avi": "mpeg4", ".asf": "msmpeg4v3"}.get(path.suffix, "libx264")  # there FFmpeg guesses H.264's stamps
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=FPS, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        sounding = out.add_stream("aac", rate=RATE, layout="stereo") if sound_s else None
        packets = list(_sound(sounding, sound_s, 0.5, 0.0, RATE)) if sounding else []
        for number, start_s in enumerate(np.cumsum([0.0, *shown_s[:-1]])):
            grey = np.full((size[1], size[0], 3), 20 + 200 * number // max(len(shown_s) - 1, 1), np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24")
            frame.pts, frame.time_base = round(1000 * start_s), Fraction(1, 1000)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet in packets:
            if packet.stream.type == "video":
                number = int(np.searchsorted(np.cumsum(shown_s), float(packet.pts * packet.time_base), side="right"))
                packet.duration = round(shown_s[number] / packet.time_base)
        for packet in sorted(packets, key=lambda p: float((p.dts or 0) * p.time_base)):
            out.mux(packet)
    return path


def joined(path: Path, parts: Sequence[Path]) -> Path:
    """Write the bytes of files one after the other."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


SECOND_PROGRAM = {"mpegts_service_id": "2", "mpegts_pmt_start_pid": "5000", "mpegts_start_pid": "700"}


def of_two_programs(path: Path, parts: Sequence[Path]) -> Path:
    """Interleave two transport streams into one of two programs; the second was written with `SECOND_PROGRAM`."""
    packets = [[part.read_bytes()[i : i + 188] for i in range(0, part.stat().st_size, 188)] for part in parts]
    order = sorted((i / len(of_part), which, i) for which, of_part in enumerate(packets) for i in range(len(of_part)))
    woven, count = bytearray(), 0
    for _, which, i in order:
        packet = packets[which][i]
        number = int.from_bytes(packet[1:3], "big") & 0x1FFF
        if number == 0:  # the table of programs
            woven += _programs_packet(count)
            count += 1
        elif number != 17:  # the table of their names
            woven += packet
    path.write_bytes(woven)
    return path


def _programs_packet(count: int) -> bytes:
    entries = b"".join(struct.pack(">HH", number, 0xE000 | place) for number, place in ((1, 4096), (2, 5000)))
    section = struct.pack(">BHHBBB", 0, 0xB000 | (9 + len(entries)), 1, 0xC1, 0, 0) + entries
    head = struct.pack(">BHB", 0x47, 0x4000, 0x10 | count & 15)
    return (head + b"\0" + section + struct.pack(">I", _checksum(section))).ljust(188, b"\xff")


def _checksum(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


def white_from_s(path: Path, track: str = DEFAULT) -> list[float]:
    """Return the times, on the recording's clock, at which the picture turns white."""
    contents = survey(path, track)
    assert contents is not None
    white = [
        frame is not None and frame.to_ndarray(format="gray").mean() > 128
        for _, frame in decode(path, contents, np.arange(len(contents.times)))
    ]
    return [float(contents.times[i]) for i in range(1, len(white)) if white[i] and not white[i - 1]]


def beeps_from_s(path: Path, track: str = "") -> list[float]:
    """Return the times, on the recording's clock, at which a beep begins."""
    span = Span(0.0, timeline_of(path).duration_s, track=track)
    ((_, stream),) = read_audio(path, [span], AudioConfig(trim_db=200))
    assert isinstance(stream, AudioStream), stream
    step = stream.rate_hz // 100
    levels = np.abs(stream.signal()[: stream.samples.size // step * step]).reshape(-1, step).max(axis=1)
    loud = levels > levels.max() / 4
    quiet_before = [i for i in np.flatnonzero(loud) if not loud[max(i - 5, 0) : i].any()]
    return [stream.start_s + i / 100 for i in quiet_before]


def heard_hz(path: Path, config: AudioConfig | None = None, **choice: str) -> float:
    """Return the strongest frequency of the sound from 0.2 to 1.8 s."""
    ((_, stream),) = read_audio(path, [Span(0.2, 1.8, **choice)], config or AudioConfig())
    assert isinstance(stream, AudioStream), stream
    spectrum = np.abs(np.fft.rfft(stream.signal()))
    return float(spectrum.argmax() * stream.rate_hz / stream.samples.size)
