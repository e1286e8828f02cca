"""Show the progress of a step: a bar on a terminal, or a line every ten seconds, with the estimated time left."""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TextIO

_LINE_EVERY_S = 10.0
_RECENT = 100  # number of latest results from which the rate is computed
_LEAST_S = 1.0  # the shortest time from which a rate is computed


class Pace:
    """Measures how fast results arrive. The time before the first result is start-up and does not count."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=_RECENT)

    def add(self, now: float, done: int) -> None:
        """Note that at the time `now`, in seconds, `done` results had arrived in total."""
        self._seen.append((now, done))

    def rate(self, now: float) -> float | None:
        """Return the recent rate in results per second; None while too few have arrived."""
        if not self._seen:
            return None
        (begin, before), (_, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - begin) if done > before and now - begin >= _LEAST_S else None


class Progress:
    """Counts results and shows on standard error how many are done and failed, the rate and the time left.

    Use it as a context manager, so that the last line is complete however the step ends.

    Parameters
    ----------
    label
        Name of the work, for example ``extract mfcc``.
    total
        The number of results, including those from the cache.
    cached
        The number of results from the cache.
    unit
        What is counted, in the plural.
    out
        Where progress is shown; by default standard error.
    quiet
        Whether nothing is shown.
    clock
        Function that returns a time in seconds that never decreases.
    """

    def __init__(
        self,
        label: str,
        total: int,
        cached: int = 0,
        *,
        unit: str = "clips",
        out: TextIO | None = None,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label, self.total, self.cached, self.unit = label, total, cached, unit
        self.done = self.failed = 0
        self._out = out or sys.stderr
        self._quiet, self._clock, self._pace = quiet, clock, Pace()
        self._bar = _bar(label, total, cached, unit, self._out) if not quiet and self._out.isatty() else None
        self._shown = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._draw(self._bar, 0)
            self._bar.close()
        elif not self._quiet:
            self._show()

    def step(self, results: int = 1, *, failed: bool = False) -> None:
        """Count results that arrived together, and update the bar or write a line if one is due."""
        self.done += results
        self.failed += failed
        now = self._clock()
        self._pace.add(now, self.done)
        if self._bar is not None:
            self._draw(self._bar, results)
        elif not self._quiet and now - self._shown >= _LINE_EVERY_S:
            self._shown = now
            self._show()

    def line(self) -> str:
        """Return the progress as one line."""
        clips = self.unit == "clips"
        counts = [f"{self.done + self.cached}/{self.total} {self.unit}", *self._details(always=clips)]
        return f"{self.label}: {', '.join(counts)}"

    def _details(self, *, always: bool) -> list[str]:
        """Return the numbers of cached and failed results (zeros only if `always`), the rate and the time left."""
        rate, left = self._pace.rate(self._clock()), self.total - self.cached - self.done
        parts = [
            f"{self.cached} from the cache" if always or self.cached else "",
            f"{self.failed} failed" if always or self.failed else "",
            f"{rate:.2g}/s" if rate else "",
            f"{duration(left / rate)} left" if rate and left else "",
        ]
        return [part for part in parts if part]

    def _draw(self, bar: Any, results: int) -> None:
        bar.ncols = _columns(self._out)
        bar.set_postfix_str(", ".join(self._details(always=False)), refresh=not results)
        bar.update(results)

    def _show(self) -> None:
        self._out.write(f"{self.line()}\n")
        self._out.flush()


def duration(seconds: float) -> str:
    """Return a time in seconds, minutes, or hours and minutes, depending on its length.

    >>> duration(12.3), duration(100), duration(7500)
    ('12 s', '2 min', '2 h 5 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _bar(label: str, total: int, cached: int, unit: str, out: TextIO) -> Any:
    """Return a tqdm bar; it needs neither tqdm's monitor thread nor its lock, since only this thread draws it."""
    from tqdm import tqdm

    bar: Any = type("Bar", (tqdm,), {"monitor_interval": 0})
    bar.set_lock(threading.RLock())
    shape = "{desc}: {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {unit}{postfix}"
    size = {"total": total, "initial": cached, "ncols": _columns(out), "nrows": 20}
    return bar(desc=label, unit=unit, file=out, mininterval=0.2, bar_format=shape, **size)


def _columns(out: TextIO) -> int:
    """Return the width of a terminal in characters; 80 if it is unknown."""
    try:
        return os.get_terminal_size(out.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
