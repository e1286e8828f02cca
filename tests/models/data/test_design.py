"""Quantile scaling: ranks as normal scores, so that what is far out, undefined or constant has no pull."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, StandardScaler

from models.data.design import Block
from models.data.modalities import Modalities
from models.data.scaling import LIMIT, Quantile, Standardise, scaler
from models.errors import ModelError


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(5, 2, n), rng.lognormal(sigma=2, size=n), rng.exponential(size=n) ** 3])


def learned(values, quantiles):
    """What scikit-learn makes of the same columns."""
    ranks = QuantileTransformer(n_quantiles=quantiles, output_distribution="normal")
    return make_pipeline(ranks, StandardScaler()).fit(values)


@pytest.mark.parametrize(("n", "quantiles"), [(30, 30), (200, 200), (500, 200)])
def test_equals_scikit_learns_on_the_training_rows_and_on_others(n, quantiles):
    train, test = drawn(n), drawn(60, seed=1)
    own, theirs = Quantile().fit(train), learned(train, quantiles)
    np.testing.assert_allclose(own.transform(train), theirs.transform(train), atol=1e-9)
    np.testing.assert_allclose(own.transform(test), theirs.transform(test), atol=1e-9)


def test_scores_of_any_distribution_are_normal_and_keep_the_order():
    values = drawn(400)
    scores = Quantile().fit(values).transform(values)
    wanted = norm.ppf((np.arange(400) + 0.5) / 400)[20:-20]
    for column, raw in zip(scores.T, values.T, strict=True):
        assert (np.diff(column[np.argsort(raw)]) >= 0).all()
        slope, offset = np.polyfit(wanted, np.sort(column)[20:-20], 1)
        np.testing.assert_allclose(np.sort(column)[20:-20], slope * wanted + offset, atol=0.03)
        assert 0.8 < slope < 1.01


def test_an_outlier_does_not_move_the_others():
    values = drawn(150)
    wild, first = values.copy(), int(values[:, 0].argmax())
    wild[first, 0] = 1e4
    tame, moved = (Quantile().fit(v).transform(v) for v in (values, wild))
    np.testing.assert_allclose(moved, tame, atol=1e-6)
    others = np.arange(150) != first
    assert np.ptp(Standardise().fit(wild).transform(wild)[others, 0]) < 0.02  # the other scaler loses them


@pytest.mark.parametrize("fit_with_gaps", [False, True])
def test_undefined_entries_are_nought_and_the_known_ones_scored_without_them(fit_with_gaps):
    values = drawn(90)
    gaps = np.random.default_rng(2).random(values.shape) < 0.3
    holed = np.where(gaps, np.nan, values)
    train = holed if fit_with_gaps else values
    scores, wanted = Quantile().fit(train).transform(holed), learned(train, 90).transform(holed)
    assert (scores[gaps] == 0).all()
    np.testing.assert_allclose(scores[~gaps], wanted[~gaps], atol=1e-9)


@pytest.mark.parametrize("column", [3.0, 0.0, np.nan])
def test_a_column_that_never_varies_is_nought_for_whatever_comes(column):
    train = np.column_stack([np.full(20, column), np.arange(20.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Quantile().fit(train)
        scores = model.transform(np.array([[column, 0], [-1e6, 3], [7, 5], [np.nan, 9]]))
    assert (scores[:, 0] == 0).all()
    assert (np.diff(scores[:, 1]) > 0).all()


def test_what_training_never_saw_is_no_further_out_than_its_extremes():
    values = drawn(120)
    model = Quantile().fit(values)
    extremes = model.transform(np.array([values.min(axis=0), values.max(axis=0)]))
    beyond = model.transform(np.array([values.min(axis=0) - 1e12, values.max(axis=0) + 1e12]))
    np.testing.assert_array_equal(beyond, extremes)
    assert np.abs(beyond).max() < LIMIT


@pytest.mark.parametrize("n", [1, 2])
def test_very_few_rows_are_enough(n):
    scores = Quantile().fit(drawn(n)).transform(drawn(5, seed=4))
    assert np.isfinite(scores).all()


def test_a_block_scales_present_rows_and_dense_transformers_by_the_same_name():
    values = drawn(40).astype(np.float32)
    here = np.arange(40) % 4 > 0
    words = np.array(["a " * (i**2 % 50) for i in range(40)], object)
    counts = make_pipeline(
        CountVectorizer(token_pattern="a"), FunctionTransformer(lambda m: m.toarray(), accept_sparse=True)
    )
    x = Modalities({"text": values}, {"text": here}, words, np.arange(40))
    pooled, counted = Block("text", [("counts", counts)], normalise="quantile").fit(x).transform(x)
    lengths = np.array([[i**2 % 50] for i in range(40)], float)
    for found, raw in ((pooled, values.astype(np.float64)), (counted, lengths)):
        assert (found[~here] == 0).all()
        np.testing.assert_allclose(found[here], learned(raw[here], 30).transform(raw[here]), atol=1e-9)


def test_a_scaler_is_found_by_its_name():
    assert isinstance(scaler("quantile"), Quantile)
    assert isinstance(scaler("standard"), Standardise)
    with pytest.raises(ModelError, match="no normalisation is named 'quantle'; did you mean 'quantile'"):
        scaler("quantle")
    with pytest.raises(ModelError, match="no normalisation is named 'x'; there are: standard, quantile"):
        scaler("x")


def test_quantiles_of_no_rows_or_columns_are_learnt_and_asked_for():
    assert Quantile().fit(np.zeros((0, 3))).transform(np.ones((2, 3))).tolist() == [[0, 0, 0]] * 2
    assert Quantile().fit(np.ones((4, 0))).transform(np.ones((2, 0))).shape == (2, 0)
    assert Quantile().fit(np.arange(6.0).reshape(3, 2)).transform(np.zeros((0, 2))).shape == (0, 2)


def test_a_scaler_of_other_columns_is_not_broadcast():
    scaler = Standardise().fit(np.arange(12.0).reshape(4, 3))
    with pytest.raises(ValueError, match="X has 1 features, but Standardise is expecting 3"):
        scaler.transform(np.ones((4, 1)))
