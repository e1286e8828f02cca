"""The list of all functions that may run on a worker. `Pool.run` refuses any other function."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

# module.function -> what it does. Each function is submitted by its own module or by one in the same package.
ON_WORKERS: Mapping[str, str] = {
    "pipeline.run.clips.work": "a batch of clips of one step: streams of recordings, or one extractor's features",
    "pipeline.training.fitting.fit_job": "configurations fitted on one fold, and what they predict for its test part",
    "pipeline.evaluation.explain.explain_job": "a configuration fitted again, and predictions with permuted inputs",
    "pipeline.planning.measuring.measure_streams": "`plan`: the cost of the streams of a few clips",
    "pipeline.planning.measuring.measure_features": "`plan`: the cost of the features of a few clips",
    "pipeline.run.pool.fingerprint.differences": "before any work: whether a worker has the planner's code and files",
    "pipeline.run.pool.tasks.echo": "`doctor`: whether a worker can be started at all",
}


def require_listed(work: Callable[..., Any]) -> None:
    """Refuse a function that is not in `ON_WORKERS`; `work` may be a `functools.partial` of a listed function.

    Raises
    ------
    ValueError
        If the function is not listed.
    """
    function = work.func if isinstance(work, partial) else work
    name = f"{function.__module__}.{function.__qualname__}"
    if name not in ON_WORKERS:
        raise ValueError(f"{name} may not run on a worker: list it in {__name__}.ON_WORKERS, with what it does")


def echo(task: str) -> str:
    """Return `task` unchanged."""
    return task
