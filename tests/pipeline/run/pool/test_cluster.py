"""The workers of this machine: nobody else can reach them, and they leave nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.run.pool.cluster import START_S, Pool
from pipeline.run.pool.tasks import echo
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as pool:
        assert sorted(answer for _, answer in pool.run(echo, ["1", "2", "3"])) == ["1", "2", "3"]
        yield pool


def test_tasks_that_take_less_than_a_start_run_in_this_process() -> None:
    with Pool(2) as pool:
        assert list(pool.run(echo, ["1", "2"], expected_s=START_S / 2)) == [("1", "1"), ("2", "2")]
        assert not pool.started


def listening() -> list[tuple[str, int]]:
    me = psutil.Process()
    found = [
        c.laddr for p in [me, *me.children(recursive=True)] for c in p.net_connections("inet") if c.status == "LISTEN"
    ]
    return [(address.ip, address.port) for address in found]


def test_everything_listens_on_the_loopback_interface_only(pool: Pool) -> None:
    addresses = listening()
    assert len(addresses) > 4  # the scheduler, two nannies, two workers
    assert {ip for ip, _ in addresses} == {"127.0.0.1"}


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_a_client_without_the_certificate_is_refused(pool: Pool, protocol: str) -> None:
    from distributed import Client
    from distributed.security import Security

    security = Security.temporary() if protocol == "tls" else None  # a certificate, but the wrong one
    client = pool._client
    known = client.scheduler_info(n_workers=-1)["workers"]
    addresses = [client.scheduler.address, *known, *(worker["nanny"] for worker in known.values())]
    assert len(addresses) == 5
    assert all(address.startswith("tls://127.0.0.1:") for address in addresses)
    for address in addresses:
        other = address.replace("tls", protocol)
        with pytest.raises(OSError, match=r"imed out|reset|closed|certificate"):
            Client(other, timeout="500ms", security=security, set_as_default=False)


def test_other_processes_keep_their_import_path(pool: Pool) -> None:
    assert pool.size() == 2
    assert "PYTHONSAFEPATH" not in os.environ


def test_no_web_page_is_served(pool: Pool) -> None:
    for ip, port in listening():
        for page in ("", "status", "json/counts.json", "info/main/workers.html", "metrics", "health"):
            with pytest.raises((urllib.error.URLError, OSError)):
                urllib.request.urlopen(f"http://{ip}:{port}/{page}", timeout=1)


def test_workers_keep_no_record_that_grows_with_time(pool: Pool) -> None:
    def kept(dask_worker: Any) -> list[int]:
        return [len(dask_worker.profile_recent["children"]), len(dask_worker.profile_history)]

    time.sleep(1.2)  # a profiler would have begun a record by now
    assert list(pool._client.run(kept).values()) == [[0, 0]] * 2


def folders(task: int) -> list[str]:
    return list(sys.path)


def test_no_folder_of_another_user_is_on_the_import_path(pool: Pool) -> None:
    (_, workers), *_ = pool.run(folders, [0])
    temporary = [Path(p) for p in {*workers, *sys.path} if "dask-scratch-space" in p]
    assert temporary
    for folder in temporary:
        private = next(p for p in folder.parents if p.name.startswith("crossmodal-"))
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert private.stat().st_uid == os.getuid()


def pid(task: float) -> int:
    time.sleep(task)
    return os.getpid()


def test_a_pool_whose_first_job_is_one_task_uses_all_workers_for_the_next() -> None:
    with Pool(2) as pool:
        assert len({answer for _, answer in pool.run(pid, [0.0])}) == 1
        assert len({answer for _, answer in pool.run(pid, [0.1] * 12)}) == 2


HEAD = """
import sys, time
from pipeline.run.pool import tasks
from pipeline.run.pool.cluster import START_S, Pool
tasks.require_listed = lambda work: None
if __name__ == "__main__":
    with Pool(2) as pool:
        for _ in pool.run(time.sleep, [0.0, 0.0, 60.0, 60.0]):
            print(flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_run(number: int, tmp_path: Path) -> None:
    (tmp_path / "head.py").write_text(HEAD)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "head.py"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as head:
        assert head.stdout is not None
        head.stdout.readline()
        children = psutil.Process(head.pid).children(recursive=True)
        assert len(children) >= 2
        head.send_signal(number)
        _, alive = psutil.wait_procs(children, timeout=25)
        assert not alive


WORK = """
from pipeline.run.pool.cluster import START_S, Pool
from pipeline.run.pool.tasks import echo
if __name__ == "__main__":
    with Pool(2) as pool:
        print(sorted(answer for _, answer in pool.run(echo, ["1", "2"])))
"""


def test_no_file_of_the_working_directory_runs_in_a_worker(tmp_path: Path) -> None:
    """A folder from somebody else may hold files named like Python's own modules."""
    (tmp_path / "head.py").write_text(WORK)
    folder = tmp_path / "sent"
    folder.mkdir()
    for name in ("socket", "pickle", "selectors", "random", "types", "json", "multiprocessing", "numpy", "pipeline"):
        (folder / f"{name}.py").write_text(f"open('RAN-{name}', 'w')\nraise ImportError('planted')\n")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "head.py")]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "['1', '2']\n", done.stderr
    assert not list(folder.glob("RAN-*"))


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    with dask.config.set({"temporary-directory": str(tmp_path)}):
        before: Any = psutil.Process().children(recursive=True)
        with Pool(1) as pool:
            list(pool.run(abs, [1]))
            assert list(tmp_path.iterdir())
        after = [
            p for p in psutil.Process().children(recursive=True) if p not in before and "spawn_main" in str(p.cmdline())
        ]
    assert not after
    assert not list(tmp_path.iterdir())
