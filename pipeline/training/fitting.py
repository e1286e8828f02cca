"""One strategy fitted on one fold, on a worker; and what came of it, kept so that nothing is fitted twice."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import chain, combinations
from pathlib import Path
from socket import gethostname
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.store import Entry, open_store
from features.text import fitted
from models.classical.search import DIVERGED
from models.data.modalities import Modalities
from models.errors import DivergedError, FitError, LeakError, reason_of
from models.evaluation.metrics import metric, metric_names
from models.memo import Memo
from models.outputs import finite, probabilities, scores
from models.registry import Recipe, build, is_ours, reads_sequences
from models.validation.probes import probe
from models.validation.protocol import Fold
from models.warned import heard
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import Changed, UserError
from pipeline.hashing import sha256_of, stamp_of
from pipeline.run.cache import ClipCache, key_of
from pipeline.settings.blocks import CorpusParams, TrainParams
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.settings.plugins import load_plugins, plugin_keys
from pipeline.training.inputs import SPECTROGRAM, load_modalities, stores_of
from pipeline.training.labels import labels_of
from pipeline.training.rows import Row

STEP = "fits"  # its folder in the cache
_ROOT = Path(__file__).resolve().parents[2]
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "skorch", "cca-zoo", "gensim")


@dataclass(frozen=True)
class Job:
    """Rows to be fitted on one fold; rows of one job share fitted unimodal models."""

    name: str
    folder: str  # the working directory, for workers that run elsewhere
    corpus: CorpusParams
    settings: TrainParams
    plugins: tuple[str, ...]
    fold: Fold
    rows: tuple[Row, ...]
    shuffled: int | None = None  # the seed, where labels are shuffled
    keys: tuple[str, ...] = ()  # of the rows, as they were when the job was planned


@dataclass(frozen=True, eq=False)
class Fit:
    """What a row said about the test part of one fold, and what it cost.

    Attributes
    ----------
    row, fold, test
        Whose, on which fold, and the n rows of the table that were tested.
    predictions
        ``(n,)`` positions in the sorted classes, or scores.
    shares
        ``(n, k)`` class probabilities; ``(n, 0)`` for a score.
    dropped
        ``"audio"``, ``"text+audio"``, ... -> ``(n,)`` predictions with these modalities taken away; only for fusions.
    weights
        ``(n, modalities)`` attention on each modality; ``(n, 0)`` for strategies without.
    inner
        A figure (`inner_figure`) on training rows that inner folds held out; NaN where a strategy has no such answers.
    fit_s, predict_s
        Seconds.
    parameters
        How many numbers were learnt.
    settings
        Those chosen on inner folds, as JSON.
    ends
        Which of them lie at an end of what was tried, as JSON (`models.classical.tuning.ends`).
    warned
        What libraries warned of, each as the end of a sentence.
    """

    row: Row
    fold: str
    test: NDArray[np.intp]
    predictions: NDArray[Any]
    shares: NDArray[np.float64]
    dropped: Mapping[str, NDArray[Any]]
    weights: NDArray[np.float64]
    inner: float
    fit_s: float
    predict_s: float
    parameters: int
    settings: str
    ends: str = "{}"
    warned: tuple[str, ...] = ()

    def entry(self) -> Entry:
        """Return it as the cache keeps it."""
        arrays = {"test": self.test, "predictions": self.predictions, "shares": self.shares, "weights": self.weights}
        arrays |= {f"dropped {name}": answers for name, answers in self.dropped.items()}
        arrays |= {"numbers": np.array([self.inner, self.fit_s, self.predict_s, self.parameters])}
        return Entry(
            "ok", clips={**arrays, "settings": self.settings, "ends": self.ends, "warned": json.dumps(self.warned)}
        )

    @classmethod
    def of(cls, row: Row, fold: str, entry: Entry) -> "Fit":
        """Return what `entry` kept."""
        kept: Any = entry.clips
        inner, fit_s, predict_s, parameters = kept["numbers"].tolist()
        dropped = {name.removeprefix("dropped "): a for name, a in kept.items() if name.startswith("dropped ")}
        arrays = (kept["test"].astype(np.intp), kept["predictions"], kept["shares"], dropped, kept["weights"])
        said = (kept["settings"], kept["ends"], tuple(json.loads(kept["warned"])))
        return cls(row, fold, *arrays, inner, fit_s, predict_s, int(parameters), *said)


@dataclass(frozen=True)
class Failed:
    """A row that could not be fitted on one fold, and why, as the end of a sentence."""

    row: Row
    fold: str
    reason: str


def drops(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every set of modalities that can be taken away; of a single one, none.

    >>> drops(("text", "audio"))
    [('text',), ('audio',), ('text', 'audio')]
    """
    sizes = range(1, len(modalities) + 1) if len(modalities) > 1 else ()
    return list(chain.from_iterable(combinations(modalities, size) for size in sizes))


