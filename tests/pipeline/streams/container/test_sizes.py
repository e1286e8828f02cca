"""Files that state how long they are, that leave it open, and that were cut off."""

import struct
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from features.types import AudioStream
from pipeline.settings.streams import AudioConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.sizes import stated_end
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span
from tests.pipeline.streams.recordings import RATE, beeps_from_s, flashing, joined, white_from_s

NOTHING = nullcontext()


def wav(data: bytes, riff_size: int, data_size: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", riff_size, b"WAVE") + form + struct.pack("<4sI", b"data", data_size) + data


def a_tone(duration_s: float) -> bytes:
    times = np.arange(round(duration_s * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * 440 * times)).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("riff_size", "data_size"),
    [
        (0x7FFFF024, 0x7FFFF000),  # SoX
        (0x80000024, 0x80000000),  # arecord
        (0xFFFFFFFF, 0xFFFFFFFF),  # FFmpeg
        (0x7FFFFFFF, 0x7FFFFFDB),
        (0x7FFFFFFF + 36 & 0xFFFFFFFF, 0x7FFFFFFF),
        (0x7FFFF000, 0x7FFFEFDC),
        (0xFFFFFFFF, 0xFFFFFFDB),
        (0, 0),
        (36, 0),
    ],
)
def test_a_wav_that_was_written_to_a_pipe_is_whole(tmp_path: Path, riff_size: int, data_size: int) -> None:
    path = tmp_path / "pipe.wav"
    path.write_bytes(wav(a_tone(3.0), riff_size, data_size))
    info = probe(path)
    assert info.duration_s == pytest.approx(3.0, abs=0.01)
    assert info.breaks_off_s is None
    ((_, stream),) = read_audio(path, [Span(0, 3.0)], AudioConfig())
    assert isinstance(stream, AudioStream)


