"""train: fit every configuration according to the corpus's protocol, and predict each test utterance once."""

from collections.abc import Sequence
from pathlib import Path

from models.configuration import Configuration
from models.data.modalities import Modalities
from models.errors import TooFewError
from models.registry import strategy
from models.validation.protocol import grouped
from pipeline.corpora.utterances import read_utterances, write_table, write_tables
from pipeline.corpora.word_sources import machine_made
from pipeline.errors import Untrainable
from pipeline.run.locks import writing
from pipeline.run.pool.cluster import Pool
from pipeline.settings.blocks import CorpusParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import plugin_keys
from pipeline.tables.bound import TRAINED
from pipeline.training.configurations import plan_configurations
from pipeline.training.fits import fit_all, over_time, without_failed
from pipeline.training.guard import contents_of, guarded, plan_of, published, speakers_note_of, told_of_speakers
from pipeline.training.inputs import load_modalities, settings_of, step_settings
from pipeline.training.job_data import planned
from pipeline.training.jobs import Job
from pipeline.training.labels import SEED, SHUFFLED, labels_of, require_label
from pipeline.training.matching import imported_differences
from pipeline.training.notices import end_notices, failed_notices, label_notices, warned_notices
from pipeline.training.predictions import COSTS, presence_of, tables_of
from pipeline.training.trained import (
    devices_of,
    inputs_of,
    require_features,
    require_unchanged,
    statuses_of,
    write_untrained,
)


def train(params: Params, name: str, pool: Pool, *, shuffled: bool = False, if_possible: bool = False) -> Sequence[str]:
    """Write predictions.csv and the tables that go with it, and return notices for the user.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    pool
        Workers that fit the models.
    shuffled
        Whether labels are permuted first, as a control that must score at chance; its results go to ``shuffled/``.
    if_possible
        What happens if nothing can be learnt from the corpus: if True, tables without rows and a record that says why
        are written, and the reason is returned as the only notice; if False, or with `shuffled`, `Untrainable` or
        `TooFewError` is raised.

    Raises
    ------
    UserError
        If features are missing, or a modality, classifier or strategy is unknown.
    Untrainable
        If there are no labels.
    ModelError
        If the protocol cannot be carried out (`TooFewError`: there is only one class or group), or the leak guard finds
        a leak.
    """
    results = CorpusPaths(name).results
    folder = results / SHUFFLED if shuffled else results
    with writing(folder / "predictions.csv"):
        try:
            require_label(params, name)
            return _train(params, name, pool, folder, seed=SEED if shuffled else None)
        except (Untrainable, TooFewError) as error:
            if shuffled or not if_possible:
                raise
            write_untrained(params, name, str(error))
            return [str(error)]


def _train(params: Params, name: str, pool: Pool, folder: Path, seed: int | None) -> Sequence[str]:
    corpus, paths, inputs = (
        params.corpus(name),
        CorpusPaths(name),
        inputs_of(params, name),
    )  # recorded before anything is read
    table = read_utterances(paths.utterances, corpus.label)
    settings = settings_of(params, name)
    plan = plan_of(table, corpus)
    contents, folds = contents_of(name, settings, corpus, table), plan.folds
    notices = [*plan.notices, *guarded(folds, table, corpus, settings.context, contents)]
    notices += [made] if "text" in corpus.modalities and (made := machine_made(table)) else []
    require_features(params, name)
    stores = {"devices": devices_of(params, name), "statuses": statuses_of(params, name, table, folds)}
    data = load_modalities(name, settings, corpus, table)
    notices += imported_differences(name, settings.features.values(), table)
    configurations, left_out = _configurations(name, settings, corpus, data)
    if over_time(configurations):
        settings, remarks = step_settings(name, settings, corpus, table)
        notices += remarks
    here = str(Path.cwd())
    whole = [
        planned(Job(name, here, corpus, settings, params.run.plugins, fold, tuple(configurations), seed))
        for fold in folds
    ]
    require_unchanged(params, name, inputs, "train")
    fits, failed, keys = fit_all(whole, pool, name)
    fits = without_failed(fits, failed, configurations, name)
    notices += [*failed_notices(failed), *warned_notices(fits), *end_notices(fits)]
    labels = labels_of(table, corpus, seed)
    if seed is None:
        notices += left_out
    if seed is None and grouped(table, corpus.protocol.group):
        notices += label_notices(fits, folds, labels, corpus, data)
    plugin_keys(params.run.plugins)  # raises if they have changed since they were imported
    tables = tables_of(fits, table, labels, corpus) | {"presence.csv": presence_of(data, table)}
    costs = tables.pop(COSTS)  # not a result: it differs from run to run
    record = {
        "inputs": inputs,
        "normalise": settings.normalise,
        "notices": notices,
        **stores,
        "failed": [{"row": str(one.configuration), "fold": one.fold, "reason": one.reason} for one in failed],
        "fits": sorted(keys),
        "speakers": (speakers := speakers_note_of(table, corpus, published(name))),
    }
    command = f"crossmodal train --corpus {name}" + ("" if seed is None else " --shuffle-labels")
    write_tables(tables, folder, TRAINED, command, record)
    write_table(costs, folder / COSTS)
    return [*told_of_speakers(speakers, params, name), *notices]


def _configurations(
    name: str, settings: TrainParams, corpus: CorpusParams, data: Modalities
) -> tuple[list[Configuration], list[str]]:
    """Return the configurations that can be fitted, and notices about left-out modalities and strategies."""
    there = tuple(m for m in corpus.modalities if data.present[m].any())
    notices = [f"no utterance has {m}: it is left out" for m in corpus.modalities if m not in there]
    missing = set()
    for model in settings.unimodal_models:
        read = strategy(model)
        path = CorpusPaths(name).features(read.store) if read.store else None
        if path is not None and read.modality in there and not path.exists():
            notices.append(f"{model}: left out, since {path} does not exist")
            missing.add(read.store)
    return plan_configurations(settings, there, missing=missing), notices
