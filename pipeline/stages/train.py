"""train: every classifier and fusion under the corpus's protocol, each test row predicted once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import Modality, extractor_names
from features.base import build as build_extractor
from features.store import IMPORTED, open_store
from features.text import fitted
from models.data import Modalities
from models.leaks import leak_guard
from models.protocol import Fold, Protocol, groups_of, plan
from models.strategies import Recipe, build, strategy_names
from pipeline.errors import UserError, suggest
from pipeline.media import sha256_of
from pipeline.params import CorpusParams, Params, TrainParams
from pipeline.paths import CorpusPaths
from pipeline.plugins import load_plugins
from pipeline.run.cache import key_of
from pipeline.run.cluster import Pool, WorkerLost
from pipeline.run.progress import Progress
from pipeline.stages import extract, preprocess
from pipeline.stages.common import require_current
from pipeline.stages.files import write_text
from pipeline.utterances import read_utterances, write_table

WITHIN = "product"  # the fusion that also joins the extractors of one modality


@dataclass(frozen=True)
class Row:
    """One row of the table: a strategy over modalities with a classifier."""

    strategy: str
    modalities: tuple[str, ...] = ()
    model: str = ""

    @property
    def names(self) -> tuple[str, str, str]:
        """Strategy, modalities joined by ``+``, model: as the CSVs write them."""
        return self.strategy, "+".join(self.modalities), self.model


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


Answer = tuple[Row, str, NDArray[np.intp], NDArray[Any], NDArray[np.float64] | None]


def train(params: Params, name: str, pool: Pool) -> Sequence[str]:
    """Write predictions.csv and train.json; return what the leak guard and the protocol remark on.

    Raises
    ------
    UserError
        If features are missing, or a modality, classifier or strategy is unknown.
    ModelError
        If the protocol cannot be carried out, or the leak guard finds a leak.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    folds, notices = split(table, corpus)
    require_features(params, name)
    settings = settings_of(params, name)
    data = load_modalities(name, settings, corpus, table)
    notices += [f"no utterance has {m}: its rows are left out" for m in corpus.modalities if not data.present[m].any()]
    there = tuple(m for m in corpus.modalities if data.present[m].any())
    rows = plan_rows(settings, there)
    jobs = [
        Job(name, str(Path.cwd()), corpus, settings, params.run.plugins, fold, part)
        for fold in folds
        for part in _parts(rows)
    ]
    answers = _fit_all(jobs, pool, name)
    write_table(_predictions(answers, rows, table, corpus), paths.predictions)
    record = {"inputs": inputs_key(params, name), "notices": notices}
    write_text(paths.results / "train.json", json.dumps(record, indent=1) + "\n")
    return notices


def settings_of(params: Params, name: str) -> TrainParams:
    """Return the settings of training, with the features and classifiers that this corpus is to use."""
    corpus = params.corpus(name)
    features: dict[str, tuple[str, ...]] = {m: params.features_of(name, m) for m in corpus.modalities}
    return replace(params.train, features=features, classifiers=corpus.classifiers or params.train.classifiers)


def split(table: pd.DataFrame, corpus: CorpusParams) -> tuple[tuple[Fold, ...], list[str]]:
    """Divide the utterances by the corpus's protocol and let the leak guard look at it; return folds and remarks.

    Raises
    ------
    ModelError
        If the protocol cannot be carried out.
    LeakError
        If something is on both sides of a fold.
    """
    protocol = Protocol(corpus.protocol.kind, by=corpus.protocol.group, folds=corpus.protocol.folds)
    planned = plan(protocol, table, label=corpus.label, task=corpus.task)
    return planned.folds, [*planned.notices, *leak_guard(planned.folds, table, by=corpus.protocol.group)]


def require_features(params: Params, name: str) -> None:
    """Check that every feature store that training reads is there and was made under the settings as they are.

    Raises
    ------
    UserError
        If one is missing or out of date; it names the command.
    """
    for modality in params.corpus(name).modalities:
        for extractor in params.features_of(name, modality):
            if extractor in fitted.fitted_names() or is_imported(CorpusPaths(name).features(extractor)):
                continue
            _require_extracted(params, name, modality, extractor)


def _require_extracted(params: Params, name: str, modality: Modality, extractor: str) -> None:
    path = CorpusPaths(name).features(extractor)
    if extractor not in extractor_names():
        raise UserError(
            f"{path} does not exist, and {extractor!r} is no extractor: import it with `crossmodal import ... --into "
            f"{name}`, or take it out of the corpus's features; {suggest(extractor, extractor_names())}"
        )
    command = f"crossmodal extract --corpus {name} --extractor {extractor}"
    if not path.exists():
        where = f"the features of {modality} in {params.path}"
        raise UserError(f"{path} does not exist: run `{command}`, or take {extractor} out of {where}")
    planned = extract.clips_of(name, build_extractor(extractor, params.features[extractor]))
    require_current(planned, path, command)
    require_current(
        preprocess.clips_of(params, name, modality, trust_missing=True),
        CorpusPaths(name).stream(modality),
        f"crossmodal preprocess --corpus {name} --modality {modality}",
    )


