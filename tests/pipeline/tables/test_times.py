"""Times as people and tools write them: each is read as the one thing that it can mean, or refused."""

import math
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tables.times import by_clock, clock_notices, seconds_of

MILLISECONDS = st.integers(0, 100 * 3600 * 1000 - 1)


def clock(ms: int, *, hours: bool, mark: str) -> str:
    """Return a time as subtitles write it; `str(timedelta)` is checked to agree where it has the same form."""
    minutes, rest = divmod(ms, 60_000)
    text = f"{rest // 1000:02d}{mark}{rest % 1000:03d}"
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{text}" if hours else f"{minutes:02d}:{text}"


@given(MILLISECONDS, st.booleans(), st.sampled_from(".,"))
def test_every_clock_time_is_read_to_the_millisecond(ms: int, hours: bool, mark: str) -> None:
    assert seconds_of(clock(ms, hours=hours, mark=mark)) == pytest.approx(ms / 1000, abs=1e-9)


@given(st.integers(0, 24 * 3600 - 1))
def test_whole_seconds_agree_with_the_standard_library(seconds: int) -> None:
    assert seconds_of(str(timedelta(seconds=seconds))) == seconds


@given(st.floats(0, 1e5, allow_nan=False).map(lambda value: round(value, 6)))
def test_seconds_with_a_decimal_point_are_read_as_before(value: float) -> None:
    assert seconds_of(str(value)) == value


@given(st.integers(0, 9999), st.integers(0, 99))
def test_a_decimal_comma_with_one_or_two_digits_has_one_meaning(whole: int, part: int) -> None:
    assert seconds_of(f"{whole},{part:02d}") == pytest.approx(whole + part / 100)


@given(st.text("0123456789:.,- ", max_size=14))
def test_any_other_cell_is_refused_with_a_sentence_and_never_read_as_something_else(cell: str) -> None:
    try:
        value = seconds_of(cell)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = ""
    if sentence:
        assert "write" in sentence or "must be a time: " in sentence
        return
    assert math.isnan(value) == (not cell.strip() or cell.strip() == "-nan")
    if by_clock(cell):
        *bigger, seconds = cell.replace(",", ".").strip().split(":")
        assert len(seconds.partition(".")[0]) == 2
        assert value == pytest.approx(sum(int(p) * 60**i for i, p in enumerate(reversed(bigger), 1)) + float(seconds))


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("00:04", 4),
        ("0:04.5", 4.5),
        ("75:30", 4530),
        ("1:00:02", 3602),
        ("00:00:02,250", 2.25),
        (" 01:02 ", 62),
        ("1,5", 1.5),
        ("0,500", 0.5),
        ("12,3456", 12.3456),
        ("-0.5", -0.5),
        ("1e-3", 0.001),
    ],
)
def test_a_time_with_one_meaning(cell: str, seconds: float) -> None:
    assert seconds_of(cell) == seconds


@pytest.mark.parametrize("cell", ["", " ", "NaN", "NA", "null"])
def test_a_time_that_is_not_known(cell: str) -> None:
    assert math.isnan(seconds_of(cell))


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1:2", "two digits each: write 1:02 if"),
        ("1:2:3", "write 1:02:03 if"),
        ("0:4.5", "write 0:04.5 if"),
        ("0:75", "cannot show 75 seconds: write the time in seconds (75, if"),
        ("1:75:00", "cannot show 75 minutes: write the time in seconds (8100, if"),
        ("1,500", "write 1.500 or 1500"),
        ("00:00:04:12", "may count frames"),
        ("4s", "must be a time: seconds"),
        ("-0:01", "must be a time"),
        ("1_0", "must be a time"),
        ("inf", "must be a time"),
        ("two", "must be a time"),
    ],
)
def test_a_time_that_may_mean_several_things_is_refused(cell: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        seconds_of(cell)


def test_the_notice_counts_the_times_with_colons_and_shows_how_they_are_read() -> None:
    assert clock_notices({"start": ["1", ""], "end": ["2"]}) == []
    (notice,) = clock_notices({"start": ["0:04", "1:00"], "end": ["0:09", "12.5"], "sound_start": [""]})
    assert notice == "start, end: 3 times with colons are read by the clock: '0:04' as 4 s"


def test_whole_minutes_of_a_spreadsheet_are_doubted() -> None:
    (notice,) = clock_notices({"start": ["00:04:00", "00:09:00", "00:14:00"]})
    assert "'00:04:00' as 240 s" in notice
    assert "check that a spreadsheet did not take '00:14' for hours and minutes" in notice
    (notice,) = clock_notices({"start": ["00:04:00", "00:09:01", "00:14:00"]})
    assert "check" not in notice
