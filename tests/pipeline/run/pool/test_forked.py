"""A few tasks in copies of this process: the same results, and a copy that dies ends nothing but itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pipeline.run.pool import forked
from pipeline.run.pool.forked import Copies
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")


def which(task: str) -> tuple[str, int, str | None]:
    if task == "dies":
        os._exit(11)
    if task == "fails":
        raise ValueError("a bad clip")
    if task == "unsendable":
        return lambda: None  # type: ignore[return-value]
    return task, os.getpid(), os.environ.get("ONLY_IN_COPIES")


def test_tasks_are_run_by_several_copies_with_their_own_environment() -> None:
    found = list(Copies(which, list("abcde"), 2, {"ONLY_IN_COPIES": "yes"}).results())
    assert sorted(task for task, _, _ in found) == list("abcde")
    assert all(there and result[0] == task and result[2] == "yes" for task, result, there in found)
    copies = {result[1] for _, result, _ in found}
    assert len(copies) == 2
    assert os.getpid() not in copies
    assert "ONLY_IN_COPIES" not in os.environ


@pytest.mark.parametrize("fatal", ["dies", "unsendable"])
def test_what_a_dead_copy_did_not_finish_has_no_result(fatal: str) -> None:
    found = {task: there for task, _, there in Copies(which, ["a", "b", fatal, "c", "d"], 2, {}).results()}
    assert found == {"a": True, "b": True, fatal: False, "c": True, "d": False}


def test_an_exception_is_raised_and_the_other_copies_end() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(ValueError, match="a bad clip"):
        list(Copies(which, ["fails", "a"], 2, {}).results())
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_process_that_has_loaded_torch_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "mediapipe"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert forked.possible()
    monkeypatch.setitem(sys.modules, "torch", sys)
    assert not forked.possible()


HEAD = """
import time
from pipeline.run.pool.forked import Copies
results = Copies(time.sleep, [0.0, 60.0, 60.0], 2, {}).results()
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
