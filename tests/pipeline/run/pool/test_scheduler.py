"""A cluster that is there already: what is no scheduler, what goes away, which workers may work."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.run.pool import scheduler as module
from pipeline.run.pool.cluster import Pool
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


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.chdir(tmp_path)
    found = Cluster(tmp_path)
    yield found
    found.close()


def copy_of_the_code(folder: Path) -> Path:
    for name in ("pipeline", "features", "models", "common"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def where(seconds: float) -> tuple[int, str]:
    time.sleep(seconds)
    return os.getpid(), str(Path.cwd())


def test_only_workers_with_this_code_and_these_files_work_and_in_this_folder(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    other = copy_of_the_code(tmp_path / "other")
    (other / "models" / "evaluation" / "metrics.py").open("a").write("\n")
    (elsewhere / "pipeline" / "run" / "pool").mkdir(parents=True)
    for file in (
        "__init__.py",
        "run/__init__.py",
        "run/pool/fingerprint.py",
    ):  # others with these names, as an older release
        (elsewhere / "pipeline" / file).touch()
    good = cluster.worker(cwd=tmp_path.parent)
    with Pool(1, cluster.address) as pool:
        assert pool.size() == 1
        bad = [cluster.worker(code=other), cluster.worker(code=elsewhere)]
        until(lambda: len(pool._client.scheduler_info(n_workers=-1)["workers"]) == 3)
        answers = [answer for _, answer in pool.run(where, [0.2] * 12)]
        assert answers == [(good.pid, str(tmp_path))] * 12
        assert pool.size() == 1
    said = capsys.readouterr().err
    assert said.count("gets no work: the code of crossmodal is ") == 1
    assert said.count("gets no work: it has no crossmodal, or another one (") == 1
    assert all(process.poll() is None for process in bad)
    assert not list((tmp_path / "data" / "cache").iterdir())


def test_a_run_without_a_fitting_worker_names_each_and_what_differs(cluster: Cluster, tmp_path: Path) -> None:
    other = copy_of_the_code(tmp_path / "other")
    fingerprint = other / "pipeline" / "run" / "pool" / "fingerprint.py"
    lie = '\n\ndef _version(package: str) -> str:\n    return "9.9" if package == "numpy" else _true(package)\n'
    fingerprint.write_text(fingerprint.read_text().replace("def _version(", "def _true(", 1) + lie)
    cluster.worker(code=other)
    expected = pytest.raises(UserError, match=r"no worker can be used\. tcp://\S+: .*code of crossmodal.* here")
    with expected as caught, Pool(1, cluster.address) as pool:
        list(pool.run(where, [0.0]))
    import numpy

    assert f"numpy is 9.9, here {numpy.__version__}" in str(caught.value)


def test_a_worker_that_sees_other_files_gets_no_work(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.run.pool import crew

    cluster.worker()

    class Elsewhere(type(tmp_path)):  # type: ignore[misc]
        def write_text(self, *_: Any, **__: Any) -> int:  # as on a disk that the worker does not have
            return 0

    monkeypatch.setattr(crew, "CACHE", Elsewhere(tmp_path / "mine"))
    with pytest.raises(UserError, match=r"it does not see the files of .*/mine"), Pool(1, cluster.address) as pool:
        list(pool.run(where, [0.0]))


def test_workers_that_join_or_leave_are_used_and_made_up_for(cluster: Cluster) -> None:
    first = cluster.worker()
    seen = []
    with Pool(1, cluster.address) as pool:
        second = None
        for n, (_, answer) in enumerate(pool.run(where, [0.1] * 80)):
            seen.append(answer[0])
            if n == 4:
                second = cluster.worker()
            if second is not None and second.pid in seen and first.poll() is None:
                first.send_signal(signal.SIGKILL)
        assert len(seen) == 80
    assert second is not None
    assert {first.pid, second.pid} == set(seen)
    assert seen[-1] == second.pid


def test_a_worker_that_is_started_anew_at_the_same_address_is_asked_again(cluster: Cluster, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    other = copy_of_the_code(tmp_path / "other")
    (other / "models" / "evaluation" / "metrics.py").open("a").write("\n")
    first = cluster.worker("--worker-port", port)
    seen = []
    with Pool(1, cluster.address) as pool:
        for n, (_, answer) in enumerate(pool.run(where, [0.05] * 60)):
            seen.append(answer[0])
            if n == 3:
                second = cluster.worker()
            if n > 3 and second.pid in seen and first.poll() is None:
                first.kill()
                first.wait()
                foreign = cluster.worker("--worker-port", port, code=other)
    assert len(seen) == 60
    assert foreign.pid not in seen


def test_a_scheduler_that_dies_is_a_sentence(cluster: Cluster) -> None:
    cluster.worker()
    with Pool(1, cluster.address) as pool:
        results = pool.run(where, [0.1] * 200)
        next(results)
        cluster.scheduler.kill()
        began = time.monotonic()
        with pytest.raises(UserError, match="connection to the Dask scheduler was lost"):
            list(results)
    assert time.monotonic() - began < 30


def test_a_scheduler_without_workers_is_a_sentence(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORKERS_S", 1)
    with pytest.raises(UserError, match=r"no worker has joined .*dask worker"), Pool(1, cluster.address) as pool:
        list(pool.run(where, [0.0]))


def test_the_address_of_a_worker_is_none_of_a_scheduler(cluster: Cluster) -> None:
    cluster.worker()
    with Pool(1, cluster.address) as pool:
        pool.size()
        (address,) = pool._client.scheduler_info(n_workers=-1)["workers"]
    with pytest.raises(UserError, match="there is a Dask worker, no scheduler"), Pool(1, address) as pool:
        list(pool.run(where, [0.0]))


class Silent(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """A port that accepts and says nothing, one of a web server, one where nobody listens."""
    silent = socket.create_server(("127.0.0.1", 0))
    web = HTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    yield {"silent": silent.getsockname()[1], "web": web.server_port, "nobody": nobody}
    silent.close()
    web.shutdown()


@pytest.mark.parametrize(
    "address",
    [
        "tcp://127.0.0.1:{silent}", "tls://127.0.0.1:{silent}", "tcp://127.0.0.1:{web}", "http://127.0.0.1:{web}",
        "tcp://127.0.0.1:{nobody}", "127.0.0.1:{nobody}", "tcp://nonsense.invalid:1", "nonsense", "", "tcp://", "a:b:c",
        "inproc://x", "ucx://127.0.0.1:1", "tls://127.0.0.1:{web}",
    ],
)  # fmt: skip
def test_what_is_no_scheduler_is_a_sentence(
    address: str, ports: dict[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_ANSWER_S", 2)
    began = time.monotonic()
    with pytest.raises(UserError, match="no Dask cluster answers at"):
        module.connect(address.format(**ports))
    assert time.monotonic() - began < 10


def test_certificates_of_dasks_settings_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dask
    from distributed.security import Security

    monkeypatch.chdir(tmp_path)
    made = Security.temporary()
    files = {"ca-file": made.tls_ca_file, "key": made.tls_client_key, "cert": made.tls_client_cert}
    for name, content in files.items():
        (tmp_path / f"{name}.pem").write_text(content)
    arguments = [item for name in files for item in (f"--tls-{name}", str(tmp_path / f"{name}.pem"))]
    file = tmp_path / "scheduler.json"
    found = Cluster.__new__(Cluster)
    found.folder, found.processes = tmp_path, []
    try:
        found.start(
            "dask_scheduler", "--host", "tls://127.0.0.1", "--port", "0", "--scheduler-file", str(file), *arguments
        )
        until(file.exists)
        found.address = str(json.loads(file.read_text())["address"])
        found.worker(*arguments)
        assert found.address.startswith("tls://")
        monkeypatch.setattr(module, "_ANSWER_S", 2)
        for address in (found.address, found.address.replace("tls", "tcp")):
            with pytest.raises(UserError, match=r"no Dask cluster answers .* TLS settings"):
                module.connect(address)
        monkeypatch.setattr(module, "_ANSWER_S", 20)
        names = {"ca-file": "ca-file", "client.cert": "cert", "client.key": "key"}
        settings = {f"distributed.comm.tls.{name}": str(tmp_path / f"{file}.pem") for name, file in names.items()}
        with dask.config.set(settings), Pool(1, found.address) as pool:
            assert [answer for _, answer in pool.run(abs, [-3])] == [3]
        wrong = {**settings, "distributed.comm.tls.ca-file": "/nowhere"}
        with dask.config.set(wrong), pytest.raises(UserError, match="no Dask cluster answers"):
            module.connect(found.address)
    finally:
        found.close()


def test_what_a_scheduler_says_of_itself_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    class Foreign:
        """Answers as a scheduler of strange versions does."""

        class scheduler:
            versions = None

        def sync(self, *_: object, **__: object) -> dict[str, dict[str, str]]:
            return {"host": {"python": "3\x1b[2J.11"}, "packages": {"distributed": "1\n2\u202e"}}

    module._remark_versions(Foreign(), "tls://host:8786")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.strip().isprintable()
    assert "3\\u001b[2J.11" in said
