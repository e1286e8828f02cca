"""The randomisation test agrees with SciPy's and with counting by hand; so does Holm's correction."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from models.evaluation.metrics import metrics_of
from models.evaluation.paired_tests import holm, randomisation_test, swaps

P_VALUES = st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=12)
ACCURACY, UAR, MACRO_F1 = metrics_of("classification", ("accuracy", "uar", "macro_f1"))
MAE, R = metrics_of("regression", ("mae", "r"))


def test_all_swaps_give_the_p_of_scipys_exact_permutation_test():
    rng = np.random.default_rng(9)
    truth, (first, second) = rng.normal(size=10), rng.normal(size=(2, 10))
    ours = randomisation_test(MAE, truth, first, second, swaps(np.arange(10)))
    theirs = scipy_stats.permutation_test(
        (np.abs(truth - first), np.abs(truth - second)),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    ).pvalue
    assert ours == pytest.approx(theirs)


def test_p_of_swapped_groups_equals_the_one_counted_by_hand():
    groups, truth = np.repeat([0, 1, 2], 2), np.ones(6, int)
    first, second = np.array([1, 1, 1, 0, 1, 1]), np.array([0, 0, 1, 0, 0, 1])
    # By group the first is ahead by 2, 0 and 1; signs may turn: |+-2 +- 0 +- 1| >= 3 in 4 of 8 ways.
    assert randomisation_test(ACCURACY, truth, first, second, swaps(groups)) == 4 / 8
    ways = [tuple(row) for row in swaps(groups).swapped.tolist()]
    assert sorted(ways) == sorted(product([False, True], repeat=3))


def test_drawn_swaps_approximate_all_swaps_and_p_is_never_zero():
    rng = np.random.default_rng(10)
    groups, truth = np.repeat(np.arange(12), 5), rng.integers(0, 3, 60)
    first, second = np.where(rng.random((2, 60)) < [[0.6], [0.3]], truth, 3 - truth)
    whole = randomisation_test(UAR, truth, first, second, swaps(groups))
    drawn = randomisation_test(UAR, truth, first, second, swaps(groups, draws=3000))
    assert drawn == pytest.approx(whole, abs=0.02)
    best = randomisation_test(ACCURACY, truth, truth, 1 + truth, swaps(np.arange(60), draws=99))
    assert best == 1 / 100


def test_the_test_is_two_sided_and_blind_to_order_and_equal_models_have_p_one():
    rng = np.random.default_rng(11)
    groups, truth = rng.integers(0, 30, 90), rng.integers(0, 3, 90)
    first, second = rng.integers(0, 3, (2, 90))
    swapped, order = swaps(groups), rng.permutation(90)
    p = randomisation_test(MACRO_F1, truth, first, second, swapped)
    assert p == randomisation_test(MACRO_F1, truth, second, first, swapped)
    turned = randomisation_test(MACRO_F1, truth[order], first[order], second[order], swaps(groups[order]))
    assert p == turned
    assert randomisation_test(MACRO_F1, truth, first, first, swapped) == 1


def test_one_group_or_an_undefined_metric_has_no_p():
    assert np.isnan(randomisation_test(ACCURACY, [1, 0], [1, 1], [0, 0], swaps(["s", "s"])))
    truth = np.array([1.0, 2.0, 3.0])
    assert np.isnan(randomisation_test(R, truth, np.zeros(3), truth, swaps([1, 2, 3])))


def test_holm_of_four_by_hand():
    # Sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1 -> .02, .03, .06, then not less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    corrected = holm([0.01, float("nan"), 0.9])
    assert np.isnan(corrected[1])
    assert (corrected[0], corrected[2]) == pytest.approx((0.02, 0.9))  # NaN is not a comparison


@given(P_VALUES)
def test_holm_keeps_the_order_and_never_makes_p_smaller(p_values):
    raw, found = np.array(p_values), np.array(holm(p_values))
    assert (np.isnan(raw) == np.isnan(found)).all()
    known = ~np.isnan(raw)
    raw, found = raw[known], found[known]
    assert (found >= raw).all()
    assert (found <= 1).all()
    assert (np.diff(found[np.argsort(raw, kind="stable")]) >= 0).all()
