"""Read times in a recording as people and tools write them: ``75.5``, ``1:15.5``, ``0:01:15,500``.

A time is read only if it is unambiguous. ``1:2`` may stand for ``1:02`` or ``1:20``, ``1,500`` for 1.5 or 1500 seconds,
and the last part of ``00:00:04:12`` may count frames of an unknown rate. Such times are refused with a message that
says what to write instead.
"""

import math
import re
from collections.abc import Mapping, Sequence

from pipeline.errors import counted
from pipeline.tables.rules import is_no_label, number_of, trimmed

_CLOCK = re.compile(r"(?:(?P<hours>\d{1,4}):(?=\d\d:))?(?P<minutes>\d{1,4}):(?P<seconds>\d\d)(?:[.,](?P<part>\d+))?")
_ALMOST = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")  # a clock with one digit, or without a leading 0
_COMMA = re.compile(r"[+-]?\d*,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_SEVERAL = 3  # this many different clock times that are all whole minutes cannot be a coincidence
FORMS = "seconds (75.5), minutes:seconds (1:15.5) or hours:minutes:seconds (0:01:15.5)"


def seconds_of(cell: str) -> float:
    """Return a cell as seconds; NaN if it is empty or means "unknown".

    Raises
    ------
    ValueError
        If the cell is not a time, or is ambiguous. The message fits after "but" and says how to write the time.

    Examples
    --------
    >>> [seconds_of(cell) for cell in ("90.5", "1,5", "0:04", "01:15.5", "00:01:15,500", "NaN")]
    [90.5, 1.5, 4.0, 75.5, 75.5, nan]
    """
    cell = trimmed(cell)
    if is_no_label(cell):
        return math.nan
    if parts := _CLOCK.fullmatch(cell):
        return _by_clock(parts)
    if _COMMA.fullmatch(cell):
        return _with_comma(cell)
    try:
        return number_of(cell)
    except ValueError:
        raise ValueError(_advice(cell)) from None


def by_clock(cell: str) -> bool:
    """Whether a cell is a clock time, with minutes or hours before a colon.

    >>> by_clock("0:04"), by_clock("4.0"), by_clock("1:2")
    (True, False, False)
    """
    return bool(_CLOCK.fullmatch(trimmed(cell)))


def clock_notices(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a list with one sentence on how clock times in some columns were read; an empty list if there are none.

    Parameters
    ----------
    columns
        The cells of each column, keyed by its name.

    Examples
    --------
    >>> clock_notices({"start": ["0:04", "9"], "end": ["1:02:00", "12"]})
    ["start, end: 2 times with colons are read by the clock: '0:04' as 4 s, '1:02:00' as 3720 s"]
    """
    found = {name: [cell for cell in map(trimmed, cells) if by_clock(cell)] for name, cells in columns.items()}
    cells = [cell for one in found.values() for cell in one]
    if not cells:
        return []
    short, long = ([cell for cell in cells if cell.count(":") == colons] for colons in (1, 2))
    read = ", ".join(f"{one[0]!r} as {seconds_of(one[0]):g} s" for one in (short, long) if one)
    names = ", ".join(name for name, one in found.items() if one)
    are = "is" if len(cells) == 1 else "are"
    notice = f"{names}: {counted(len(cells), 'time')} with colons {are} read by the clock: {read}"
    if len({*long}) >= _SEVERAL and all(seconds_of(cell) % 60 == 0 for cell in long):
        meant = long[-1].rpartition(":")[0]
        notice += (
            f". All times with two colons are whole minutes: check that a spreadsheet did not take {meant!r} for hours "
            "and minutes"
        )
    return [notice]


def _by_clock(parts: re.Match[str]) -> float:
    hours, minutes, seconds = (int(parts[name] or 0) for name in ("hours", "minutes", "seconds"))
    if seconds >= 60 or (parts["hours"] is not None and minutes >= 60):
        what = f"{seconds} seconds" if seconds >= 60 else f"{minutes} minutes"
        total = f"{_total(hours, minutes, seconds, parts['part']):g}"
        raise ValueError(f"a clock cannot show {what}: write the time in seconds ({total}, if that is what it means)")
    return _total(hours, minutes, seconds, parts["part"])


def _total(hours: int, minutes: int, seconds: int, part: str | None) -> float:
    return float(f"{3600 * hours + 60 * minutes + seconds}.{part or 0}")  # exactly what the digits say


def _with_comma(cell: str) -> float:
    plain = cell.replace(",", ".")
    if _THOUSANDS.fullmatch(cell):
        whole = cell.replace(",", "")
        raise ValueError(f"the comma may be a decimal point or a separator of thousands: write {plain} or {whole}")
    return float(plain)


def _advice(cell: str) -> str:
    if almost := _ALMOST.fullmatch(cell):
        hours, minutes, seconds = almost.groups()
        whole, _, part = seconds.replace(",", ".").partition(".")
        clock = f"{int(minutes)}:{int(whole):02d}" if hours is None else f"{hours}:{int(minutes):02d}:{int(whole):02d}"
        clock += f".{part}" if part else ""
        two = "a clock shows minutes and seconds with two digits each"
        return f"{two}: write {clock} if that is what it means, or seconds"
    if re.fullmatch(r"\d+(?::\d+){3,}(?:[.,]\d+)?", cell):
        return f"a time with so many parts may count frames: write {FORMS}"
    return f"must be a time: {FORMS}"
