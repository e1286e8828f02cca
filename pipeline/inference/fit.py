"""Fit one configuration on all labelled utterances of a corpus, and save the model for `predict`."""

import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.atomic import replacing_folder
from common.names import suggest
from features.base import MODALITIES, Modality
from models.captured_warnings import captured_warnings
from models.configuration import Configuration
from models.data.modalities import Modalities
from models.errors import reason_of
from models.registry import build, configure, reads_sequences, strategy
from models.saving.saving import is_part, save
from models.saving.size import parameters
from models.validation.folds import numbered
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation.table_files import read_scores
from pipeline.inference.card import CARD, model_card
from pipeline.inference.ranges import ranges_of
from pipeline.inference.schema import Schema, inputs_of, plain
from pipeline.run.locks import writing
from pipeline.settings.blocks import CorpusParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import module_names, plugin_keys
from pipeline.training.current import require_evaluated
from pipeline.training.fit_keys import recipe_of
from pipeline.training.fitting import named_failure
from pipeline.training.inputs import SPECTROGRAM, load_modalities, settings_of, step_settings
from pipeline.training.labels import labelled, labels_of, require_label
from pipeline.training.trained import inputs_of as inputs_of_training
from pipeline.training.trained import require_features, require_unchanged
from pipeline.training.word_times import timed_of

FOLDER = "models"  # below a corpus's results


def fit(
    params: Params, name: str, configuration: Configuration, *, remark: Callable[[str], None] = warnings.warn
) -> Path:
    """Fit a configuration on all labelled utterances, with settings chosen on inner folds; return the model's folder.

    A model card is written beside the model.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    configuration
        The configuration to fit.
    remark
        Called with each notice, for example about a setting that could not be followed.

    Raises
    ------
    UserError
        If the corpus has no labels; if features are missing, out of date or were rewritten in the meantime; if a
        setting is invalid; or if time steps are words but the configuration reads no text.
    ModelError
        If the strategy cannot be built, fitted or saved.
    """
    corpus = params.corpus(name)
    require_label(params, name)
    inputs = inputs_of_training(params, name)  # recorded before anything is read
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    require_features(params, name)
    settings, over_time = settings_of(params, name), reads_sequences(configuration.strategy, configuration.model)
    if over_time:
        settings = _step_settings(name, configuration, settings, corpus, table, remark)
    data = load_modalities(name, settings, corpus, table, sequences=over_time)
    frames = SPECTROGRAM in data.sequences and "audio" in configuration.modalities
    made, timed = inputs_of(params, name, _features(configuration, settings), frames), timed_of(name)
    require_unchanged(params, name, inputs, "fit")
    with captured_warnings() as warned:
        data, labels = _labelled(data, table, corpus)
        model = _fitted(configuration, corpus, settings, data, labels)
    for sentence in warned:
        remark(f"{configuration} {sentence}")
    if settings.word2vec.get("vectors"):  # read by the fit itself
        require_unchanged(params, name, inputs, "fit")
    plugin_keys(params.run.plugins)  # raises if they have changed since they were imported
    schema = (
        _described(configuration, corpus, settings, data) | {"corpus": name, "parameters": parameters(model)} | made
    )
    schema["timed_words"] = sum(timed.get(utterance, False) for utterance in table["utterance"])
    return _saved(model, params, name, configuration, plain(schema), labels)


def _saved(
    model: Any, params: Params, name: str, configuration: Configuration, schema: Schema, labels: NDArray[Any]
) -> Path:
    """Write a model with its card; return the folder."""
    folder = CorpusPaths(name).results / FOLDER / configuration.stem
    card = model_card(params, name, configuration, schema, labels)
    with writing(folder), replacing_folder(folder, lambda path: is_part(path) or path.name == CARD) as temporary:
        save(model, temporary, schema, module_names(params.run.plugins))
        (temporary / CARD).write_text(card, encoding="utf-8")
    return folder


def _labelled(data: Modalities, table: pd.DataFrame, corpus: CorpusParams) -> tuple[Modalities, NDArray[Any]]:
    """Return the utterances that have a label, and their labels."""
    rows = labelled(table, corpus)
    return data if len(rows) == len(data) else data[rows], labels_of(table, corpus)[rows]


def _step_settings(
    name: str,
    configuration: Configuration,
    settings: TrainParams,
    corpus: CorpusParams,
    table: pd.DataFrame,
    remark: Callable[[str], None],
) -> TrainParams:
    """Return `settings`, with windows as time steps instead of words if no word of the corpus has times.

    `remark` is called with each notice about the steps. Raise `UserError` if steps are words, but `configuration` does
    not read text.
    """
    settings, notices = step_settings(name, settings, corpus, table)
    for notice in notices:
        remark(notice)
    _require_words(configuration, settings)
    return settings


