"""Every base classifier, alone on planted data, fulfils the same contract; choices are those of scikit-learn."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.classical import classifiers
from models.classical.classifiers import Classifier, classifier, classifier_names
from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.data.scaling import UnitVariance
from models.errors import ModelError
from tests.models.classical.planted import QUICK, data, labels


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", classifier_names())
def test_learns_and_gives_the_same_twice(name, task):
    x, score = data()
    y = labels(score, task)
    models = [Unimodal("audio", name, task=task, settings=QUICK.get(name)).fit(x[:180], y[:180]) for _ in range(2)]
    first, second = (m.outputs(x[180:]) for m in models)
    assert first.tobytes() == second.tobytes()
    if task == "regression":
        assert np.corrcoef(first[:, 0], y[180:])[0, 1] > 0.65
    else:
        assert models[0].score(x[180:], y[180:]) > 0.55
        truth = np.searchsorted(models[0].classes_, y[180:])
        loss = -np.log(np.maximum(first[np.arange(60), truth], 1e-6)).mean()
        assert loss < 0.95  # the prior: 1.10


@pytest.mark.parametrize("name", classifier_names())
def test_two_classes_and_a_rare_third(name):
    x, score = data()
    y = np.where(score > 0, "pos", "neg").astype(object)
    y[[3, 100]] = "odd"
    model = Unimodal("audio", name, settings=QUICK.get(name)).fit(x, y)
    assert model.predict_proba(x).shape == (240, 3)
    assert (model.predict(x) == y).mean() > 0.75


def test_choice_of_settings_is_grid_searchs():
    x, score = data(p=40)
    y = labels(score, "classification")
    folds = list(GroupKFold(3).split(y, groups=x.groups))
    ours = Unimodal("audio", settings={"C": [0.01, 0.3, 10.0]}).fit(x, y, folds)
    pipe = make_pipeline(StandardScaler(), UnitVariance(), LogisticRegression(max_iter=300, tol=1e-3))
    grid = {"logisticregression__C": [0.01, 0.3, 10.0]}
    search = GridSearchCV(pipe, grid, cv=folds, scoring="neg_log_loss").fit(x.pooled["audio"].astype(float), y)
    assert ours.settings_["C"] == search.best_params_["logisticregression__C"]


def test_one_penalty_suits_few_and_many_columns():
    x, score = data()
    y = labels(score, "classification")
    wide = Modalities({"audio": np.tile(x.pooled["audio"], (1, 30))}, x.present, x.text, x.groups)
    few = Unimodal("audio", settings={"C": 1.0}).fit(x, y).predict_proba(x)
    many = Unimodal("audio", settings={"C": 1.0}).fit(wide, y).predict_proba(wide)
    np.testing.assert_allclose(few, many, atol=5e-3)


@pytest.mark.parametrize("name", ["logistic", "linear_svm", "svm", "fcnn"])
def test_units_do_not_matter(name):
    x, score = data()
    metres = Modalities({"audio": x.pooled["audio"] * np.float32(1024)}, x.present, x.text, x.groups)
    one, two = (Unimodal("audio", name, task="regression", settings=QUICK.get(name)).fit(d, score) for d in (x, metres))
    np.testing.assert_allclose(one.predict(x), two.predict(metres), atol=1e-4)


def test_settings_replace_defaults_and_lists_are_choices():
    svm = classifier("svm")
    assert svm.candidates("classification", {"C": [1, 2]}) == [{"C": c, "class_weight": None} for c in (1, 2)]
    assert svm.candidates("regression", {"C": 5, "epsilon": 0.1}) == [{"C": 5, "epsilon": 0.1}]
    with pytest.raises(ModelError, match="the classifier has no setting 'gama'"):
        svm.candidates("regression", {"gama": 1})
    with pytest.raises(ModelError, match="'C' of the classifier is an empty list"):
        svm.candidates("regression", {"C": []})


def test_a_search_space_may_depend_on_the_number_of_columns():
    logistic = classifier("logistic")
    few, many = ([c["C"] for c in logistic.candidates("classification", None, n)] for n in (273, 6373))
    assert few == [0.3, 1.5, 6.0]
    assert many[0] > few[0]
    assert many[-1] > 6.0
    assert [c["C"] for c in logistic.candidates("classification", {"C": [1, 2]}, 6373)] == [1, 2]
    assert logistic.candidates("regression", None, 6373) == logistic.candidates("regression", None, 8)


def test_a_penalty_is_that_of_standardised_columns_times_their_number():
    """C of scikit-learn's logistic regression on standardised columns, the form in which papers state it."""
    x, score = data(p=40)
    y = labels(score, "classification")
    ours = Unimodal("audio", settings={"C": 4.0}).fit(x, y)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=4.0 / 40, max_iter=2000, tol=1e-8))
    theirs.fit(x.pooled["audio"].astype(float), y)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x.pooled["audio"].astype(float)), atol=5e-3)


@pytest.mark.parametrize(
    ("columns", "best"), [(88, 0.05), (176, 0.02), (770, 0.003), (6373, 0.001), (6373, 0.0005), (6373, 25 / 6373)]
)
def test_the_search_space_encloses_the_penalties_measured_on_ravdess(columns, best):
    """By the number of standardised columns: eGeMAPS, that with MFCCs and prosody, an encoder of speech, ComParE."""
    tried = [c["C"] / columns for c in classifier("logistic").candidates("classification", None, columns)]
    assert min(tried) < best < max(tried)


def test_wide_matrices_are_searched_further():
    """Each of many columns carries a little information: with C up to 6, probabilities stay close to the prior."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 240)
    numbers = rng.normal(size=(240, 2500)) + 0.35 * rng.normal(size=(4, 2500))[y]
    here = {"audio": np.ones(240, bool)}
    x = Modalities({"audio": numbers.astype(np.float32)}, here, np.full(240, None), np.arange(240) % 12)
    model = Unimodal("audio").fit(x, y)
    assert model.settings_["C"] > 6
    narrow = Modalities({"audio": x.pooled["audio"][:, :500]}, here, x.text, x.groups)
    assert Unimodal("audio").fit(narrow, y).settings_["C"] <= 6


def test_unknown_names_get_the_closest():
    with pytest.raises(ModelError, match="no classifier is named 'svn'; did you mean 'svm'"):
        classifier("svn")


def test_a_classifier_can_be_registered(monkeypatch):
    from sklearn.neighbors import KNeighborsClassifier

    monkeypatch.setattr(classifiers, "CLASSIFIERS", deepcopy(classifiers.CLASSIFIERS))
    kinds = {"classification": {"k": (1, 15)}, "regression": {}}
    classifiers.register("knn", Classifier(lambda _, settings: KNeighborsClassifier(settings["k"]), kinds))
    x, score = data()
    model = Unimodal("audio", "knn").fit(x, labels(score, "classification"))
    assert model.settings_ == {"k": 15}
    with pytest.raises(ModelError, match="there is already a"):
        classifiers.register("svm", Classifier(lambda *_: None, kinds))
