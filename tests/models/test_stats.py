from time import perf_counter

import numpy as np
import pytest

from models import metrics
from models.errors import ModelError
from models.stats import group_bootstrap, paired_difference, resample


def test_interval_of_a_mean_is_the_analytical_one():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    errors = np.abs(rng.normal(size=400))
    got = group_bootstrap(metrics.mae, truth, truth + errors, resample(np.arange(400)))
    half = 1.96 * errors.std() / np.sqrt(400)
    assert got.value == pytest.approx(errors.mean())
    assert got.low == pytest.approx(errors.mean() - half, abs=0.15 * half)
    assert got.high == pytest.approx(errors.mean() + half, abs=0.15 * half)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    groups, covered = np.repeat(np.arange(40), 5), 0
    resamples = resample(groups, draws=200)
    for _ in range(120):
        chance = np.clip(rng.normal(0.7, 0.1, 40), 0, 1)[groups]  # groups differ: rows of one are alike
        right = (rng.random(200) < chance).astype(int)
        found = group_bootstrap(metrics.accuracy, np.ones(200, int), right, resamples)
        covered += found.low <= 0.7 <= found.high
    assert 0.87 <= covered / 120 <= 0.99


def test_rows_of_a_group_are_drawn_together_so_the_interval_is_wider():
    right = np.repeat([1, 0, 1, 1, 0, 1, 0, 1, 1, 1], 20)
    truth = np.ones(200, int)
    by_group = group_bootstrap(metrics.accuracy, truth, right, resample(np.repeat(np.arange(10), 20)))
    by_row = group_bootstrap(metrics.accuracy, truth, right, resample(np.arange(200)))
    assert by_group.high - by_group.low > 2.5 * (by_row.high - by_row.low)


def test_same_groups_same_draws_and_another_seed_others():
    groups = np.array(["b", "a", "b", "c"])
    first, again, other = resample(groups), resample(groups), resample(groups, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(first.draws, again.draws, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first.draws, other.draws, strict=True))


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    groups, truth, answer = rng.integers(0, 12, 90), rng.integers(0, 3, 90), rng.integers(0, 3, 90)
    order = rng.permutation(90)
    first = group_bootstrap(metrics.uar, truth, answer, resample(groups))
    second = group_bootstrap(metrics.uar, truth[order], answer[order], resample(groups[order]))
    assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high))


def test_difference_of_equal_systems_is_exactly_nothing_and_of_a_better_one_is_above():
    rng = np.random.default_rng(4)
    truth, resamples = rng.integers(0, 2, 300), resample(np.repeat(np.arange(60), 5))
    good = np.where(rng.random(300) < 0.9, truth, 1 - truth)
    bad = np.where(rng.random(300) < 0.6, truth, 1 - truth)
    same = paired_difference(metrics.accuracy, truth, good, good, resamples)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    better = paired_difference(metrics.accuracy, truth, good, bad, resamples)
    assert 0 < better.low < better.value < better.high
    worse = paired_difference(metrics.accuracy, truth, bad, good, resamples)
    assert (worse.low, worse.high) == pytest.approx((-better.high, -better.low))


def test_pairing_makes_the_difference_surer_than_two_intervals():
    rng = np.random.default_rng(5)
    truth, resamples = rng.integers(0, 2, 300), resample(np.arange(300))
    first = np.where(rng.random(300) < 0.6, truth, 1 - truth)
    second = first.copy()
    second[:12] = truth[:12]
    alone = group_bootstrap(metrics.accuracy, truth, first, resamples)
    pair = paired_difference(metrics.accuracy, truth, second, first, resamples)
    assert pair.high - pair.low < 0.5 * (alone.high - alone.low)


def test_one_group_has_no_interval_and_undefined_draws_are_left_out():
    lone = group_bootstrap(metrics.accuracy, ["a", "b"], ["a", "a"], resample(["s", "s"]))
    assert lone.value == 0.5
    assert np.isnan([lone.low, lone.high]).all()
    truth = np.array([1.0, 1.0, 1.0, 2.0, 0.5])
    few = group_bootstrap(metrics.r, truth, truth * 2 + 1, resample(np.arange(5)))
    assert np.isfinite([few.low, few.high]).all()
    constant = group_bootstrap(metrics.r, truth, np.zeros(5), resample(np.arange(5)))
    assert np.isnan([constant.value, constant.low, constant.high]).all()


def test_labels_may_be_names():
    truth, answer = np.array(["sad", "joy", "joy", "sad"] * 10), np.array(["sad", "sad", "joy", "sad"] * 10)
    found = group_bootstrap(metrics.weighted_f1, truth, answer, resample(np.arange(40)))
    assert found.value == pytest.approx(metrics.weighted_f1(truth, answer))
    assert found.low < found.value < found.high


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match="do not fit"):
        group_bootstrap(metrics.mae, [1.0, 2.0], [1.0], resample([1, 2]))


def test_a_table_is_bootstrapped_in_seconds():
    rng = np.random.default_rng(6)
    groups, truth, answer = np.repeat(np.arange(24), 60), rng.integers(0, 8, 1440), rng.integers(0, 8, 1440)
    resamples, started = resample(groups), perf_counter()
    for name in metrics.metric_names("classification"):
        group_bootstrap(metrics.metric("classification", name).function, truth, answer, resamples)
    assert perf_counter() - started < 1.0  # a sixtieth of a table of 60 rows, with room for a slow machine
