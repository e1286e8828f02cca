"""The parts of synthetic recordings, and packets of transport streams written by hand."""

from pathlib import Path

import pytest

from pipeline.streams.container.opening import open_recording
from pipeline.streams.container.parts import is_pause, read_parts
from tests.pipeline.streams.recordings import flashing, joined


def test_a_recording_is_one_part(tmp_path: Path) -> None:
    path = flashing(tmp_path / "a.ts", 2.0, 1.0, video="mpeg2video", audio="mp2", container="mpegts")
    with open_recording(path) as container:
        parts = read_parts(container)
    assert len(parts.spans_s) == 1
    assert (parts.joints, parts.leaps) == ({}, set())
    assert parts.match
    assert parts.shifts() == [0.0]
    assert parts.shifts_by_stream([0.0]) == {}
    (start_s, end_s) = parts.spans_s[0]
    assert end_s - start_s == pytest.approx(2.0, abs=0.1)
    assert parts.last_byte <= path.stat().st_size


def test_joined_parts_are_laid_end_to_end(tmp_path: Path) -> None:
    names = {"video": "mpeg2video", "audio": "mp2", "container": "mpegts"}
    ones = [flashing(tmp_path / f"{i}.ts", length, 0.5, **names) for i, length in enumerate((3.0, 2.0))]
    with open_recording(joined(tmp_path / "joined.ts", ones)) as container:
        parts = read_parts(container)
    assert parts.match
    assert len(parts.spans_s) == 2
    size = ones[0].stat().st_size
    assert parts.joints[1] >= size  # read from the second file
    first, second = parts.spans_s
    shifts = parts.shifts()
    assert shifts[0] == 0.0
    assert second[0] + shifts[1] == pytest.approx(first[1])
    ends = parts.ends(shifts)
    assert max(ends.values()) - first[0] == pytest.approx(5.0, abs=0.15)
    assert set(parts.shifts_by_stream(shifts)) == set(ends)
    parts.forget()
    assert parts.shifts() == [0.0]
    assert parts.joints == {}


def packet(number: int, counter: int, *, breaks: bool = False, filled: bool = True) -> bytes:
    """Write a packet of a transport stream: the number of its stream, and its number in that stream."""
    control = (0x20 if breaks else 0) | (0x10 if filled else 0) | counter % 16
    head = bytes([0x47, number >> 8, number & 0xFF, control]) + (b"\x01\x80" if breaks else b"")
    return head.ljust(188, b"\xff")


def counted(*counters: int, number: int = 256) -> list[bytes]:
    return [packet(number, counter) for counter in counters]


@pytest.mark.parametrize("lead", [0, 4])  # bytes before each packet: a stamp
@pytest.mark.parametrize(
    ("packets", "pause"),
    [
        (counted(*range(40)), True),  # counts wrap around at 16
        (counted(14, 15, 0, 0, 1), True),  # a packet may come twice
        (counted(3, 4, 9, 10), False),
        ([*counted(1, 2), *counted(7, 8, number=300), *counted(3, 4)], True),  # each stream has a count of its own
        ([*counted(1, 2), packet(256, 3, breaks=True), *counted(4)], False),
        ([*counted(1, 2), packet(0x1FFF, 9), *counted(3, 4)], True),  # padding does not count
        ([*counted(1, 2), packet(256, 2, filled=False), *counted(3)], True),  # a packet without content does not count
    ],
)
def test_unbroken_numbering_of_packets_means_a_pause(
    tmp_path: Path, packets: list[bytes], pause: bool, lead: int
) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes(b"".join(bytes(lead) + one for one in packets))
    assert is_pause(path, 2 * (188 + lead)) is pause


def test_a_file_that_is_not_a_transport_stream_has_no_pause(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 20)
    assert not is_pause(path, 500)
