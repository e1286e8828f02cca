"""What `preprocess` and `extract` share: run a step, write its store, and record failures."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from socket import gethostname
from typing import Any

from features.store import Schema, write_store
from pipeline.errors import Changed, TooManyFailures, UserError, counted
from pipeline.run.cache import ClipCache
from pipeline.run.clips import Damaged, Step, StepReport, start_step, store_items
from pipeline.run.keys.description import described
from pipeline.run.ledger import Failure, record
from pipeline.run.plans import STREAM_FAILED, Clip, Outcome
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths

Attributes = Mapping[str, Any]
Target = tuple[Path, Schema, Attributes]


def require_planned(what: str, planned: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Check, on a worker, that it has the same settings, code and files as the process that planned the run.

    Raises
    ------
    Changed
        If something differs. The message names it, and the machine.
    """
    planned, found = (json.loads(described(one)) for one in (planned, found))
    other = [name for name in planned if planned[name] != found.get(name)]
    if other or planned.keys() != found.keys():
        names = ", ".join(other) or "settings"
        raise Changed(
            f"{what} is not the same in process {os.getpid()} of {gethostname()} as where this run was planned "
            f"(different: {names}): give all workers the same code, packages and files; if something was changed just "
            "now, run the same command again"
        )


def start_storing(
    step: Step,
    planned: Sequence[Clip | Outcome],
    pool: Pool,
    target: Target,
    further: Callable[[Sequence[Outcome]], Attributes] = lambda _: {},
) -> Callable[[], StepReport]:
    """Start to compute the planned clips; return a function that writes the store and returns the report.

    The store and the report have all outcomes, in the planned order.

    Parameters
    ----------
    step, planned, pool
        The step to compute, the clips or outcomes that were planned, and the workers.
    target
        Path, columns and attributes of the store.
    further
        Function from the outcomes to further attributes of the store.
    """
    path, schema, attributes = target
    clips = [plan for plan in planned if isinstance(plan, Clip)]
    computed = start_step(step, clips, pool, CACHE, checked=False) if clips else lambda: StepReport((), (), 0)

    def written(report: StepReport) -> StepReport:
        done = iter(report.outcomes)
        report = replace(report, outcomes=[next(done) if isinstance(plan, Clip) else plan for plan in planned])
        try:
            items = store_items(report, step.name, CACHE, schema, pool)
            write_store(path, schema, {**attributes, **further(report.outcomes)}, items)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror or error}. Results in the cache ({CACHE}) are not lost: free "
                "disk space or make the folder writable, then run the same command again"
            ) from error
        return report

    def write() -> StepReport:
        try:
            return written(computed())
        except Damaged:  # the entries were not checked before
            return written(start_step(step, clips, pool, CACHE)())

    return write


def start_ahead(step: Step, planned: Sequence[Clip | Outcome], pool: Pool) -> Callable[[], int]:
    """Start to compute what a later command would need; the results are put into the cache.

    Return a function that waits until that is done, and returns the number of clips that were missing (0 for a light
    step, which keeps nothing in the cache).
    """
    cache = ClipCache(CACHE, step.name)
    missing = [plan for plan in planned if isinstance(plan, Clip) and not cache.exists(plan.key)]
    if step.light or not missing:  # a light step keeps nothing in the cache
        return lambda: 0
    computed = start_step(step, missing, pool, CACHE)

    def wait() -> int:
        computed()
        return len(missing)

    return wait


def finish(report: StepReport, params: Params, paths: CorpusPaths, step: Step) -> None:
    """Record the failures in failures.csv.

    Raises
    ------
    TooManyFailures
        If more than one clip failed and the share of failed clips exceeds `run.max_failed`, or if all clips failed and
        `run.max_failed` is below 1.
    """
    failed = [o for o in report.outcomes if o.status == "failed" and o.error != STREAM_FAILED]
    record(
        paths.failures,
        step.stage,
        step.name,
        [Failure(o.utterance, step.stage, step.name, o.error, o.note) for o in failed],
    )
    allowed = max(
        1, params.run.max_failed * len(report.outcomes)
    )  # a single failure never ends the stage of a small corpus
    if len(failed) > allowed or (failed and len(failed) == len(report.outcomes) and params.run.max_failed < 1):
        first = failed[0]
        raise TooManyFailures(
            f"{step.stage} {step.name}: {len(failed)} of {len(report.outcomes)} clips failed, more than "
            f"run.max_failed = {params.run.max_failed:g} allows. The first is {first.utterance}: {first.note}. All are "
            f"in {paths.failures}; what was computed is kept. Repair the clips, or raise run.max_failed to continue "
            "without them"
        )


def summary(report: StepReport) -> str:
    """Return one sentence about a step: how many clips, their statuses, how many were computed, and remarks.

    >>> summary(StepReport([Outcome("a", "k", "ok", 3), Outcome("b", "", "absent")], ["a"], 0))
    '2 clips (1 ok, 1 absent): 1 computed (a), 0 from the cache'
    >>> summary(StepReport([Outcome("a", "k", "ok", 3, "read in 2 windows")], [], 0))
    '1 clip (1 ok): 0 computed, 1 from the cache; 1 with a note in the store, such as a: read in 2 windows'
    """
    counts = {s: sum(o.status == s for o in report.outcomes) for s in ("ok", "absent", "empty", "failed")}
    shown = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    named = f" ({', '.join(report.computed)})" if 0 < len(report.computed) <= 5 else ""
    damaged = f", {report.damaged} of them because their cache file was damaged" if report.damaged else ""
    kept = sum(bool(o.key) for o in report.outcomes) - len(report.computed)
    computed = f"{len(report.computed)} computed{named}{damaged}"
    return (
        f"{counted(len(report.outcomes), 'clip')} ({shown}): {computed}, {kept} from the cache{_noted(report.outcomes)}"
    )


def _noted(outcomes: Sequence[Outcome]) -> str:
    noted = [o for o in outcomes if o.status == "ok" and o.note]
    if not noted:
        return ""
    return f"; {len(noted)} with a note in the store, such as {noted[0].utterance}: {noted[0].note}"
