"""Permutation importance of modalities and extractors, and the utterances that only one model gets right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.captured_warnings import captured_warnings
from models.configuration import Configuration
from models.evaluation.importance import extractors_of, permuted_features, permuted_modality
from models.fit_cache import FitCache
from pipeline.corpora.utterances import read_table, read_utterances, write_table
from pipeline.errors import UserError
from pipeline.evaluation.compare import find_configuration
from pipeline.evaluation.disagreements import listed
from pipeline.evaluation.results import NAMES, by_configuration, leading_of_predictions, read_predictions, speakers_of
from pipeline.evaluation.table_files import read_scores
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.progress import Progress
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import require_evaluated, require_same
from pipeline.training.fitting import fitted_model
from pipeline.training.guard import plan_of
from pipeline.training.inputs import settings_of, step_settings
from pipeline.training.job_data import data_of, planned
from pipeline.training.jobs import Job
from pipeline.training.labels import labels_of, require_label
from pipeline.training.trained import require_features

REPEATS = 5


@dataclass(frozen=True)
class ExplainJob:
    """A job for a worker: fit the configurations of `job`, then predict with permuted features.

    The features of one modality or extractor at a time are permuted, each `repeats` times.
    """

    job: Job
    repeats: int


@dataclass(frozen=True, eq=False)
class FoldPredictions:
    """The predictions of a configuration for the test part of a fold.

    Attributes
    ----------
    configuration, test
        The configuration, and the positions of the n test utterances.
    predicted
        ``(n,)`` predictions.
    permuted
        Modality or extractor (``audio``, ``audio.mfcc``) -> predictions ``(repeats, n)`` with its features permuted.
    """

    configuration: Configuration
    test: NDArray[np.intp]
    predicted: NDArray[Any]
    permuted: Mapping[str, NDArray[Any]]


def explain_job(task: ExplainJob) -> list[FoldPredictions]:
    """Fit a job's configurations, and predict with the features of each modality and extractor permuted.

    The function runs on a worker.
    """
    job = task.job
    data, labels = data_of(job)
    x = data[job.fold.test]
    found = []
    for one in job.configurations:
        with captured_warnings():  # `train` has reported these warnings already
            model = fitted_model(one, job, data, labels, FitCache())
        rng = np.random.default_rng(0)
        orders = [rng.permutation(len(x)) for _ in range(task.repeats)]
        parts: dict[str, list[NDArray[Any]]] = {}
        for m in one.modalities:
            parts[m] = [model.predict(permuted_modality(x, m, order)) for order in orders]
            for e in extractors_of(x, m):
                parts[f"{m}.{e}"] = [model.predict(permuted_features(x, m, e, order)) for order in orders]
        permuted = {part: np.array(predictions) for part, predictions in parts.items()}
        found.append(FoldPredictions(one, job.fold.test, model.predict(x), permuted))
    return found


@dataclass(frozen=True, eq=False)
class Explained:
    """What `explain` found: permutation importance, and the utterances that only one of the best models gets right.

    Attributes
    ----------
    corpus, metric
        The corpus, and the metric that is measured.
    importance
        Columns strategy, modalities, model, part (a modality or extractor), metric, loss (how much the metric worsens)
        and deviation (the standard deviation of the loss).
    fusion_alone, single_alone
        The utterances that only the best fusion, or only the best single modality, gets right.
    top
        What sentences call the best rows: ``best``, or only ``top`` if speakers are unknown.
    note
        A note about unknown speakers; empty if there is none.
    """

    corpus: str
    metric: str
    importance: pd.DataFrame
    fusion_alone: pd.DataFrame
    single_alone: pd.DataFrame
    top: str
    note: str

    def lines(self) -> Iterator[str]:
        """Yield the lines to print."""
        yield from _importance_lines(self.importance, self.metric)
        yield from listed(f"the {self.top} fusion", self.fusion_alone)
        yield from listed(f"the {self.top} single modality", self.single_alone)
        if self.note:
            yield f"\n{self.note[0].upper()}{self.note[1:]}."

    def document(self) -> dict[str, Any]:
        """Return everything as one mapping, whose keys docs/json.md describes."""
        tables = {"importance": self.importance, "only_fusion": self.fusion_alone, "only_single": self.single_alone}
        rows = {name: table.to_dict("records") for name, table in tables.items()}
        return {"corpus": self.corpus, "metric": self.metric, **rows, "note": self.note}


def explain(params: Params, name: str, pool: Pool, wanted: Sequence[str] = (), repeats: int = REPEATS) -> Explained:
    """Measure the permutation importance of each modality and extractor, and write it to importance.csv.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    pool
        Workers.
    wanted
        Rows of the table as ``strategy:modalities:model``; by default the best fusion and the best single modality.
    repeats
        How often each modality and each extractor is permuted.

    Raises
    ------
    UserError
        If the corpus has not been evaluated, if its evaluation is out of date, or if a row is unknown.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    require_label(params, name)
    require_features(params, name)
    record = require_evaluated(params, name)
    configurations = _wanted(params, name, wanted)
    predictions = _predicted(params, name, pool, configurations, repeats)
    table = _importance(predictions, configurations, params, name)
    require_same(record, params, name)
    write_table(table, paths.results / "importance.csv")
    return Explained(
        corpus=name,
        metric=leading_of_predictions(corpus).name,
        importance=table,
        fusion_alone=read_table(paths.results / "only_fusion.csv", dtype=str),
        single_alone=read_table(paths.results / "only_single.csv", dtype=str),
        top=read_scores(name, corpus).top,
        note=speakers_of(name, corpus),
    )


