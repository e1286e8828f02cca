"""A few tasks in copies of this process: the same results, and a copy that dies ends nothing but itself."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline.errors import UserError
from pipeline.run.pool import forked
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.forked import Copies, Turns
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")


class Unreadable:
    """What can be sent, but not read: it is sent as a call that fails."""

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("not a number",)


def which(task: str) -> tuple[str, int, str | None]:
    if task == "dies":
        os._exit(11)
    if task == "fails":
        raise ValueError("a bad clip")
    if task == "unsendable":
        return lambda: None  # type: ignore[return-value]
    if task == "unreadable":
        raise ValueError("a bad clip", Unreadable())
    return task, os.getpid(), os.environ.get("ONLY_IN_COPIES")


def test_tasks_are_run_by_several_copies_with_their_own_environment() -> None:
    found = list(Copies(which, list("abcde"), Turns(2), {"ONLY_IN_COPIES": "yes"}).results())
    assert sorted(task for task, _, _ in found) == list("abcde")
    assert all(there and result[0] == task and result[2] == "yes" for task, result, there in found)
    copies = {result[1] for _, result, _ in found}
    assert len(copies) == 2
    assert os.getpid() not in copies
    assert "ONLY_IN_COPIES" not in os.environ


@pytest.mark.parametrize("fatal", ["dies", "unsendable", "unreadable"])
def test_what_a_dead_copy_did_not_finish_has_no_result(fatal: str) -> None:
    found = {task: there for task, _, there in Copies(which, ["a", "b", fatal, "c", "d"], Turns(2), {}).results()}
    assert found == {"a": True, "b": True, fatal: False, "c": True, "d": False}


def test_an_exception_is_raised_and_the_other_copies_end() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(ValueError, match="a bad clip"):
        list(Copies(which, ["fails", "a"], Turns(2), {}).results())
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_process_that_has_loaded_torch_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in forked._THREADED:
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert forked.possible()
    monkeypatch.setitem(sys.modules, "torch", sys)
    assert not forked.possible()


def at_work(task: tuple[Path, str, int]) -> int:
    """Note that this process works, for a while, and return how many bytes were asked for."""
    folder, name, size = task
    mark = folder / name
    mark.touch()
    time.sleep(0.3)
    (folder / f"{name}.seen").write_text(str(len([one for one in folder.iterdir() if not one.suffix])))
    mark.unlink()
    return b"x" * size  # type: ignore[return-value]


@pytest.fixture
def any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pool run functions that are not on its list, and copy even a process that has loaded torch."""
    monkeypatch.setattr("pipeline.run.pool.tasks.require_listed", lambda _: None)
    monkeypatch.setattr(forked, "possible", lambda: True)


@pytest.mark.usefixtures("any_work")
@pytest.mark.parametrize("size", [1, 300_000])
def test_all_copies_of_a_pool_together_are_no_more_than_its_workers(size: int, tmp_path: Path) -> None:
    with Pool(2) as pool:
        jobs = [[(tmp_path, f"{job}{task}", size) for task in "abcd"] for job in "klm"]
        coming = [pool.run(at_work, tasks, few=True) for tasks in jobs]
        for tasks, results in reversed(list(zip(jobs, coming, strict=True))):
            assert {task: len(result) for task, result in results} == dict.fromkeys(tasks, size)  # type: ignore[arg-type]
    assert {path.read_text() for path in tmp_path.glob("*.seen")} <= {"1", "2"}


@pytest.mark.usefixtures("any_work")
def test_copies_end_with_their_pool_even_if_nobody_asked_for_their_results() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with Pool(2) as pool:
        pool.run(time.sleep, [60, 60], few=True)
        copies = [child for child in psutil.Process().children() if child.pid not in before]
        assert len(copies) == 2
    assert not [copy for copy in copies if copy.is_running()]


@pytest.mark.usefixtures("any_work")
def test_if_no_process_can_be_copied_an_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[psutil.Process] = []
    fork = os.fork

    def second_fails() -> int:
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        if pid := fork():
            started.append(psutil.Process(pid))
        return pid

    monkeypatch.setattr(os, "fork", second_fails)
    with Pool(2) as pool, pytest.raises(UserError, match=r"cannot be started .*temporarily unavailable.* --workers"):
        pool.run(time.sleep, [60, 60], few=True)
    assert started
    assert not started[0].is_running()


HEAD = """
import time
from pipeline.run.pool.forked import Copies, Turns
results = Copies(time.sleep, [0.0, 60.0, 60.0], Turns(2), {}).results()
next(results)
print(flush=True)
next(results)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_copy_outlives_its_parent(number: int, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HEAD]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as head:
        assert head.stdout is not None
        head.stdout.readline()
        copies = psutil.Process(head.pid).children(recursive=True)
        assert copies
        head.send_signal(number)
        _, alive = psutil.wait_procs(copies, timeout=20)
        assert not alive