def fit_job(job: Job) -> list[Fit | Failed]:
    """Fit a job's rows on its fold's training part and predict its test rows; runs on a worker, and fills the cache."""
    data, labels = data_of(job)
    kept, memo = ClipCache(CACHE, STEP), Memo()
    found: list[Fit | Failed] = []
    for row, key in zip(job.rows, job.keys, strict=True):
        try:
            with heard() as said:
                fit = _asked(row, fitted_row(row, job, data, labels, memo), job, data, labels)
            fit = replace(fit, warned=tuple(said))
        except FitError as error:
            how = "its fit ended in no number" if isinstance(error, DivergedError) else "its model failed"
            found.append(Failed(row, job.fold.name, f"{how} ({error})"))
            continue
        if job.settings.word2vec.get("vectors"):  # read by the fit itself
            _require_planned(job)
        _code()  # a fit imports some of it
        kept.put(key, fit.entry())
        found.append(fit)
    return found


def planned(job: Job) -> Job:
    """Return a job with the keys of its rows: a worker that finds something else than they are made of refuses it."""
    return replace(job, keys=tuple(fit_key(job, row) for row in job.rows))


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
    sequences = any(reads_sequences(row.strategy, row.model) for row in job.rows)
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


def fitted_row(row: Row, job: Job, data: Modalities, labels: NDArray[Any], memo: Memo) -> Any:
    """Return the model of a row, fitted on the training part of a job's fold.

    Raises
    ------
    UserError
        If a setting has an impossible value.
    FitError
        If the fit ends in no finite number, or a plugin's model fails.
    """
    train = job.fold.train
    with named_failure(row):
        unfitted = build(row.strategy, recipe_of(row, job.corpus, job.settings, _classes(job, labels)), memo=memo)
        try:
            return memo.fit(unfitted, data[train], labels[train], job.fold.inner)
        except FitError:
            raise
        except DIVERGED as error:
            raise DivergedError(str(error)) from error
        except ValueError as error:  # an impossible value among the settings, in scikit-learn's words
            raise UserError(f"{row}: {reason_of(error)}; look at train.settings") from error


@contextmanager
def named_failure(row: Row) -> Iterator[None]:
    """Make whatever a plugin's model raises a failure of its row; our own models raise what they say that they do."""
    try:
        yield
    except (FitError, LeakError, MemoryError):
        raise
    except Exception as error:
        if is_ours(row.strategy, row.model):
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
    return key_of({str(path): stamp_of(path) for path in read if path.exists()})


def _asked(row: Row, model: Any, job: Job, data: Modalities, labels: NDArray[Any]) -> Fit:
    with named_failure(row):
        return _answered(row, model, job, data, labels)


