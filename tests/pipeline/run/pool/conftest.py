"""Fixtures of the pool's tests: a cluster, and permission to give workers other functions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.run.pool import tasks
from tests.pipeline.run.pool.clusters import Cluster


@pytest.fixture(autouse=True)
def any_function_may_run_on_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "require_listed", lambda work: None)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.chdir(tmp_path)
    found = Cluster(tmp_path)
    yield found
    found.close()
