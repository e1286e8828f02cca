"""What a model may answer."""

import numpy as np
import pytest

from models.errors import DivergedError, FitError
from models.outputs import probabilities, scores

HALVES = np.full((3, 2), 0.5)


def test_probabilities_are_taken_as_they_are():
    assert probabilities(HALVES.astype(np.float32), 3, "ab", np.array(["a", "b"])).tolist() == HALVES.tolist()
    assert probabilities(np.empty((0, 2)), 0, "ab").shape == (0, 2)
    assert probabilities(np.array([[1.0, 0.0]]), 1, range(2), np.array([0, 1])).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("answers", "own", "said"),
    [
        (HALVES[:, :1], None, "the shape \\(3, 1\\), where \\(3, 2\\) is due"),
        (HALVES[:2], None, "the shape"),
        ([HALVES[:, 0], HALVES[:, 1]], None, "the shape"),
        (HALVES, ["b", "a"], "its classes_ are b, a, in place of a, b"),
        (HALVES, ["a", "b", "c"], "its classes_ are a, b, c"),
        (HALVES * 1.01, None, "no probabilities: those of a row add up to 1.01"),
        (np.add(HALVES, [0.6, -0.6]), None, "no probabilities: one of them is 1.1"),
        (-np.log(HALVES), None, "no probabilities"),
    ],
)
def test_what_is_no_probability_of_these_classes_is_refused(answers, own, said):
    with pytest.raises(FitError, match=said):
        probabilities(answers, 3, "ab", own)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_has_diverged(value):
    with pytest.raises(DivergedError, match="1 of 3 answers are no finite numbers"):
        probabilities(np.add(HALVES, [[0, 0], [value, 0], [0, 0]]), 3, "ab")


def test_a_score_is_one_number_a_row():
    assert scores([1, 2.5], 2).tolist() == [1, 2.5]
    for wrong in ([[1], [2]], [1], 3.0):
        with pytest.raises(FitError, match="one score a row"):
            scores(wrong, 2)
