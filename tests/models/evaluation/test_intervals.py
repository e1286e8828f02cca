"""Intervals agree with the analytical ones, with SciPy's, and with simulations."""

from time import process_time

import numpy as np
import pytest
from scipy import stats as scipy_stats

from benchmarks.coverage import measure, measure_calibration
from common.threads import one_thread
from models.evaluation import intervals
from models.evaluation.intervals import group_bootstrap, paired_difference, resample
from models.evaluation.metrics import metrics_of
from models.evaluation.paired_tests import randomisation_test, swaps

ACCURACY, UAR, WEIGHTED_F1 = metrics_of("classification", ("accuracy", "uar", "weighted_f1"))
(ECE,) = metrics_of("classification", ("ece",))
MAE, R = metrics_of("regression", ("mae", "r"))


def test_interval_of_a_mean_is_the_analytical_one():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    errors = np.abs(rng.normal(size=400))
    got = group_bootstrap(MAE, truth, truth + errors, resample(np.arange(400)))
    half = 1.96 * errors.std() / np.sqrt(400)
    assert got.value == pytest.approx(errors.mean())
    assert got.low == pytest.approx(errors.mean() - half, abs=0.15 * half)
    assert got.high == pytest.approx(errors.mean() + half, abs=0.15 * half)


def test_with_many_groups_intervals_and_test_reach_their_nominal_levels():
    found = measure(40, runs=600, seed=1)  # 99.9 % binomial bands around the nominal values
    assert 0.92 <= found.covered <= 0.98
    assert 0.92 <= found.paired <= 0.98
    assert found.alarms <= 0.08


def test_with_few_groups_intervals_are_too_short_and_the_test_finds_nothing():
    found = measure(5, runs=600, seed=2)
    assert 0.80 <= found.covered <= 0.91
    assert found.alarms == 0  # 2 / 2 ** 5 is above 0.05


def test_the_interval_of_a_sum_of_distances_is_reflected_and_then_contains_the_true_value():
    found = measure_calibration(24, 1.3, runs=150)
    assert found.percentile <= 0.4  # chance makes a calibration error larger, and resampling does so again
    assert found.ece >= 0.8
    assert found.brier >= 0.87


def test_a_reflected_interval_by_hand():
    rng = np.random.default_rng(2)
    truth, probabilities = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60)
    resamples = resample(np.arange(60) % 12, draws=200)
    drawn = [ECE(truth[rows], probabilities[rows]) for rows in resamples.draws]
    value, (low, high) = ECE(truth, probabilities), np.percentile(drawn, [2.5, 97.5])
    found = group_bootstrap(ECE, truth, probabilities, resamples)
    assert (found.value, found.low, found.high) == pytest.approx((value, 2 * value - high, 2 * value - low))
    right = np.eye(3)[truth] * 0.98 + 0.02 / 3
    sharp = group_bootstrap(ECE, truth, right, resamples)
    assert 0 <= sharp.low <= sharp.value <= sharp.high <= 1
    lead = paired_difference(ECE, truth, probabilities, right, resamples)
    apart = [ECE(truth[rows], probabilities[rows]) - ECE(truth[rows], right[rows]) for rows in resamples.draws]
    low, high = np.percentile(apart, [2.5, 97.5])
    assert (lead.low, lead.high) == pytest.approx((2 * lead.value - high, 2 * lead.value - low))


def test_rows_of_a_group_are_drawn_together_so_the_interval_is_wider():
    right = np.repeat([1, 0, 1, 1, 0, 1, 0, 1, 1, 1], 20)
    truth = np.ones(200, int)
    by_group = group_bootstrap(ACCURACY, truth, right, resample(np.repeat(np.arange(10), 20)))
    by_row = group_bootstrap(ACCURACY, truth, right, resample(np.arange(200)))
    assert by_group.high - by_group.low > 2.5 * (by_row.high - by_row.low)


def test_the_same_groups_give_the_same_draws_and_another_seed_gives_others():
    groups = np.array(["b", "a", "b", "c"])
    first, again, other = resample(groups), resample(groups), resample(groups, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(first.draws, again.draws, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first.draws, other.draws, strict=True))


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    groups, truth, answer = rng.integers(0, 12, 90), rng.integers(0, 3, 90), rng.integers(0, 3, 90)
    order = rng.permutation(90)
    first = group_bootstrap(UAR, truth, answer, resample(groups))
    second = group_bootstrap(UAR, truth[order], answer[order], resample(groups[order]))
    assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high))


