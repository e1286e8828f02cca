"""Jobs on one pool: the next ones start before one is finished, and workers also compute ahead."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipeline.commands.jobs import run_each
from pipeline.errors import TooManyFailures, UserError
from pipeline.run.locks import Busy


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


class Jobs:
    """Jobs that note when they start, finish and release what they hold.

    Parameters
    ----------
    failing
        What is raised when the job of this name is finished.
    unready
        What is raised when the job of this name starts, unless it may wait; with `always`, even then.
    """

    def __init__(self, pool: Pool, failing: dict[str, Exception], unready: dict[str, Exception], always: bool) -> None:
        self.pool, self.failing, self.unready, self.always = pool, failing, unready, always
        self.seen: list[str] = []

    @contextmanager
    def start(self, given: Any, name: str, what: str, *, wait: bool) -> Iterator[Callable[[], str]]:
        assert given is self.pool
        assert given.open
        job = f"{name} {what}"
        if job in self.unready and (self.always or not wait):
            raise self.unready[job]
        self.seen.append(f"start {job}")

        def finish() -> str:
            self.seen.append(f"finish {job}")
            if job in self.failing:
                raise self.failing[job]
            return "4 clips"

        try:
            yield finish
        finally:
            self.seen.append(f"release {job}")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setattr("pipeline.run.stores.summary", lambda result: result)
    return Pool()


def jobs(pool: Pool, *failing: Exception, **unready: Exception) -> Jobs:
    names = ("a audio", "b audio")
    return Jobs(pool, dict(zip(names, failing, strict=False)), {f"a {k}": error for k, error in unready.items()}, False)


def test_too_many_failures_of_one_job_do_not_stop_the_others(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    given = jobs(pool, TooManyFailures("a audio: 3 of 4 clips failed"), TooManyFailures("b audio: 3 of 4 clips failed"))
    todo = [("a", "text"), ("a", "audio"), ("b", "audio"), ("b", "text")]
    with pytest.raises(TooManyFailures, match=r"^a audio: 3 of 4 clips failed\nb audio: 3 of 4 clips failed$"):
        run_each(todo, given.start, "preprocess", pool)
    assert [one for one in given.seen if "finish" in one] == [f"finish {name} {what}" for name, what in todo]
    assert not pool.open
    printed = capsys.readouterr()
    assert lines(printed.out) == ["preprocess a text: 4 clips", "preprocess b text: 4 clips"]
    assert lines(printed.err) == [
        "preprocess a audio: too many clips failed",
        "preprocess b audio: too many clips failed",
    ]


ALL = [("a", what) for what in ("one", "two", "three", "four")]


def test_the_next_jobs_start_before_one_is_finished(pool: Pool) -> None:
    given = jobs(pool)
    run_each(ALL, given.start, "extract", pool)
    assert " ".join(given.seen) == (
        "start a one start a two start a three finish a one release a one start a four finish a two release a two"
        " finish a three release a three finish a four release a four"
    )


@pytest.mark.parametrize("error", [Busy(), UserError("no such weights")])
def test_a_job_that_cannot_start_yet_starts_in_its_turn(error: Exception, pool: Pool) -> None:
    given = jobs(pool, two=error)
    run_each(ALL, given.start, "extract", pool)
    assert " ".join(given.seen) == (
        "start a one finish a one release a one start a two start a three start a four finish a two release a two"
        " finish a three release a three finish a four release a four"
    )


def test_the_error_of_a_job_comes_after_the_jobs_before_it(pool: Pool) -> None:
    given = jobs(pool, three=UserError("no such weights"))
    given.always = True
    with pytest.raises(UserError, match="no such weights"):
        run_each(ALL, given.start, "extract", pool)
    assert " ".join(given.seen) == ("start a one start a two finish a one release a one finish a two release a two")
    assert not pool.open


def test_what_has_started_is_released_if_a_job_fails(pool: Pool) -> None:
    given = jobs(pool)
    given.failing = {"a one": UserError("the scheduler is lost")}
    with pytest.raises(UserError, match="the scheduler is lost"):
        run_each(ALL, given.start, "extract", pool)
    assert sorted(given.seen[4:]) == ["release a one", "release a three", "release a two"]


@pytest.mark.parametrize("started", [True, False])
def test_other_stores_are_computed_ahead_only_on_workers_that_were_started(
    started: bool, pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    pool.started = started  # type: ignore[misc]

    def fails(given: Any) -> Callable[[], int]:
        assert given is pool
        raise UserError("features.mfcc: no such setting")

    def breaks() -> int:
        raise UserError("features.pitch: no such setting")

    later = {
        "extract a bert": lambda _: lambda: 3,
        "extract a mfcc": fails,
        "extract a pitch": lambda _: breaks,
        "extract a egemaps": lambda _: lambda: 0,
    }
    run_each([("a", "prosody")], jobs(pool).start, "extract", pool, later)
    out, err = capsys.readouterr()
    assert lines(out) == ["extract a prosody: 4 clips", "extract a bert: 3 clips computed ahead"][: 1 + started]
    left = "extract a {0}: not computed ahead (features.{0}: no such setting)"
    assert lines(err) == [left.format(name) for name in ("mfcc", "pitch")] * started