def is_imported(path: Path) -> bool:
    """Whether a store holds features that were imported; nothing in this folder can bring those up to date."""
    if not path.exists():
        return False
    with open_store(path) as store:
        return bool(store.attribute("kind") == IMPORTED)


def plan_rows(settings: TrainParams, modalities: Sequence[str]) -> list[Row]:
    """Return the table's rows: floors, each modality with each classifier, each set of two or more with each fusion.

    A modality that several extractors describe has a row `product` too, of one model an extractor.

    >>> [row.names[1] for row in plan_rows(TrainParams(classifiers=("svm",), fusions=("vote",)), ("text", "audio"))]
    ['', 'text', 'text', 'audio', 'text+audio']
    """
    rows = [Row("majority")]
    if "text" in modalities:
        rows.append(Row("tfidf", ("text",), "logistic"))
    rows += [Row("unimodal", (m,), classifier) for m in modalities for classifier in settings.classifiers]
    several = [m for m in modalities if len(settings.features.get(m, ())) > 1]
    if WITHIN in settings.fusions:
        rows += [Row(WITHIN, (m,), settings.fusion_classifier) for m in several]
    for size in range(2, len(modalities) + 1):
        for chosen in combinations(modalities, size):
            rows += [Row(fusion, chosen, settings.fusion_classifier) for fusion in settings.fusions]
    known = strategy_names()
    for fusion in settings.fusions:
        if fusion not in known:
            raise UserError(f"train.fusions: no strategy is named {fusion!r}; {suggest(fusion, known)}")
    return rows


