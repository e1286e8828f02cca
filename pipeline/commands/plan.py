"""The command that estimates what computing the streams and features of a corpus will cost."""

from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import (
    PARAMS,
    Command,
    as_json,
    echo,
    echo_json,
    load,
    pool_of,
    prepared,
    run_options,
    with_corpora,
    with_selection,
)


@click.command(cls=Command)
@PARAMS
@with_corpora
@with_selection
@run_options
@as_json
def plan(
    params_path: Path,
    corpora: tuple[str, ...],
    selection: Any,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Estimate what a corpus's streams and features will cost.

    Measures a few clips, and prints the processor time, running time, disk space and memory that clips not yet in the
    cache will take with the given workers. The corpus must have been prepared; training is not included.

    Example: crossmodal plan --corpus demo --workers 8
    """
    from pipeline.planning.page import page_of
    from pipeline.planning.planning import plan as run

    params = load(params_path)
    names, found = prepared(params, corpora, selection), []
    crew = pool_of(params, workers, scheduler).workers
    for place, name in enumerate(names):
        found.append(run(params, name, crew, lambda: pool_of(params, min(1, crew), scheduler)))
        if not as_json:
            for text in ("", *page_of(found[-1])) if place else page_of(found[-1]):
                echo(text)
    if as_json:
        echo_json({"corpora": found})