def _answered(row: Row, model: Any, job: Job, data: Modalities, labels: NDArray[Any]) -> Fit:
    from models.saving.size import parameters

    train, test, classes = job.fold.train, job.fold.test, _classes(job, labels)
    started = time.perf_counter()
    answers = model.predict(data[test])
    shares = np.zeros((len(test), 0))
    if classes:
        own = getattr(model, "classes_", None)
        shares = probabilities(model.predict_proba(data[test]), len(test), classes, own)
    predict_s = time.perf_counter() - started
    probe(model, data, test, train, name=f"{row} on {job.fold.name}")
    coded = _coded(answers, classes)
    dropped = {"+".join(d): _coded(model.predict(data[test].without(d)), classes) for d in drops(row.modalities)}
    weights = model.weights(data[test]) if hasattr(model, "weights") else np.zeros((len(test), 0))
    for numbers in (shares, coded, weights, *dropped.values()):
        finite(numbers)
    return Fit(
        row,
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
        json.dumps(getattr(model, "ends_", {}), sort_keys=True),
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


def leading(corpus: CorpusParams) -> str:
    """Return the name of a corpus's leading figure."""
    return (corpus.metrics or metric_names(corpus.task))[0]


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


def recipe_of(row: Row, corpus: CorpusParams, settings: TrainParams, classes: tuple[Any, ...] | None) -> Recipe:
    """Return what a row's model is built of."""
    own: Mapping[str, Mapping[str, Any]] = {"tfidf": settings.tfidf, "word2vec": settings.word2vec}
    names = {m: settings.features.get(m, ()) for m in row.modalities}
    transformers = {
        m: tuple((e, fitted.build(e, own.get(e, {}))) for e in listed if e in fitted.fitted_names())
        for m, listed in names.items()
    }
    return Recipe(
        corpus.task,
        row.modalities,
        row.model or "logistic",
        classes,
        fitted={m: t for m, t in transformers.items() if t},
        extractors={m: tuple(names[m]) for m in row.modalities},
        settings=settings.settings.get(row.strategy, {}),
        classifier_settings=settings.settings.get(row.model, {}),
        normalise="quantile" if settings.normalise == "quantile" else "standard",
        budget=settings.budget,
    )


def fit_key(job: Job, row: Row) -> str:
    """Return the content key of a row on a fold: features, labels, fold, settings, code and libraries."""
    corpus, settings, paths = job.corpus, job.settings, CorpusPaths(job.name)
    over_time = reads_sequences(row.strategy, row.model)
    stores = [paths.features(e) for m in row.modalities for e in stores_of(settings, m)]
    stores += [paths.features(SPECTROGRAM)] if over_time and "audio" in row.modalities else []
    if over_time and settings.sequences.align == "word" and "text" in corpus.modalities:
        stores += [paths.features(e) for e in stores_of(settings, "text")]  # their words are everyone's steps
    vectors = settings.word2vec.get("vectors")
    return key_of(
        {
            "row": row.names,
            "features": [_store_key(str(s.resolve()), tuple(stamp_of(s))) for s in stores if s.exists()],
            "names": {m: settings.features.get(m, ()) for m in row.modalities},
            "settings": [settings.settings.get(name, {}) for name in (row.strategy, row.model)],
            "transformers": [
                settings.tfidf,
                settings.word2vec,
                _sha256_now(str(vectors), _stamp(vectors)) if vectors else "",
            ],
            "how": [
                settings.budget,
                settings.normalise,
                repr(settings.context),
                over_time and repr(settings.sequences),
            ],
            "utterances": _sha256_now(str(paths.utterances.resolve()), tuple(stamp_of(paths.utterances))),
            "predicted": [corpus.task, corpus.label, corpus.protocol.group, job.shuffled],
            "fold": [job.fold.name, *(_digest(a) for a in (job.fold.train, job.fold.test, *chain(*job.fold.inner)))],
            "code": [_code(), *plugin_keys(job.plugins)],
        }
    )


def _digest(rows: NDArray[np.intp]) -> str:
    return hashlib.sha256(np.asarray(rows, np.int64).tobytes()).hexdigest()


@lru_cache(maxsize=256)
def _store_key(path: str, stamp: tuple[int, ...]) -> str:  # noqa: ARG001 - written anew, it is read anew
    with open_store(Path(path)) as store:
        return key_of({"name": Path(path).stem, "content": store.digest})


def _stamp(path: str) -> tuple[int, ...]:
    return tuple(stamp_of(Path(path))) if Path(path).is_file() else ()


@lru_cache(maxsize=64)
def _sha256_now(path: str, stamp: tuple[int, ...]) -> str:  # noqa: ARG001
    return _sha256(path)


def _sha256(path: str) -> str:
    return sha256_of(Path(path)) if Path(path).is_file() else ""


def _code() -> str:
    """Return the content key of the code and the libraries that a fit depends on, as this process has imported them.

    Raises
    ------
    Changed
        If the code is another by now: what is imported later, inside a function, is not what the key says.
    """
    if _code_of(_code_stamps()) != _IMPORTED:
        raise Changed("the code of crossmodal was changed while this command ran: run the same command again")
    return _IMPORTED


@lru_cache(maxsize=2)
def _code_of(stamps: tuple[tuple[int, ...], ...]) -> str:  # noqa: ARG001 - changed, it is read anew
    sources = {str(f.relative_to(_ROOT)): hashlib.sha256(f.read_bytes()).hexdigest() for f in _code_files()}
    return key_of(sources | {name: version(name) for name in _LIBRARIES} | {"xgboost": _xgboost()})


def _code_stamps() -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(stamp_of(file)) for file in _code_files())


@cache
def _code_files() -> tuple[Path, ...]:
    """Return the code that a fit runs: models, transformers of text, and how they are given what they read."""
    packages = ("models", "features/text", "pipeline/training")
    files = [file for package in packages for file in sorted((_ROOT / package).rglob("*.py"))]
    return *files, _ROOT / "features" / "align.py"


def _xgboost() -> str:
    import platform

    return version("xgboost" if platform.system() == "Darwin" else "xgboost-cpu")


_IMPORTED = _code_of(_code_stamps())  # when this module, and with it what it needs, has just been imported
