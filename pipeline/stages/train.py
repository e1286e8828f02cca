"""train: every classifier and fusion under the corpus's protocol, each test row predicted once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import Modalities
from models.registry import reads_sequences, strategy
from models.validation.folds import hold_out_groups
from models.validation.probes import knows_labels
from models.validation.protocol import Fold, grouped
from pipeline.corpora.utterances import read_utterances, write_table, write_tables
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.run.locks import writing
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.progress import Progress
from pipeline.settings.params import ContextParams, CorpusParams, Params, TrainParams
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.settings.plugins import plugin_keys
from pipeline.tables.bound import TRAINED
from pipeline.training.fitting import STEP, Failed, Fit, Job, fit_job, inner_figure, planned
from pipeline.training.grid_ends import end_notices
from pipeline.training.guard import contents_of, guarded, plan_of
from pipeline.training.inputs import SPECTROGRAM, load_modalities, settings_of, step_settings
from pipeline.training.labels import labels_of
from pipeline.training.matching import imported_differences
from pipeline.training.rows import Row, plan_rows
from pipeline.training.trained import inputs_of, require_features, require_unchanged

SHUFFLED = "shuffled"  # folder, below a corpus's results, of what was learnt from shuffled labels
SEED = 0  # of the shuffling
NAMED = 3  # rows that a sentence names


def train(params: Params, name: str, pool: Pool, *, shuffled: bool = False) -> Sequence[str]:
    """Write the predictions and what goes with them; return what the leak guard and the protocol remark on.

    Parameters
    ----------
    params, name
        The settings, and which corpus.
    pool
        Workers.
    shuffled
        Whether labels are dealt out at random first, as a control that must give chance; written to ``shuffled/``.

    Raises
    ------
    UserError
        If features are missing, or a modality, classifier or strategy is unknown.
    ModelError
        If the protocol cannot be carried out, or the leak guard finds a leak.
    """
    results = CorpusPaths(name).results
    folder = results / SHUFFLED if shuffled else results
    with writing(folder / "predictions.csv"):
        return _train(params, name, pool, folder, seed=SEED if shuffled else None)


def _train(params: Params, name: str, pool: Pool, folder: Path, seed: int | None) -> Sequence[str]:
    corpus, paths, inputs = params.corpus(name), CorpusPaths(name), inputs_of(params, name)  # before anything is read
    table = read_utterances(paths.utterances, corpus.label)
    settings = settings_of(params, name)
    plan = plan_of(table, corpus)
    contents, folds = contents_of(name, settings, corpus, table), plan.folds
    notices = [*plan.notices, *guarded(folds, table, corpus, settings.context, contents)]
    require_features(params, name)
    data = load_modalities(name, settings, corpus, table)
    notices += imported_differences(name, settings.features.values(), table)
    rows, left_out = _rows(name, settings, corpus, data)
    if _over_time(rows):
        settings, remarks = step_settings(name, settings, corpus, table)
        notices += remarks
    whole = [
        Job(name, str(Path.cwd()), corpus, settings, params.run.plugins, fold, tuple(rows), seed) for fold in folds
    ]
    whole = [planned(job) for job in whole]
    require_unchanged(params, name, inputs, "train")
    fits, failed, keys = _fit_all(whole, pool, name)
    fits, rows = _sound(fits, failed, rows, name)
    notices += [*_failed_notices(failed), *_warned_notices(fits), *end_notices(fits)]
    labels = labels_of(table, corpus, seed)
    if seed is None:
        notices += left_out
    if seed is None and grouped(table, corpus.protocol.group):
        notices += _label_notices(fits, folds, labels, corpus, data)
    plugin_keys(params.run.plugins)  # they are what was imported still
    tables = _tables(fits, table, labels, corpus) | {"presence.csv": _presence(data, table)}
    costs = tables.pop("fits.csv")  # no result: it differs from run to run
    record = {
        "inputs": inputs,
        "normalise": settings.normalise,
        "notices": notices,
        "failed": [{"row": str(one.row), "fold": one.fold, "reason": one.reason} for one in failed],
        "fits": sorted(keys),
    }
    command = f"crossmodal train --corpus {name}" + ("" if seed is None else " --shuffle-labels")
    write_tables(tables, folder, TRAINED, command, record)
    write_table(costs, folder / "fits.csv")
    return notices


def _rows(name: str, settings: TrainParams, corpus: CorpusParams, data: Modalities) -> tuple[list[Row], list[str]]:
    """Return the rows that can be fitted, and a sentence on each that cannot."""
    there = tuple(m for m in corpus.modalities if data.present[m].any())
    notices = [f"no utterance has {m}: its rows are left out" for m in corpus.modalities if m not in there]
    frames = CorpusPaths(name).features(SPECTROGRAM)
    if "audio" in there and settings.singles and not frames.exists():
        notices.append(f"{', '.join(settings.singles)}: left out, since {frames} does not exist")
    return plan_rows(settings, there, spectrogram=frames.exists()), notices


def split(
    table: pd.DataFrame, corpus: CorpusParams, context: ContextParams | None = None
) -> tuple[tuple[Fold, ...], list[str]]:
    """Divide the utterances by the corpus's protocol and let the leak guard look at it; return folds and remarks.

    Raises
    ------
    ModelError
        If the protocol cannot be carried out.
    LeakError
        If something is on both sides of a fold: where neighbours are read, a dialogue too.
    """
    plan = plan_of(table, corpus)
    return plan.folds, [*plan.notices, *guarded(plan.folds, table, corpus, context)]


def _fit_all(whole: Sequence[Job], pool: Pool, name: str) -> tuple[list[Fit], list[Failed], list[str]]:
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
    jobs.sort(key=lambda job: not _over_time(job.rows))  # the longest first, so that all workers are busy to the end
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


def _sound(fits: list[Fit], failed: Sequence[Failed], rows: list[Row], name: str) -> tuple[list[Fit], list[Row]]:
    """Leave out every row that failed on a fold: all rows are scored on the same utterances.

    Raises
    ------
    UserError
        If nothing but baselines is left.
    """
    gone = {one.row for one in failed}
    left = [row for row in rows if row not in gone]
    if gone and all(strategy(row.strategy).kind == "floor" for row in left):
        raise UserError(f"train {name}: no row could be fitted. " + ". ".join(_failed_notices(failed)))
    return [fit for fit in fits if fit.row not in gone], left


def _failed_notices(failed: Sequence[Failed]) -> Iterator[str]:
    """Yield a sentence on each row that failed."""
    for row in dict.fromkeys(one.row for one in failed):
        mine = [one for one in failed if one.row == row]
        yield (f"{row} failed and is left out of the table: on {', '.join(one.fold for one in mine)} {mine[0].reason}")


def _warned_notices(fits: Sequence[Fit]) -> Iterator[str]:
    """Yield a sentence on each thing that libraries warned of, with the rows and how many of their fits."""
    for said in dict.fromkeys(sentence for fit in fits for sentence in fit.warned):
        mine = [fit for fit in fits if said in fit.warned]
        rows = list(dict.fromkeys(fit.row for fit in mine))
        named = ", ".join(map(str, rows[:NAMED])) + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")
        total = sum(fit.row in rows for fit in fits)
        yield f"{named}: {len(mine)} of {total} fits {said}"


def _over_time(rows: Sequence[Row]) -> bool:
    return any(reads_sequences(row.strategy, row.model) for row in rows)


def _parts(rows: Sequence[Row], settings: TrainParams) -> list[tuple[Row, ...]]:
    """Cut a fold's rows into jobs: late fusions together with the single models that they are made of, others alone."""
    late = {row for row in rows if strategy(row.strategy).shares_bases}
    bases = {r for r in rows if late and r.strategy == "unimodal" and r.model == settings.fusion_classifier}
    together = tuple(row for row in rows if row in late | bases)
    return [(row,) for row in rows if row not in together] + ([together] if together else [])


