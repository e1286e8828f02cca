"""explain: what each strategy leans on, and which utterances only the fusion, or only one modality, gets right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.captured_warnings import captured_warnings
from models.configuration import Configuration
from models.data.modalities import Task
from models.evaluation.importance import extractors_of, shuffled_features, shuffled_modality
from models.evaluation.metrics import Metric
from models.fit_cache import FitCache
from pipeline.corpora.utterances import read_table, read_utterances, write_table
from pipeline.errors import UserError
from pipeline.evaluation.compare import chosen
from pipeline.evaluation.results import WHO, Key, label_of, metrics_of, read_metrics, read_predictions, systems
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.progress import Progress
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import require_evaluated, require_same
from pipeline.training.fitting import data_of, fitted_model, planned
from pipeline.training.guard import plan_of
from pipeline.training.inputs import settings_of, step_settings
from pipeline.training.jobs import Job
from pipeline.training.labels import labels_of
from pipeline.training.trained import require_features

REPEATS = 5
SHOWN = 10  # utterances that are printed of each list; the files hold all


@dataclass(frozen=True)
class ExplainJob:
    """A row, to be fitted on one fold and asked again with its inputs dealt out anew."""

    job: Job
    repeats: int


@dataclass(frozen=True, eq=False)
class Answers:
    """What a row said about a fold's test part.

    Attributes
    ----------
    configuration, test
        Whose, and the n rows of the table.
    said
        ``(n,)`` answers.
    shuffled
        Part (``audio``, ``audio.mfcc``) -> ``(repeats, n)`` answers with this part dealt out anew.
    """

    configuration: Configuration
    test: NDArray[np.intp]
    said: NDArray[Any]
    shuffled: Mapping[str, NDArray[Any]]


def explain_job(task: ExplainJob) -> list[Answers]:
    """Fit and ask; runs on a worker."""
    job = task.job
    data, labels = data_of(job)
    x = data[job.fold.test]
    found = []
    for row in job.configurations:
        with captured_warnings():  # train has said what it warns of
            model = fitted_model(row, job, data, labels, FitCache())
        rng = np.random.default_rng(0)
        orders = [rng.permutation(len(x)) for _ in range(task.repeats)]
        parts: dict[str, list[NDArray[Any]]] = {}
        for m in row.modalities:
            parts[m] = [model.predict(shuffled_modality(x, m, order)) for order in orders]
            for e in extractors_of(x, m):
                parts[f"{m}.{e}"] = [model.predict(shuffled_features(x, m, e, order)) for order in orders]
        said = {name: np.array(answers) for name, answers in parts.items()}
        found.append(Answers(row, job.fold.test, model.predict(x), said))
    return found


def explain(params: Params, name: str, pool: Pool, wanted: Sequence[str] = (), repeats: int = REPEATS) -> Iterator[str]:
    """Write importance.csv; yield lines on it, and on the utterances that only one side gets right.

    Parameters
    ----------
    params, name
        The settings, and which corpus.
    pool
        Workers.
    wanted
        Rows of the table as ``strategy:modalities:model``; by default the best fusion and the best single modality.
    repeats
        How often each part is dealt out anew.

    Raises
    ------
    UserError
        If the corpus has not been evaluated, something changed since or meanwhile, or a row is unknown.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    require_features(params, name)
    record = require_evaluated(params, name)
    keys = list(systems(read_predictions(paths.predictions, corpus)))
    rows = [_configuration(chosen(one, keys), corpus.task) for one in wanted] or [
        _configuration(key, corpus.task) for key in _best(read_metrics(name, metrics_of(corpus)[:1]), corpus)
    ]
    answers = _asked(params, name, pool, rows, repeats)
    table = _importance(answers, rows, params, name)
    require_same(record, params, name)
    write_table(table, paths.results / "importance.csv")
    yield from _importance_lines(table, metrics_of(corpus)[0])
    for title, file in (("the best fusion", "only_fusion.csv"), ("the best single modality", "only_single.csv")):
        yield from _listed(title, read_table(paths.results / file, dtype=str))


