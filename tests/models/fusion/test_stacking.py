"""Stacking against scikit-learn on the same folds."""

import numpy as np
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.fusion.stacking import Stacking
from tests.models.fusion.toy import THREE, bases, columns, data, flat, theirs


def test_stacking_is_as_good_as_scikit_learns_on_the_same_folds():
    x, y = data()
    folds = list(GroupKFold(3).split(y[:200], groups=x.groups[:200]))
    ours = Stacking(bases(C=1.0)).fit(x[:200], y[:200], folds)
    members = [(m, make_pipeline(columns(i), theirs(1 / np.sqrt(5)))) for i, m in enumerate(THREE)]
    other = StackingClassifier(members, LogisticRegression(C=10), cv=folds).fit(flat(x)[:200], y[:200])
    mine, them = ours.predict(x[200:]), other.predict(flat(x)[200:])
    assert (mine == them).mean() > 0.9
    assert abs((mine == y[200:]).mean() - (them == y[200:]).mean()) < 0.05


def test_the_classifier_on_top_only_sees_outputs_of_models_that_were_not_fitted_on_the_row():
    """Bases that memorise their training rows would be trusted blindly if the stack learnt from these rows."""
    rng = np.random.default_rng(8)
    x, y = data(n=200)
    noise = {
        "text": rng.normal(size=(200, 60)).astype(np.float32),
        "audio": x.pooled["audio"],
        "video": x.pooled["video"],
    }
    x = Modalities(noise, x.present, x.text, x.groups)
    parrots = tuple(Unimodal(m, "random_forest", settings={"n_estimators": 20}) for m in ("text", "audio"))
    model = Stacking(parrots).fit(x[:150], y[:150])
    assert (parrots[0].__class__(**parrots[0].get_params()).fit(x, y).predict(x) == y).mean() > 0.95
    alone = Unimodal("audio", "random_forest", settings={"n_estimators": 20}).fit(x[:150], y[:150])
    assert model.score(x[150:], y[150:]) > alone.score(x[150:], y[150:]) - 0.1


def test_the_classifier_on_top_reads_log_probabilities_the_prior_where_a_modality_is_absent_and_flags():
    model = Stacking(bases())
    model.prior_ = np.array([0.75, 0.25])
    outputs = np.array([[[0.8, 0.2]], [[0.5, 0.5]], [[0.1, 0.9]]])
    usable = np.array([[True], [False], [True]])
    found = model._columns(outputs, usable)
    np.testing.assert_allclose(found, [[*np.log([0.8, 0.2, 0.75, 0.25, 0.1, 0.9]), 1, 0, 1]])


def test_without_a_classifier_on_top_the_present_modalities_are_averaged():
    model = Stacking(bases())
    model.meta_ = None
    outputs = np.array([[[0.8, 0.2]], [[0.4, 0.6]], [[0.0, 1.0]]])
    usable = np.array([[True], [True], [False]])
    np.testing.assert_allclose(model._combine(outputs, usable), [[0.6, 0.4]])
