"""The crew: which workers of a cluster get work, and what is reported about the others."""

import socket
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.run.pool.cluster import Pool
from tests.pipeline.run.pool.clusters import Cluster, copy_of_the_code, until, where


def test_only_workers_with_the_same_code_and_files_work_and_in_this_folder(
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
    ):  # other modules with these names, as in an older release
        (elsewhere / "pipeline" / file).touch()
    good = cluster.worker(cwd=tmp_path.parent)
    with Pool(1, cluster.address) as pool:
        assert pool.size() == 1
        bad = [cluster.worker(code=other), cluster.worker(code=elsewhere)]
        until(lambda: len(pool._client.scheduler_info(n_workers=-1)["workers"]) == 3)
        answers = [answer for _, answer in pool.run(where, [0.2] * 12)]
        assert answers == [(good.pid, str(tmp_path))] * 12
        assert pool.size() == 1
    message = capsys.readouterr().err
    assert message.count("gets no work: the code of crossmodal is ") == 1
    assert message.count("gets no work: it has no crossmodal, or a different version (") == 1
    assert all(process.poll() is None for process in bad)
    assert not list((tmp_path / "data" / "cache").iterdir())


def test_a_run_without_a_usable_worker_names_each_and_its_differences(cluster: Cluster, tmp_path: Path) -> None:
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


def test_a_worker_restarted_at_the_same_address_is_checked_again(cluster: Cluster, tmp_path: Path) -> None:
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
