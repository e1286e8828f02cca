"""The base of all strategies: checked labels and inner folds, finite outputs, scikit-learn's tags."""

import numpy as np
import pytest
from sklearn.base import is_classifier, is_regressor

from models.classical.estimator import UtteranceEstimator
from models.data.modalities import Modalities
from models.errors import DivergedError, ModelError

N = 4
X = Modalities({}, {"text": np.ones(N, bool)}, np.full(N, "yes", object), np.array([1, 1, 2, 2]))


class Remembering(UtteranceEstimator):
    """Gives the same outputs to all rows, and remembers what it was fitted on."""

    def __init__(self, task="classification", classes=None, value=0.75):
        self.task = task
        self.classes = classes
        self.value = value

    def _fit(self, x, target, inner):
        self.fitted_ = x, target, inner

    def _outputs(self, x):
        if self.task == "regression":
            return np.full((len(x), 1), self.value)
        return np.tile([self.value, 1 - self.value], (len(x), 1))


def test_outputs_become_classes_or_scores():
    model = Remembering().fit(X, ["b", "a", "a", "a"])
    assert model.classes_.tolist() == ["a", "b"]
    np.testing.assert_allclose(model.prior_, [0.75, 0.25])
    assert model.predict(X).tolist() == ["a"] * N
    assert model.predict_proba(X).tolist() == [[0.75, 0.25]] * N
    assert model.score(X, ["b", "a", "a", "a"]) == 0.75
    assert model.fit_seconds_ >= 0
    model = Remembering("regression").fit(X, [0.75, 1.75, 2.75, 3.75])
    assert model.predict(X).tolist() == [0.75] * N
    assert model.score(X, [0.75, 1.75, 2.75, 3.75]) == -1.5
    assert not hasattr(model, "predict_proba")


@pytest.mark.parametrize(
    ("task", "right", "wrong"),
    [("classification", is_classifier, is_regressor), ("regression", is_regressor, is_classifier)],
)
def test_scikit_learn_knows_the_task(task, right, wrong):
    assert right(Remembering(task))
    assert not wrong(Remembering(task))


def test_inner_folds_are_those_of_the_groups_unless_given():
    y = ["a", "b", "a", "b"]
    own = Remembering().fit(X, y).fitted_[2]
    assert sorted((a.tolist(), b.tolist()) for a, b in own) == [([0, 1], [2, 3]), ([2, 3], [0, 1])]
    given = Remembering().fit(X, y, [([0, 1, 2], [3]), ([0], [])]).fitted_[2]
    assert [(a.tolist(), b.tolist()) for a, b in given] == [([0, 1, 2], [3])]  # the empty one is left out


@pytest.mark.parametrize(
    ("y", "inner", "message"),
    [
        (["a"], None, "there are 1 labels for 4 utterances"),
        (["a", "b", "a", "b"], [([0], [4])], "outside the training rows, which are 0 to 3"),
        (["a", "b", "a", "b"], [([0, 1], [1])], "the same row in both its training and its validation part"),
        (["a", "b", "a", "z"], None, "the label 'z' is not one of the classes a, b"),
    ],
)
def test_labels_and_folds_that_cannot_be_used_are_refused(y, inner, message):
    with pytest.raises(ModelError, match=message):
        Remembering(classes=["a", "b"]).fit(X, y, inner)


def test_outputs_that_are_not_finite_are_refused():
    with pytest.raises(DivergedError):
        Remembering("regression", value=np.inf).fit(X, np.arange(4.0)).predict(X)
