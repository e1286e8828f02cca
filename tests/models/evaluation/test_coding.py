"""Whatever the type of labels and predictions, classes are compared as classes and scores as numbers."""

import numpy as np
import pytest

from models.errors import ModelError
from models.evaluation.coding import as_numbers, coded, codes
from models.evaluation.intervals import group_bootstrap, paired_difference, resample
from models.evaluation.metrics import Metric, metric, metrics_of
from models.evaluation.paired_tests import randomisation_test, swaps

SCORES = [-2, 3, 0, 7, 10, -5, 1, 2]
PREDICTED = [-1, 3, 4, 7, 20, -5, 1, 0]


def _worst(truth, prediction):
    return float(np.abs(np.asarray(truth) - np.asarray(prediction)).max())


WORST = Metric("worst", "regression", _worst, higher_is_better=False)


@pytest.mark.parametrize("entry", [*metrics_of("regression"), WORST], ids=lambda entry: entry.name)
@pytest.mark.parametrize(
    "kinds", [(int, float), (int, int), (float, int), (np.int8, np.float32), (object, object), (object, int)]
)
def test_a_score_is_a_number_whatever_its_type(entry, kinds):
    resamples = resample(np.arange(8) % 4)
    truth, predicted = (np.array(values).astype(kind) for values, kind in zip((SCORES, PREDICTED), kinds, strict=True))
    floats = np.array(SCORES, float), np.array(PREDICTED, float)
    found = group_bootstrap(entry, truth, predicted, resamples)
    assert found.value == pytest.approx(entry(*floats))
    wanted = group_bootstrap(entry, *floats, resamples)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    zeros = np.zeros(8)
    lead = paired_difference(entry, truth, predicted, zeros, resamples)
    wanted = paired_difference(entry, *floats, zeros, resamples)
    assert (lead.value, lead.low, lead.high) == pytest.approx((wanted.value, wanted.low, wanted.high), nan_ok=True)
    p = randomisation_test(entry, truth, predicted, zeros, swaps(np.arange(8)))
    assert p == pytest.approx(randomisation_test(entry, *floats, zeros, swaps(np.arange(8))), nan_ok=True)


@pytest.mark.parametrize("name", [found.name for found in metrics_of("classification") if found.reads == "predictions"])
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
    ids=["words", "large integers", "floats", "numbers as text", "missing values", "booleans"],
)
@pytest.mark.parametrize("kind", [None, object])
def test_a_class_is_a_name_whatever_its_type(name, named, kind):
    entry, resamples = metric("classification", name), resample(np.arange(30) % 6)
    rng = np.random.default_rng(0)
    classes = 2 if isinstance(named(0), bool) else 3
    truth, predicted = rng.integers(0, classes, 30), rng.integers(0, classes, 30)
    wanted = group_bootstrap(entry, truth, predicted, resamples)
    renamed = (np.array([named(k) for k in values], dtype=kind) for values in (truth, predicted))
    found = group_bootstrap(entry, *renamed, resamples)
    assert (found.value, found.low, found.high) == pytest.approx((wanted.value, wanted.low, wanted.high))


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match="do not match"):
        group_bootstrap(metric("regression", "mae"), [1.0, 2.0], [1.0], resample([1, 2]))


def test_two_models_of_different_length_are_refused():
    accuracy = metric("classification", "accuracy")
    with pytest.raises(ModelError, match="cannot be paired"):
        randomisation_test(accuracy, [1, 0], [1, 1], [1], swaps([1, 2]))
    with pytest.raises(ModelError, match="do not match"):
        paired_difference(accuracy, [1, 0, 1], [1, 1], [1, 0], resample([1, 2]))


def test_codes_are_positions_in_the_sorted_list_of_classes_of_both_sides():
    truth, predicted = codes(["sad", "joy"], ["neutral", "joy"])
    assert (truth.tolist(), predicted.tolist()) == ([2, 0], [1, 0])


def test_integers_from_0_are_unchanged_and_anything_else_is_coded():
    truth, predicted = np.array([0, 5]), np.array([5, 3])
    assert coded(truth, predicted)[0] is truth
    assert [side.tolist() for side in coded(np.array([-1, 5]), predicted)] == [[0, 2], [2, 1]]
    assert [side.tolist() for side in coded(np.array([]), np.array([]))] == [[], []]


def test_predictions_of_several_models_keep_their_shape():
    truth, predicted = as_numbers("classification", ["b", "a"], [["a", "a"], ["c", "b"]], np.arange(2))
    assert truth.tolist() == [1, 0]
    assert predicted.tolist() == [[0, 0], [2, 1]]
    assert as_numbers("regression", [1, 2], [3, 4], np.arange(2))[1].tolist() == [[3.0, 4.0]]
