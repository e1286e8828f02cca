"""Tests of the pool give it functions of their own."""

import pytest

from pipeline.run.pool import tasks


@pytest.fixture(autouse=True)
def any_function_may_run_on_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "require_listed", lambda work: None)
