"""A Dask cluster of its own for a test: a scheduler, and workers that are started one by one."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import ROOT


class Cluster:
    """A scheduler, and workers that are started one by one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self.start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)
        )
        until(file.exists)
        self.address = str(json.loads(file.read_text())["address"])

    def start(
        self, program: str, *arguments: str, code: Path = ROOT, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONPATH": str(code)}
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard", *arguments]
        with (self.folder / "log").open("ab") as log:
            self.processes.append(subprocess.Popen(command, env=env, cwd=cwd or self.folder, stdout=log, stderr=log))
        return self.processes[-1]

    def worker(self, *arguments: str, code: Path = ROOT, **options: Any) -> subprocess.Popen[bytes]:
        return self.start(
            "dask_worker", self.address, "--nthreads", "1", "--no-nanny", *arguments, code=code, **options
        )

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


def until(there: Callable[[], Any], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


def copy_of_the_code(folder: Path) -> Path:
    for name in ("pipeline", "features", "models", "common"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def where(seconds: float) -> tuple[int, str]:
    time.sleep(seconds)
    return os.getpid(), str(Path.cwd())
