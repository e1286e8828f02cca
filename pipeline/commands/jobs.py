"""Run the jobs of preprocess and extract on one pool of workers, which may also compute what later commands need."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pipeline.commands.common import echo


def run_each(
    jobs: list[tuple[str, Any]],
    run: Callable[..., Any],
    stage: str,
    pool: Any,
    later: Mapping[str, Callable[[Any], int]] | None = None,
) -> None:
    """Run all jobs on one pool of workers; if too many clips of one fail, continue, and raise an error at the end.

    If the jobs started workers, the same workers then compute ahead what the commands in `later` will need.
    """
    from pipeline.errors import TooManyFailures
    from pipeline.run.stores import summary

    failures = []
    with pool:
        for name, what in jobs:
            try:
                echo(f"{stage} {name} {what}: {summary(run(pool, name, what))}")
            except TooManyFailures as error:
                failures.append(str(error))
                echo(f"{stage} {name} {what}: too many clips failed", err=True)
        for step, compute in (later or {}).items() if pool.started else ():
            _ahead(step, partial(compute, pool))
    if failures:
        raise TooManyFailures("\n".join(failures))


def _ahead(step: str, compute: Callable[[], int]) -> None:
    """Compute what a later command will need; an error is only printed, since that command will raise it again."""
    from features.errors import ExtractorError, StoreError
    from pipeline.errors import UserError, counted

    try:
        if computed := compute():
            echo(f"{step}: {counted(computed, 'clip')} computed ahead")
    except (ExtractorError, StoreError, UserError) as error:
        echo(f"{step}: not computed ahead ({error})", err=True)
