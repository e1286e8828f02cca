"""Scalers by hand and against scikit-learn: outliers, gaps and constant columns have little effect."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import norm
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.svm import LinearSVC

from models.data.scaling import LIMIT, Quantile, RowSpace, Standardise, UnitVariance, scaler, total_variance
from models.errors import ModelError


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(5, 2, n), rng.lognormal(sigma=2, size=n), rng.exponential(size=n) ** 3])


def learned(values, quantiles):
    """The same columns transformed by scikit-learn."""
    ranks = QuantileTransformer(n_quantiles=quantiles, output_distribution="normal")
    return make_pipeline(ranks, StandardScaler()).fit(values)


def test_standardise_by_hand():
    values = np.array([[1.0, 5.0, np.nan, 2.0], [3.0, 5.0, np.nan, np.nan], [5.0, 5.0, np.nan, 4.0]])
    scaled = Standardise().fit(values).transform(values)
    half = np.sqrt(1.5)
    np.testing.assert_allclose(scaled, [[-half, 0, 0, -1], [0, 0, 0, 0], [half, 0, 0, 1]])
    assert Standardise().fit(values).transform(np.array([[1e9, 5, 1, 3]])).tolist() == [[LIMIT, 0, 0, 0]]


def test_standardise_is_scikit_learns_scaler_where_nothing_is_missing():
    values = np.random.default_rng(0).normal(3, 5, size=(50, 4))
    np.testing.assert_allclose(Standardise().fit_transform(values), StandardScaler().fit_transform(values), rtol=1e-12)


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
    assert np.ptp(Standardise().fit(wild).transform(wild)[others, 0]) < 0.02  # the other scaler squeezes them together


@pytest.mark.parametrize("fit_with_gaps", [False, True])
def test_undefined_entries_become_zero_and_do_not_affect_the_others(fit_with_gaps):
    values = drawn(90)
    gaps = np.random.default_rng(2).random(values.shape) < 0.3
    holed = np.where(gaps, np.nan, values)
    train = holed if fit_with_gaps else values
    scores, wanted = Quantile().fit(train).transform(holed), learned(train, 90).transform(holed)
    assert (scores[gaps] == 0).all()
    np.testing.assert_allclose(scores[~gaps], wanted[~gaps], atol=1e-9)


@pytest.mark.parametrize("column", [3.0, 0.0, np.nan])
def test_a_constant_column_becomes_zero_for_any_input(column):
    train = np.column_stack([np.full(20, column), np.arange(20.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Quantile().fit(train)
        scores = model.transform(np.array([[column, 0], [-1e6, 3], [7, 5], [np.nan, 9]]))
    assert (scores[:, 0] == 0).all()
    assert (np.diff(scores[:, 1]) > 0).all()


def test_values_beyond_training_get_the_scores_of_its_extremes():
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


def test_a_scaler_is_found_by_its_name():
    assert isinstance(scaler("quantile"), Quantile)
    assert isinstance(scaler("standard"), Standardise)
    with pytest.raises(ModelError, match="no normalisation is named 'quantle'; did you mean 'quantile'"):
        scaler("quantle")
    with pytest.raises(ModelError, match="no normalisation is named 'x'; available: standard, quantile"):
        scaler("x")


def test_quantiles_of_no_rows_or_columns_can_be_fitted_and_applied():
    assert Quantile().fit(np.zeros((0, 3))).transform(np.ones((2, 3))).tolist() == [[0, 0, 0]] * 2
    assert Quantile().fit(np.ones((4, 0))).transform(np.ones((2, 0))).shape == (2, 0)
    assert Quantile().fit(np.arange(6.0).reshape(3, 2)).transform(np.zeros((0, 2))).shape == (0, 2)


def test_a_scaler_fitted_on_other_columns_is_not_broadcast():
    scaler = Standardise().fit(np.arange(12.0).reshape(4, 3))
    with pytest.raises(ValueError, match="X has 1 features, but Standardise is expecting 3"):
        scaler.transform(np.ones((4, 1)))


@pytest.mark.parametrize("shape", [(90, 400), (200, 30)])
def test_the_space_of_the_rows_changes_no_linear_machine(shape):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, shape[0])
    x, new = (rng.normal(size=shape) + rng.normal(size=(3, shape[1]))[y] for _ in range(2))
    machine = LinearSVC(C=0.5, tol=1e-8, max_iter=100_000, random_state=0)
    plain = machine.fit(x / 9, y).decision_function(new / 9)
    space = RowSpace().fit(x / 9)
    assert space.transform(x / 9).shape[1] == min(shape)
    inside = machine.fit(space.transform(x / 9), y).decision_function(space.transform(new / 9))
    np.testing.assert_allclose(inside, plain, atol=2e-3)


@pytest.mark.parametrize("convert", [np.asarray, csr_matrix])
def test_unit_variance_by_hand(convert):
    x = convert(np.array([[3.0, 0.0], [0.0, 4.0]]))  # squares of 25 over 2 rows
    assert total_variance(x) == pytest.approx(12.5)
    one, two = UnitVariance().fit(x), UnitVariance(columns=True).fit(x)
    assert total_variance(one.transform(x)) == pytest.approx(1)
    assert total_variance(two.transform(x)) == pytest.approx(2)
    assert UnitVariance().fit(x * 0).scale_ == 1
    assert UnitVariance(columns=True).fit(x[:, :0]).transform(x[:0, :0]).shape == (0, 0)


def test_a_matrix_of_zeros_or_of_few_columns_keeps_its_columns():
    assert RowSpace().fit(np.zeros((2, 5))).transform(np.ones((1, 5))).shape == (1, 5)
    assert RowSpace().fit(np.ones((5, 2))).axes_ is None
    assert RowSpace().fit(csr_matrix(np.ones((2, 5)))).axes_ is None
