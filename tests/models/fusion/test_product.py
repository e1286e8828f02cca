"""The product rule against Bayes' rule, computed by counting."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.fusion.product import Product, powers
from tests.models.fusion.toy import THREE, bases, data


def test_a_product_multiplies_the_prior_once_to_the_power_that_is_best_on_unseen_rows():
    x, y = data(n=400)
    rare = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:40], np.flatnonzero(y == 2)[:15]])
    x, y = x[rare], y[rare]
    model = Product(bases()).fit(x, y)
    prior = np.bincount(y) / len(y)
    by_hand = np.prod([base.outputs(x) / prior for base in model.bases_], axis=0) * prior**model.power_
    np.testing.assert_allclose(model.predict_proba(x), by_hand / by_hand.sum(axis=1, keepdims=True), atol=1e-4)
    unseen = np.stack([base.out_of_fold_ for base in model.bases_])
    products = [np.prod(unseen / prior, axis=0) * prior**p for p in powers(3)]
    scores = [f1_score(y, product.argmax(axis=1), average="weighted") for product in products]
    near = [np.mean(scores[:2]), *np.convolve(scores, np.ones(3) / 3, "valid"), np.mean(scores[-2:])]
    assert model.power_ == powers(3)[int(np.argmax(near))]


@pytest.mark.parametrize("count", range(1, 9))
def test_a_product_offers_bayes_rule_and_a_plain_product(count):
    offered = powers(count)
    assert offered == sorted(offered, reverse=True)
    assert {0.0, 1.0, float(count)} <= set(offered)
    assert np.min(-np.diff(offered)) > 1e-6


@pytest.mark.parametrize("power", [0.0, 0.6, 1.0, 3.0])
def test_a_product_of_one_present_base_is_that_base(power):
    x, y = data()
    model = Product(bases()).fit(x, y)
    model.power_ = power
    masks = {m: np.full(len(x), m == "audio") for m in THREE}
    alone = Modalities(x.pooled, masks, x.text, x.groups)
    np.testing.assert_allclose(model.predict_proba(alone), model.bases_[1].outputs(alone), atol=1e-5)


@pytest.mark.parametrize("there", [(0,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_a_product_is_bayes_rule_for_as_many_bases_as_a_row_has(there):
    """Three signs that are independent within a class, each base right about its own: the posterior by counting."""
    prior = np.array([0.7, 0.2, 0.1])
    seen = np.array([[0.9, 0.4, 0.2], [0.3, 0.8, 0.6], [0.5, 0.1, 0.7]])  # P(sign i is present | class)
    model = Product(bases())
    model.prior_, model.power_ = prior, 1.0
    outputs = np.stack([(prior * sign / (prior @ sign))[None] for sign in seen])
    usable = np.isin(np.arange(3), there)[:, None]
    joint = prior * np.prod(seen[list(there)], axis=0)
    np.testing.assert_allclose(model._multiplied(outputs, usable, 1.0)[0], joint / joint.sum(), atol=1e-12)
    plain = np.prod(outputs[list(there), 0], axis=0)  # as many powers as bases: the plain product
    np.testing.assert_allclose(model._multiplied(outputs, usable, 3.0)[0], plain / plain.sum(), atol=1e-12)


def test_a_product_never_predicts_a_class_without_training_rows():
    x, y = data()
    models = tuple(Unimodal(m, classes=(0, 1, 2, 3)) for m in THREE)
    model = Product(models).fit(x, y)
    model.power_ = 0.0  # as far from the prior as it goes: bases that contradict each other leave the fourth class
    torn = Modalities(
        {m: 50 * np.roll(x.pooled[m], i, axis=0) for i, m in enumerate(THREE)}, x.present, x.text, x.groups
    )
    answers = model.predict_proba(torn)
    np.testing.assert_array_equal(answers[:, 3], 0)
    np.testing.assert_allclose(answers.sum(axis=1), 1)


def test_a_product_of_scores_weighs_by_inverse_error():
    x, y = data()
    model = Product(bases("regression")).fit(x, y.astype(float))
    errors = np.array([np.mean((b.out_of_fold_[:, 0] - y) ** 2) for b in model.bases_])
    weights = (1 / errors) / (1 / errors).sum()
    expected = np.einsum("m,mn->n", weights, [b.outputs(x)[:, 0] for b in model.bases_])
    np.testing.assert_allclose(model.predict(x), expected)