def _label_notices(
    fits: Sequence[Fit], folds: Sequence[Fold], labels: NDArray[Any], corpus: CorpusParams, data: Modalities
) -> Iterator[str]:
    """Yield a sentence on each modality whose features seem to know the training part's labels.

    Only folds whose inner folds hold groups out can tell: without them, inner validation rows are of groups that were
    trained on, and are known better for that alone.
    """
    classes = np.unique(labels) if corpus.task == "classification" else None
    telling = {fold.name for fold in folds if hold_out_groups(fold.inner, data.groups[fold.train])}
    for modality in corpus.modalities:
        own = [f for f in fits if f.row.strategy == "unimodal" and f.row.modalities == (modality,)]
        mine = [f for f in own if f.fold in telling]
        for row in dict.fromkeys(f.row for f in mine):
            parts = [f for f in mine if f.row == row]
            test = np.concatenate([f.test for f in parts])
            said = np.concatenate([f.predictions for f in parts])
            said = said if classes is None else classes[said]
            inner = float(np.mean([f.inner for f in parts]))
            sentence = knows_labels(
                modality,
                row.model,
                inner,
                labels[test],
                said,
                data.groups[test],
                task=corpus.task,
                figure=inner_figure(corpus),
            )
            if sentence:
                yield sentence
                break


