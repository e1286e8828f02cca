"""Jobs on one pool: the others go on when too many clips of one fail, and workers also compute ahead."""

from typing import Any

import pytest

from pipeline.commands.jobs import run_each
from pipeline.errors import TooManyFailures, UserError


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


class Pool:
    """Stands in for workers: the jobs below start none."""

    open = False
    started = False

    def __enter__(self) -> "Pool":
        self.open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False


def test_too_many_failures_of_one_job_do_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, pool = [], Pool()

    def job(given: Any, name: str, what: str) -> str:
        assert given is pool
        assert pool.open
        seen.append((name, what))
        if what == "audio":
            raise TooManyFailures(f"{name} {what}: 3 of 4 clips failed")
        return "4 clips"

    monkeypatch.setattr("pipeline.run.stores.summary", lambda result: result)
    jobs = [("a", "text"), ("a", "audio"), ("b", "audio"), ("b", "text")]
    with pytest.raises(TooManyFailures, match=r"^a audio: 3 of 4 clips failed\nb audio: 3 of 4 clips failed$"):
        run_each(jobs, job, "preprocess", pool)
    assert seen == jobs
    assert not pool.open
    printed = capsys.readouterr()
    assert lines(printed.out) == ["preprocess a text: 4 clips", "preprocess b text: 4 clips"]
    assert lines(printed.err) == [
        "preprocess a audio: too many clips failed",
        "preprocess b audio: too many clips failed",
    ]


@pytest.mark.parametrize("started", [True, False])
def test_other_stores_are_computed_ahead_only_on_workers_that_were_started(
    started: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool()
    pool.started = started  # type: ignore[attr-defined]

    def fails(given: Any) -> int:
        assert given is pool
        raise UserError("features.mfcc: no such setting")

    monkeypatch.setattr("pipeline.run.stores.summary", lambda result: result)
    later = {"extract a bert": lambda _: 3, "extract a mfcc": fails, "extract a egemaps": lambda _: 0}
    run_each([("a", "prosody")], lambda *_: "4 clips", "extract", pool, later)
    out, err = capsys.readouterr()
    assert lines(out) == ["extract a prosody: 4 clips", "extract a bert: 3 clips computed ahead"][: 1 + started]
    assert lines(err) == ["extract a mfcc: not computed ahead (features.mfcc: no such setting)"] * started
