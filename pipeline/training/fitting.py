"""One strategy fitted on one fold, on a worker; and what came of it, kept so that nothing is fitted twice."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from socket import gethostname
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.captured_warnings import captured_warnings
from models.classical.search import DIVERGED
from models.configuration import Configuration, join_modalities
from models.data.modalities import Modalities
from models.errors import DivergedError, FitError, LeakError, reason_of
from models.evaluation.metrics import metric, metric_names
from models.fit_cache import FitCache
from models.outputs import finite, probabilities, scores
from models.registry import build, is_ours, reads_sequences
from models.validation.probes import probe
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import Changed, UserError
from pipeline.hashing import stamp_of
from pipeline.run.cache import ClipCache
from pipeline.run.keys import stamps_key
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.settings.plugins import load_plugins
from pipeline.training.fit_keys import code, fit_key, recipe_of
from pipeline.training.inputs import load_modalities
from pipeline.training.jobs import STEP, Failed, Fit, Job, drops
from pipeline.training.labels import labels_of


def fit_job(job: Job) -> list[Fit | Failed]:
    """Fit a job's configurations on its fold's training part, predict its test part and fill the cache; on a worker."""
    data, labels = data_of(job)
    kept, fit_cache = ClipCache(CACHE, STEP), FitCache()
    found: list[Fit | Failed] = []
    for configuration, key in zip(job.configurations, job.keys, strict=True):
        try:
            with captured_warnings() as said:
                model = fitted_model(configuration, job, data, labels, fit_cache)
                fit = _asked(configuration, model, job, data, labels)
            fit = replace(fit, warned=tuple(said))
        except FitError as error:
            how = "its fit ended in no number" if isinstance(error, DivergedError) else "its model failed"
            found.append(Failed(configuration, job.fold.name, f"{how} ({error})"))
            continue
        if job.settings.word2vec.get("vectors"):  # read by the fit itself
            _require_planned(job)
        code()  # a fit imports some of it
        kept.put(key, fit.entry())
        found.append(fit)
    return found


def planned(job: Job) -> Job:
    """Return a job with the keys of its configurations: a worker that finds other keys refuses it."""
    return replace(job, keys=tuple(fit_key(job, configuration) for configuration in job.configurations))


def data_of(job: Job) -> tuple[Modalities, NDArray[Any]]:
    """Return all utterances of a job's corpus and their labels, on a worker.

    Raises
    ------
    Changed
        If they are not what the job was planned with.
    """
    os.chdir(job.folder)
    load_plugins(job.plugins)
    state = _state(job)
    table = read_utterances(CorpusPaths(job.name).utterances, job.corpus.label)
    sequences = any(
        reads_sequences(configuration.strategy, configuration.model) for configuration in job.configurations
    )
    data = _loaded(job, sequences, state)
    _require_planned(job)
    if _state(job) != state:
        raise _changed(job)
    return data, labels_of(table, job.corpus, job.shuffled)


def _require_planned(job: Job) -> None:
    if planned(job).keys != job.keys:
        raise _changed(job)


def _changed(job: Job) -> Changed:
    return Changed(
        f"the utterances, features, settings or code of {job.name} are not, or no longer, what this run was planned "
        f"with (seen by process {os.getpid()} of {gethostname()}): give all workers the same code, packages and files; "
        "if something was changed just now, run the same command again"
    )


def fitted_model(
    configuration: Configuration, job: Job, data: Modalities, labels: NDArray[Any], fit_cache: FitCache
) -> Any:
    """Return the model of a configuration, fitted on the training part of a job's fold.

    Raises
    ------
    UserError
        If a setting has an impossible value.
    FitError
        If the fit ends in no finite number, or a plugin's model fails.
    """
    train = job.fold.train
    with named_failure(configuration):
        recipe = recipe_of(configuration, job.corpus, job.settings, _classes(job, labels))
        unfitted = build(configuration.strategy, recipe, fit_cache=fit_cache)
        try:
            return fit_cache.fit(unfitted, data[train], labels[train], job.fold.inner)
        except FitError:
            raise
        except DIVERGED as error:
            raise DivergedError(str(error)) from error
        except ValueError as error:  # an impossible value among the settings, in scikit-learn's words
            raise UserError(f"{configuration}: {reason_of(error)}; look at train.settings") from error


@contextmanager
def named_failure(configuration: Configuration) -> Iterator[None]:
    """Turn whatever a plugin's model raises into a failed configuration; our own models raise what they document."""
    try:
        yield
    except (FitError, LeakError, MemoryError):
        raise
    except Exception as error:
        if is_ours(configuration.strategy, configuration.model):
            raise
        cause = error.__cause__ if isinstance(error.__cause__, Exception) and isinstance(error, UserError) else error
        raise FitError(f"{type(cause).__name__}: {reason_of(cause)}") from error


