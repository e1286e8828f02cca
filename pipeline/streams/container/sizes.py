"""Find out whether a file states how long it is, and how much of it is missing.

FFmpeg reports a length for nearly every file, but sometimes this is only a guess, from the bit rate of the first
packets or from time stamps near the end. Such a guess does not count as a stated length.
"""

from pathlib import Path
from typing import Any

from pipeline.streams.container.unsized import unless_open

# Formats that do not store a length. FFmpeg takes it from the last time stamps for formats in `FROM_STAMPS`, and
# guesses it from the bit rate for formats in `GUESSED`.
FROM_STAMPS = {"mpeg", "mpegts", "mpegtsraw", "vob", "ogg"}
GUESSED = {
    *("aac", "ac3", "ac4", "eac3", "adx", "amr", "amrnb", "amrwb", "aptx", "aptx_hd", "bit", "cavsvideo"),
    *("codec2raw", "dfpwm", "dirac", "dnxhd", "dts", "dtshd", "dv", "evc", "g722", "g723_1", "g726", "g726le"),
    *("g728", "g729", "gsm", "h261", "h263", "h264", "hevc", "ingenient", "ipu", "latm", "lc3", "loas", "m4v"),
    *("mjpeg", "mjpeg_2000", "mlp", "mp2", "mpegvideo", "obu", "rawvideo", "s337m", "sbc", "sln", "spdif"),
    *("truehd", "vc1", "vvc"),
}
RIFFS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"pnot", b"sidx", b"moof")
RM_UNKNOWN = 3600_000_000  # microseconds: RealMedia states this for an unknown length
_FURTHEST = 2**62  # beyond the end of any file, but a valid argument of seek
PADDING = 8  # number of bytes that may follow the stated end
MATROSKA = "matroska,webm"
MOV = "mov,mp4,m4a,3gp,3g2,mj2"
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # identifier of the object that states the file's size


def states_length(container: Any, path: Path) -> bool:
    """Whether the headers of an open file state how long it is."""
    name = str(container.format.name)
    if name == "mp3":
        return _counts_frames(path)
    if name == "aiff":
        with path.open("rb") as file:
            return unless_open(int.from_bytes(file.read(8)[4:], "big")) > 0
    if name in FROM_STAMPS | GUESSED or (name == "avi" and stated_end(path) is None):
        return False
    lengths = [stream.duration for stream in container.streams if stream.duration]
    return all(map(unless_open, lengths)) and not (name == "rm" and container.duration == RM_UNKNOWN)


def is_complete(container: Any, path: Path) -> bool:
    """Whether a file is complete: it ends where its header says or, in FLV, with a complete packet."""
    if container.format.name == "flv":
        return _ends_with_a_tag(path)
    end = stated_end(path)
    return end is not None and abs(end - path.stat().st_size) <= PADDING


