from itertools import product
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from benchmarks.coverage import measure
from common.threads import one_thread
from models.errors import ModelError
from models.evaluation import metrics
from models.evaluation.stats import group_bootstrap, holm, paired_difference, randomisation_test, resample, swaps

P_VALUES = st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=12)


def test_interval_of_a_mean_is_the_analytical_one():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    errors = np.abs(rng.normal(size=400))
    got = group_bootstrap(metrics.mae, truth, truth + errors, resample(np.arange(400)))
    half = 1.96 * errors.std() / np.sqrt(400)
    assert got.value == pytest.approx(errors.mean())
    assert got.low == pytest.approx(errors.mean() - half, abs=0.15 * half)
    assert got.high == pytest.approx(errors.mean() + half, abs=0.15 * half)


def test_with_many_groups_intervals_and_test_hold_what_they_say():
    found = measure(40, runs=600, seed=1)  # 99.9 % binomial bands around the nominal values
    assert 0.92 <= found.covered <= 0.98
    assert 0.92 <= found.paired <= 0.98
    assert found.alarms <= 0.08


def test_with_few_groups_intervals_are_too_short_and_the_test_is_silent():
    found = measure(5, runs=600, seed=2)
    assert 0.80 <= found.covered <= 0.91
    assert found.alarms == 0  # 2 / 2 ** 5 is above 0.05


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


@one_thread()
def test_a_table_is_bootstrapped_in_seconds():
    rng = np.random.default_rng(6)
    groups, truth = np.repeat(np.arange(70), 10), rng.integers(0, 7, 700)
    resamples, swapped, started = resample(groups), swaps(groups), process_time()
    for _ in range(80):
        first, second = rng.integers(0, 7, (2, 700))
        for name in ("accuracy", "uar", "weighted_f1"):
            group_bootstrap(metrics.metric("classification", name).function, truth, first, resamples)
        paired_difference(metrics.uar, truth, first, second, resamples)
        randomisation_test(metrics.uar, truth, first, second, swapped)
    assert process_time() - started < 10


def test_several_systems_are_averaged_in_every_draw():
    rng = np.random.default_rng(7)
    truth, resamples = rng.integers(0, 3, 120), resample(np.repeat(np.arange(30), 4))
    answers = rng.integers(0, 3, (2, 120))
    found = group_bootstrap(metrics.accuracy, truth, answers, resamples)
    drawn = [np.mean([metrics.accuracy(truth[rows], one[rows]) for one in answers]) for rows in resamples.draws]
    assert found.value == pytest.approx(np.mean([metrics.accuracy(truth, one) for one in answers]))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))