def _configuration(key: Key, task: Task) -> Configuration:
    return Configuration.parse(*key).as_registered(task)


def _best(table: pd.DataFrame, corpus: CorpusParams) -> list[Key]:
    """Return the best fusion and the best single modality in the leading figure."""
    leading = metrics_of(corpus)[0]
    first = table[table["metric"] == leading.name].sort_values(
        "value", ascending=not leading.higher_is_better, kind="stable"
    )
    single = (
        (first["modalities"] != "")
        & (first["strategy"] != "tfidf")
        & ~first["modalities"].str.contains("+", regex=False)
    )
    parts = (first[first["modalities"].str.contains("+", regex=False)], first[single])
    return [tuple(part.iloc[0][WHO]) for part in parts if len(part)]


def _asked(params: Params, name: str, pool: Pool, rows: Sequence[Configuration], repeats: int) -> list[Answers]:
    corpus = params.corpus(name)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    settings, _ = step_settings(name, settings_of(params, name), corpus, table)
    folds = plan_of(table, corpus).folds
    base = Job(name, str(Path.cwd()), corpus, settings, params.run.plugins, folds[0], ())
    pairs = [(fold, row) for fold in folds for row in rows]
    jobs = [ExplainJob(planned(replace(base, fold=fold, configurations=(row,))), repeats) for fold, row in pairs]
    answers = []
    with Progress(f"explain {name}", len(jobs), unit="fits") as progress:
        for job, result in pool.run(explain_job, jobs):
            if isinstance(result, WorkerLost):
                raise UserError(f"explain {name}: {result}, fitting {job.job.configurations[0]}: try fewer --workers")
            answers += result
            progress.step()
    return answers


def _importance(answers: Sequence[Answers], rows: Sequence[Configuration], params: Params, name: str) -> pd.DataFrame:
    """Return by how much the leading figure worsens when a part is dealt out anew: mean and deviation over repeats."""
    corpus = params.corpus(name)
    truth = labels_of(read_utterances(CorpusPaths(name).utterances, corpus.label), corpus)
    leading = metrics_of(corpus)[0]
    lines = []
    for row in rows:
        mine = sorted((a for a in answers if a.configuration == row), key=lambda a: int(a.test.min()))
        test = np.concatenate([a.test for a in mine])
        whole = leading(truth[test], np.concatenate([a.said for a in mine]))
        for part in mine[0].shuffled:
            said = np.concatenate([a.shuffled[part] for a in mine], axis=1)
            losses = np.array([leading.sign * (whole - leading(truth[test], one)) for one in said])
            who = dict(zip(WHO, row.as_shown(corpus.task).names, strict=True))
            lines.append(who | {"part": part, "metric": leading.name, "loss": losses.mean(), "deviation": losses.std()})
    return pd.DataFrame(lines, columns=[*WHO, "part", "metric", "loss", "deviation"])


def _importance_lines(table: pd.DataFrame, leading: Metric) -> Iterator[str]:
    yield f"By how much {leading.name} worsens when a part is taken from other utterances (mean and deviation):"
    for who, lines in table.groupby(WHO, sort=False):
        yield f"\n{label_of(who)}"
        for line in lines.sort_values("loss", ascending=False, kind="stable").itertuples():
            yield f"  {line.part:24}{line.loss:+.3f} ({line.deviation:.3f})"


def _listed(title: str, lines: pd.DataFrame) -> Iterator[str]:
    yield f"\n{len(lines)} utterances that only {title} gets right" + (
        f", the first {SHOWN}:" if len(lines) > SHOWN else ":"
    )
    for line in lines.head(SHOWN).itertuples():
        words = f" “{line.text}”" if line.text else ""
        answers = f"{line.truth}, fusion {line.fusion}, single {line.single}"
        yield f"  {line.utterance}: {answers};{words} {line.media}".rstrip()
