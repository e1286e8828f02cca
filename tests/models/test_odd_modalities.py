"""Modalities that are absent, undefined or constant: every strategy predicts finite numbers for every row."""

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.registry import Recipe, build

WIDTHS = {"text": 4, "audio": 5, "video": 3}
THREE = tuple(WIDTHS)
STRATEGIES = ("concat", "pca", "cca", "stacking")


def part(kind, n):
    """Return n rows whose audio is unusual in some way."""
    rng = np.random.default_rng(0)
    pooled = {m: rng.normal(size=(n, width)).astype(np.float32) for m, width in WIDTHS.items()}
    present = {m: np.ones(n, bool) for m in THREE}
    if kind == "absent":
        present["audio"][:] = False
    if kind == "in one row":
        present["audio"][1:] = False
    if kind == "undefined":
        pooled["audio"][:] = np.nan
    if kind == "constant":
        pooled["audio"][:] = 7
    if kind == "at the end of float32":
        pooled["audio"] *= np.float32(5e37)
    if kind == "never with a face":
        present["audio"], present["video"] = np.arange(n) % 2 == 0, np.arange(n) % 2 == 1
    if kind == "nothing anywhere":
        present = {m: np.zeros(n, bool) for m in THREE}
    text = np.array([("yes", "no")[i % 2] for i in range(n)], object)
    return Modalities(pooled, present, text, np.arange(n) % min(3, n))


KINDS = (
    "absent",
    "in one row",
    "undefined",
    "constant",
    "at the end of float32",
    "never with a face",
    "nothing anywhere",
)


@pytest.mark.parametrize(
    ("n", "task", "normalise"),
    [
        (2, "classification", "standard"),
        (2, "regression", "quantile"),
        (5, "classification", "quantile"),
        (5, "regression", "standard"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_every_strategy_predicts_finite_numbers(kind, n, task, normalise):
    x, whole = part(kind, n), part("", 5)
    y = np.array(list("abababa")[:n]) if task == "classification" else np.arange(n, dtype=float)
    for name in STRATEGIES:
        model = build(name, Recipe(task, THREE, normalise=normalise, budget=2)).fit(x, y)
        for queried in (x, whole, whole.without(["audio"]), whole.without(THREE)):
            assert np.isfinite(model.outputs(queried)).all(), name
