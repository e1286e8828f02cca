"""All fits of a corpus: those of the cache, and those that workers compute."""

from collections.abc import Sequence
from dataclasses import replace

from models.registry import reads_sequences, strategy
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.progress import Progress
from pipeline.settings.blocks import TrainParams
from pipeline.settings.paths import CACHE
from pipeline.training.fitting import fit_job
from pipeline.training.jobs import STEP, Failed, Fit, Job
from pipeline.training.notices import failed_notices
from pipeline.training.rows import Row


def fit_all(whole: Sequence[Job], pool: Pool, name: str) -> tuple[list[Fit], list[Failed], list[str]]:
    """Return all fits (those of the cache, and those that the pool computes), what failed, and the keys of all.

    Fits and failures are in the order of rows and folds, whichever worker ends first: what is said of them is the same.
    """
    kept = ClipCache(CACHE, STEP)
    found: list[Fit | Failed] = []
    keys, jobs = [], []
    for job in whole:
        missing = {}
        for row, key in zip(job.rows, job.keys, strict=True):
            keys.append(key)
            entry = kept.get(key)
            if entry is None:
                missing[row] = key
            else:
                found.append(Fit.of(row, job.fold.name, entry))
        parts = _parts(list(missing), job.settings)
        jobs += [replace(job, rows=part, keys=tuple(missing[row] for row in part)) for part in parts]
    jobs.sort(key=lambda job: not over_time(job.rows))  # the longest first, so that all workers are busy to the end
    progress = Progress(f"train {name}", len(whole) * len(whole[0].rows), cached=len(found), unit="fits")
    for job, result in pool.run(fit_job, jobs) if jobs else ():
        if isinstance(result, WorkerLost):
            raise UserError(f"train {name}: {result}, fitting {job.rows[0]} on {job.fold.name}: try fewer --workers")
        found += result
        for _ in result:
            progress.step()
    progress.close()
    position = {(row, job.fold.name): (i, k) for k, job in enumerate(whole) for i, row in enumerate(job.rows)}
    found.sort(key=lambda one: position[one.row, one.fold])
    fits = [one for one in found if isinstance(one, Fit)]
    return fits, [one for one in found if isinstance(one, Failed)], keys


def without_failed(
    fits: list[Fit], failed: Sequence[Failed], rows: list[Row], name: str
) -> tuple[list[Fit], list[Row]]:
    """Leave out every row that failed on a fold: all rows are scored on the same utterances.

    Raises
    ------
    UserError
        If nothing but baselines is left.
    """
    gone = {one.row for one in failed}
    left = [row for row in rows if row not in gone]
    if gone and all(strategy(row.strategy).kind == "floor" for row in left):
        raise UserError(f"train {name}: no row could be fitted. " + ". ".join(failed_notices(failed)))
    return [fit for fit in fits if fit.row not in gone], left


def over_time(rows: Sequence[Row]) -> bool:
    """Whether any row reads steps over time."""
    return any(reads_sequences(row.strategy, row.model) for row in rows)


def _parts(rows: Sequence[Row], settings: TrainParams) -> list[tuple[Row, ...]]:
    """Cut a fold's rows into jobs: late fusions together with the single models that they are made of, others alone."""
    late = {row for row in rows if strategy(row.strategy).shares_bases}
    bases = {r for r in rows if late and r.strategy == "unimodal" and r.model == settings.fusion_classifier}
    together = tuple(row for row in rows if row in late | bases)
    return [(row,) for row in rows if row not in together] + ([together] if together else [])
