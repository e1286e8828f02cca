"""Labels as numbers, and one classifier whose outputs have a column for every class."""

import numpy as np
import pytest

from models.classical import classifiers
from models.classical.target import FLOOR, FittedClassifier, Target, coded
from models.classical.unimodal import Unimodal
from models.errors import DivergedError, ModelError
from tests.models.classical.planted import data


def test_classes_are_coded_by_their_sorted_names():
    target = Target.read(["b", "a", "b", "c"], "classification")
    assert target.classes.tolist() == ["a", "b", "c"]
    assert target.values.tolist() == [1, 0, 1, 2]
    assert target.width == 3
    np.testing.assert_allclose(target.prior(), [0.25, 0.5, 0.25])
    assert target[[0, 3]].values.tolist() == [1, 2]
    assert target.predictions(np.array([[0.2, 0.4, 0.4], [1, 0, 0]])).tolist() == ["b", "a"]  # the first of equals


def test_scores_have_one_column_and_the_mean_as_their_prior():
    target = Target.read([1, 2.5, -0.5], "regression")
    assert target.width == 1
    np.testing.assert_allclose(target.prior(), [1.0])
    assert target.predictions(np.array([[3.0], [4.0]])).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("labels", "task", "classes", "message"),
    [
        ([1], "ranking", None, "the task 'ranking' is unknown"),
        ([], "classification", None, "give one label per utterance, and at least one"),
        ([[1, 2]], "classification", None, r"shape \(1, 2\)"),
        (["a", "z"], "classification", ["a", "b"], "the label 'z' is not one of the classes a, b"),
        ([1.0, np.nan], "regression", None, "row 1 .counted from 0. is missing or infinite"),
        (["much"], "regression", None, "a score must be a number"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(labels, task, classes, message):
    with pytest.raises(ModelError, match=message):
        Target.read(labels, task, classes)


def test_losses_by_hand():
    target = Target.read(["a", "b"], "classification")
    outputs = np.array([[0.5, 0.5], [1.0, 0.0]])
    assert target.loss(outputs) == pytest.approx(-(np.log(0.5) + np.log(FLOOR)) / 2)
    assert np.isnan(target.loss(np.array([[np.nan, 0.5], [0.5, 0.5]])))
    assert target[:0].loss(outputs[:0]) == 0
    assert Target.read([1.0, 3.0], "regression").loss(np.array([[2.0], [1.0]])) == pytest.approx((1 + 4) / 2)


def test_class_weights_follow_the_codes_of_the_classes_in_training():
    settings = {"C": 1, "class_weight": {"b": 3, "c": 5}}
    found = coded(settings, np.array(["a", "b", "c"]), np.array([0, 2]))
    assert found == {"C": 1, "class_weight": {0: 1, 1: 5}}
    assert coded({"class_weight": "balanced"}, np.array(["a"]), np.array([0])) == {"class_weight": "balanced"}


def test_a_class_without_training_rows_has_probability_0_and_a_single_one_is_certain():
    x = np.array([[-1.0], [1.0], [-2.0], [2.0]])
    target = Target.read(["a", "c", "a", "c"], "classification", ["a", "b", "c"])
    fitted = FittedClassifier(classifiers.classifier("logistic"), {"C": 1.0, "class_weight": None})
    outputs = fitted.fit(x, target, np.arange(4)).outputs(x)
    assert (outputs[:, 1] == 0).all()
    np.testing.assert_allclose(outputs.sum(axis=1), 1)
    only = Target.read(["c"] * 4, "classification", ["a", "b", "c"])
    assert fitted.fit(x, only, np.arange(4)).outputs(x).tolist() == [[0, 0, 1]] * 4
    assert fitted.outputs(x[:0]).shape == (0, 3)


def test_a_matrix_without_columns_gives_the_prior():
    target = Target.read([1.0, 3.0], "regression")
    fitted = FittedClassifier(classifiers.classifier("logistic"), {"alpha": 1.0}).fit(np.zeros((2, 0)), target, None)
    assert fitted.outputs(np.zeros((3, 0))).tolist() == [[2.0]] * 3


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_undefined_and_infinite_columns_are_refused(value):
    x = np.zeros((4, 2))
    x[2, 1] = value
    with pytest.raises(DivergedError, match="undefined or infinite"):
        FittedClassifier(classifiers.classifier("logistic"), {}).fit(
            x, Target.read([0, 1, 0, 1], "classification"), np.arange(4)
        )


@pytest.mark.parametrize("name", ["logistic", "linear_svm", "svm"])
@pytest.mark.parametrize("rare", [False, True])
def test_weights_of_classes_are_by_name(name, rare):
    x, score = data()
    y = np.array(["1", "2", "3"])[np.digitize(score, [-1, 1])]
    train = np.flatnonzero(y != "1") if rare else np.arange(len(y))  # a fold that lacks a class

    def predicted(weights):
        model = Unimodal("audio", name, classes=["1", "2", "3"], settings={"C": 1.0, "class_weight": weights})
        return list(model.fit(x[train], y[train]).predict(x))

    plain = predicted(None)
    assert predicted({"1": 1, "3": 1}) == plain
    for label in "23" if rare else "123":
        favoured = predicted(
            {label: 50}
        )  # support vector machines are calibrated afterwards, which cancels most of a weight
        assert favoured.count(label) > plain.count(label) if name == "logistic" else favoured != plain
    with pytest.raises(ModelError, match="class_weight names 'pos', which is not one of the classes: 1, 2, 3"):
        predicted({"pos": 2})
