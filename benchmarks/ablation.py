"""Find which features are worth having: models read a corpus with all of its features, and without each in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.tools.table import table
from common.threads import one_thread
from models.configuration import Configuration
from models.evaluation.intervals import Resamples, paired_difference, resample
from models.evaluation.metrics import Metric
from models.fit_cache import FitCache
from models.registry import configure
from pipeline.commands.common import PARAMS, Command
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation.formatting import difference, number
from pipeline.evaluation.results import leading_of_predictions
from pipeline.settings.blocks import CorpusParams, TrainParams
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.fitting import fitted_model
from pipeline.training.guard import split
from pipeline.training.inputs import load_modalities, settings_of
from pipeline.training.jobs import Job
from pipeline.training.labels import labels_of
from pipeline.training.trained import require_features

FUSION = "weighted@extractor"
MODELS = ONE, LATE, ALL = "one classifier", "late fusion", "late fusion of all modalities"


@dataclass(frozen=True, eq=False)
class Case:
    """The settings of one case: without `feature` of `modality`, or with all features if both names are empty."""

    modality: str
    feature: str
    corpus: CorpusParams
    settings: TrainParams
    predictions: dict[Configuration, NDArray[Any]] = field(default_factory=dict)  # for the tested utterances

    def models(self, modality: str) -> dict[str, Configuration]:
        """Return the models that read a modality, keyed by their names in `MODELS`.

        If the modality has no features left, there is only the late fusion of the other modalities.
        """
        there, base = self.corpus.modalities, self.settings.fusion_classifier
        own = {ONE: configure("unimodal", (modality,), base), LATE: configure(FUSION, (modality,), base)}
        return (own if modality in there else {}) | {ALL: configure(FUSION, there, base)}


def cases_of(corpus: CorpusParams, settings: TrainParams) -> list[Case]:
    """Return the case with all features, then, for each feature, the case without it.

    A case does not use a modality that has lost its only feature.
    """
    cases = [Case("", "", corpus, settings)]
    for modality in corpus.modalities:
        for feature in settings.features[modality]:
            left = tuple(other for other in settings.features[modality] if other != feature)
            features = {m: left if m == modality else own for m, own in settings.features.items()}
            rest = replace(corpus, modalities=tuple(m for m in corpus.modalities if features[m]))
            cases.append(Case(modality, feature, rest, replace(settings, features=features)))
    if len(cases) < 3:
        raise UserError("a feature can only be left out if there is another: list several in train.features")
    return cases


def ablation(params: Params, name: str) -> str:
    """Return a table of a corpus's scores with all features and without each.

    Raise the same errors as `crossmodal train`.
    """
    corpus, settings = params.corpus(name), settings_of(params, name)
    cases = cases_of(corpus, settings)
    require_features(params, name)
    utterances = read_utterances(CorpusPaths(name).utterances, corpus.label)
    folds, labels = split(utterances, corpus, settings.context)[0], labels_of(utterances, corpus)
    data = [load_modalities(name, case.settings, case.corpus, utterances) for case in cases]
    for fold in folds:
        click.echo(f"{name}: {fold.name}", err=True)
        fits = FitCache()  # shared by all cases, since the base models of other modalities stay the same
        for case, x in zip(cases, data, strict=True):
            job = Job(name, str(Path.cwd()), case.corpus, case.settings, params.run.plugins, fold, ())
            touched = (m for m in corpus.modalities if case.modality in ("", m))
            for one in {one for modality in touched for one in case.models(modality).values()}:
                values = fitted_model(one, job, x, labels, fits).predict(x[fold.test])
                case.predictions[one] = np.concatenate([case.predictions.get(one, labels[:0]), values])
    tested = np.concatenate([fold.test for fold in folds])
    resamples = resample(data[0].groups[tested], draws=params.evaluate.resamples, seed=params.evaluate.seed)
    return _table(cases, leading_of_predictions(corpus), labels[tested], resamples)


def _table(cases: Sequence[Case], metric: Metric, truth: NDArray[Any], resamples: Resamples) -> str:
    """Return the table: for each modality, a line with all features and a line without each of them."""
    whole, rows = cases[0], []
    for modality in whole.corpus.modalities:
        for case in (case for case in cases if case.modality in ("", modality)):
            cells = dict.fromkeys(MODELS, ("", ""))
            for kind, one in case.models(modality).items():
                values, full = case.predictions[one], whole.predictions[whole.models(modality)[kind]]
                change = difference(metric, paired_difference(metric, truth, values, full, resamples))
                cells[kind] = number(metric, metric(truth, values)), change if case.feature else ""
            rows.append([f"without `{case.feature}`" if case.feature else f"{modality}: all", *chain(*cells.values())])
    return table([metric.name, *chain(*((kind, "difference") for kind in MODELS))], rows)


@click.command(cls=Command)
@click.argument("corpus")
@PARAMS
def main(corpus: str, params_path: Path) -> None:
    """Print the scores of CORPUS with all of its features and without each in turn; no file is written.

    The models are a classifier on all columns of a modality, a late fusion over the extractors of a modality, and a
    late fusion over all extractors. Folds are those of `crossmodal train`; differences have 95 % intervals over groups.

    Example: python -m benchmarks.ablation demo
    """
    with one_thread():
        click.echo(ablation(load_params(params_path), corpus))


if __name__ == "__main__":
    main()
