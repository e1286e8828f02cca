"""Every base classifier, alone on planted data, keeps the same promises; choices are scikit-learn's."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from models.classical import classifiers
from models.classical.calibration import GroupCalibrated
from models.classical.classifiers import Classifier, classifier, classifier_names
from models.classical.unimodal import Unimodal
from models.data.design import Block, joined, width
from models.data.modalities import Modalities
from models.data.scaling import LIMIT, RowSpace, Standardise, UnitVariance, total_variance
from models.errors import ModelError
from models.nets.training import held_out

QUICK = {
    "random_forest": {"n_estimators": 30},
    "xgboost": {"n_estimators": 20, "max_depth": 2},
    "fcnn": {"hidden": 16, "epochs": 20},
}


def data(n=240, p=6, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.uniform(-3, 3, n)
    numbers = rng.normal(size=(n, p)) + score[:, None] * np.array([0.6, -0.6, 0.3] + [0] * (p - 3))
    numbers = (numbers * 10.0 ** np.arange(-2, p - 2)).astype(np.float32)
    x = Modalities({"audio": numbers}, {"audio": np.ones(n, bool)}, np.full(n, None), np.arange(n) % 12)
    return x, score


def labels(score, task):
    return score if task == "regression" else np.array(["neg", "neu", "pos"])[np.digitize(score, [-1, 1])]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", classifier_names())
def test_learns_and_is_the_same_twice(name, task):
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
        assert loss < 0.95  # a prior without looking: 1.10


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


def test_settings_overrule_and_lists_are_choices():
    svm = classifier("svm")
    assert svm.candidates("classification", {"C": [1, 2]}) == [{"C": c, "class_weight": None} for c in (1, 2)]
    assert svm.candidates("regression", {"C": 5, "epsilon": 0.1}) == [{"C": 5, "epsilon": 0.1}]
    with pytest.raises(ModelError, match="the classifier has no setting 'gama'"):
        svm.candidates("regression", {"gama": 1})
    with pytest.raises(ModelError, match="'C' of the classifier is an empty list"):
        svm.candidates("regression", {"C": []})


def test_a_grid_may_depend_on_the_number_of_columns():
    logistic = classifier("logistic")
    few, many = ([c["C"] for c in logistic.candidates("classification", None, n)] for n in (273, 6373))
    assert few == [0.3, 1.5, 6.0]
    assert many[0] > few[0]
    assert many[-1] > 6.0
    assert [c["C"] for c in logistic.candidates("classification", {"C": [1, 2]}, 6373)] == [1, 2]
    assert logistic.candidates("regression", None, 6373) == logistic.candidates("regression", None, 8)


def test_words_that_are_not_there_are_no_columns():
    assert width(np.zeros((3, 7))) == 7
    assert width(csr_matrix(([1.0, 1.0, 1.0], ([0, 0, 1], [5, 9000, 3])), shape=(3, 10000))) == 1


def test_wide_matrices_are_searched_further():
    """Each of many columns tells a little: with C up to 6 all classes stay close to the prior."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 240)
    numbers = rng.normal(size=(240, 2500)) + 0.35 * rng.normal(size=(4, 2500))[y]
    here = {"audio": np.ones(240, bool)}
    x = Modalities({"audio": numbers.astype(np.float32)}, here, np.full(240, None), np.arange(240) % 12)
    model = Unimodal("audio").fit(x, y)
    assert model.settings_["C"] > 6
    narrow = Modalities({"audio": x.pooled["audio"][:, :500]}, here, x.text, x.groups)
    assert Unimodal("audio").fit(narrow, y).settings_["C"] <= 6


@pytest.mark.parametrize("shape", [(90, 400), (200, 30)])
def test_the_space_of_the_rows_changes_no_linear_machine(shape):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, shape[0])
    x, new = (rng.normal(size=shape) + rng.normal(size=(3, shape[1]))[y] for _ in range(2))
    machine = LinearSVC(C=0.5, tol=1e-8, max_iter=100_000, random_state=0)
    plain = machine.fit(x / 9, y).decision_function(new / 9)
    space = RowSpace().fit(x / 9)
    assert space.transform(x / 9).shape[1] == min(shape)
    inside = machine.fit(space.transform(x / 9), y).decision_function(space.transform(new / 9))
    np.testing.assert_allclose(inside, plain, atol=2e-3)


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


def test_calibration_by_group_is_honest_where_groups_repeat_themselves():
    """Rows of a group are near copies: calibrated on rows drawn at random, a kernel machine believes itself."""
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


