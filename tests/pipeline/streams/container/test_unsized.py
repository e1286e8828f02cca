"""Sizes that writers left open, and files read with other bytes in some places."""

import io
import struct
from pathlib import Path

import pytest

from pipeline.streams.container.unsized import View, sizes_of_unsized, unless_open


@pytest.mark.parametrize("size", [0x7F000000, 0x7FFFF024, 0x7FFFFFFF, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1])
def test_a_placeholder_is_not_a_size(size: int) -> None:
    assert unless_open(size) == 0


@pytest.mark.parametrize("size", [0, 1, 36, 10**6, 2**31 - 2**17, 3 * 10**9, 10**12])
def test_any_other_number_is_a_size(size: int) -> None:
    assert unless_open(size) == size


def test_a_view_reads_other_bytes_in_some_places() -> None:
    view = View(io.BytesIO(bytes(range(20))), start=5, instead={2: b"ab", 12: b"xyzw"})
    assert view.read(4) == bytes([5, 6]) + b"ab"
    assert view.tell() == 4
    assert view.seek(3) == 3
    assert view.read(2) == b"b" + bytes([9])
    assert view.seek(-4, 2) == 11
    assert view.read(100) == bytes([16]) + b"xyz"  # not beyond the end of the file
    assert view.seek(0) == 0
    assert view.seek(2, 1) == 2
    assert view.read(1) == b"a"


def chunk(name: bytes, data: bytes, order: str = "<", size: int | None = None) -> bytes:
    return name + struct.pack(f"{order}I", len(data) if size is None else size) + data


def test_sizes_of_an_aiff(tmp_path: Path) -> None:
    sound = bytes(8) + bytes(1000)
    comm = chunk(b"COMM", bytes(18), ">")
    path = tmp_path / "a.aiff"
    path.write_bytes(b"FORM" + bytes(4) + b"AIFF" + comm + chunk(b"SSND", sound, ">", 0))
    size = path.stat().st_size
    at = 12 + len(comm)
    assert sizes_of_unsized(path) == {4: struct.pack(">I", size - 8), at + 4: struct.pack(">I", size - at - 8)}
    path.write_bytes(b"FORM" + struct.pack(">I", size - 8) + path.read_bytes()[8:])
    assert sizes_of_unsized(path) == {}


def test_sizes_of_an_rf64(tmp_path: Path) -> None:
    ds64 = chunk(b"ds64", bytes(28))
    head = b"RF64" + b"\xff" * 4 + b"WAVE" + ds64 + chunk(b"fmt ", bytes(16))
    path = tmp_path / "a.wav"
    path.write_bytes(head + chunk(b"data", bytes(600), size=2**32 - 1))
    size = path.stat().st_size
    assert sizes_of_unsized(path) == {20: struct.pack("<QQQ", size - 8, 600, 0)}


def test_sizes_of_an_au_and_of_files_without_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b".snd" + struct.pack(">II", 24, 0) + bytes(100))
    assert sizes_of_unsized(path) == {8: b"\xff" * 4}
    path.write_bytes(b".snd" + struct.pack(">II", 24, 100) + bytes(112))
    assert sizes_of_unsized(path) == {}
    path.write_bytes(b"something else entirely" * 4)
    assert sizes_of_unsized(path) == {}
