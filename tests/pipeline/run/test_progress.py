"""Progress with a clock that the test advances: start-up does not count; lines in a pipe, a bar on a terminal."""

import io
import os
import pty
import re
import termios
import threading
from contextlib import suppress

import pytest

from pipeline.run.progress import Pace, Progress, duration


class Clock:
    """A clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def seconds_left(line: str) -> float:
    found = re.search(r"(\d+) s left", line)
    assert found, line
    return float(found[1])


@pytest.mark.parametrize("start_s", [0.0, 5.0, 475.0])
def test_the_estimate_does_not_count_start_up(start_s: float) -> None:
    """A run of 635 results in 22 s: however long workers take to start, the time left is right within a tenth."""
    clock = Clock()
    progress = Progress("train demo", 635, unit="fits", out=io.StringIO(), clock=clock)
    clock.now += start_s
    for done in range(1, 635):
        progress.step()
        if done / 635 > 0.1:
            assert seconds_left(progress.line()) == pytest.approx(22 * (635 - done) / 635, rel=0.1, abs=1)
        clock.now += 22 / 635


def test_results_that_arrive_first_together_do_not_count_as_fast() -> None:
    clock = Clock()
    progress = Progress("train demo", 100, unit="fits", out=io.StringIO(), clock=clock)
    clock.now += 300
    progress.step(20)  # all fits of the first job
    clock.now += 10
    progress.step(10)
    assert progress.line() == "train demo: 30/100 fits, 1/s, 1 min left"


def test_there_is_no_estimate_until_a_rate_is_known() -> None:
    clock = Clock()
    progress = Progress("extract mfcc", 10, 3, out=io.StringIO(), clock=clock)
    assert progress.line() == "extract mfcc: 3/10 clips, 3 from the cache, 0 failed"
    clock.now += 60
    progress.step()
    assert "left" not in progress.line()  # one result only shows how long start-up took
    clock.now += 0.5
    progress.step(failed=True)
    assert "left" not in progress.line()
    clock.now += 1.5
    assert progress.line() == "extract mfcc: 5/10 clips, 3 from the cache, 1 failed, 0.5/s, 10 s left"


def test_the_rate_is_that_of_the_latest_results() -> None:
    pace = Pace()
    for k in range(1000):
        pace.add(k * 0.01, k)
    assert pace.rate(9.99) is None  # 100 results in less than a second
    for k in range(200):
        pace.add(10 + k * 2.0, 1000 + k)
    assert pace.rate(10 + 199 * 2.0) == pytest.approx(0.5)


def test_a_rate_falls_while_nothing_arrives() -> None:
    pace = Pace()
    assert pace.rate(0.0) is None
    pace.add(0.0, 1)
    pace.add(2.0, 5)
    assert (pace.rate(2.0), pace.rate(8.0)) == (2.0, 0.5)


def test_a_pipe_gets_a_line_every_ten_seconds_and_one_in_the_end() -> None:
    clock, out = Clock(), io.StringIO()
    with Progress("extract mfcc", 40, out=out, clock=clock) as progress:
        for _ in range(40):
            clock.now += 1
            progress.step()
    lines = out.getvalue().splitlines()
    assert [line.split()[2] for line in lines] == ["10/40", "20/40", "30/40", "40/40", "40/40"]
    assert lines[-1] == "extract mfcc: 40/40 clips, 0 from the cache, 0 failed, 1/s"
    assert "\r" not in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_terminal_gets_a_bar_that_ends_its_line() -> None:
    clock, out = Clock(), Terminal()
    with Progress("extract mfcc", 4, 1, out=out, clock=clock) as progress:
        for _ in range(3):
            clock.now += 2
            progress.step()
    last = out.getvalue().split("\r")[-1]
    assert re.fullmatch(r"extract mfcc: 100% \|.+\| 4/4 clips, 1 from the cache, 0\.5/s\s*\n", last), last
    assert out.getvalue().count("\n") == 1


def test_a_step_that_fails_ends_the_line_of_its_bar() -> None:
    out = Terminal()

    def stopped() -> None:
        with Progress("extract mfcc", 4, out=out) as progress:
            progress.step()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert out.getvalue().endswith("\n")
    assert "1/4 clips" in out.getvalue().split("\r")[-1]


def drawn(rows: int, columns: int) -> str:
    """Return what a step of three results writes on a real terminal of a size."""
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (rows, columns))
    with open(terminal, "w") as out, Progress("preprocess video", 3, out=out, clock=(clock := Clock())) as progress:  # noqa: PTH123
        for _ in range(3):
            clock.now += 2
            progress.step()
    written = b""
    with suppress(OSError):  # reading after the last byte, since no process has the terminal open
        while part := os.read(controller, 1 << 16):
            written += part
    os.close(controller)
    return written.decode()


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (0, 0), (24, 60), (50, 200)])
def test_a_bar_fits_any_reported_size_of_the_terminal(rows: int, columns: int) -> None:
    lines = [line for line in re.split(r"[\r\n]+", drawn(rows, columns)) if line.strip()]
    assert lines[-1].startswith("preprocess video: 100%")
    assert "3/3 clips" in lines[-1]
    assert max(map(len, lines)) <= (columns or 80)


def test_a_bar_starts_no_thread() -> None:
    before = threading.active_count()
    with Progress("extract mfcc", 2, out=Terminal()) as progress:
        progress.step()
        assert threading.active_count() == before


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()])
def test_a_quiet_step_shows_nothing(out: io.StringIO) -> None:
    clock = Clock()
    with Progress("extract mfcc", 2, out=out, quiet=True, clock=clock) as progress:
        clock.now += 60
        progress.step()
    assert out.getvalue() == ""
    assert progress.done == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (90, "2 min"), (3600, "1 h 0 min"), (301630, "83 h 47 min")]
)
def test_a_duration_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text
