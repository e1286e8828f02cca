"""Whether a file states how long it is, and how much of it is missing.

FFmpeg reports a length for nearly every file. For some it has only guessed: from the bit rate of the first packets, or
from the stamps that it found near the end. Such a length claims nothing.
"""

from pathlib import Path
from typing import Any

# Formats without a place for a length. FFmpeg reads that of MPEG program and transport streams from their last stamps,
# and guesses the others' from the bit rate.
FROM_STAMPS = {"mpeg", "mpegts", "mpegtsraw", "vob", "ogg"}
GUESSED = {
    *("aac", "ac3", "ac4", "eac3", "adx", "amr", "amrnb", "amrwb", "aptx", "aptx_hd", "bit", "cavsvideo"),
    *("codec2raw", "dfpwm", "dirac", "dnxhd", "dts", "dtshd", "dv", "evc", "g722", "g723_1", "g726", "g726le"),
    *("g728", "g729", "gsm", "h261", "h263", "h264", "hevc", "ingenient", "ipu", "latm", "lc3", "loas", "m4v"),
    *("mjpeg", "mjpeg_2000", "mlp", "mp2", "mpegvideo", "obu", "rawvideo", "s337m", "sbc", "sln", "spdif"),
    *("truehd", "vc1", "vvc"),
}
LARGEST = (0x7F000000, 2**31, 2**32)  # writers to a pipe state a size near one of these, or none
NEAR = 2**16
# What a file of a format begins with, of the formats of which FFmpeg reads the first of several joined files only.
MAGIC = {
    "matroska,webm": (b"\x1aE\xdf\xa3",),
    "flv": (b"FLV\x01",),
    "wav": (b"WAVEfmt ", b"WAVEds64", b"WAVEJUNK", b"WAVELIST", b"WAVEbext"),
    "aiff": (b"AIFFCOMM", b"AIFCFVER", b"AIFFNAME"),
}
MOV = "mov,mp4,m4a,3gp,3g2,mj2"
CHUNK = 1 << 20


def states_length(container: Any, path: Path) -> bool:
    """Whether the headers of an open file state how long it is."""
    name = str(container.format.name)
    if name == "mp3":
        return _counts_frames(path)
    if name == "aiff":
        with path.open("rb") as file:
            return _unless_open(int.from_bytes(file.read(8)[4:], "big")) > 0
    return name not in FROM_STAMPS | GUESSED


def is_guessed(container: Any, path: Path) -> bool:
    """Whether the length that FFmpeg reports is a guess from the bit rate."""
    return not states_length(container, path) and container.format.name not in FROM_STAMPS


def bytes_cut(path: Path) -> int:
    """Return how many bytes a file of chunks is shorter than its header says; FFmpeg takes such a file as complete.

    These are WAV (RIFF, RIFX, RF64, BW64, Wave64), AVI and CAF.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(28)
        stated = _caf_size(file) if head[:4] == b"caff" else _stated_size(head)
    return max(0, stated - size)


def has_second_header(path: Path, name: str, after: int) -> bool:
    """Whether a further file of the format `name` begins behind the last byte that was read, `after`."""
    if name == MOV:
        return _count_boxes(path, b"moov") > 1
    magic = MAGIC.get(name, ())
    longest = max(map(len, magic), default=0)
    with path.open("rb") as file:
        file.seek(after)
        tail = b""
        while magic and (chunk := file.read(CHUNK)):
            if any(word in tail + chunk for word in magic):
                return True
            tail = chunk[-longest:]
    return False


def _count_boxes(path: Path, kind: bytes) -> int:
    """Return how many boxes of a kind an MP4 or QuickTime file has, not counting boxes inside others."""
    count, at, end = 0, 0, path.stat().st_size
    with path.open("rb") as file:
        while at < end and len(head := _read_at(file, at, 16)) >= 8:
            size = int.from_bytes(head[:4], "big")
            size = int.from_bytes(head[8:], "big") if size == 1 else size or end - at
            if size < 8:
                break
            count += head[4:8] == kind
            at += size
    return count


def _stated_size(head: bytes) -> int:
    """Return the size of the whole file that its first 28 bytes state; 0 where they state none.

    >>> _stated_size(b"RIFF" + (1000).to_bytes(4, "little") + bytes(20))
    1008
    >>> _stated_size(b"RIFF" + (0x7FFFF024).to_bytes(4, "little") + bytes(20))
    0
    """
    if head[:4] in (b"RF64", b"BW64") and head[12:16] == b"ds64":
        return _unless_open(int.from_bytes(head[20:28], "little") + 8)
    if head[:4] == b"riff":
        return _unless_open(int.from_bytes(head[16:24], "little"))
    if head[:4] == b"RIFF":
        return _unless_open(int.from_bytes(head[4:8], "little") + 8)
    return _unless_open(int.from_bytes(head[4:8], "big") + 8) if head[:4] == b"RIFX" else 0


def _unless_open(size: int) -> int:
    """Return a size, or 0 for the ones that are written where it is not known yet."""
    placeholder = any(abs(size - largest) <= NEAR for largest in LARGEST) or size >= 2**62
    return 0 if placeholder else size


def _caf_size(file: Any) -> int:
    """Return where the sound of a CAF file ends as its chunks say; 0 where the chunk is open."""
    at = 8
    while len(head := _read_at(file, at, 12)) == 12:
        size = int.from_bytes(head[4:], "big", signed=True)
        if size < 0:
            return 0
        at += 12 + size
        if head[:4] == b"data":
            return at
    return 0


def _counts_frames(path: Path) -> bool:
    """Whether an MP3 file begins with a frame that counts all others (Xing, Info or VBRI)."""
    with path.open("rb") as file:
        file.seek(_after_tags(file))
        head = file.read(4096)
    first = next((at for at in range(len(head) - 1) if head[at] == 0xFF and head[at + 1] >= 0xE0), None)
    if first is None:
        return False
    frame = head[first : first + 64]
    return b"VBRI" in frame or b"Xing" in frame or b"Info" in frame


def _after_tags(file: Any) -> int:
    """Return where a file goes on after the ID3v2 tags at its beginning."""
    at = 0
    while len(head := _read_at(file, at, 10)) == 10 and head[:3] == b"ID3":
        at += 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        at += 10 if head[5] & 0x10 else 0
    return at


def _read_at(file: Any, at: int, count: int) -> bytes:
    file.seek(at)
    found: bytes = file.read(count)
    return found
