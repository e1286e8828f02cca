"""Checks of a model's outputs."""

import numpy as np
import pytest

from models.errors import DivergedError, FitError, ModelError
from models.outputs import checked_outputs, finite, probabilities, scores

HALVES = np.full((3, 2), 0.5)


def test_probabilities_are_returned_unchanged():
    assert probabilities(HALVES.astype(np.float32), 3, "ab", np.array(["a", "b"])).tolist() == HALVES.tolist()
    assert probabilities(np.empty((0, 2)), 0, "ab").shape == (0, 2)
    assert probabilities(np.array([[1.0, 0.0]]), 1, range(2), np.array([0, 1])).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("answers", "own", "said"),
    [
        (HALVES[:, :1], None, "the shape \\(3, 1\\), not \\(3, 2\\)"),
        (HALVES[:2], None, "the shape"),
        ([HALVES[:, 0], HALVES[:, 1]], None, "the shape"),
        (HALVES, ["b", "a"], "classes_ is b, a, not a, b"),
        (HALVES, ["a", "b", "c"], "classes_ is a, b, c"),
        (HALVES * 1.01, None, "not probabilities: the sum of a row is 1.01"),
        (np.add(HALVES, [0.6, -0.6]), None, "not probabilities: one of them is 1.1"),
        (-np.log(HALVES), None, "not probabilities"),
    ],
)
def test_anything_but_probabilities_of_these_classes_is_refused(answers, own, said):
    with pytest.raises(FitError, match=said):
        probabilities(answers, 3, "ab", own)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_output_that_is_not_finite_has_diverged(value):
    with pytest.raises(DivergedError, match="the outputs for 1 of 3 utterances are not finite"):
        probabilities(np.add(HALVES, [[0, 0], [value, 0], [0, 0]]), 3, "ab")


def test_a_score_is_one_number_per_row():
    assert scores([1, 2.5], 2).tolist() == [1, 2.5]
    for wrong in ([[1], [2]], [1], 3.0):
        with pytest.raises(FitError, match="one score per row"):
            scores(wrong, 2)


@pytest.mark.parametrize("wide", [(3,), (3, 2)])
def test_infinite_outputs_are_refused(wide):
    assert finite(np.zeros(wide)) is not None
    assert len(finite(np.zeros((0, 2)))) == 0
    wrong = np.zeros(wide)
    wrong[1] = np.inf
    with pytest.raises(DivergedError, match="outputs for 1 of 3 utterances"):
        finite(wrong)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([[0.5, 0.5], [1.5, -0.5]], "one of them is 1.5"),
        ([[0.5, 0.5], [-0.1, 1.1]], "one of them is"),
        ([[0.5, 0.5], [0.2, 0.2]], "the sum of a row is 0.4"),
        ([[0.9, 0.9]] * 2, "the sum of a row is 1.8"),
        ([[0.5, np.nan]] * 2, "not finite numbers"),
        ([[np.inf, 0.0]] * 2, "not finite numbers"),
        ([[0.5, 0.5]], "have the shape"),
        ([[1.0], [1.0]], "have the shape"),
        ([[0.2, 0.3, 0.5]] * 2, "have the shape"),
    ],
)
def test_outputs_that_are_not_probabilities_are_refused(outputs, message):
    with pytest.raises(ModelError, match=message):
        checked_outputs(np.array(outputs), 2, 2)


def test_valid_outputs_are_returned_unchanged():
    shares = np.array([[0.25, 0.75], [1 + 1e-7, -1e-7]])
    assert (checked_outputs(shares, 2, 2) == shares).all()
    assert checked_outputs(np.float32([[0.1] * 10]), 1, 10).shape == (1, 10)
    assert checked_outputs(np.zeros((0, 3)), 0, 3).shape == (0, 3)
    assert checked_outputs(np.array([[-7.5], [3e9]]), 2, 0).tolist() == [[-7.5], [3e9]]  # a score may be anything
    with pytest.raises(ModelError, match="not finite numbers"):
        checked_outputs(np.array([[np.inf]]), 1, 0)
