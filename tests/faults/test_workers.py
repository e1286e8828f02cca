"""Workers of a cluster that have other code or other files: named, and nothing is given to them or kept of them."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults import world
from tests.faults.world import PREDICT, STAGES

DASK = str(Path(sys.executable).parent / "dask")


@contextmanager
def started(log: Path, *command: str, cwd: Path, code: Path) -> Iterator[None]:
    """Let a process run for as long as the block."""
    env = {**os.environ, "PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"}
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=file, stderr=file)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """Give the address of a scheduler of our own."""
    file = folder / "scheduler.json"
    where = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file))
    with started(folder / "scheduler.log", DASK, "scheduler", *where, cwd=folder, code=ROOT):
        until(file.exists, "the scheduler", folder / "scheduler.log")
        time.sleep(0.3)
        yield str(file)


def worker(folder: Path, name: str, cwd: Path, code: Path, prefix: tuple[str, ...] = ()) -> object:
    how = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name, "--host", "127.0.0.1")
    file = ("--scheduler-file", str(folder / "scheduler.json"), "--local-directory", str(folder / name))
    return started(folder / f"{name}.log", *prefix, DASK, "worker", *how, *file, cwd=cwd, code=code)


def until(there: object, what: str, log: Path) -> None:
    for _ in range(600):
        if there():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not start:\n{log.read_text() if log.exists() else ''}")


def registered(log: Path) -> None:
    until(lambda: log.exists() and "Registered to" in log.read_text(), log.stem, log)


def other_code(folder: Path) -> Path:
    """Return a copy of the code in which prosody says something else, under the same version."""
    copy = folder / "code"
    for name in ("pipeline", "features", "models", "common"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cli.py", copy)
    path = copy / "features" / "audio" / "prosody.py"
    text = path.read_text()
    assert "def extract(" in text
    path.write_text(text + "\n\n_extract = Prosody.extract\n" + OTHER)
    return copy


OTHER = """
def _other(self, stream):
    found = _extract(self, stream)
    found.pooled[:] += 1
    return found


Prosody.extract = _other
"""


def address(folder: Path) -> str:
    import json

    return str(json.loads((folder / "scheduler.json").read_text())["address"])


def without_prosody(template: Path, folder: Path) -> Path:
    world.copied(template, folder)
    shutil.rmtree(folder / world.CACHE / "prosody")
    shutil.rmtree(folder / world.CACHE / "fits")
    (folder / world.WORK / "features" / "prosody.h5").unlink()
    return folder


def extracted(folder: Path, where: str) -> tuple[int, str]:
    running = world.shell(folder, "extract", "--extractor", "prosody", "--scheduler", where)
    said = running.communicate(timeout=200)[0]
    assert "Traceback" not in said, said
    return running.returncode, said


def same(folder: Path, template: Path) -> None:
    done = world.run(folder, *STAGES, PREDICT)
    assert done.code == 0, done.output
    assert world.stores(folder) == world.stores(template)
    assert world.final(folder) == world.final(template)


def hidden(folder: Path) -> tuple[str, ...]:
    """Return what runs a command where `folder` is another, empty one; skips where that is not allowed."""
    inside = f'mount -t tmpfs tmpfs "{folder}" && cd "{folder}" && exec "$@"'
    prefix = ("unshare", "--mount", "sh", "-c", inside, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("this user cannot give a process files of its own")
    return prefix


@pytest.mark.parametrize("kind", ["code", "files"][: world.rounds(1, 2)])
def test_a_foreign_worker_is_named_and_not_used(template: Path, tmp_path: Path, kind: str) -> None:
    folder = without_prosody(template, tmp_path / "f")
    code = other_code(tmp_path) if kind == "code" else ROOT
    prefix = hidden(folder) if kind == "files" else ()
    with ExitStack() as stack:
        stack.enter_context(scheduler(tmp_path))
        stack.enter_context(worker(tmp_path, "foreign", folder, code, prefix))  # type: ignore[arg-type]
        registered(tmp_path / "foreign.log")
        result, said = extracted(folder, address(tmp_path))
        assert result != 0, said
        assert "gets no work" in said, said
        stack.enter_context(worker(tmp_path, "own", folder, ROOT))  # type: ignore[arg-type]
        registered(tmp_path / "own.log")
        result, said = extracted(folder, address(tmp_path))
        assert result == 0, said
        assert "gets no work" in said, said
    same(folder, template)