def test_the_net_leaves_torchs_state_alone_and_ignores_it():
    x, score = data()
    model = Unimodal("audio", "fcnn", task="regression", settings=QUICK["fcnn"])
    torch.manual_seed(1)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first = model.fit(x, score).predict(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    torch.manual_seed(2)
    assert model.fit(x, score).predict(x).tobytes() == first.tobytes()
    other = Unimodal("audio", "fcnn", task="regression", settings={**QUICK["fcnn"], "seed": 3}).fit(x, score).predict(x)
    assert other.tobytes() != first.tobytes()


def test_the_net_stops_early_and_keeps_the_best_epoch():
    x, _ = data()
    noise = np.random.default_rng(0).normal(size=240)
    model = Unimodal("audio", "fcnn", task="regression", settings={"hidden": 64, "epochs": 60, "patience": 4}).fit(
        x, noise
    )
    net = model.model_.classifier.estimator_
    losses = net.net_.losses
    assert len(losses) < 60
    assert losses[-1] > min(losses)
    valid = held_out(x.groups, noise, "regression")[1]
    targets = (noise[valid] - noise.mean()) / noise.std()
    matrix = model.model_.design.transform(x)[valid]
    reached = np.mean((net._forward(matrix)[:, 0] - targets) ** 2)
    assert reached == pytest.approx(min(losses), rel=1e-4)


def test_standardise_by_hand():
    values = np.array([[1.0, 5.0, np.nan, 2.0], [3.0, 5.0, np.nan, np.nan], [5.0, 5.0, np.nan, 4.0]])
    scaled = Standardise().fit(values).transform(values)
    half = np.sqrt(1.5)
    np.testing.assert_allclose(scaled, [[-half, 0, 0, -1], [0, 0, 0, 0], [half, 0, 0, 1]])
    assert Standardise().fit(values).transform(np.array([[1e9, 5, 1, 3]])).tolist() == [[LIMIT, 0, 0, 0]]


def test_sparse_and_dense_parts_join():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = np.array(["good film", None, "bad film", "good"], object)
    x = Modalities(
        {"text": np.arange(8, dtype=np.float32).reshape(4, 2)},
        {"text": np.array([True, False, True, True])},
        texts,
        np.arange(4),
    )
    block = Block("text", [("counts", TfidfVectorizer())]).fit(x)
    matrix = joined(block.transform(x))
    assert matrix.shape == (4, 2 + 3)
    assert np.abs(matrix[[1]].toarray()).sum() == 0
    counts = matrix[:, 2:]
    assert total_variance(counts[[0, 2, 3]]) == pytest.approx(100)


def test_text_transformers_are_fitted_on_training_rows_alone():
    from sklearn.feature_extraction.text import CountVectorizer

    n = 40
    texts = np.array([("good" if i % 2 else "bad") + f" word{i}" for i in range(n)], object)
    x = Modalities({}, {"text": np.ones(n, bool)}, texts, np.arange(n) % 5)
    words = {"text": [("counts", CountVectorizer())]}
    model = Unimodal("text", fitted=words).fit(x[:30], np.arange(30) % 2)
    (fitted,) = model.model_.design.block.transformers_
    assert "word29" in fitted.vocabulary_
    assert "word30" not in fitted.vocabulary_
    assert not hasattr(words["text"][0][1], "vocabulary_")
    assert (model.predict(x[30:]) == np.arange(30, n) % 2).all()


def test_a_modality_of_nothing_is_refused():
    x, score = data()
    empty = Modalities({}, x.present, x.text, x.groups)
    with pytest.raises(ModelError, match="neither pooled features nor a fitted transformer"):
        Unimodal("audio", task="regression").fit(empty, score)


@pytest.mark.parametrize("name", ["logistic", "linear_svm", "svm"])
@pytest.mark.parametrize("rare", [False, True])
def test_weights_of_classes_are_by_name(name, rare):
    x, score = data()
    y = np.array(["1", "2", "3"])[np.digitize(score, [-1, 1])]
    train = np.flatnonzero(y != "1") if rare else np.arange(len(y))  # a fold that lacks a class

    def said(weights):
        model = Unimodal("audio", name, classes=["1", "2", "3"], settings={"C": 1.0, "class_weight": weights})
        return list(model.fit(x[train], y[train]).predict(x))

    plain = said(None)
    assert said({"1": 1, "3": 1}) == plain
    for label in "23" if rare else "123":
        favoured = said({label: 50})  # machines are calibrated afterwards, which takes most of a weight back
        assert favoured.count(label) > plain.count(label) if name == "logistic" else favoured != plain
    with pytest.raises(ModelError, match="class_weight names 'pos', which is not one of the classes: 1, 2, 3"):
        said({"pos": 2})