def test_the_difference_of_equal_models_is_exactly_zero_and_that_of_a_better_one_positive():
    rng = np.random.default_rng(4)
    truth, resamples = rng.integers(0, 2, 300), resample(np.repeat(np.arange(60), 5))
    good = np.where(rng.random(300) < 0.9, truth, 1 - truth)
    bad = np.where(rng.random(300) < 0.6, truth, 1 - truth)
    same = paired_difference(ACCURACY, truth, good, good, resamples)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    better = paired_difference(ACCURACY, truth, good, bad, resamples)
    assert 0 < better.low < better.value < better.high
    worse = paired_difference(ACCURACY, truth, bad, good, resamples)
    assert (worse.low, worse.high) == pytest.approx((-better.high, -better.low))


def test_the_paired_interval_is_narrower_than_two_separate_ones():
    rng = np.random.default_rng(5)
    truth, resamples = rng.integers(0, 2, 300), resample(np.arange(300))
    first = np.where(rng.random(300) < 0.6, truth, 1 - truth)
    second = first.copy()
    second[:12] = truth[:12]
    alone = group_bootstrap(ACCURACY, truth, first, resamples)
    pair = paired_difference(ACCURACY, truth, second, first, resamples)
    assert pair.high - pair.low < 0.5 * (alone.high - alone.low)


def test_one_group_has_no_interval_and_undefined_draws_are_left_out():
    lone = group_bootstrap(ACCURACY, ["a", "b"], ["a", "a"], resample(["s", "s"]))
    assert lone.value == 0.5
    assert np.isnan([lone.low, lone.high]).all()
    truth = np.array([1.0, 1.0, 1.0, 2.0, 0.5])
    few = group_bootstrap(R, truth, truth * 2 + 1, resample(np.arange(5)))
    assert np.isfinite([few.low, few.high]).all()
    constant = group_bootstrap(R, truth, np.zeros(5), resample(np.arange(5)))
    assert np.isnan([constant.value, constant.low, constant.high]).all()


def test_labels_may_be_names():
    truth, answer = np.array(["sad", "joy", "joy", "sad"] * 10), np.array(["sad", "sad", "joy", "sad"] * 10)
    found = group_bootstrap(WEIGHTED_F1, truth, answer, resample(np.arange(40)))
    assert found.value == pytest.approx(WEIGHTED_F1(truth, answer))
    assert found.low < found.value < found.high


@one_thread()
def test_a_table_is_bootstrapped_in_seconds():
    rng = np.random.default_rng(6)
    groups, truth = np.repeat(np.arange(70), 10), rng.integers(0, 7, 700)
    resamples, swapped, started = resample(groups), swaps(groups), process_time()
    for _ in range(80):
        first, second = rng.integers(0, 7, (2, 700))
        for found in (ACCURACY, UAR, WEIGHTED_F1):
            group_bootstrap(found, truth, first, resamples)
        paired_difference(UAR, truth, first, second, resamples)
        randomisation_test(UAR, truth, first, second, swapped)
    assert process_time() - started < 10


def test_several_models_are_averaged_in_every_draw():
    rng = np.random.default_rng(7)
    truth, resamples = rng.integers(0, 3, 120), resample(np.repeat(np.arange(30), 4))
    answers = rng.integers(0, 3, (2, 120))
    found = group_bootstrap(ACCURACY, truth, answers, resamples)
    drawn = [np.mean([ACCURACY(truth[rows], one[rows]) for one in answers]) for rows in resamples.draws]
    assert found.value == pytest.approx(np.mean([ACCURACY(truth, one) for one in answers]))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))


def test_interval_agrees_with_scipys_bootstrap():
    rng = np.random.default_rng(8)
    truth, answer = rng.normal(size=(2, 150))
    ours = group_bootstrap(MAE, truth, answer, resample(np.arange(150), draws=9999))
    theirs = scipy_stats.bootstrap(
        (np.abs(truth - answer),), np.mean, method="percentile", n_resamples=9999, random_state=1
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_many_groups_are_counted_a_few_draws_at_a_time_with_the_same_result(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(2)
    resamples, sums = resample(np.arange(300) // 3, draws=50), rng.integers(0, 9, (2, 100, 4)).astype(float)
    whole = resamples.totals(sums)
    assert whole.shape == (2, 50, 4)
    monkeypatch.setattr(intervals, "_COUNTED", 700)
    np.testing.assert_array_equal(resamples.totals(sums), whole)
