"""Two runs that write one target: the second waits, names the first, and neither fails."""

import errno
import fcntl
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.run import locks
from pipeline.run.locks import locked, writing
from pipeline.settings.paths import CACHE
from tests.conftest import ROOT

HOLD = """
import sys, time
from pathlib import Path
from pipeline.run.locks import writing
sys.argv[1:] = ["preprocess", "--corpus", "c"]
with writing(Path("data/work/c/streams/audio.h5")):
    print("held", flush=True)
    time.sleep(60)
"""
TARGET = Path("data/work/c/streams/audio.h5")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def holder() -> Any:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


class Heard(io.StringIO):
    """A stream that calls a function when something is written into it for the first time."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self.then = then

    def write(self, text: str) -> int:
        if not self.getvalue():
            self.then()
        return super().write(text)


def lock_files() -> list[Path]:
    return list((CACHE / "locks").iterdir())


def test_a_copy_of_the_process_does_not_keep_a_lock_that_was_released() -> None:
    with writing(TARGET):
        waiting = os.open(lock_files()[0], os.O_RDWR)
        copy = os.fork()
        if not copy:
            time.sleep(60)
            os._exit(0)
    try:
        fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)
        os.close(waiting)


def test_the_lock_file_is_removed(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with writing(TARGET):
            assert len(lock_files()) == 1
        assert lock_files() == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_second_run_waits_and_names_the_first_until_that_ends_in_any_way(
    holder: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(lambda: holder.send_signal(number))
    monkeypatch.setattr(sys, "stderr", heard)
    began = time.monotonic()
    with writing(TARGET):
        assert time.monotonic() - began > 0.9
    printed = heard.getvalue()
    assert printed.startswith("Waiting for another run: 'crossmodal preprocess --corpus c', process ")
    assert f"process {holder.pid} on " in printed
    assert printed.endswith("is writing data/work/c/streams/audio.h5\n")
    assert printed.count("\n") == 1
    assert lock_files() == []


def test_other_targets_do_not_wait(holder: Any) -> None:
    began = time.monotonic()
    with writing(TARGET.with_name("video.h5")), writing(TARGET.parent / "c" / "audio.h5"):
        assert time.monotonic() - began < 0.5


def test_one_target_under_two_names_has_one_lock(holder: Any) -> None:
    Path("data/work").mkdir(parents=True)
    Path("link").symlink_to("data/work")
    began = time.monotonic()
    threading.Timer(0.5, holder.kill).start()
    with writing(Path("link/c/streams/audio.h5")):
        assert time.monotonic() - began > 0.4


def test_only_one_process_holds_the_lock_at_any_time() -> None:
    inside, most = 0, []

    def enter() -> None:
        nonlocal inside
        for _ in range(20):
            with writing(TARGET):
                inside += 1
                most.append(inside)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 160
    assert lock_files() == []


def test_an_error_releases_the_lock() -> None:
    with pytest.raises(ZeroDivisionError), writing(TARGET):
        _ = 1 / 0
    assert lock_files() == []


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL])
def test_a_file_system_without_locks_is_used_with_a_warning(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with writing(TARGET):
        pass
    assert capsys.readouterr().err == (
        "This file system has no locks: "
        "do not start another run while this one is writing data/work/c/streams/audio.h5\n"
    )


def test_a_lock_file_with_any_content_only_causes_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE", 2)
    path = Path("x.lock")
    for content in (b"", b"\xff\x00", b"[1]", b'{"who": 1}'):
        path.write_bytes(content)
        descriptor = os.open(path, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        heard = Heard(partial(os.close, descriptor))
        monkeypatch.setattr(sys, "stderr", heard)
        with locked(path, "is writing y"):
            pass
        assert heard.getvalue() == "Waiting for another run: it is writing y\n"
        assert not path.exists()


def test_a_planted_link_is_not_followed(folder: Path) -> None:
    victim = folder / "victim"
    victim.write_text("mine")
    Path("x.lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"), locked(Path("x.lock"), "is writing y"):
        pass
    assert victim.read_text() == "mine"
