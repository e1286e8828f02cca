from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, root_mean_squared_error

from models.errors import ModelError
from models.evaluation import metrics
from models.evaluation.intervals import group_bootstrap, resample
from models.evaluation.sufficient_statistics import agreement

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@given(PAIRS)
def test_classification_metrics_equal_scikit_learns(pairs):
    truth, prediction = (np.array(side) for side in zip(*pairs, strict=True))
    assert metrics.accuracy(truth, prediction) == pytest.approx(accuracy_score(truth, prediction))
    for average, ours in (("weighted", metrics.weighted_f1), ("macro", metrics.macro_f1)):
        assert ours(truth, prediction) == pytest.approx(f1_score(truth, prediction, average=average, zero_division=0))
    if set(prediction) <= set(truth):
        assert metrics.uar(truth, prediction) == pytest.approx(balanced_accuracy_score(truth, prediction))


@given(PAIRS)
def test_names_and_integers_give_the_same(pairs):
    truth, prediction = (np.array(side) for side in zip(*pairs, strict=True))
    names = np.array(["neutral", "sad", "angry", "happy", "fear"])
    for found in metrics.metrics_of("classification"):
        if found.reads == "predictions":
            assert found(names[truth], names[prediction]) == pytest.approx(found(truth, prediction))


def test_uar_is_the_mean_recall_over_true_classes_only():
    assert metrics.uar(["a", "a", "b", "b"], ["a", "c", "b", "b"]) == 0.75


def test_weighted_f1_weighs_by_truth_not_by_prediction():
    truth, prediction = ["a"] * 8 + ["b"] * 2, ["a"] * 10
    assert metrics.weighted_f1(truth, prediction) == pytest.approx(0.8 * 16 / 18)
    assert metrics.weighted_f1(prediction, truth) != pytest.approx(metrics.weighted_f1(truth, prediction))


def test_has0_counts_zero_as_not_negative_and_non0_drops_true_zeros():
    truth = [0.0, -0.2, 1.0, 0.0, -3.0]
    prediction = [-0.1, 0.0, 0.4, 2.0, -0.5]
    assert metrics.has0_acc(truth, prediction) == 3 / 5  # wrong: the first two
    assert metrics.non0_acc(truth, prediction) == 3 / 3  # 0.0 is not above 0, as is -0.2
    assert np.isnan(metrics.non0_acc([0.0, 0.0], [1.0, -1.0]))
    # at least 0: true + - + + -, predicted - + + + -; F1 of + is 2/3 (3 true), of - 1/2 (2 true)
    assert metrics.has0_f1(truth, prediction) == pytest.approx((3 * 2 / 3 + 2 * 1 / 2) / 5)
    assert metrics.non0_f1([2.0, 1.0, -1.0], [1.0, -1.0, -1.0]) == pytest.approx((2 * 2 / 3 + 1 * 2 / 3) / 3)


@pytest.mark.parametrize(
    ("truth", "prediction", "five", "seven"),
    [
        (0.5, 0.4, 1, 1),  # halves go to the even neighbour: 0.5 -> 0
        (1.5, 2.4, 1, 1),  # 1.5 -> 2
        (2.5, 2.0, 1, 1),  # 2.5 -> 2; cut at 2 for five classes
        (2.5, 3.0, 1, 0),
        (-0.5, 0.0, 1, 1),
        (-2.6, -9.0, 1, 1),
        (3.0, 2.4, 1, 0),
        (1.0, -1.0, 0, 0),
    ],
)
def test_acc5_and_acc7_cut_then_round_halves_to_even(truth, prediction, five, seven):
    assert metrics.acc5([truth], [prediction]) == five
    assert metrics.acc7([truth], [prediction]) == seven


def test_mae_and_r_by_hand():
    assert metrics.mae([1.0, -1.0], [0.0, 1.0]) == 1.5
    assert metrics.r([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50))
    assert metrics.r(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert np.isnan(metrics.r([1, 2, 3], [0.1, 0.1, 0.1]))
    assert np.isnan(metrics.r([1], [2]))


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_metric_is_best_for_the_truth_and_nan_without_utterances(task):
    truth = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) if task == "regression" else np.array([0, 1, 1, 2, 0])
    for found in metrics.metrics_of(task):
        best, other = truth, np.roll(truth, 1)
        if found.reads == "probabilities":
            best, other = np.eye(3)[best], np.eye(3)[other]
        assert found(truth, best) == pytest.approx(1 if found.higher_is_better else 0)
        assert (found(truth, best) > found(truth, other)) == found.higher_is_better
        assert np.isnan(found(truth[:0], best[:0]))


