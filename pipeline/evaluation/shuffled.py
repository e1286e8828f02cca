"""The negative control: what was learnt from shuffled labels must be as good as chance."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.errors import LeakError
from models.evaluation.metrics import codes, metric
from models.evaluation.stats import holm
from pipeline.evaluation.results import read_predictions
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.fitting import leading
from pipeline.training.labels import SHUFFLED

DRAWS = 200
SIGNIFICANT = 0.05
ROUNDING = 1e-9  # orders of the labels that differ by less do not differ: one answer to all


def check_shuffled(params: Params, name: str) -> Iterator[str]:
    """Yield a line a row: its leading figure, chance, and how likely chance is to do as well.

    Chance is the mean figure over random orders of the labels, with the predictions as they are; the probability is
    that of a normal distribution with their mean and deviation (one-sided, corrected by Holm over all rows).

    Raises
    ------
    LeakError
        At the end, if a row is better than chance: then labels reach the test part by another way than learning.
    UserError
        If there are no predictions from shuffled labels.
    """
    from scipy.stats import norm

    corpus = params.corpus(name)
    figure = metric(corpus.task, leading(corpus))
    found = read_predictions(CorpusPaths(name).results / SHUFFLED / "predictions.csv", corpus)
    rows = list(found.groupby(["strategy", "modalities", "model"], sort=False))
    scores = [_against_chance(part, corpus) for _, part in rows]
    sign = 1 if figure.higher_is_better else -1
    p_values = holm(
        [float(norm.sf(sign * (own - mean) / deviation)) if deviation else 1.0 for own, mean, deviation in scores]
    )
    yield f"{name}, labels shuffled: {leading(corpus)}, chance, p corrected for {len(rows)} rows"
    better = []
    for (key, _), (own, mean, _), p in zip(rows, scores, p_values, strict=True):
        who = " ".join(part for part in key if part)
        better += [who] if p < SIGNIFICANT else []
        yield f"{who}: {own:.3f}, {mean:.3f}, p = {p:.2f}" + (" ABOVE CHANCE" if p < SIGNIFICANT else "")
    if better:
        raise LeakError(
            f"{name}: {len(better)} of {len(rows)} rows are better than chance on shuffled labels, such as {better[0]}:"
            " test labels reach what is fitted"
        )
    yield f"{name}: all {len(rows)} rows are at chance, as they must be"


def _against_chance(part: pd.DataFrame, corpus: CorpusParams) -> tuple[float, float, float]:
    """Return the leading figure, and its mean and deviation over random orders of the labels."""
    function, rng = metric(corpus.task, leading(corpus)).function, np.random.default_rng(0)
    truth, said = part["truth"].to_numpy(), part["prediction"].to_numpy()
    if corpus.task == "classification":
        truth, said = codes(truth, said)
    drawn = np.array([function(rng.permutation(truth), said) for _ in range(DRAWS)])
    drawn = drawn[np.isfinite(drawn)]
    own = function(truth, said)
    if not len(drawn) or not np.isfinite(own):
        return own, float("nan"), 0.0
    spread = float(drawn.std())
    return own, float(drawn.mean()), spread if spread > ROUNDING else 0.0