def test_interval_agrees_with_scipys_bootstrap():
    rng = np.random.default_rng(8)
    truth, answer = rng.normal(size=(2, 150))
    ours = group_bootstrap(metrics.mae, truth, answer, resample(np.arange(150), draws=9999))
    theirs = scipy_stats.bootstrap(
        (np.abs(truth - answer),), np.mean, method="percentile", n_resamples=9999, random_state=1
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_all_swaps_give_the_p_of_scipys_exact_permutation_test():
    rng = np.random.default_rng(9)
    truth, (first, second) = rng.normal(size=10), rng.normal(size=(2, 10))
    ours = randomisation_test(metrics.mae, truth, first, second, swaps(np.arange(10)))
    theirs = scipy_stats.permutation_test(
        (np.abs(truth - first), np.abs(truth - second)),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    ).pvalue
    assert ours == pytest.approx(theirs)


def test_p_of_swapped_groups_is_that_counted_by_hand():
    groups, truth = np.repeat([0, 1, 2], 2), np.ones(6, int)
    first, second = np.array([1, 1, 1, 0, 1, 1]), np.array([0, 0, 1, 0, 0, 1])
    # By group the first is ahead by 2, 0 and 1; signs may turn: |+-2 +- 0 +- 1| >= 3 in 4 of 8 ways.
    assert randomisation_test(metrics.accuracy, truth, first, second, swaps(groups)) == 4 / 8
    ways = [tuple(row) for row in swaps(groups).swapped.tolist()]
    assert sorted(ways) == sorted(product([False, True], repeat=3))


def test_drawn_swaps_come_near_all_swaps_and_never_to_zero():
    rng = np.random.default_rng(10)
    groups, truth = np.repeat(np.arange(12), 5), rng.integers(0, 3, 60)
    first, second = np.where(rng.random((2, 60)) < [[0.6], [0.3]], truth, 3 - truth)
    whole = randomisation_test(metrics.uar, truth, first, second, swaps(groups))
    drawn = randomisation_test(metrics.uar, truth, first, second, swaps(groups, draws=3000))
    assert drawn == pytest.approx(whole, abs=0.02)
    best = randomisation_test(metrics.accuracy, truth, truth, 1 + truth, swaps(np.arange(60), draws=99))
    assert best == 1 / 100


def test_the_test_is_two_sided_and_blind_to_order_and_equal_systems_have_p_one():
    rng = np.random.default_rng(11)
    groups, truth = rng.integers(0, 30, 90), rng.integers(0, 3, 90)
    first, second = rng.integers(0, 3, (2, 90))
    swapped, order = swaps(groups), rng.permutation(90)
    p = randomisation_test(metrics.macro_f1, truth, first, second, swapped)
    assert p == randomisation_test(metrics.macro_f1, truth, second, first, swapped)
    turned = randomisation_test(metrics.macro_f1, truth[order], first[order], second[order], swaps(groups[order]))
    assert p == turned
    assert randomisation_test(metrics.macro_f1, truth, first, first, swapped) == 1


def test_one_group_or_an_undefined_figure_has_no_p():
    assert np.isnan(randomisation_test(metrics.accuracy, [1, 0], [1, 1], [0, 0], swaps(["s", "s"])))
    truth = np.array([1.0, 2.0, 3.0])
    assert np.isnan(randomisation_test(metrics.r, truth, np.zeros(3), truth, swaps([1, 2, 3])))


def test_two_systems_of_different_length_are_refused():
    with pytest.raises(ModelError, match="do not fit"):
        randomisation_test(metrics.accuracy, [1, 0], [1, 1], [1], swaps([1, 2]))
    with pytest.raises(ModelError, match="do not fit"):
        paired_difference(metrics.accuracy, [1, 0, 1], [1, 1], [1, 0], resample([1, 2]))


def test_holm_of_four_by_hand():
    # Sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1 -> .02, .03, .06, then not less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    corrected = holm([0.01, float("nan"), 0.9])
    assert np.isnan(corrected[1])
    assert (corrected[0], corrected[2]) == pytest.approx((0.02, 0.9))  # NaN is no comparison


@given(P_VALUES)
def test_holm_keeps_the_order_and_never_makes_p_smaller(p_values):
    raw, found = np.array(p_values), np.array(holm(p_values))
    assert (np.isnan(raw) == np.isnan(found)).all()
    known = ~np.isnan(raw)
    raw, found = raw[known], found[known]
    assert (found >= raw).all()
    assert (found <= 1).all()
    assert (np.diff(found[np.argsort(raw, kind="stable")]) >= 0).all()


SCORES = [-2, 3, 0, 7, 10, -5, 1, 2]
SAID = [-1, 3, 4, 7, 20, -5, 1, 0]
FIGURES = [metrics.metric("regression", name).function for name in metrics.metric_names("regression")]


def _own(truth, prediction):
    return float(np.abs(np.asarray(truth) - np.asarray(prediction)).max())


@pytest.mark.parametrize("figure", [*FIGURES, _own])
@pytest.mark.parametrize(
    "kinds", [(int, float), (int, int), (float, int), (np.int8, np.float32), (object, object), (object, int)]
)
def test_a_score_is_a_number_whatever_its_type(figure, kinds):
    resamples = resample(np.arange(8) % 4)
    truth, said = (np.array(values).astype(kind) for values, kind in zip((SCORES, SAID), kinds, strict=True))
    floats = np.array(SCORES, float), np.array(SAID, float)
    found = group_bootstrap(figure, truth, said, resamples)
    assert found.value == pytest.approx(figure(*floats))
    wanted = group_bootstrap(figure, *floats, resamples)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    zeros = np.zeros(8)
    lead = paired_difference(figure, truth, said, zeros, resamples)
    wanted = paired_difference(figure, *floats, zeros, resamples)
    assert (lead.value, lead.low, lead.high) == pytest.approx((wanted.value, wanted.low, wanted.high), nan_ok=True)
    p = randomisation_test(figure, truth, said, zeros, swaps(np.arange(8)))
    assert p == pytest.approx(randomisation_test(figure, *floats, zeros, swaps(np.arange(8))), nan_ok=True)


@pytest.mark.parametrize("name", metrics.metric_names("classification"))
@pytest.mark.parametrize(
    "named",
    [
        lambda k: f"class {k}",
        lambda k: 10**6 * k - 5,
        lambda k: float(k) / 2,
        lambda k: str(float(k)),
        lambda k: ("nan", "NA", "")[k],
        lambda k: k > 0,
    ],
    ids=["words", "large integers", "floats", "numbers as text", "nothings", "booleans"],
)
@pytest.mark.parametrize("kind", [None, object])
def test_a_class_is_a_name_whatever_its_type(name, named, kind):
    figure, resamples = metrics.metric("classification", name).function, resample(np.arange(30) % 6)
    rng = np.random.default_rng(0)
    classes = 2 if isinstance(named(0), bool) else 3
    truth, said = rng.integers(0, classes, 30), rng.integers(0, classes, 30)
    wanted = group_bootstrap(figure, truth, said, resamples)
    renamed = (np.array([named(k) for k in values], dtype=kind) for values in (truth, said))
    found = group_bootstrap(figure, *renamed, resamples)
    assert (found.value, found.low, found.high) == pytest.approx((wanted.value, wanted.low, wanted.high))