def _ends_with_a_tag(path: Path) -> bool:
    """Whether an FLV file ends with a complete tag, followed by the length of this tag."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(read_at(file, max(size - 4, 0), 4), "big")
        tag = read_at(file, size - 4 - length, 4) if 11 <= length <= size - 4 else b""
    return tag[:1] in (b"\x08", b"\x09", b"\x12") and int.from_bytes(tag[1:], "big") == length - 11


def is_guessed(container: Any, path: Path) -> bool:
    """Whether the length that FFmpeg reports is a guess, from the bit rate or from time stamps near the end.

    In MPEG streams, such a guess leaves out the last packet. For Ogg, FFmpeg's length is exact.
    """
    return not states_length(container, path) and container.format.name != "ogg"


def bytes_cut(path: Path) -> int:
    """Return by how many bytes a file is shorter than its header says, for formats in which FFmpeg does not notice.

    These are WAV (RIFF, RIFX, RF64, BW64, Wave64), AVI, CAF and ASF; for all other files, 0 is returned.
    """
    with path.open("rb") as file:
        chunked = file.read(4) in (*RIFFS, b"riff", b"caff", ASF[:4])
    return max(0, (stated_end(path) or 0) - path.stat().st_size) if chunked else 0


def stated_end(path: Path) -> int | None:
    """Return the byte at which a file ends according to its headers; None if they do not state it.

    The formats that state it are WAV and its 64-bit variants, AVI, AIFF, AU, CAF, ASF, Matroska and MP4. Data
    after the last chunk does not count.
    """
    with path.open("rb") as file:
        head = file.read(28)
        if head[:4] in RIFFS:
            return _riff_end(file)
        if head[:4] == b"riff":
            return unless_open(int.from_bytes(head[16:24], "little")) or None
        if head[:4] == b"FORM":
            return _after_header(8, int.from_bytes(head[4:8], "big"))
        if head[:4] == b".snd":
            return _after_header(int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big"))
        if head[:4] == b"caff":
            return _caf_end(file)
        if head[:4] == b"\x1aE\xdf\xa3":
            return _matroska_end(file)
        if head[:16] == ASF:
            return _asf_end(file)
        return _boxes_end(file) if head[4:8] in FIRST_BOXES else None


def _after_header(header: int, size: int) -> int | None:
    return header + size if unless_open(size) else None


def _riff_end(file: Any) -> int | None:
    """Return the byte at which the RIFF chunks of a file end (a large AVI has several); None if a size is unknown."""
    end, head = 0, read_at(file, 0, 28)
    while head[:4] in RIFFS and (not end or head[8:12] == b"AVIX"):
        size = int.from_bytes(head[4:8], "big" if head[:4] == b"RIFX" else "little")
        if head[12:16] == b"ds64":
            size = int.from_bytes(head[20:28], "little")
        if not unless_open(size):
            return None
        end += 8 + size + size % 2
        head = read_at(file, end, 28)
    return end


def _caf_end(file: Any) -> int | None:
    """Return the byte at which the chunks of a CAF file end; None if the size of a chunk is unknown."""
    at, size_of_file = 8, file.seek(0, 2)
    while len(head := read_at(file, at, 12)) == 12 and head[:4] != b"caff" and is_word(head[:4]):
        size = int.from_bytes(head[4:], "big", signed=True)
        if size < 0:
            return None
        if head[:4] != b"data" and at + 12 + size > size_of_file:  # a tag or other data that is not a chunk
            break
        at += 12 + size
    return at


def _matroska_end(file: Any) -> int | None:
    """Return the byte at which the segment of a Matroska file ends; None if its size is unknown."""
    at = 0
    while len(head := read_at(file, at, 12)) == 12 and head[0]:
        name = 9 - head[0].bit_length()  # number of bytes of an element's name; below, of its size
        length = 9 - head[name].bit_length()
        size = int.from_bytes(head[name : name + length], "big") & (1 << 7 * length) - 1
        if not head[name] or size == (1 << 7 * length) - 1:
            return None
        at += name + length + size
        if head[:name] == b"\x18S\x80g":
            return at
    return None


def _asf_end(file: Any) -> int | None:
    """Return the size that an ASF file states; None for a broadcast, whose size is not known when it is written."""
    head = read_at(file, 0, 1 << 16)
    at = head.find(ASF_FILE)
    if at < 0 or len(head) < at + 92 or head[at + 88] & 1:
        return None
    return unless_open(int.from_bytes(head[at + 40 : at + 48], "little")) or None


def _boxes_end(file: Any) -> int:
    """Return the byte at which the boxes of an MP4 or QuickTime file end; a further file or other data may follow."""
    at, seen = 0, set()
    size_of_file = file.seek(0, 2)
    while at < size_of_file and len(head := read_at(file, at, 16)) >= 8:
        kind = head[4:8]
        size = int.from_bytes(head[:4], "big")
        size = int.from_bytes(head[8:], "big") if size == 1 else size or size_of_file - at
        if size < 8 or kind in seen or not is_word(kind):
            break
        seen |= {kind} & {b"moov", b"ftyp"}
        at += size
    return at


def is_word(kind: bytes) -> bool:
    """Whether four bytes can be the name of a chunk.

    >>> is_word(b"data"), is_word(bytes(4))
    (True, False)
    """
    return all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)


def _counts_frames(path: Path) -> bool:
    """Whether an MP3 file begins with a frame that states the number of frames (Xing, Info or VBRI)."""
    with path.open("rb") as file:
        file.seek(_after_tags(file))
        head = file.read(4096)
    first = next((at for at in range(len(head) - 1) if head[at] == 0xFF and head[at + 1] >= 0xE0), None)
    if first is None:
        return False
    frame = head[first : first + 64]
    return b"VBRI" in frame or b"Xing" in frame or b"Info" in frame


def _after_tags(file: Any) -> int:
    """Return where the ID3v2 tags at the beginning of a file end."""
    at = 0
    while len(head := read_at(file, at, 10)) == 10 and head[:3] == b"ID3":
        at += 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        at += 10 if head[5] & 0x10 else 0
    return at


def read_at(file: Any, at: int, count: int) -> bytes:
    """Return up to `count` bytes of a file from position `at` on; fewer at the end of the file."""
    file.seek(min(at, _FURTHEST))
    found: bytes = file.read(count)
    return found
