"""Fill in the sizes of sound files whose headers lack them, so that FFmpeg can read these files.

Recorders that write to a pipe cannot go back to fill in sizes, so they leave zeros or the largest number. FFmpeg knows
most of these placeholders. Where FFmpeg takes a placeholder literally, and so reads nothing or reports a damaged file,
it is given the true size.
"""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LARGEST = (0x7F000000, 2**31, 2**32)  # placeholders are 0 or close to one of these
NEAR = 2**16
W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
MOST_CHUNKS = 1000


def unless_open(size: int) -> int:
    """Return `size`, or 0 if it is a placeholder for an unknown size.

    >>> unless_open(1000), unless_open(0x7FFFF024), unless_open(2**64 - 1)
    (1000, 0, 0)
    """
    placeholder = any(abs(size - largest) <= NEAR for largest in LARGEST) or size >= 2**62
    return 0 if placeholder else size


def sizes_of_unsized(path: Path) -> dict[int, bytes]:
    """Return the sizes to fill in: position in the file -> bytes to read there; empty if nothing need be filled in."""
    with path.open("rb") as file:
        head = file.read(40)
        size = file.seek(0, 2)
        if head[:4] in (b"RF64", b"BW64") and head[12:16] == b"ds64":
            return {} if unless_open(int.from_bytes(head[28:36], "little")) else _of_rf64(file, size)
        if head[:4] == b"riff":
            return {} if unless_open(int.from_bytes(head[16:24], "little")) else _of_w64(file, size)
        if head[:4] == b"FORM" and head[8:11] == b"AIF":
            return {} if unless_open(int.from_bytes(head[4:8], "big")) else _of_aiff(file, size)
        if head[:4] == b".snd":
            return {} if unless_open(int.from_bytes(head[8:12], "big")) else {8: b"\xff\xff\xff\xff"}
    return {}


class View:
    """A file as FFmpeg is to read it: from byte `start` on, with some bytes replaced.

    Parameters
    ----------
    file
        File that is open for reading.
    start
        The position of the first byte.
    instead
        The replacement bytes, keyed by their position relative to `start`.
    """

    def __init__(self, file: Any, start: int = 0, instead: Mapping[int, bytes] | None = None) -> None:
        self._file, self._start, self._instead = file, start, instead or {}
        file.seek(start)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the file."""
        at = self.tell()
        found = bytearray(self._file.read(size))
        for place, data in self._instead.items():
            first, last = max(place, at), min(place + len(data), at + len(found))
            if first < last:
                found[first - at : last - at] = data[first - place : last - place]
        return bytes(found)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position, and return it."""
        place: int = self._file.seek(offset + (self._start if whence == 0 else 0), whence)
        return place - self._start

    def tell(self) -> int:
        """Return the position of the next byte."""
        place: int = self._file.tell()
        return place - self._start


def _of_rf64(file: Any, size: int) -> dict[int, bytes]:
    at = _chunk(file, 12, b"data", lambda head: (head[:4], 8 + int.from_bytes(head[4:8], "little")))
    return {20: struct.pack("<QQQ", size - 8, size - at - 8, 0)} if at else {}


def _of_w64(file: Any, size: int) -> dict[int, bytes]:
    at = _chunk(file, 40, W64_DATA, lambda head: (head[:16], -(-int.from_bytes(head[16:24], "little") // 8) * 8))
    return {16: struct.pack("<Q", size), at + 16: struct.pack("<Q", size - at)} if at else {}


def _of_aiff(file: Any, size: int) -> dict[int, bytes]:
    at = _chunk(file, 12, b"SSND", lambda head: (head[:4], 8 + -(-int.from_bytes(head[4:8], "big") // 2) * 2))
    fits = size < 2**32
    return {4: struct.pack(">I", size - 8), at + 4: struct.pack(">I", size - at - 8)} if at and fits else {}


def _chunk(file: Any, at: int, wanted: bytes, parse: Callable[[bytes], tuple[bytes, int]]) -> int:
    """Return where the chunk `wanted` begins; 0 if there is none.

    Parameters
    ----------
    file
        File that is open for reading.
    at
        Position of the first chunk.
    wanted
        The name of the chunk.
    parse
        Function from the first bytes of a chunk to its name and total length.
    """
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(24)
        if len(head) < 8:
            return 0
        name, length = parse(head)
        if name == wanted:
            return at
        at += max(length, 8)
    return 0
