"""Detect sound or picture in a file after the last packet that FFmpeg reads.

If a recorder fails some time after it last updated the header, the file states an end that is too early. FFmpeg reads
some formats to the last byte. But it reads the formats below only up to the stated end, and it gives no warning.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.streams.container.opening import open_behind
from pipeline.streams.container.sizes import MOV, PADDING, is_word, read_at

BLOCK = 1 << 20


class Chunk(NamedTuple):
    """The head of a chunk: its name and its total length."""

    name: bytes
    length: int


def _riff(head: bytes) -> Chunk:
    return Chunk(head[:4], _even(8 + int.from_bytes(head[4:8], "little")))


def _riff_of_big_endians(head: bytes) -> Chunk:
    return Chunk(head[:4], _even(8 + int.from_bytes(head[4:8], "big")))


def _w64(head: bytes) -> Chunk:
    return Chunk(head[:4], -(-int.from_bytes(head[16:24], "little") // 8) * 8)


def _caf(head: bytes) -> Chunk:
    return Chunk(head[:4], 12 + int.from_bytes(head[4:12], "big"))


def _box(head: bytes) -> Chunk:
    size = int.from_bytes(head[:4], "big")
    return Chunk(head[4:8], int.from_bytes(head[8:16], "big") if size == 1 else size)


def _even(length: int) -> int:
    return length + length % 2


CHUNKS: dict[str, Callable[[bytes], Chunk]] = {
    "wav": _riff,
    "aiff": _riff_of_big_endians,
    "w64": _w64,
    "caf": _caf,
    MOV: _box,
}
ALIGNED = {"wav": 2, "aiff": 2, "w64": 8}  # chunks begin at multiples of this many bytes


def bytes_unread(container: Any, path: Path, last_byte: int) -> int:
    """Return how many bytes after the last packet are not chunks, tags or zeros; 0 for formats not in `CHUNKS`.

    Parameters
    ----------
    container
        The open file.
    path
        The path of the file.
    last_byte
        The end of the last packet, in bytes.
    """
    name = str(container.format.name)
    size = path.stat().st_size
    if name not in CHUNKS or not 0 < last_byte < size:
        return 0
    with path.open("rb") as file:
        if name != MOV:
            at = last_byte + -last_byte % ALIGNED.get(name, 1)
            return _unless_zeros(file, _after_chunks(file, at, size, CHUNKS[name]), size)
        end = _end_of_box(file, last_byte, size)
        inside = _unless_zeros(file, last_byte, end)
        if inside:  # content that an edit list leaves out is not meant to be shown
            inside = _unless_zeros(file, max(last_byte, _last_byte_unedited(path)), end)
        return inside + _unless_zeros(file, _after_chunks(file, end, size, _box), size)


def _end_of_box(file: Any, within: int, size: int) -> int:
    """Return the end of the MP4 box that contains the byte before `within`."""
    end = 0
    while end < within:
        length = _box(read_at(file, end, 16)).length or size - end
        if length < 8:
            return within
        end += length
    return min(end, size)


def _last_byte_unedited(path: Path) -> int:
    """Return the end of the last packet, in bytes, counting packets that an edit list leaves out."""
    with open_behind(path, 0, "mov", {"ignore_editlist": "1"}) as container:
        return max(((packet.pos or 0) + packet.size for packet in container.demux()), default=0)


def _after_chunks(file: Any, at: int, size: int, parse: Callable[[bytes], Chunk]) -> int:
    """Return the end of the sequence of chunks and tags that begins at byte `at`."""
    while at < size:
        head = read_at(file, at, 32)
        chunk = parse(head)
        fits = is_word(chunk.name) and 8 <= chunk.length <= size - at + PADDING
        length = _tag_length(head) or (chunk.length if fits and len(head) >= 8 else 0)
        if not length:
            break
        at += length
    return min(at, size)


def _tag_length(head: bytes) -> int:
    """Return the length of a tag (ID3 or APE) that begins with `head`; 0 if it is not a tag."""
    if head[:3] == b"TAG":
        return 128
    if head[:3] == b"ID3" and len(head) >= 10:
        return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 32 + int.from_bytes(head[12:16], "little") if head[:8] == b"APETAGEX" else 0


def _unless_zeros(file: Any, first: int, last: int) -> int:
    """Return the number of bytes between two positions of a file; 0 if all of them are zeros (padding)."""
    blocks = (read_at(file, at, min(BLOCK, last - at)) for at in range(first, last, BLOCK))
    return last - first if any(map(any, blocks)) else 0
