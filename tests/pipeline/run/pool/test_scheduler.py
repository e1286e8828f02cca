"""An existing Dask scheduler: addresses without one, one without workers, and its certificates."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.run.pool import scheduler as module
from pipeline.run.pool.cluster import Pool
from tests.pipeline.run.pool.clusters import Cluster, until, where


def test_a_scheduler_without_workers_is_reported(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORKERS_S", 1)
    with pytest.raises(UserError, match=r"no worker has joined .*dask worker"), Pool(1, cluster.address) as pool:
        list(pool.run(where, [0.0]))


def test_the_address_of_a_worker_is_refused(cluster: Cluster) -> None:
    cluster.worker()
    with Pool(1, cluster.address) as pool:
        pool.size()
        (address,) = pool._client.scheduler_info(n_workers=-1)["workers"]
    with (
        pytest.raises(UserError, match="is the address of a Dask worker, not of a scheduler"),
        Pool(1, address) as pool,
    ):
        list(pool.run(where, [0.0]))


class Silent(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """A port that accepts without answering, one of a web server, one where nothing listens."""
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
def test_an_address_without_a_scheduler_is_reported(
    address: str, ports: dict[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_ANSWER_S", 2)
    began = time.monotonic()
    with pytest.raises(UserError, match="no Dask cluster answers at"):
        module.connect(address.format(**ports))
    assert time.monotonic() - began < 10


def test_certificates_from_dasks_settings_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_schedulers_text_is_made_safe_for_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    class Foreign:
        """Answers like a scheduler with other versions."""

        class scheduler:
            versions = None

        def sync(self, *_: object, **__: object) -> dict[str, dict[str, str]]:
            return {"host": {"python": "3\x1b[2J.11"}, "packages": {"distributed": "1\n2\u202e"}}

    module._remark_versions(Foreign(), "tls://host:8786")
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.strip().isprintable()
    assert "3\\u001b[2J.11" in message
