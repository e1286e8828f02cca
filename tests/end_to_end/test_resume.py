"""Nothing that was computed is ever lost: killed runs, damaged files, other numbers of workers, the same bytes."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment, grid_corpus, needs_data, outputs, run, shell
from tests.forked import Running

pytestmark = needs_data

STAGES = [
    ("prepare",),
    ("preprocess",),
    ("extract", "--extractor", "mfcc", "--extractor", "vader", "--extractor", "landmarks"),
]


# what is computed on workers of their own: extractors that a process imports quickly
ON_WORKERS = [("preprocess",), ("extract", "--extractor", "mfcc", "--extractor", "vader")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = grid_corpus(tmp_path_factory.mktemp("whole"), 6)
    for stage in STAGES:
        run(*stage, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def uninterrupted(whole: Path) -> dict[str, bytes]:
    found = outputs(whole)
    assert len(found) == 8
    return found


def entries(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder / "data" / "cache").rglob("*.clip")}


def killed(seconds: float, *arguments: str, cwd: Path) -> None:
    """Run a command, and kill it after so many seconds if it has not ended."""
    running = Running(cwd, [arguments])
    running.process.join(seconds)
    running.kill(signal.SIGKILL)
    running.done()


def killed_with_workers(seconds: float, *arguments: str, cwd: Path) -> None:
    """Kill a command and its two workers at once."""
    command = [sys.executable, str(ROOT / "cli.py"), *arguments, "--workers", "2"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=cwd, env=environment(), start_new_session=True, **quiet)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_dozen_kills_lose_nothing(uninterrupted: dict[str, bytes], tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 6)
    run("prepare", cwd=folder)
    moments = random.Random(3)
    kept: dict[Path, int] = {}
    for stage in STAGES[1:]:
        for kill in (*[killed] * 5, killed_with_workers):
            kill(moments.uniform(*((3.0, 6.0) if kill is killed_with_workers else (0.2, 1.5))), *stage, cwd=folder)
            now = entries(folder)
            assert {path: now.get(path) for path in kept} == kept, "a finished clip was computed again or lost"
            kept = now
        run(*stage, cwd=folder)
        now = entries(folder)
        assert {path: now.get(path) for path in kept} == kept
        kept = now
    assert outputs(folder) == uninterrupted


def test_a_damaged_cache_is_mended_clip_by_clip(whole: Path, uninterrupted: dict[str, bytes], tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "copy")
    before = entries(folder)
    hurt = sorted(path for path in before if path.parents[1].name in ("audio", "mfcc"))[::5]
    assert len(hurt) >= 2
    for i, path in enumerate(hurt):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content[: len(content) // 2]) if i % 2 else content)
    shutil.rmtree(folder / "data" / "work" / "grid" / "features")
    for stage in STAGES[1:]:
        said = run(*stage, cwd=folder)
        assert "cache file was damaged" in said.stdout
    now = entries(folder)
    assert {path for path in before if now[path] != before[path]} == set(hurt)
    assert outputs(folder) == uninterrupted


def test_one_worker_and_two_give_the_same_bytes(uninterrupted: dict[str, bytes], tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 6)
    run("prepare", cwd=folder)
    for stage, workers in zip(ON_WORKERS, ("1", "2"), strict=True):
        shell(*stage, "--workers", workers, cwd=folder)
    assert outputs(folder) == {name: one for name, one in uninterrupted.items() if "landmarks" not in name}


def listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_an_existing_cluster_gives_the_same_bytes(uninterrupted: dict[str, bytes], tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path / "project", 6)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    address = "tcp://127.0.0.1:18786"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": elsewhere, "env": environment()}
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard"]
    worker = [*dask, "worker", address, "--nthreads", "2", "--no-dashboard", "--local-directory", str(elsewhere)]
    started = [subprocess.Popen(command, **quiet) for command in (scheduler, worker, worker)]  # type: ignore[call-overload]
    try:
        run("prepare", cwd=folder)
        while not listening(18786):
            assert started[0].poll() is None
            time.sleep(0.1)
        for stage in ON_WORKERS:
            shell(*stage, "--scheduler", address, cwd=folder)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)
    assert outputs(folder) == {name: one for name, one in uninterrupted.items() if "landmarks" not in name}


def test_a_replaced_clip_is_the_only_one_computed(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 4)
    manifest = folder / "grid" / "manifest.csv"
    first = manifest.read_text().splitlines()[1].split(",")[0]
    inside = folder / "grid" / "clip.mpg"
    shutil.copy(first, inside)
    manifest.write_text(manifest.read_text().replace(first, "clip.mpg"))
    for stage in STAGES[:2]:
        run(*stage, cwd=folder)
    run("extract", "--extractor", "mfcc", cwd=folder)
    shutil.copy(sorted((Path(first).parents[1] / "speakers").glob("*.mpg"))[0], inside)
    refused = run("preprocess", "--modality", "audio", cwd=folder, check=False)
    assert refused.returncode != 0
    assert "run `crossmodal prepare`" in refused.stderr
    run("prepare", cwd=folder)
    name = Path(first).stem
    for modality in ("audio", "video"):
        assert f"1 computed ({name}), 3 from the cache" in run("preprocess", "--modality", modality, cwd=folder).stdout
    assert f"1 computed ({name}), 3 from the cache" in run("extract", "--extractor", "mfcc", cwd=folder).stdout