def _parts(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """Cut a fold's rows into jobs: each single model by itself, all fusions together, since they share their bases."""
    fusions = tuple(row for row in rows if len(row.modalities) > 1)
    singles = [(row,) for row in rows if len(row.modalities) <= 1]
    return ([fusions] if fusions else []) + singles


def labels_of(table: pd.DataFrame, corpus: CorpusParams) -> NDArray[Any]:
    """Return ``(n,)`` class names, or scores as float64."""
    kind = float if corpus.task == "regression" else str
    labels: NDArray[Any] = table[corpus.label].to_numpy(kind)
    return labels


def load_modalities(name: str, settings: TrainParams, corpus: CorpusParams, table: pd.DataFrame) -> Modalities:
    """Gather the pooled features of each modality from the stores, in the order of the utterance table.

    Raises
    ------
    UserError
        If a store was made from another utterance table.
    """
    pooled: dict[str, NDArray[np.float32]] = {}
    present: dict[str, NDArray[np.bool_]] = {}
    names: dict[str, tuple[str, ...]] = {}
    for modality in corpus.modalities:
        stores = [e for e in settings.features.get(modality, ()) if e not in fitted.fitted_names()]
        blocks = [_pooled(CorpusPaths(name).features(e), table) for e in stores]
        if blocks:
            pooled[modality] = np.hstack([block[0] for block in blocks])
            present[modality] = np.any([block[1] for block in blocks], axis=0)
            names[modality] = tuple(
                f"{e}.{column}" for e, block in zip(stores, blocks, strict=True) for column in block[2]
            )
        elif modality == "text":
            present[modality] = (table["text"] != "").to_numpy()
        else:
            raise UserError(
                f"no extractor is named for {modality}: list one in train.features, or in the corpus's features"
            )
    text = np.array([t or None for t in table["text"]], object)
    return Modalities(pooled, present, text, groups_of(table, corpus.protocol.group), names)


def _pooled(path: Path, table: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[str]]:
    with open_store(path) as store:
        names = store.attribute("pooled_names")
        pooled, ok = store.pooled(), np.array([s == "ok" for s in store.statuses], bool)
        if store.utterances == list(table["utterance"]):
            return pooled, ok, names
        if store.attribute("kind") != IMPORTED:
            raise UserError(
                f"{path} holds other utterances than the table: run preprocess and extract for this corpus again"
            )
        at = pd.Index(store.utterances).get_indexer(table["utterance"])  # by id; -1: not in the file
    there = at >= 0
    return np.where(there[:, None], pooled[at], np.float32("nan")), there & ok[at], names


def _fit_all(jobs: Sequence[Job], pool: Pool, name: str) -> list[Answer]:
    progress = Progress(f"train {name}", len(jobs), unit="fits")
    answers: list[Answer] = []
    for job, result in pool.run(fit_job, jobs):
        if isinstance(result, WorkerLost):
            raise UserError(
                f"train {name}: {result}, fitting {job.rows[0].names} on fold {job.fold.name}: try fewer --workers"
            )
        answers += result
        progress.step()
    progress.close()
    return answers


def fit_job(job: Job) -> list[Answer]:
    """Fit a job's rows on its fold's training part and predict its test rows; runs on a worker."""
    import os

    from models.memo import Memo

    os.chdir(job.folder)
    load_plugins(job.plugins)
    table = read_utterances(CorpusPaths(job.name).utterances, job.corpus.label)
    data = load_modalities(job.name, job.settings, job.corpus, table)
    labels = labels_of(table, job.corpus)
    classes = tuple(np.unique(labels)) if job.corpus.task == "classification" else None
    memo = Memo()
    answers: list[Answer] = []
    for row in job.rows:
        unfitted = build(row.strategy, _recipe(row, job, classes), memo=memo)
        try:
            model = memo.fit(unfitted, data[job.fold.train], labels[job.fold.train], job.fold.inner)
        except ValueError as error:  # an impossible value among the settings, in scikit-learn's words
            raise UserError(f"{' '.join(row.names)}: {error}; look at train.settings") from error
        test = data[job.fold.test]
        shares = model.predict_proba(test) if classes else None
        answers.append((row, job.fold.name, job.fold.test, model.predict(test), shares))
    return answers


def _recipe(row: Row, job: Job, classes: tuple[Any, ...] | None) -> Recipe:
    settings: Mapping[str, Mapping[str, Any]] = {"tfidf": job.settings.tfidf, "word2vec": job.settings.word2vec}
    transformers = {
        m: tuple(
            (e, fitted.build(e, settings[e])) for e in job.settings.features.get(m, ()) if e in fitted.fitted_names()
        )
        for m in row.modalities
    }
    return Recipe(
        job.corpus.task,
        row.modalities,
        row.model or "logistic",
        classes,
        fitted={m: t for m, t in transformers.items() if t},
        extractors={m: job.settings.features.get(m, ()) for m in row.modalities},
        settings=job.settings.settings.get(row.strategy, {}),
        classifier_settings=job.settings.settings.get(row.model, {}),
    )


def _predictions(
    answers: Sequence[Answer], rows: Sequence[Row], table: pd.DataFrame, corpus: CorpusParams
) -> pd.DataFrame:
    """Return the tidy table of all predictions, rows in the table's order, utterances in the corpus's."""
    truth = labels_of(table, corpus)
    classes = np.unique(truth) if corpus.task == "classification" else None
    position = {row: i for i, row in enumerate(rows)}
    parts = []
    for row, fold, test, predicted, shares in sorted(answers, key=lambda a: (position[a[0]], a[2].min())):
        strategy, modalities, model = row.names
        model = (
            "ridge" if model == "logistic" and classes is None else model
        )  # what the linear classifier is for scores
        part = {
            "utterance": table["utterance"].to_numpy()[test],
            "strategy": strategy,
            "modalities": modalities,
            "model": model,
        }
        part |= {"fold": fold, "truth": truth[test], "prediction": predicted, "at": test}
        if classes is None:
            part["score"] = predicted
        else:
            assert shares is not None
            part |= {f"p_{c}": shares[:, k] for k, c in enumerate(classes)}
        parts.append(pd.DataFrame(part).assign(row=position[row]))
    return pd.concat(parts).sort_values(["row", "at"], kind="stable").drop(columns=["row", "at"])


def inputs_key(params: Params, name: str) -> str:
    """Return the content key of all that training depends on: settings, utterances, and every feature store's keys."""
    corpus, paths = params.corpus(name), CorpusPaths(name)
    stores = {}
    for modality in corpus.modalities:
        for extractor in params.features_of(name, modality):
            if extractor not in fitted.fitted_names():
                with open_store(paths.features(extractor)) as store:
                    stores[extractor] = key_of({"keys": store.keys, "status": store.statuses})
    read_utterances(paths.utterances, corpus.label)
    vectors = params.train.word2vec.get("vectors")
    return key_of(
        {
            "train": asdict(settings_of(params, name)),
            "vectors": sha256_of(Path(vectors)) if vectors and Path(vectors).is_file() else None,
            "corpus": {k: v for k, v in asdict(corpus).items() if k != "note"},
            "utterances": sha256_of(paths.utterances),
            "stores": stores,
        }
    )


@dataclass(frozen=True)
class Record:
    """What train.json says of the predictions beside it: the key of their inputs, and what was remarked on."""

    inputs: str
    notices: tuple[str, ...]


def read_record(name: str) -> Record | None:
    """Return the record of a corpus's predictions; None without one.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    path = CorpusPaths(name).results / "train.json"
    if not path.exists() or not CorpusPaths(name).predictions.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Record(str(found["inputs"]), tuple(found["notices"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}): run `crossmodal train` again") from error
