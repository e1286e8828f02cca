"""The negative control: a model trained on permuted labels must not be better than chance."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.errors import LeakError
from models.evaluation.coding import codes
from models.evaluation.metrics import Metric
from models.evaluation.paired_tests import SIGNIFICANT, holm
from pipeline.evaluation.results import by_configuration, metrics_of, read_predictions, truth_and_outputs
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.labels import SHUFFLED

DRAWS = 200
ROUNDING = 1e-9  # a smaller deviation counts as 0: it occurs if all utterances have the same prediction


def check_shuffled(params: Params, name: str) -> Iterator[str]:
    """Yield lines to print, one per configuration: its leading metric, the metric at chance, and p.

    For chance, the metric is computed for random permutations of the labels, with the predictions unchanged. The metric
    at chance is the mean of these values. The one-sided p comes from a normal distribution with their mean and standard
    deviation; Holm's method corrects it for the number of rows.

    Raises
    ------
    LeakError
        At the end, if a configuration is better than chance: its model must have seen labels of the test part.
    UserError
        If there are no predictions from permuted labels.
    """
    from scipy.stats import norm

    corpus = params.corpus(name)
    leading = metrics_of(corpus)[0]
    found = read_predictions(CorpusPaths(name).results / SHUFFLED / "predictions.csv", corpus)
    rows = by_configuration(found)
    scores = [_against_chance(part, leading) for part in rows.values()]
    p_values = holm(
        [
            float(norm.sf(leading.sign * (own - mean) / deviation)) if deviation else 1.0
            for own, mean, deviation in scores
        ]
    )
    yield f"{name}, labels shuffled: {leading.name}, chance, p corrected for {len(rows)} rows"
    better = []
    for one, (own, mean, _), p in zip(rows, scores, p_values, strict=True):
        better += [one] if p < SIGNIFICANT else []
        yield f"{one}: {own:.3f}, {mean:.3f}, p = {p:.2f}" + (" ABOVE CHANCE" if p < SIGNIFICANT else "")
    if better:
        raise LeakError(
            f"{name}: {len(better)} of {len(rows)} rows are better than chance on shuffled labels, such as {better[0]}:"
            " test labels leak into training"
        )
    yield f"{name}: all {len(rows)} rows are at chance, as they must be"


def _against_chance(part: pd.DataFrame, metric: Metric) -> tuple[float, float, float]:
    """Return the metric, and its mean and standard deviation over random permutations of the labels.

    If the metric is undefined, the mean is NaN and the standard deviation 0.
    """
    rng = np.random.default_rng(0)
    truth, predicted = truth_and_outputs(metric, part)
    if metric.task == "classification" and metric.reads == "predictions":
        truth, predicted = codes(truth, predicted)
    drawn = np.array([metric(rng.permutation(truth), predicted) for _ in range(DRAWS)])
    drawn = drawn[np.isfinite(drawn)]
    own = metric(truth, predicted)
    if not len(drawn) or not np.isfinite(own):
        return own, float("nan"), 0.0
    spread = float(drawn.std())
    return own, float(drawn.mean()), spread if spread > ROUNDING else 0.0
