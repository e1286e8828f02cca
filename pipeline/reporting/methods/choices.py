"""Sentences of the methods text about the settings of models: the values that were tried."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

from models.builders import LSTM, class_of
from models.classical.classifiers import WIDE, ByWidth, classifier, classifier_names
from models.classical.search_space import search_space, within_budget
from models.configuration import Configuration
from models.data.modalities import Task
from models.registry import strategy
from models.wording import model_words, strategy_words
from pipeline.evaluation.scoring import Scores
from pipeline.settings.blocks import TrainParams

_NOT_SETTINGS = ("bases", "fit_cache")


def settings_sentences(scores: Scores, settings: TrainParams) -> Iterator[str]:
    """Yield a sentence on the settings of each base model and strategy, with the values that were tried.

    If a setting has several values, the first sentence says how one was chosen. Values that were not tried, because the
    budget was too small, are not written.

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
    written, several = list[str](), False
    for name, (words, defaults) in owners.items():
        given = settings.settings.get(name, {})
        own = {key: given.get(key, value) for key, value in defaults.items()}
        own = _of_meta(own, task) if own.get("meta") in classifier_names() else own
        few, many = (_tried(own, columns, settings.budget) for columns in (0, WIDE))
        if said := [_written(key, few[key], many[key]) for key in own]:
            written.append(f"{words[0].upper()}{words[1:]}: {', '.join(said)}.")
        several |= any(len(values) > 1 for values in (*few.values(), *many.values()))
    if several:
        yield (
            "Where several values are given, these were tried, and the inner folds, or the validation part that a "
            "corpus publishes, chose among them."
        )
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


def _of_meta(own: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """Return settings in which those of the meta-classifier replace ``settings``; its name is that in the table."""
    meta, given = own["meta"], own.get("settings") or {}
    inner = {key: given.get(key, value) for key, value in _of_model(meta, task).items()}
    inner = {key: value.at(0) if isinstance(value, ByWidth) else value for key, value in inner.items()}  # few columns
    shown = Configuration("", (), meta).as_shown(task).model
    return {key: value for key, value in own.items() if key != "settings"} | {"meta": shown} | inner


def _tried(settings: Mapping[str, Any], columns: int, budget: int) -> dict[str, list[Any]]:
    """Return the values of each setting that a search within the budget tries for a matrix with this many columns."""
    own = {key: value.at(columns) if isinstance(value, ByWidth) else value for key, value in settings.items()}
    found: dict[str, list[Any]] = {key: [] for key in own}
    for candidate in within_budget(search_space(own, None, "the model"), budget):
        for key, value in candidate.items():
            found[key] += [] if value in found[key] else [value]
    return found


def _written(key: str, few: Sequence[Any], many: Sequence[Any]) -> str:
    wide = f" (from {WIDE} columns on, {_values(many)})" if few != many else ""
    return f"{key} {_values(few)}{wide}"


def _values(values: Sequence[Any]) -> str:
    return " or ".join(map(_value, values))


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
