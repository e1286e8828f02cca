"""The weighted average: weights against least squares and values by hand."""

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.errors import ModelError
from models.fusion.weighted import WeightedAverage
from tests.models.fusion.toy import THREE, bases, data


@pytest.mark.parametrize("pool", ["geometric", "arithmetic"])
def test_the_informative_modality_gets_the_weight(pool):
    rng = np.random.default_rng(3)
    x, y = data()
    noise = {m: x.pooled[m] if m == "audio" else rng.normal(size=(300, 5)).astype(np.float32) for m in THREE}
    model = WeightedAverage(bases(), pool=pool).fit(Modalities(noise, x.present, x.text, x.groups), y)
    assert model.weights_.sum() == pytest.approx(1)
    assert model.weights_.min() >= 0
    assert model.weights_[1] > 0.8


def test_weights_of_a_score_are_the_least_squares_on_unseen_rows():
    rng = np.random.default_rng(4)
    truth = rng.normal(size=400)
    parts = {
        m: (truth + s * rng.normal(size=400)).astype(np.float32)[:, None]
        for m, s in zip(THREE, (0.5, 1, 2), strict=True)
    }
    x = Modalities(parts, {m: np.ones(400, bool) for m in THREE}, np.full(400, None), np.arange(400) % 10)
    model = WeightedAverage(bases("regression", alpha=0.1)).fit(x, truth)
    outputs = np.stack([base.out_of_fold_[:, 0] for base in model.bases_])
    steps = np.linspace(0, 1, 41)
    grid = [(a, b, 1 - a - b) for a in steps for b in steps if a + b <= 1]
    best = min(np.mean((np.array(w) @ outputs - truth) ** 2) for w in grid)
    assert np.mean((model.weights_ @ outputs - truth) ** 2) <= best + 1e-6


def test_weights_are_scaled_where_a_modality_is_absent():
    model = WeightedAverage(bases(), pool="arithmetic")
    outputs = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.5, 0.5]]])
    usable = np.array([[True], [True], [False]])
    np.testing.assert_allclose(model._pool(outputs, usable, np.array([0.6, 0.2, 0.2]), 1.0), [[0.75, 0.25]])
    np.testing.assert_allclose(model._pool(outputs, usable, np.array([0.0, 0.0, 1.0]), 1.0), [[0.5, 0.5]])


def test_a_geometric_pool_is_the_sharpened_product_of_powers():
    model = WeightedAverage(bases(), pool="geometric")
    outputs = np.array([[[0.8, 0.2]], [[0.5, 0.5]], [[0.1, 0.9]]])
    weights, sharpness = np.array([0.5, 0.25, 0.25]), 2.0
    powers = np.prod(outputs[:, 0] ** (sharpness * weights[:, None]), axis=0)
    found = model._pool(outputs, np.ones((3, 1), bool), weights, sharpness)
    np.testing.assert_allclose(found, [powers / powers.sum()])
    np.testing.assert_allclose(found[0, 0] / found[0, 1], 0.8 * 0.1**0.5 / (0.2 * 0.9**0.5))


def test_a_score_is_averaged_whatever_the_pool():
    scores = np.array([[[1.0]], [[2.0]], [[4.0]]])
    for pool in ("geometric", "arithmetic"):
        model = WeightedAverage(bases("regression"), pool=pool)
        found = model._pool(scores, np.ones((3, 1), bool), np.array([0.5, 0.25, 0.25]), 1.0)
        np.testing.assert_allclose(found, [[0.5 + 0.5 + 1.0]])


def test_an_unknown_pool_is_refused():
    x, y = data(n=60)
    with pytest.raises(ModelError, match="the pool 'max' is unknown: choose geometric or arithmetic"):
        WeightedAverage(bases(C=1.0), pool="max").fit(x, y)
