"""A pool without workers: the same outcomes as with workers, in this process, silently."""

import os
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.run.clips import run_step
from pipeline.run.pool.cluster import Pool
from tests.pipeline.run.test_clips import clips, toy  # noqa: F401 - its fixture


def test_the_same_outcomes_as_with_workers(toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    kinds = clips("ok", "fails", "empty", "absent", "ok", "stops", "ok")
    step = toy()
    here = run_step(step, kinds, Pool(0), tmp_path / "here")
    assert capsys.readouterr().err == ""
    assert here == run_step(toy(), kinds, Pool(1), tmp_path / "worker")
    assert [o.status for o in here.outcomes] == ["ok", "failed", "empty", "absent", "ok", "failed", "failed"]
    assert run_step(step, kinds[:1], Pool(0), tmp_path / "here").computed == []


def test_an_error_that_concerns_all_clips_ends_the_run(toy, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(UserError, match="no such weights"):
        run_step(toy(), clips("ok", "fatal"), Pool(0), tmp_path)


def test_the_work_is_done_here() -> None:
    assert [result for _, result in Pool(0).run(lambda task: (task, os.getpid()), ["a", "b"])] == [
        ("a", os.getpid()),
        ("b", os.getpid()),
    ]
