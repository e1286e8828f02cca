"""Run the jobs of preprocess and extract on one pool of workers, and what later commands need on the same ones."""

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
    """Run all jobs on one pool of workers; if too many clips fail, continue and raise an error at the end.

    If the jobs started workers, these then also compute ahead what the commands in `later` will need.
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
    """Compute ahead for another command; an error is only printed, since that command will meet it and report it."""
    from features.errors import ExtractorError, StoreError
    from pipeline.errors import UserError

    try:
        if computed := compute():
            echo(f"{step}: {computed} clips computed ahead")
    except (ExtractorError, StoreError, UserError) as error:
        echo(f"{step}: left to its own command ({error})", err=True)
