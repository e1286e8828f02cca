"""Compute the content key of a fit from its inputs, and describe the model to build (`Recipe`)."""

import hashlib
import platform
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.store import open_store
from features.text import fitted
from models.configuration import Configuration
from models.registry import Recipe, reads_sequences
from pipeline.errors import Changed
from pipeline.hashing import sha256_of, stamp_of
from pipeline.run.code import OF_A_FIT, contents_of, files_of
from pipeline.run.keys.results import FitInputs, code_key
from pipeline.settings.blocks import CorpusParams, TrainParams
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import plugin_keys
from pipeline.training.inputs import SPECTROGRAM, stores_of
from pipeline.training.jobs import Job

_XGBOOST = "xgboost" if platform.system() == "Darwin" else "xgboost-cpu"
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "skorch", "cca-zoo", "gensim", _XGBOOST)


def recipe_of(
    configuration: Configuration, corpus: CorpusParams, settings: TrainParams, classes: tuple[Any, ...] | None
) -> Recipe:
    """Return the recipe from which a configuration's model is built."""
    own: Mapping[str, Mapping[str, Any]] = {"tfidf": settings.tfidf, "word2vec": settings.word2vec}
    names = {m: settings.features.get(m, ()) for m in configuration.modalities}
    transformers = {
        m: tuple((e, fitted.build(e, own.get(e, {}))) for e in listed if e in fitted.fitted_names())
        for m, listed in names.items()
    }
    return Recipe(
        corpus.task,
        configuration.modalities,
        configuration.model or "logistic",
        classes,
        fitted={m: t for m, t in transformers.items() if t},
        extractors={m: tuple(names[m]) for m in configuration.modalities},
        settings=settings.settings.get(configuration.registered_strategy, {}),
        classifier_settings=settings.settings.get(configuration.model, {}),
        normalise="quantile" if settings.normalise == "quantile" else "standard",
        budget=settings.budget,
    )


def fit_key(job: Job, configuration: Configuration) -> str:
    """Return the content key of a configuration's fit on a fold.

    The key covers features, labels, fold, settings, code and libraries.
    """
    corpus, settings, paths = job.corpus, job.settings, CorpusPaths(job.name)
    over_time = reads_sequences(configuration.strategy, configuration.model)
    stores = [paths.features(e) for m in configuration.modalities for e in stores_of(settings, m)]
    stores += [paths.features(SPECTROGRAM)] if over_time and "audio" in configuration.modalities else []
    if over_time and settings.sequences.align == "word" and "text" in corpus.modalities:
        stores += [
            paths.features(e) for e in stores_of(settings, "text")
        ]  # their words are the steps of all modalities
    vectors = settings.word2vec.get("vectors")
    return FitInputs(
        configuration=configuration.names,
        stores=[_store_content(str(s.resolve()), stamp_of(s)) for s in stores if s.exists()],
        features={m: settings.features.get(m, ()) for m in configuration.modalities},
        settings=[settings.settings.get(name, {}) for name in (configuration.registered_strategy, configuration.model)],
        text_features=[settings.tfidf, settings.word2vec, _content(Path(vectors)) if vectors else ""],
        preparation=[settings.normalise, settings.context, settings.budget, settings.sequences if over_time else None],
        utterances=_content(paths.utterances),
        labels=[corpus.task, corpus.label, corpus.protocol.group, job.shuffled],
        fold=[job.fold.name, *(_digest(a) for a in (job.fold.train, job.fold.test, *chain(*job.fold.inner)))],
        code=[code(), *plugin_keys(job.plugins)],
    ).key


def _digest(rows: NDArray[np.intp]) -> str:
    return hashlib.sha256(np.asarray(rows, np.int64).tobytes()).hexdigest()


@lru_cache(maxsize=256)
def _store_content(path: str, stamp: str) -> tuple[str, str]:  # noqa: ARG001 - another stamp means that the store was written again and must be read again
    with open_store(Path(path)) as store:
        return Path(path).stem, store.digest


def _content(path: Path) -> str:
    return _content_at(str(path.resolve()), stamp_of(path)) if path.is_file() else ""


@lru_cache(maxsize=64)
def _content_at(path: str, stamp: str) -> str:  # noqa: ARG001
    return sha256_of(Path(path))


def code() -> str:
    """Return the content key of the code and libraries that a fit depends on, as this process imported them.

    Raises
    ------
    Changed
        If the code has changed since it was imported. An import inside a function would then load code that the key
        does not cover.
    """
    if _code_of(_code_stamps()) != _IMPORTED:
        raise Changed("the code of crossmodal was changed while this command ran: run the same command again")
    return _IMPORTED


@lru_cache(maxsize=2)
def _code_of(stamps: tuple[str, ...]) -> str:  # noqa: ARG001 - other stamps mean that the code must be read again
    return code_key(contents_of(files_of(OF_A_FIT)), _LIBRARIES)


def _code_stamps() -> tuple[str, ...]:
    return tuple(stamp_of(file) for file in files_of(OF_A_FIT))


_IMPORTED = _code_of(_code_stamps())  # computed right after this module's imports
