"""A design and a classifier: fitted on the rows that can be used, chosen on inner folds, the prior elsewhere."""

import numpy as np
import pytest

from models.classical.classifiers import classifier
from models.classical.tabular import DesignedClassifier
from models.classical.target import FittedClassifier, Target
from models.classical.unimodal import Unimodal
from models.data.design import OneModality
from models.data.modalities import Modalities
from tests.models.classical.planted import data, labels


def half_present():
    x, score = data(60)
    present = np.arange(60) % 2 == 0
    return Modalities(x.pooled, {"audio": present}, x.text, x.groups), score, present


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_rows_without_the_modality_get_the_prior_of_all_training_rows(task):
    x, score, present = half_present()
    model = Unimodal("audio", task=task, settings={"C": 1.0, "alpha": 1.0}).fit(x, labels(score, task))
    assert model.usable(x).tolist() == present.tolist()
    np.testing.assert_allclose(model.outputs(x)[~present], np.tile(model.prior_, (30, 1)))
    assert np.ptp(model.outputs(x)[present], axis=0).min() > 0


def test_a_modality_in_no_training_row_leaves_only_the_prior():
    x, score, _ = half_present()
    absent = x.without(["audio"])
    model = Unimodal("audio", task="regression").fit(absent, score)
    assert model.model_.classifier is None
    np.testing.assert_allclose(model.predict(x), score.mean())


def test_out_of_fold_outputs_come_from_models_without_the_row():
    x, score = data(60)
    pairs = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 50), np.arange(30))]
    model = Unimodal("audio", task="regression", settings={"alpha": 1.0}).fit(x, score, pairs)
    for train, valid in pairs:
        alone = Unimodal("audio", task="regression", settings={"alpha": 1.0}).fit(x[train], score[train], [])
        np.testing.assert_allclose(model.out_of_fold_[valid], alone.outputs(x[valid]), rtol=1e-9)


def test_without_inner_folds_the_first_settings_are_used():
    x, score = data(60)
    model = Unimodal("audio", task="regression", settings={"alpha": [7.0, 1e-6]}).fit(x, score, [])
    assert model.settings_ == {"alpha": 7.0}
    assert np.isnan(model.out_of_fold_).all()


def test_a_designed_classifier_joins_the_design_and_the_classifier():
    x, score, present = half_present()
    target = Target.read(score, "regression")
    design = OneModality("audio", None).fit(x[present])
    matrix = design.transform(x[present])
    fitted = FittedClassifier(classifier("logistic"), {"alpha": 1.0}).fit(matrix, target[present], x.groups[present])
    outputs = DesignedClassifier(design, fitted, np.array([5.0])).outputs(x)
    np.testing.assert_allclose(outputs[present], fitted.outputs(matrix))
    assert (outputs[~present] == 5).all()