def test_ccc_by_hand_and_as_others_publish_it():
    # Lin 1989: 2 s_xy / (s_x^2 + s_y^2 + (m_x - m_y)^2), all over n. Deviations -1 0 1 twice, means 2 and 3.
    assert metrics.ccc([1, 2, 3], [2, 3, 4]) == pytest.approx(2 * (2 / 3) / (2 / 3 + 2 / 3 + 1))
    assert metrics.ccc([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert metrics.ccc([1, 2, 3], [2, 2, 2]) == 0
    truth, prediction = np.array([3, -0.5, 2, 7]), np.array([2.5, 0, 2, 8])
    # torchmetrics documents 0.9777 for these: it divides variances and covariance by n - 1, that is, by 3 for 4.
    products, apart = 31.5625, 0.0625
    assert 2 * products / 3 / ((29.1875 + 35.1875) / 3 + apart) == pytest.approx(0.9777, abs=5e-5)
    assert metrics.ccc(truth, prediction) == pytest.approx(2 * products / 4 / ((29.1875 + 35.1875) / 4 + apart))


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=2, max_size=30))
def test_ccc_is_one_minus_the_squared_distance_relative_to_that_of_independent_scores(pairs):
    truth, prediction = (np.array(side) for side in zip(*pairs, strict=True))
    independent = ((truth[:, None] - prediction[None, :]) ** 2).mean()  # Lin's other form, over all pairs
    found = metrics.ccc(truth, prediction)
    if independent > 1e-6:
        assert found == pytest.approx(1 - ((truth - prediction) ** 2).mean() / independent, abs=1e-7)
        assert -1 - 1e-9 <= found <= 1 + 1e-9


def test_ccc_is_undefined_where_nothing_differs_and_rmse_equals_scikit_learns():
    assert np.isnan(metrics.ccc([0.1] * 3, [0.1] * 3))
    assert np.isnan(metrics.ccc([1.0], [2.0]))
    assert metrics.rmse([1.0, -1.0, 0.0], [0.0, 1.0, 2.0]) == pytest.approx(np.sqrt(3))
    truth, prediction = np.random.default_rng(0).normal(size=(2, 40))
    assert metrics.rmse(truth, prediction) == pytest.approx(root_mean_squared_error(truth, prediction))


def test_an_unknown_metric_is_refused_with_the_closest_name():
    with pytest.raises(ModelError, match="did you mean 'accuracy'"):
        metrics.metric("classification", "acuracy")
    with pytest.raises(ModelError, match="no task is named 'emotion'"):
        metrics.metric_names("emotion")


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(metrics, "METRICS", deepcopy(metrics.METRICS))


def worst(truth, prediction):
    return float(np.abs(truth - prediction).max())


def same_sign(truth, prediction):
    return float(((truth > 0) == (prediction > 0)).mean())


def test_a_metric_can_be_registered_once(registry):
    metrics.register("regression", "worst", worst, higher_is_better=False)
    found = metrics.metric("regression", "worst")
    assert (found.name, found.task, found.sign, found.share, found.statistics) == (
        "worst",
        "regression",
        -1,
        False,
        None,
    )
    assert found(np.array([1.0]), np.array([3.0])) == 2
    with pytest.raises(ModelError, match="there is already a"):
        metrics.register("regression", "mae", metrics.r)
    with pytest.raises(ModelError, match="no task is named 'emotion'"):
        metrics.register("emotion", "worst", worst)
    with pytest.raises(ModelError, match="reads probabilities: register it for the task classification"):
        metrics.register("regression", "sharp", worst, reads="probabilities")


def test_a_registered_metric_is_one_of_its_tasks_and_resampled_by_its_own_statistics(registry):
    sums = agreement(lambda values: values > 0)
    metrics.register(
        "regression", "above", lambda t, p: float(((t > 0) == (p > 0)).mean()), share=True, statistics=sums
    )
    assert [found.name for found in metrics.metrics_of("regression", ["above", "mae"])] == ["above", "mae"]
    assert metrics.metrics_of("regression")[-1].name == "above"
    truth, drawn = np.array([1.0, -1.0, 2.0, 3.0]), resample(np.arange(4), draws=50)
    found = metrics.metric("regression", "above")
    by_sums = group_bootstrap(found, truth, np.abs(truth), drawn)
    by_calls = group_bootstrap(replace(found, statistics=None), truth, np.abs(truth), drawn)
    assert by_sums.value == 0.75
    assert by_sums == by_calls


def test_shares_lie_between_0_and_1_and_only_they_are_marked_so():
    rng = np.random.default_rng(0)
    for task, values in (("classification", rng.integers(0, 3, (2, 300))), ("regression", rng.normal(0, 3, (2, 300)))):
        for found in metrics.metrics_of(task):
            assert found.share == (found.name not in ("mae", "r", "ccc", "rmse", "brier"))
            outputs = rng.dirichlet(np.ones(3), 300) if found.reads == "probabilities" else values[1]
            assert not found.share or 0 <= found(values[0], outputs) <= 1


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda _, __: "x", "the metric odd cannot be computed \\("),
        (lambda _, __: None, "the metric odd cannot be computed \\("),
        (lambda _, __: 1 / 0, "the metric odd cannot be computed \\(division by zero"),
        (lambda _, __: 7.5, "the metric odd is 7.5, not from 0 to 1"),
    ],
)
def test_a_metric_that_does_not_return_a_number_or_a_share_is_named(function, sentence):
    with pytest.raises(ModelError, match=sentence):
        metrics.Metric("odd", "classification", function, share=True)([0, 1], [0, 1])
    assert metrics.Metric("odd", "classification", lambda _, __: 7.5)([0], [0]) == 7.5
