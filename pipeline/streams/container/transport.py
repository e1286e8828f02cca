"""Whether an MPEG transport stream was written in one go: its packets are counted, and a joint breaks the count."""

from collections.abc import Iterator
from pathlib import Path

SIZES = (188, 192, 204)  # bytes of a packet: plain, with a stamp before it, with a sum behind it
SYNC = 0x47
PADS = 0x1FFF  # the number of a stream that is padding
AROUND = 1 << 16  # bytes that are looked at before a place, and behind it


def goes_on(path: Path, at: int) -> bool:
    """Whether the packets around a byte of a transport stream are counted on without a break.

    A recorder that pauses goes on counting, each stream from 0 to 15 and again; another recording that was joined to
    the first one begins anew. False for what is no transport stream.
    """
    with path.open("rb") as file:
        file.seek(max(at - AROUND, 0))
        data = file.read(2 * AROUND)
    last: dict[int, int] = {}
    count = 0
    for packet in _packets(data):
        count += 1
        number, counter = int.from_bytes(packet[1:3], "big") & 0x1FFF, packet[3] & 15
        extended, filled = packet[3] & 0x20, packet[3] & 0x10
        if number == PADS:
            continue
        if extended and packet[4] and packet[5] & 0x80:  # it says itself that it breaks
            return False
        if filled and number in last and counter not in (last[number], (last[number] + 1) & 15):
            return False
        last[number] = counter
    return count > 1


def _packets(data: bytes) -> Iterator[bytes]:
    """Yield the whole packets in a part of a transport stream; none if it is not one."""
    for size in SIZES:
        for first in range(size):
            places = range(first, len(data) - 187, size)
            if len(places) > 1 and all(data[place] == SYNC for place in places):
                yield from (data[place : place + 188] for place in places)
                return