def _classes(job: Job, labels: NDArray[Any]) -> tuple[Any, ...] | None:
    return tuple(np.unique(labels)) if job.corpus.task == "classification" else None


class _Loading:
    """A job's corpus as something that the cache of loaded data can be asked for."""

    def __init__(self, job: Job, sequences: bool, state: str) -> None:
        self.job, self.sequences = job, sequences
        self.key = (job.folder, job.name, sequences, state, repr(job.settings), repr(job.corpus))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Loading) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=2)
def _load(wanted: _Loading) -> Modalities:
    job = wanted.job
    table = read_utterances(CorpusPaths(job.name).utterances, job.corpus.label)
    return load_modalities(job.name, job.settings, job.corpus, table, sequences=wanted.sequences)


def _loaded(job: Job, sequences: bool, state: str) -> Modalities:
    """Return the data of a job; a worker reads each corpus once."""
    return _load(_Loading(job, sequences, state))


def _state(job: Job) -> str:
    """Return what tells one state of the files that are read from another."""
    paths = CorpusPaths(job.name)
    read = [paths.utterances, *sorted(paths.work.glob("features/*.h5"))]
    return stamps_key({str(path): stamp_of(path) for path in read if path.exists()})


def _asked(configuration: Configuration, model: Any, job: Job, data: Modalities, labels: NDArray[Any]) -> Fit:
    with named_failure(configuration):
        return _answered(configuration, model, job, data, labels)


def _answered(configuration: Configuration, model: Any, job: Job, data: Modalities, labels: NDArray[Any]) -> Fit:
    from models.saving.size import parameters

    train, test, classes = job.fold.train, job.fold.test, _classes(job, labels)
    started = time.perf_counter()
    answers = model.predict(data[test])
    shares = np.zeros((len(test), 0))
    if classes:
        own = getattr(model, "classes_", None)
        shares = probabilities(model.predict_proba(data[test]), len(test), classes, own)
    predict_s = time.perf_counter() - started
    probe(model, data, test, train, name=f"{configuration} on {job.fold.name}")
    coded = _coded(answers, classes)
    sets = drops(configuration.modalities)
    dropped = {join_modalities(d): _coded(model.predict(data[test].without(d)), classes) for d in sets}
    weights = model.weights(data[test]) if hasattr(model, "weights") else np.zeros((len(test), 0))
    for numbers in (shares, coded, weights, *dropped.values()):
        finite(numbers)
    return Fit(
        configuration,
        job.fold.name,
        test,
        coded,
        np.asarray(shares, np.float64),
        dropped,
        np.asarray(weights, np.float64),
        _inner(model, labels[train], job.corpus),
        getattr(model, "fit_seconds_", float("nan")) + getattr(model, "shared_seconds_", 0.0),
        predict_s,
        parameters(model),
        json.dumps(getattr(model, "settings_", {}), sort_keys=True, default=repr),
        json.dumps(getattr(model, "edges_", {}), sort_keys=True),
    )


def _coded(answers: Any, classes: tuple[Any, ...] | None) -> NDArray[Any]:
    """Return the positions of classes, or scores; an answer that is neither raises `FitError`."""
    if not classes:
        return scores(answers, len(answers))
    coded = pd.Index(np.array(classes)).get_indexer(np.asarray(answers))
    if (coded < 0).any():
        wrong = np.asarray(answers)[coded < 0][0]
        raise FitError(f"predict answers {str(wrong)!r}, which is none of the classes {', '.join(map(str, classes))}")
    return np.asarray(coded, np.int64)


def inner_figure(corpus: CorpusParams) -> str:
    """Return the figure by which a fit judges rows that inner folds held out, whatever the table shows."""
    return metric_names(corpus.task)[0]


def _inner(model: Any, labels: NDArray[Any], corpus: CorpusParams) -> float:
    """Return the figure of what models of inner folds said about training rows that they had not seen."""
    outputs = getattr(model, "out_of_fold_", None)
    if outputs is None or not (known := np.isfinite(outputs).all(axis=1)).any():
        return float("nan")
    said = model.target_.predictions(outputs[known])
    return float(metric(corpus.task, inner_figure(corpus)).function(labels[known], said))