def _tables(
    fits: Sequence[Fit], table: pd.DataFrame, truth: NDArray[Any], corpus: CorpusParams
) -> dict[str, pd.DataFrame]:
    """Return predictions.csv, dropped.csv, attention.csv, parameters.csv and fits.csv."""
    classes = np.unique(truth) if corpus.task == "classification" else None
    costs = pd.DataFrame(
        [
            dict(zip(_WHO, f.row.called(scores=classes is None), strict=True))
            | {"fold": f.fold, "fit_s": f.fit_s, "predict_s": f.predict_s}
            | {"parameters": f.parameters, "settings": f.settings}
            for f in fits
        ]
    )
    sizes = costs.groupby(list(_WHO), sort=False)["parameters"].mean().round().astype(int).reset_index()
    return {
        "fits.csv": costs,
        "predictions.csv": _predictions(fits, table, truth, classes),
        "dropped.csv": _dropped(fits, table, classes),
        "attention.csv": _attention(fits, table, corpus),
        "parameters.csv": sizes,
    }


_WHO = ("strategy", "modalities", "model")


def _told(answers: NDArray[Any], classes: NDArray[Any] | None) -> NDArray[Any]:
    return answers if classes is None else classes[answers]


def _predictions(
    fits: Sequence[Fit], table: pd.DataFrame, truth: NDArray[Any], classes: NDArray[Any] | None
) -> pd.DataFrame:
    """Return the tidy table of all predictions, rows in the table's order, utterances in the corpus's."""
    parts, places = [], _places(fits)
    for fit in fits:
        part = {"utterance": table["utterance"].to_numpy()[fit.test]}
        part |= dict(zip(_WHO, fit.row.called(scores=classes is None), strict=True)) | {
            "fold": fit.fold,
            "truth": truth[fit.test],
        }
        part |= {"prediction": _told(fit.predictions, classes), "at": fit.test}
        if classes is None:
            part["score"] = fit.predictions
        else:
            part |= {f"p_{c}": fit.shares[:, k] for k, c in enumerate(classes)}
        parts.append(pd.DataFrame(part).assign(row=places[fit.row]))
    return pd.concat(parts).sort_values(["row", "at"], kind="stable").drop(columns=["row", "at"])


def _places(fits: Sequence[Fit]) -> dict[Row, int]:
    return {row: i for i, row in enumerate(dict.fromkeys(fit.row for fit in fits))}


def _dropped(fits: Sequence[Fit], table: pd.DataFrame, classes: NDArray[Any] | None) -> pd.DataFrame:
    """Return what each fusion says with modalities taken away."""
    columns, places = ["utterance", *_WHO, "dropped", "prediction"], _places(fits)
    parts = [
        pd.DataFrame({"utterance": table["utterance"].to_numpy()[fit.test]})
        .assign(**dict(zip(_WHO, fit.row.called(scores=classes is None), strict=True)))
        .assign(dropped=dropped, prediction=_told(answers, classes), row=places[fit.row], at=fit.test)
        for fit in fits
        for dropped, answers in fit.dropped.items()
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values(["row", "dropped", "at"], kind="stable")[columns]


def _attention(fits: Sequence[Fit], table: pd.DataFrame, corpus: CorpusParams) -> pd.DataFrame:
    """Return the weight of each modality in each utterance, for the strategies that give one."""
    columns, places = ["utterance", "strategy", "modalities", *corpus.modalities], _places(fits)
    parts = [
        pd.DataFrame(fit.weights, columns=list(fit.row.modalities))
        .assign(utterance=table["utterance"].to_numpy()[fit.test], row=places[fit.row], at=fit.test)
        .assign(strategy=fit.row.strategy, modalities="+".join(fit.row.modalities))
        for fit in fits
        if fit.weights.size
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values(["row", "at"], kind="stable").reindex(columns=columns)


def _presence(data: Modalities, table: pd.DataFrame) -> pd.DataFrame:
    masks = {m: mask.astype(int) for m, mask in data.present.items()}
    return pd.DataFrame({"utterance": table["utterance"], **masks})