class _Pipe:
    """Keeps what is written, and cannot seek back."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


PIPED = {  # picture, sound, container, options
    "aiff": ("", "pcm_s16be", "aiff", {}),
    "asf": ("msmpeg4v3", "libmp3lame", "asf", {}),
    "au": ("", "pcm_s16be", "au", {}),
    "avi": ("mpeg4", "libmp3lame", "avi", {}),
    "caf": ("", "pcm_s16be", "caf", {}),
    "flac": ("", "flac", "flac", {}),
    "flv": ("flv1", "libmp3lame", "flv", {}),
    "ivf": ("libvpx", "", "ivf", {}),
    "mkv": ("libx264", "aac", "matroska", {}),
    "mp3": ("", "libmp3lame", "mp3", {}),
    "rf64": ("", "pcm_s16le", "wav", {"rf64": "always"}),
    "rm": ("rv20", "ac3", "rm", {}),
    "w64": ("", "pcm_s16le", "w64", {}),
    "wav": ("", "pcm_s16le", "wav", {}),
    "webm": ("libvpx", "libopus", "webm", {}),
}


@pytest.mark.parametrize("kind", PIPED)
def test_recordings_written_to_a_pipe_are_whole(tmp_path: Path, kind: str) -> None:
    video, audio, container, options = PIPED[kind]
    pipe, path = _Pipe(), tmp_path / f"piped.{kind}"
    flashing(pipe, 3.0, 1.0, video=video, audio=audio, container=container, options=options)
    path.write_bytes(pipe.data)
    assert probe(path).breaks_off_s is None
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.06)
    assert not audio or beeps_from_s(path) == pytest.approx([1.0], abs=0.05)
    assert not video or white_from_s(path) == pytest.approx([1.0], abs=0.05)
    with (
        pytest.raises(MediaError, match="several recordings joined") if kind not in ("mkv", "webm", "mp3") else NOTHING
    ):
        probe(joined(tmp_path / f"joined.{kind}", [path, path]))


@pytest.mark.parametrize("size", [0, 0x7F000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_an_au_whose_size_is_open_is_whole(tmp_path: Path, size: int) -> None:
    path = flashing(tmp_path / "a.au", 3.0, 1.0, audio="pcm_s16be", container="au")
    data = bytearray(path.read_bytes())
    data[8:12] = struct.pack(">I", size)
    path.write_bytes(data)
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.01)
    assert probe(path).breaks_off_s is None
    assert beeps_from_s(path) == pytest.approx([1.0], abs=0.02)


@pytest.mark.parametrize("size", [0, 2**64 - 1, 2**63 - 1, 2**32 - 1])
def test_an_rf64_whose_sizes_are_open_is_whole(tmp_path: Path, size: int) -> None:
    path = flashing(tmp_path / "a.wav", 3.0, 1.0, audio="pcm_s16le", container="wav", options={"rf64": "always"})
    data = bytearray(path.read_bytes())
    place = data.index(b"ds64") + 8
    data[place : place + 24] = struct.pack("<QQQ", size, size, size)
    path.write_bytes(data)
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.01)
    assert probe(path).breaks_off_s is None
    assert beeps_from_s(path) == pytest.approx([1.0], abs=0.02)


@pytest.mark.parametrize("length", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("place", [b"avih", b"strh"])
def test_an_avi_whose_count_of_frames_is_open_is_whole(tmp_path: Path, length: int, place: bytes) -> None:
    path = flashing(tmp_path / "a.avi", 3.0, 1.0, video="mpeg4", audio="libmp3lame", container="avi")
    data = bytearray(path.read_bytes())
    at = data.find(place)
    while at >= 0:
        field = at + 8 + (16 if place == b"avih" else 32)
        data[field : field + 4] = struct.pack("<I", length)
        at = data.find(place, at + 1)
    path.write_bytes(data)
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.06)
    assert probe(path).breaks_off_s is None


@pytest.mark.parametrize(
    ("ending", "audio", "container", "options"),
    [
        ("wav", "pcm_s16le", "wav", {}),
        ("wav", "pcm_s16le", "wav", {"rf64": "always"}),
        ("w64", "pcm_s16le", "w64", {}),
        ("caf", "pcm_s16le", "caf", {}),
        ("aiff", "pcm_s16be", "aiff", {}),
        ("au", "pcm_s16be", "au", {}),
        ("avi", "libmp3lame", "avi", {}),
        ("asf", "libmp3lame", "asf", {}),
    ],
)
def test_a_truncated_file_is_noticed(
    tmp_path: Path, ending: str, audio: str, container: str, options: dict[str, str]
) -> None:
    whole = flashing(tmp_path / f"a.{ending}", 6.0, 2.0, audio=audio, container=container, options=options)
    assert probe(whole).breaks_off_s is None
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{ending}"
    cut.write_bytes(data[: len(data) // 2])
    info = probe(cut)
    assert info.breaks_off_s is not None
    assert 2.0 < info.breaks_off_s < 4.0
    assert info.duration_s == pytest.approx(
        6.0, abs=0.4
    )  # so that spans after the cut fail and do not count as typing errors


def element(name: bytes, data: bytes) -> bytes:
    """Write an element of Matroska, its length in eight bytes."""
    return name + struct.pack(">Q", 1 << 56 | len(data)) + data


STATED = {
    "wav": b"RIFF" + struct.pack("<I", 92) + b"WAVE" + bytes(200),
    "a large avi, in two chunks": (b"RIFF" + struct.pack("<I", 40) + b"AVI ").ljust(48, b"\0")
    + (b"RIFF" + struct.pack("<I", 44) + b"AVIX").ljust(80, b"\0"),
    "aiff": b"FORM" + struct.pack(">I", 92) + b"AIFF" + bytes(200),
    "au": b".snd" + struct.pack(">II", 24, 76) + bytes(200),
    "caf": b"caff\0\1\0\0" + b"desc" + struct.pack(">q", 32) + bytes(32) + b"data" + struct.pack(">q", 36) + bytes(36),
    "w64": (b"riff" + bytes(12) + struct.pack("<Q", 100)).ljust(300, b"\0"),
    "matroska": element(b"\x1aE\xdf\xa3", bytes(20)) + element(b"\x18S\x80g", bytes(56)) + bytes(100),
    "mp4, and a further one behind it": (struct.pack(">I", 32) + b"ftyp").ljust(32, b"\0")
    + (struct.pack(">I", 68) + b"mdat").ljust(68, b"\0")
    + struct.pack(">I", 8)
    + b"ftyp",
}


@pytest.mark.parametrize("kind", STATED)
def test_headers_state_where_a_file_ends(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(STATED[kind])
    assert stated_end(path) == 100


def test_files_that_do_not_state_their_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data in (b"RIFF" + b"\xff" * 4 + b"WAVE" + bytes(100), b"fLaC" + bytes(100), b"ID3" + bytes(100), b""):
        path.write_bytes(data)
        assert stated_end(path) is None