def _require_words(configuration: Configuration, settings: TrainParams) -> None:
    if settings.sequences.align == "word" and "text" not in configuration.modalities:
        raise UserError(
            f"{configuration} reads one step per timed word, but it does not read text, which holds the times of the"
            " words, so it could not predict for a new clip. Set sequences.align to none, or fit a configuration that"
            " reads text"
        )


def _fitted(
    configuration: Configuration, corpus: CorpusParams, settings: TrainParams, data: Modalities, labels: NDArray[Any]
) -> Any:
    classes = tuple(np.unique(labels).tolist()) if corpus.task == "classification" else None
    with named_failure(configuration):
        try:
            model = build(configuration.strategy, recipe_of(configuration, corpus, settings, classes)).fit(data, labels)
            model.predict(data)  # raises if outputs are not numbers, so that such a model is not saved
            return model
        except ValueError as error:  # an invalid value among the settings, in scikit-learn's words
            raise UserError(f"{configuration}: {reason_of(error)}; check the values under train.settings") from error


def _described(
    configuration: Configuration, corpus: CorpusParams, settings: TrainParams, data: Modalities
) -> dict[str, Any]:
    measured = [modality for modality, stores in _features(configuration, settings).items() if stores]
    return {
        "note": corpus.note,
        "ranges": ranges_of(data, measured),
        "task": corpus.task,
        "label": corpus.label,
        "strategy": configuration.strategy,
        "modalities": configuration.modalities,
        "classifier": configuration.model,
        "utterances": len(data),
        "groups": {"by": corpus.protocol.group, "count": numbered(data.groups)[1]},
        "train": asdict(settings),
    }


def _features(configuration: Configuration, settings: TrainParams) -> dict[Modality, tuple[str, ...]]:
    """Return the names of the features that a configuration reads, keyed by modality; none for a baseline."""
    baseline = strategy(configuration.strategy).kind == "baseline"
    return {m: () if baseline else settings.features.get(m, ()) for m in MODALITIES if m in configuration.modalities}


def requested_configuration(
    params: Params, name: str, strategy_name: str | None, modalities: tuple[str, ...], model: str | None
) -> Configuration:
    """Return the configuration of a strategy or, without a strategy, the one that `best_configuration` returns.

    Raises
    ------
    UserError
        If modalities or a model are given without a strategy; see also `configuration_of` and `best_configuration`.
    ModelError
        If there is no such strategy.
    """
    if strategy_name is not None:
        return configuration_of(params, name, strategy_name, modalities, model)
    if modalities or model:
        given = "modalities" if modalities else "a model"
        raise UserError(f"{given} without a strategy: name the strategy too, or leave out both modalities and model")
    return best_configuration(params, name)


def configuration_of(
    params: Params, name: str, strategy_name: str, modalities: tuple[str, ...], model: str | None
) -> Configuration:
    """Return the configuration of a strategy with the given modalities and model.

    If no modalities are given, it has all modalities of the corpus. If no model is given, it has the model that the
    setting `train.fusion_classifier` names.

    Raises
    ------
    UserError
        If the corpus lacks a modality, if the strategy cannot read these modalities, or if a model is given but the
        strategy does not use one.
    ModelError
        If there is no such strategy.
    """
    found, there = strategy(strategy_name), params.corpus(name).modalities
    for modality in modalities:
        if modality not in there:
            raise UserError(f"{name} has no modality {modality!r}; {suggest(modality, there)}")
    if found.modality and (found.modality not in there or modalities not in ((), (found.modality,))):
        raise UserError(
            f"{strategy_name} reads only {found.modality}: choose a corpus with that modality, and name no other"
        )
    if found.kind == "unimodal" and not found.modality and len(modalities) != 1:
        raise UserError(f"{strategy_name} reads one modality: name it with --modalities ({', '.join(there)})")
    if model and not found.classifier:
        raise UserError(f"{strategy_name} has no base classifier: leave --model out")
    read = tuple(m for m in there if m in (modalities or there))
    return configure(strategy_name, read, model or params.train.fusion_classifier)


def best_configuration(params: Params, name: str) -> Configuration:
    """Return the best fusion in a corpus's table among those that read the most modalities.

    Raises
    ------
    UserError
        If there is no table, it is out of date, or it holds no fusion.
    """
    corpus, path = params.corpus(name), CorpusPaths(name).results / "table.csv"
    require_label(params, name)
    if not path.exists():
        raise UserError(f"{path} does not exist, so the best strategy is unknown: name one with --strategy")
    require_evaluated(params, name)
    best = read_scores(name, corpus).best_full_fusion
    if best is None:
        raise UserError(f"{path} holds no fusion: name a strategy with --strategy")
    return best.configuration.as_registered(corpus.task)