def _wanted(params: Params, name: str, specs: Sequence[str]) -> list[Configuration]:
    """Return the configurations that `specs` name; if `specs` is empty, the best fusion and best single modality."""
    corpus = params.corpus(name)
    if specs:
        there = list(by_configuration(read_predictions(CorpusPaths(name).predictions, corpus)))
        return [find_configuration(spec, there).as_registered(corpus.task) for spec in specs]
    scores = read_scores(name, corpus)
    best = [row for row in (scores.best_fusion, scores.best_unimodal) if row]
    return [row.configuration.as_registered(corpus.task) for row in best]


def _predicted(
    params: Params, name: str, pool: Pool, configurations: Sequence[Configuration], repeats: int
) -> list[FoldPredictions]:
    corpus = params.corpus(name)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    settings, _ = step_settings(name, settings_of(params, name), corpus, table)
    folds = plan_of(table, corpus).folds
    base = Job(name, str(Path.cwd()), corpus, settings, params.run.plugins, folds[0], ())
    pairs = [(fold, one) for fold in folds for one in configurations]
    jobs = [ExplainJob(planned(replace(base, fold=fold, configurations=(one,))), repeats) for fold, one in pairs]
    predictions = []
    with Progress(f"explain {name}", len(jobs), unit="fits") as progress:
        for job, result in pool.run(explain_job, jobs):
            if isinstance(result, WorkerLost):
                raise UserError(
                    f"explain {name}: {result} while fitting {job.job.configurations[0]}: try fewer --workers"
                )
            predictions += result
            progress.step()
    return predictions


def _importance(
    predictions: Sequence[FoldPredictions], configurations: Sequence[Configuration], params: Params, name: str
) -> pd.DataFrame:
    """Return how much the metric worsens if a modality or extractor is permuted: mean and deviation over repeats."""
    corpus = params.corpus(name)
    truth = labels_of(read_utterances(CorpusPaths(name).utterances, corpus.label), corpus)
    leading = leading_of_predictions(corpus)
    lines = []
    for one in configurations:
        folds = sorted((p for p in predictions if p.configuration == one), key=lambda p: int(p.test.min()))
        test = np.concatenate([fold.test for fold in folds])
        whole = leading(truth[test], np.concatenate([fold.predicted for fold in folds]))
        for part in folds[0].permuted:
            permuted = np.concatenate([fold.permuted[part] for fold in folds], axis=1)
            losses = np.array([leading.sign * (whole - leading(truth[test], repeat)) for repeat in permuted])
            names = one.as_shown(corpus.task).names
            lines.append((*names, part, leading.name, losses.mean(), losses.std()))
    return pd.DataFrame(lines, columns=[*NAMES, "part", "metric", "loss", "deviation"])


def _importance_lines(table: pd.DataFrame, metric: str) -> Iterator[str]:
    yield f"How much {metric} worsens when an input is permuted across utterances (mean and standard deviation):"
    for one, lines in by_configuration(table).items():
        yield f"\n{one}"
        for line in lines.sort_values("loss", ascending=False, kind="stable").itertuples():
            yield f"  {line.part:24}{line.loss:+.3f} ({line.deviation:.3f})"
