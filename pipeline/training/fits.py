"""Collect all fits of a corpus, from the cache or computed by workers."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models.configuration import Configuration
from models.registry import reads_sequences, strategy
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.progress import Progress
from pipeline.settings.blocks import TrainParams
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.training.fitting import fit_job
from pipeline.training.jobs import STEP, Failed, Fit, Job
from pipeline.training.notices import failed_notices
from pipeline.training.predictions import COSTS, WHO


def fit_all(whole: Sequence[Job], pool: Pool, name: str) -> tuple[list[Fit], list[Failed], list[str]]:
    """Return all fits (from the cache, or computed by the pool), the failures, and the keys of all planned fits.

    Fits and failures are sorted by configuration and fold, whichever worker finishes first, so that repeated runs give
    the same notices.
    """
    kept = ClipCache(CACHE, STEP)
    found: list[Fit | Failed] = []
    keys, jobs = [], []
    for job in whole:
        missing = {}
        for configuration, key in zip(job.configurations, job.keys, strict=True):
            keys.append(key)
            entry = kept.get(key)
            if entry is None:
                missing[configuration] = key
            else:
                found.append(Fit.of(configuration, job.fold.name, entry))
        parts = _parts(list(missing), job.settings)
        jobs += [
            replace(job, configurations=part, keys=tuple(missing[configuration] for configuration in part))
            for part in parts
        ]
    jobs.sort(
        key=lambda job: not over_time(job.configurations)
    )  # the longest first, so that all workers are busy to the end
    total = len(whole) * len(whole[0].configurations)
    with Progress(f"train {name}", total, cached=len(found), unit="fits") as progress:
        expected_s = _expected_s(jobs, seconds_before(CorpusPaths(name).results / COSTS))
        for job, result in pool.run(fit_job, jobs, expected_s) if jobs else ():
            if isinstance(result, WorkerLost):
                raise UserError(
                    f"train {name}: {result} while fitting {job.configurations[0]} on {job.fold.name}: try fewer "
                    "--workers"
                )
            found += result
            progress.step(len(result))
    position = {
        (configuration, job.fold.name): (i, k)
        for k, job in enumerate(whole)
        for i, configuration in enumerate(job.configurations)
    }
    found.sort(key=lambda one: position[one.configuration, one.fold])
    fits = [one for one in found if isinstance(one, Fit)]
    return fits, [one for one in found if isinstance(one, Failed)], keys


def seconds_before(path: Path) -> dict[tuple[str, ...], float]:
    """Return how long each fit of the previous run took: strategy, modalities, model and fold -> seconds.

    The times decide only whether fits are worth starting workers for, so a file that cannot be read counts as missing.
    """
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {
                (*(row[column] for column in WHO), row["fold"]): float(row["fit_s"]) + float(row["predict_s"])
                for row in csv.DictReader(file)
            }
    except (KeyError, TypeError, ValueError, csv.Error):
        return {}


def _expected_s(jobs: Sequence[Job], before: Mapping[tuple[str, ...], float]) -> float:
    """Return how long the fits of all jobs took in the previous run; infinity if one of them was not fitted then."""
    names = ((*c.as_shown(job.corpus.task).names, job.fold.name) for job in jobs for c in job.configurations)
    return sum(before.get(name, math.inf) for name in names)


def without_failed(
    fits: Sequence[Fit], failed: Sequence[Failed], configurations: Sequence[Configuration], name: str
) -> list[Fit]:
    """Return the fits of all configurations that failed on no fold.

    All remaining configurations are then scored on the same utterances.

    Raises
    ------
    UserError
        If something failed and nothing but baselines is left.
    """
    lost = {one.configuration for one in failed}
    if lost and all(strategy(c.strategy).kind == "baseline" for c in configurations if c not in lost):
        raise UserError(f"train {name}: no configuration could be fitted. " + ". ".join(failed_notices(failed)))
    return [fit for fit in fits if fit.configuration not in lost]


def over_time(configurations: Sequence[Configuration]) -> bool:
    """Whether any configuration reads steps over time."""
    return any(reads_sequences(c.strategy, c.model) for c in configurations)


def _parts(configurations: Sequence[Configuration], settings: TrainParams) -> list[tuple[Configuration, ...]]:
    """Divide the configurations of a fold into jobs.

    Late fusions and their unimodal models form one job; every other configuration is a job of its own.
    """
    late = {c for c in configurations if strategy(c.strategy).shares_bases}
    bases = {c for c in configurations if late and c.strategy == "unimodal" and c.model == settings.fusion_classifier}
    together = tuple(c for c in configurations if c in late | bases)
    return [(c,) for c in configurations if c not in together] + ([together] if together else [])
