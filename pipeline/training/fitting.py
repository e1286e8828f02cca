"""Fit and test configurations on one fold; this runs on a worker, and results are kept in the cache."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.captured_warnings import captured_warnings
from models.classical.search import DIVERGED
from models.configuration import Configuration, join_modalities
from models.data.modalities import Modalities
from models.errors import DivergedError, FitError, LeakError, reason_of
from models.evaluation.metrics import Metric, metrics_of
from models.fit_cache import FitCache
from models.outputs import finite, probabilities, scores
from models.registry import build, is_ours
from models.validation.probes import probe
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CACHE
from pipeline.training.fit_keys import code, recipe_of
from pipeline.training.job_data import data_of, require_planned
from pipeline.training.jobs import STEP, Failed, Fit, Job, ablations
from pipeline.training.labels import classes_of


def fit_job(job: Job) -> list[Fit | Failed]:
    """Fit a job's configurations on the training part of its fold, predict the test part, and cache the fits."""
    data, labels = data_of(job)
    kept, fit_cache = ClipCache(CACHE, STEP), FitCache()
    found: list[Fit | Failed] = []
    for configuration, key in zip(job.configurations, job.keys, strict=True):
        try:
            with captured_warnings() as warned, named_failure(configuration):
                model = fitted_model(configuration, job, data, labels, fit_cache)
                fit = _tested(configuration, model, job, data, labels)
            fit = replace(fit, warned=tuple(warned))
        except FitError as error:
            how = "its fit gave no finite number" if isinstance(error, DivergedError) else "its model failed"
            found.append(Failed(configuration, job.fold.name, f"{how} ({error})"))
            continue
        if job.settings.word2vec.get("vectors"):  # a file that the fit itself reads, so it is checked after the fit
            require_planned(job)
        code()  # raises if code that the fit imported has changed
        kept.put(key, fit.entry())
        found.append(fit)
    return found


def fitted_model(
    configuration: Configuration, job: Job, data: Modalities, labels: NDArray[Any], fit_cache: FitCache
) -> Any:
    """Return the model of a configuration, fitted on the training part of a job's fold.

    Raises
    ------
    UserError
        If a setting has an invalid value.
    FitError
        If the outputs of the fit are not finite, or a plugin's model fails.
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
        except ValueError as error:  # scikit-learn's message about an invalid setting
            raise UserError(f"{configuration}: {reason_of(error)}; check the values under train.settings") from error


@contextmanager
def named_failure(configuration: Configuration) -> Iterator[None]:
    """Turn exceptions of a plugin's model into `FitError`.

    `LeakError`, `MemoryError` and exceptions of our own models pass unchanged.
    """
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
    return tuple(classes_of(labels)) if job.corpus.task == "classification" else None


def _tested(configuration: Configuration, model: Any, job: Job, data: Modalities, labels: NDArray[Any]) -> Fit:
    """Return the fit of a model: its predictions for the fold's test part, with and without ablated modalities."""
    from models.saving.size import parameters

    train, test, classes = job.fold.train, job.fold.test, _classes(job, labels)
    started = time.perf_counter()
    predictions = model.predict(data[test])
    by_class = np.zeros((len(test), 0))
    if classes:
        own = getattr(model, "classes_", None)
        by_class = probabilities(model.predict_proba(data[test]), len(test), classes, own)
    predict_s = time.perf_counter() - started
    probe(model, data, test, train, name=f"{configuration} on {job.fold.name}")
    coded = _coded(predictions, classes)
    ablated = {
        join_modalities(without): _coded(model.predict(data[test].without(without)), classes)
        for without in ablations(configuration.modalities)
    }
    weights = model.weights(data[test]) if hasattr(model, "weights") else np.zeros((len(test), 0))
    for numbers in (by_class, coded, weights, *ablated.values()):
        finite(numbers)
    return Fit(
        configuration,
        job.fold.name,
        test,
        coded,
        np.asarray(by_class, np.float64),
        ablated,
        np.asarray(weights, np.float64),
        _inner_value(model, labels[train], job.corpus),
        getattr(model, "fit_seconds_", float("nan")) + getattr(model, "shared_seconds_", 0.0),
        predict_s,
        parameters(model),
        json.dumps(getattr(model, "settings_", {}), sort_keys=True, default=repr),
        json.dumps(getattr(model, "edges_", {}), sort_keys=True),
    )


def _coded(predictions: Any, classes: tuple[Any, ...] | None) -> NDArray[Any]:
    """Return predictions as positions in `classes`, or as scores; any other prediction raises `FitError`."""
    if not classes:
        return scores(predictions, len(predictions))
    coded = pd.Index(np.array(classes)).get_indexer(np.asarray(predictions))
    if (coded < 0).any():
        wrong = np.asarray(predictions)[coded < 0][0]
        raise FitError(
            f"predict returns {str(wrong)!r}, which is not one of the classes {', '.join(map(str, classes))}"
        )
    return np.asarray(coded, np.int64)


def inner_metric(corpus: CorpusParams) -> Metric:
    """Return the metric that judges a fit on held-out rows of inner folds, whichever metrics the table has."""
    return metrics_of(corpus.task)[0]


def _inner_value(model: Any, labels: NDArray[Any], corpus: CorpusParams) -> float:
    """Return the inner metric of a model's out-of-fold outputs; NaN if the model has no such outputs."""
    outputs = getattr(model, "out_of_fold_", None)
    if outputs is None or not (known := np.isfinite(outputs).all(axis=1)).any():
        return float("nan")
    predictions = model.target_.predictions(outputs[known])
    return inner_metric(corpus)(labels[known], predictions)
