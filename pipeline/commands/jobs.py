"""Run the jobs of preprocess and extract on one pool of workers, which may also compute what later commands need."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from typing import Any

from pipeline.commands.common import echo

Finish = Callable[[], Any]  # waits for what a job has given to the workers, and writes its results
Start = Callable[
    ..., AbstractContextManager[Finish]
]  # gives a job to the workers; `wait`: whether to wait for another run
_AHEAD = 2  # how many further jobs are started before one is finished


def run_each(
    jobs: list[tuple[str, Any]],
    start: Start,
    stage: str,
    pool: Any,
    later: Mapping[str, Callable[[Any], Finish]] | None = None,
) -> None:
    """Run all jobs on one pool of workers; if too many clips of one job fail, continue, and raise an error at the end.

    A job is a corpus with a modality or an extractor; `start` gives it to the workers. While one job writes its store,
    the workers already compute the next ones. If the jobs started workers, these then also compute ahead what the
    commands in `later` will need.
    """
    from pipeline.errors import TooManyFailures

    failures = []
    starts = [partial(_job, f"{stage} {name} {what}", partial(start, pool, name, what)) for name, what in jobs]
    aheads = [partial(_ahead, step, partial(compute, pool), pool) for step, compute in (later or {}).items()]
    with pool, closing(_overlapping([*starts, *aheads])) as finishes:
        for finish in finishes:
            try:
                finish()
            except TooManyFailures as error:
                failures.append(str(error))
    if failures:
        raise TooManyFailures("\n".join(failures))


def _overlapping(starts: Sequence[Start]) -> Generator[Finish]:
    """Yield, for each job in order, the function that finishes it; a few later jobs (`_AHEAD`) are started early.

    A later job is not started early if another run writes its store, or if starting it fails. It is then started when
    its turn comes, and an error is raised only then.
    """
    from features.errors import ExtractorError, StoreError
    from pipeline.errors import UserError
    from pipeline.run.locks import Busy

    started: deque[tuple[Finish, ExitStack]] = deque()
    with ExitStack() as everything:
        for i, start in enumerate(starts):
            if not started:
                started.append(_started(start, everything, wait=True))
            try:
                for following in starts[i + len(started) : i + 1 + _AHEAD]:
                    started.append(_started(following, everything, wait=False))
            except (Busy, ExtractorError, StoreError, UserError):
                pass
            finish, holding = started.popleft()
            with holding:
                yield finish


def _started(start: Start, everything: ExitStack, *, wait: bool) -> tuple[Finish, ExitStack]:
    """Start a job; return the function that finishes it, and a stack that releases what the job holds when closed.

    If that stack is never closed, the stack `everything` closes it.
    """
    holding = everything.enter_context(ExitStack())
    return holding.enter_context(start(wait=wait)), holding


@contextmanager
def _job(label: str, start: Start, *, wait: bool) -> Iterator[Finish]:
    from pipeline.errors import TooManyFailures
    from pipeline.run.stores import summary

    with start(wait=wait) as finish:

        def finish_and_tell() -> None:
            try:
                echo(f"{label}: {summary(finish())}")
            except TooManyFailures:
                echo(f"{label}: too many clips failed", err=True)
                raise

        yield finish_and_tell


@contextmanager
def _ahead(step: str, compute: Callable[[], Finish], pool: Any, *, wait: bool) -> Iterator[Finish]:  # noqa: ARG001
    """Start to compute what a later command needs, and yield the function that finishes this.

    Nothing is computed if the pool has not started workers. An error is only printed, after the name `step`, since the
    later command will raise it again.
    """
    from pipeline.errors import counted

    computed = _tried(step, compute) if pool.started else None

    def finish() -> None:
        if computed is not None and (count := _tried(step, computed)):
            echo(f"{step}: {counted(count, 'clip')} computed ahead")

    yield finish


def _tried(step: str, call: Callable[[], Any]) -> Any:
    from features.errors import ExtractorError, StoreError
    from pipeline.errors import UserError

    try:
        return call()
    except (ExtractorError, StoreError, UserError) as error:
        echo(f"{step}: not computed ahead ({error})", err=True)
        return None
