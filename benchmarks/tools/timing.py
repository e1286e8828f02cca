"""Measure the cost of a call: processor time of the whole process, and wall time."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time (all threads of this process) and of wall time."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu_s - other.cpu_s, self.wall_s - other.wall_s)


Sample = dict[str, Cost]  # the cost of each call for one clip in one round


def measure(call: Callable[[], object]) -> Cost:
    """Call `call` once, and return its cost."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def interleaved(calls: Mapping[str, Callable[[], object]], *, backwards: bool) -> Sample:
    """Measure each call once, forwards or `backwards`; a caller that alternates between the two cancels drift."""
    order = reversed(list(calls.items())) if backwards else iter(calls.items())
    return {name: measure(call) for name, call in order}


def total(sample: Sample, names: Iterable[str]) -> Cost:
    """Return the sum of the named costs."""
    return sum((sample[name] for name in names), Cost())


def median_ratio(pairs: Sequence[tuple[Cost, Cost]]) -> Cost:
    """Return the median of the ratios first / second over all pairs, for processor time and for wall time."""
    return Cost(median(a.cpu_s / b.cpu_s for a, b in pairs), median(a.wall_s / b.wall_s for a, b in pairs))


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Return the medians of processor and wall time."""
    return Cost(median(cost.cpu_s for cost in costs), median(cost.wall_s for cost in costs))


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and threads that it starts, on one core if the system supports that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
