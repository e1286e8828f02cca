"""Sentences of the methods text about the settings of models: the values among which inner folds chose."""

from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import Any

from models.builders import LSTM, class_of
from models.classical.classifiers import WIDE, ByWidth, classifier, classifier_names
from models.data.modalities import Task
from models.registry import strategy
from models.wording import model_words, strategy_words
from pipeline.evaluation.scoring import Scores
from pipeline.settings.blocks import TrainParams

_NOT_SETTINGS = ("bases", "fit_cache")


def settings_sentences(scores: Scores, settings: TrainParams) -> Iterator[str]:
    """Yield a sentence on how to read settings, and one for each base model and strategy that has settings.

    Parameters
    ----------
    scores
        The rows of the table.
    settings
        The settings of training for this corpus.
    """
    task, owners = scores.leading.task, dict[str, tuple[str, Mapping[str, Any]]]()
    rows = [row.configuration for row in scores.rows]
    for row in rows:
        if name := row.as_registered(task).model:
            owners.setdefault(name, (model_words(row.model), _of_model(name, task)))
    for row in rows:
        name = row.registered_strategy
        owners.setdefault(name, (strategy_words(name), _of_strategy(name)))
    written = []
    for name, (words, defaults) in owners.items():
        own = settings.settings.get(name, {})
        if said := [_written(key, own.get(key, value)) for key, value in defaults.items()]:
            written.append(f"{words[0].upper()}{words[1:]}: {', '.join(said)}.")
    if written:
        yield "Where several values are given, inner folds chose among them."
        yield from written


def _of_model(name: str, task: Task) -> Mapping[str, Any]:
    if name in classifier_names():
        return classifier(name).settings[task]
    return class_of("models.nets.sequence:SequenceLSTM").DEFAULTS if name == LSTM else {}  # type: ignore[attr-defined]


def _of_strategy(name: str) -> Mapping[str, Any]:
    """Return the defaults of a strategy's settings; empty if it has none."""
    if (core := strategy(name).core) is None:
        return {}
    found = class_of(core)
    if strategy(name).sequences:
        return getattr(found, "DEFAULTS", {})
    taken = signature(found).parameters.values()
    return {
        one.name: one.default for one in taken if one.name not in _NOT_SETTINGS and one.default is not Parameter.empty
    }


def _written(key: str, value: Any) -> str:
    if isinstance(value, ByWidth):
        return f"{key} {_values(value.few)} (from {WIDE} columns on, {_values(value.many)})"
    return f"{key} {_values(value)}"


def _values(value: Any) -> str:
    return " or ".join(map(_value, value)) if isinstance(value, list | tuple) else _value(value)


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
