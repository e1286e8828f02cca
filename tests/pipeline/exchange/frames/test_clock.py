"""When frames were filmed, from the times or the numbers that tools write."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.frames.clock import Cells, Clock, clock_of
from pipeline.exchange.frames.columns import FrameOptions


def clock(times: Sequence[object], frames: Sequence[object] = (), name: str = "time", **options: object) -> Clock:
    cells = Cells(name, [str(time) for time in times])
    numbers = Cells("frame", [str(frame) for frame in frames]) if len(frames) else Cells()
    lines = range(2, 2 + max(len(times), len(frames)))
    return clock_of(Path("a.csv"), lines, cells, numbers, FrameOptions(**options))  # type: ignore[arg-type]


def test_rows_are_put_in_order_of_time_and_those_of_one_time_are_one_frame() -> None:
    found = clock([0.2, 0, 0.2, 0.1])
    assert found.times.tolist() == [0, 0.1, 0.2]
    assert found.frame.tolist() == [2, 0, 2, 1]


def test_minutes_and_hours() -> None:
    assert clock(["0:59,5", "01:02.5", "1:00:00"]).times.tolist() == [59.5, 62.5, 3600]


@pytest.mark.parametrize(("first", "numbers"), [(1, [1, 2, 5]), (0, [0, 1, 4]), (0, [2, 3, 6])])
def test_frames_count_from_one_if_the_first_is_one_and_else_from_zero(first: int, numbers: list[int]) -> None:
    assert clock([], numbers, fps=20.0).times.tolist() == [(number - first) / 20 for number in numbers]


def test_frames_of_a_recording_are_shown_when_it_shows_them() -> None:
    shown = np.array([0, 0.04, 0.2, 0.3])
    cells = Cells("frame", ["1", "3", "4"])
    found = clock_of(Path("a.csv"), [2, 3, 4], Cells(), cells, FrameOptions(fps="recording"), shown)
    assert found.times.tolist() == [0, 0.2, 0.3]
    with pytest.raises(UserError, match=r"a\.csv:4: frame 3 \(counted from 0\) is not in the recording of 3 frames"):
        clock_of(Path("a.csv"), [2, 3, 4], Cells(), cells, FrameOptions(fps="recording"), shown[:3])


def test_the_unit_is_in_the_name_or_an_option_or_in_the_steps() -> None:
    assert clock([0, 40, 80], name="time_ms").times.tolist() == [0, 0.04, 0.08]
    assert clock([0, 40, 80], unit="ms").times.tolist() == [0, 0.04, 0.08]
    assert clock([0, 40, 80], name="t_ms", unit="s").times.tolist() == [0, 40, 80]
    found = clock([0, 0.04, 0.08], name="frame_time_in_ms")
    assert found.times.tolist() == [0, 0.04, 0.08]
    assert found.notice == (
        "frame_time_in_ms of a.csv was read as seconds: as milliseconds it would mean 25000 frames per second"
    )


def test_a_constant_number_of_the_frame_says_nothing() -> None:
    assert clock([0, 0.1, 0.2], [0, 0, 0]).times.tolist() == [0, 0.1, 0.2]
    assert clock([0, 0.1], ["?", "x"]).times.tolist() == [0, 0.1]


def test_a_few_frames_may_share_a_time() -> None:
    times = [0.1 * i for i in range(20)]
    times[7] = times[6]
    found = clock(times, range(20))
    assert len(found.times) == 20
    np.testing.assert_array_equal(found.frame, range(20))


@pytest.mark.parametrize(
    ("times", "frames", "options", "sentence"),
    [
        ([0, "x"], [], {}, "a.csv:3: time is 'x', but must be a time: seconds"),
        ([0, ""], [], {}, "a.csv:3: time is empty, but must be a time"),
        ([0, "1:2"], [], {}, "a.csv:3: time is '1:2', but a clock shows minutes and seconds with two digits each"),
        ([0, "1:2:3:4"], [], {}, "a.csv:3: time is '1:2:3:4'"),
        ([0, 0.1, 0], [0, 1, 2], {}, "a.csv:4: time goes back from 0.1 to 0 s, while frame increases"),
        ([0, 0, 0, 1, 1], [0, 1, 2, 3, 4], {}, "time has only 2 different times for 5 frames: give --fps"),
        ([], [0, ""], {"fps": 25.0}, "a.csv:3: frame is '', but must be a frame number"),
        ([], [0, -1], {"fps": 25.0}, "a.csv:3: frame is '-1'"),
    ],
)
def test_times_that_cannot_be_are_named(
    times: list[object], frames: list[object], options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError) as error:
        clock(times, frames, **options)
    assert sentence in str(error.value)
