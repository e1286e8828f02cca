"""Probabilities from distances."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC, LinearSVC

from models.classical.calibration import GroupCalibrated


def test_calibration_by_group_is_honest_where_groups_repeat_themselves():
    """Rows of a group are near copies: calibrated on rows drawn at random, a kernel machine is overconfident."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(240), 6)
    y = rng.integers(0, 2, 240)[groups]
    x = (rng.normal(size=(240, 8)) + 0.35 * (2 * y[::6, None] - 1))[groups] + 0.05 * rng.normal(size=(1440, 8))
    fit, test = groups < 60, groups >= 60

    def loss(model):
        chances = model.predict_proba(x[test])[np.arange(1080), y[test]]
        return -np.log(chances).mean()

    machine = SVC(C=20.0)
    by_group = GroupCalibrated(machine).fit(x[fit], y[fit], groups[fit])
    by_row = GroupCalibrated(machine).fit(x[fit], y[fit], np.arange(fit.sum()))
    assert loss(by_group) < np.log(2) < loss(by_row)


def test_probabilities_are_a_logistic_regression_on_held_out_distances():
    rng = np.random.default_rng(1)
    y, groups = np.arange(60) % 2, np.arange(60) // 20
    x = rng.normal(size=(60, 3)) + y[:, None]
    machine = LinearSVC(random_state=0)
    held_out = np.empty(60)
    for group in range(3):
        train, valid = groups != group, groups == group
        held_out[valid] = machine.fit(x[train], y[train]).decision_function(x[valid])
    link = LogisticRegression(max_iter=2000).fit(held_out[:, None], y)
    wanted = link.predict_proba(machine.fit(x, y).decision_function(x)[:, None])
    found = GroupCalibrated(LinearSVC(random_state=0)).fit(x, y, groups)
    np.testing.assert_allclose(found.predict_proba(x), wanted, rtol=1e-9)
    np.testing.assert_array_equal(found.predict(x), wanted.argmax(axis=1))


def test_without_inner_folds_of_all_classes_the_training_distances_are_used():
    x, y = np.array([[-1.0], [-2.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])
    model = GroupCalibrated(LinearSVC()).fit(x, y, np.array([0, 0, 1, 1]))  # without either group, a class is missing
    assert model.predict(x).tolist() == y.tolist()
    assert np.isfinite(model.predict_proba(x)).all()
