"""Measure what networks gain if their dropout is chosen on inner folds, compared with each fixed value of dropout."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.tools.table import table
from common.threads import one_thread
from models.configuration import Configuration
from models.evaluation.intervals import paired_difference, resample
from models.evaluation.metrics import Metric
from models.fit_cache import FitCache
from models.registry import reads_sequences
from pipeline.commands.common import PARAMS, Command
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation.formatting import difference, number
from pipeline.evaluation.results import leading_of_predictions
from pipeline.settings.blocks import TrainParams
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.configurations import plan_configurations
from pipeline.training.fitting import fitted_model
from pipeline.training.guard import split
from pipeline.training.inputs import load_modalities, settings_of, step_settings
from pipeline.training.jobs import Job
from pipeline.training.labels import labels_of
from pipeline.training.trained import require_features

CHOICE = (0.1, 0.3, 0.5)  # of dropout
ALL = "all together"


@dataclass(eq=False)
class Outcome:
    """A network's predictions for the test utterances, fold by fold, and the processor seconds that its fits took."""

    predictions: list[NDArray[Any]] = field(default_factory=list)
    seconds: float = 0.0


Outcomes = dict[Configuration, dict[tuple[float, ...], Outcome]]  # a network -> values of dropout -> its outcome


def networks(settings: TrainParams, modalities: Sequence[str], only: Sequence[str]) -> list[Configuration]:
    """Return the networks that read sequences among the configurations that `train` fits for a corpus.

    If `only` is not empty, only those are returned whose strategy or model it names.
    """
    planned = plan_configurations(settings, modalities)
    found = [one for one in planned if reads_sequences(one.strategy, one.model)]
    chosen = [one for one in found if not only or one.strategy in only or one.model in only]
    if not chosen:
        raise UserError(
            f"no network that reads sequences was selected; available: {', '.join(map(str, found)) or 'none'}"
        )
    return chosen


def search(params: Params, name: str, only: Sequence[str] = ()) -> str:
    """Return a table of how well a corpus's networks predict with chosen and with fixed dropout.

    Raise the same errors as `crossmodal train`.
    """
    corpus, utterances = params.corpus(name), read_utterances(CorpusPaths(name).utterances, params.corpus(name).label)
    require_features(params, name)
    settings, _ = step_settings(name, settings_of(params, name), corpus, utterances)
    folds, labels = split(utterances, corpus, settings.context)[0], labels_of(utterances, corpus)
    data = load_modalities(name, settings, corpus, utterances, sequences=True)
    found: Outcomes = {}
    for network in networks(settings, corpus.modalities, only):
        click.echo(f"{name}: {network}", err=True)
        found[network] = {values: Outcome() for values in (CHOICE, *((one,) for one in CHOICE))}
        for values, outcome in found[network].items():
            own = _with_dropout(settings, network, values)
            for fold in folds:
                job = Job(name, str(Path.cwd()), corpus, own, params.run.plugins, fold, ())
                started = time.process_time()
                model = fitted_model(network, job, data, labels, FitCache())
                outcome.seconds += time.process_time() - started
                outcome.predictions.append(model.predict(data[fold.test]))
    tested = np.concatenate([fold.test for fold in folds])
    return _table(found, leading_of_predictions(corpus), labels[tested], data.groups[tested])


def _with_dropout(settings: TrainParams, network: Configuration, values: Sequence[float]) -> TrainParams:
    owner = network.model or network.registered_strategy
    return replace(
        settings, settings={**settings.settings, owner: {**settings.settings.get(owner, {}), "dropout": list(values)}}
    )


def _table(found: Outcomes, metric: Metric, truth: NDArray[Any], groups: NDArray[Any]) -> str:
    """Return a table with a line for each network, and one for the predictions of all networks taken together."""
    rows = []
    for name, outcomes in [*((str(one), [found[one]]) for one in found), (ALL, list(found.values()))]:
        cells = [name]
        true, resamples = np.tile(truth, len(outcomes)), resample(np.tile(groups, len(outcomes)))
        joined = {
            values: np.concatenate([part for outcome in outcomes for part in outcome[values].predictions])
            for values in outcomes[0]
        }
        seconds = {values: sum(outcome[values].seconds for outcome in outcomes) for values in joined}
        for values, predictions in joined.items():
            change = paired_difference(metric, true, predictions, joined[CHOICE], resamples)
            cells += [number(metric, metric(true, predictions))] if values == CHOICE else [difference(metric, change)]
            cells += [f"{seconds[values]:.1f}"]
        rows.append(cells)
    headings = [heading for one in CHOICE for heading in (f"always {one}, difference", "s")]
    return table(["network", f"{metric.name}, dropout chosen", "s", *headings], rows)


@click.command(cls=Command)
@click.argument("corpus")
@click.option("--only", multiple=True, metavar="NAME", help="Only networks of this strategy or model.")
@PARAMS
def main(corpus: str, only: tuple[str, ...], params_path: Path) -> None:
    """Print how well the networks of CORPUS predict with dropout chosen on inner folds, and with each fixed value.

    Only networks that read sequences are measured, so fcnn is not. Folds, features and settings are those of
    `crossmodal train`; no file is written. Differences from the chosen dropout are paired and have 95 % intervals over
    groups; times are the processor time of all fits.

    Example: python -m benchmarks.search demo
    """
    with one_thread():
        click.echo(search(load_params(params_path), corpus, only))


if __name__ == "__main__":
    main()
