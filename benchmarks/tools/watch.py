"""Run a command and watch its process tree: wall and processor time, peak memory of the head and of the workers."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.tools.recordings import ROOT

INTERVAL_S = 0.5
MB = 1e6


@dataclass(frozen=True)
class Watched:
    """The resources that a command used.

    Attributes
    ----------
    wall_s, cpu_s
        Wall time, and processor time of all processes of the command.
    head_mb, worker_mb
        Peak resident memory of the command itself, and of its largest child (0 without children).
    others
        The number of cores that other processes kept busy during the run; if well above 0, wall times mean little.
    each_cpu_s
        Processor time of each child, the busiest first, as last sampled before it ended.
    """

    wall_s: float
    cpu_s: float
    head_mb: float
    worker_mb: float
    others: float
    each_cpu_s: tuple[float, ...] = ()


def watch(command: Sequence[str], folder: Path) -> Watched:
    """Run `command` in `folder`, and return what it used; raise `RuntimeError` with its output if it fails."""
    before, machine, begin = _children_cpu_s(), _machine_cpu_s(), time.perf_counter()
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment())
        peaks, used_s = _sampled(process)
    wall_s, cpu_s = time.perf_counter() - begin, _children_cpu_s() - before
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(folder / 'output.txt').read_text()[-2000:]}")
    head_mb = peaks.pop(process.pid, 0.0)
    used_s.pop(process.pid, None)
    others = max(0.0, _machine_cpu_s() - machine - cpu_s) / wall_s
    each_cpu_s = tuple(sorted(used_s.values(), reverse=True))
    return Watched(wall_s, cpu_s, head_mb, max(peaks.values(), default=0.0), others, each_cpu_s)


def crossmodal(folder: Path, *arguments: str) -> Watched:
    """Run `crossmodal ...` in `folder`, and return what it used."""
    return watch([sys.executable, str(ROOT / "cli.py"), *arguments], folder)


def environment() -> dict[str, str]:
    """Return environment variables with which a process imports this code and downloads no models."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def _sampled(process: "subprocess.Popen[bytes]") -> tuple[dict[int, float], dict[int, float]]:
    """Watch a process and its children until it ends; return the peak MB and the processor seconds of each, by id."""
    peaks: dict[int, float] = {}
    used_s: dict[int, float] = {}
    head = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [head, *head.children(recursive=True)]
        except psutil.Error:
            family = []
        for member in family:
            peaks[member.pid] = max(peaks.get(member.pid, 0.0), _peak_mb(member))
            used_s[member.pid] = max(used_s.get(member.pid, 0.0), _used_s(member))
        with suppress(subprocess.TimeoutExpired):
            process.wait(INTERVAL_S)
    return peaks, used_s


def _peak_mb(process: psutil.Process) -> float:
    """Return the peak resident memory so far in MB; only Linux records it, so elsewhere it is the current memory."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        peak = next((line for line in lines if line.startswith("VmHWM:")), None)
        return int(peak.split()[1]) * 1024 / MB if peak else 0.0
    except OSError:
        pass
    try:
        return float(process.memory_info().rss / MB)
    except psutil.Error:
        return 0.0


def _used_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _machine_cpu_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system)
