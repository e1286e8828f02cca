"""The search: the least finite loss wins, and a fit that diverges is refused."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold

from models import registry
from models.classical import classifiers
from models.classical.classifiers import Classifier, register
from models.classical.search import least, search, tuned_classifier
from models.classical.target import Target
from models.errors import DivergedError
from models.registry import Recipe, build, strategy, strategy_names
from tests.models.nets.test_neural import TWO, exclusive_or

NAN, INF = float("nan"), float("inf")


NO_NUMBERS = "(no|not) finite number|infinite or undefined"


@pytest.mark.parametrize(
    ("losses", "best"),
    [([NAN, 2.0, 1.0], 2), ([0.5, NAN], 0), ([-INF, 3.0], 1), ([INF, 3.0, 3.0], 1), ([0.0], 0)],
)
def test_only_a_finite_loss_can_be_the_least(losses, best):
    assert least(losses, "abcd") == best


@pytest.mark.parametrize("losses", [[NAN], [INF, NAN, -INF]])
def test_without_a_finite_loss_there_is_no_best(losses):
    with pytest.raises(DivergedError, match=NO_NUMBERS):
        least(losses, "abc")


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("hole", [slice(0, 1), slice(None)], ids=["one answer", "all answers"])
@pytest.mark.parametrize("value", [NAN, INF])
def test_a_perfect_candidate_with_one_undefined_output_loses_to_a_poor_one(task, hole, value):
    y = np.arange(6) % 2
    target = Target.read(y, task)
    perfect = np.eye(2)[y] if task == "classification" else y[:, None].astype(float)
    poor = np.full_like(perfect, 0.5)
    pairs = ((np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3)))

    def fitted(train, valid):
        def answer(settings):
            said = (perfect if settings["perfect"] else poor)[valid].copy()
            if settings["perfect"]:
                said[hole] = value
            return said

        return answer

    settings, outputs, _ = search([{"perfect": True}, {"perfect": False}], target, pairs, fitted)
    assert settings == {"perfect": False}
    np.testing.assert_array_equal(outputs, poor)
    with pytest.raises(DivergedError, match=NO_NUMBERS):
        search([{"perfect": True}], target, pairs, fitted)


LEARNT = sorted(name for name in strategy_names() if strategy(name).sequences and name != "spectrogram_cnn")


@pytest.mark.parametrize("name", [*LEARNT, "concat/lstm", "concat/fcnn"])
@pytest.mark.parametrize("rates", [[1e-2, 1e30], [1e30, 1e-2]], ids=["last", "first"])
def test_a_learning_rate_that_diverges_is_never_chosen(name, rates):
    name, _, classifier = name.partition("/")
    x, y = exclusive_or(120, sequences=True)
    x = x if classifier != "fcnn" else exclusive_or(120)[0]
    model = build(name, _recipe(classifier, learning_rate=rates, epochs=4)).fit(x, y)
    assert model.settings_["learning_rate"] == 1e-2
    assert len(set(model.predict(x))) == 2


def _recipe(classifier="", **settings):
    if classifier:
        shape = {"hidden": 8, "dropout": 0.1}
        return Recipe("classification", TWO, classifier, classifier_settings={**shape, **settings})
    return Recipe("classification", TWO, settings={"dropout": 0.1, **settings})


@pytest.mark.parametrize("name", [*LEARNT, "concat/lstm", "concat/fcnn"])
def test_a_network_that_can_only_diverge_is_refused(name):
    name, _, classifier = name.partition("/")
    x, y = exclusive_or(120, sequences=classifier != "fcnn")
    with pytest.raises(DivergedError, match=NO_NUMBERS):
        build(name, _recipe(classifier, learning_rate=1e30, epochs=4)).fit(x, y)


class _Nothing:
    """A reducer whose columns are all NaN."""

    def fit(self, blocks, present=None):
        return self

    def transform(self, blocks, present=None):
        return np.full((blocks[0].shape[0], 3), NAN)


@pytest.mark.parametrize("classifier", ["logistic", "random_forest", "xgboost", "fcnn", "lstm"])
@pytest.mark.parametrize("name", ["pca", "cca", "autoencoder"])
def test_a_reducer_with_undefined_columns_is_refused(name, classifier, monkeypatch):
    monkeypatch.setitem(registry.STRATEGIES._entries, name, replace(strategy(name), core=_Nothing))
    x, y = exclusive_or(60, sequences=classifier == "lstm")
    settings = {"epochs": 2} if classifier in ("fcnn", "lstm") else {}
    with pytest.raises(DivergedError):
        build(name, Recipe("classification", TWO, classifier, classifier_settings=settings)).fit(x, y).predict(x)


class Overflowing(BaseEstimator):
    """Predicts undefined numbers if `broken` is set."""

    def __init__(self, broken=0.0):
        self.broken = broken

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return np.full((len(x), len(self.classes_)), NAN if self.broken else 1 / len(self.classes_))

    def predict(self, x):
        return np.full(len(x), INF if self.broken else 0.0)


@pytest.fixture
def overflowing(monkeypatch):
    monkeypatch.setattr(classifiers, "CLASSIFIERS", deepcopy(classifiers.CLASSIFIERS))
    settings = {"broken": (1.0, 0.0)}
    register(
        "overflowing", Classifier(lambda _, s: Overflowing(**s), {"classification": settings, "regression": settings})
    )


@pytest.mark.usefixtures("overflowing")
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", ["unimodal", "concat", "vote", "weighted", "product", "stacking"])
def test_a_classifier_with_undefined_outputs_neither_wins_nor_predicts(task, name):
    x, y = exclusive_or(60)
    modalities = TWO if name != "unimodal" else TWO[:1]
    y = y if task == "classification" else y.astype(float)
    recipe = Recipe(task, modalities, "overflowing")
    assert np.isfinite(build(name, recipe).fit(x, y).outputs(x)).all()
    with pytest.raises(DivergedError, match=NO_NUMBERS):
        build(name, Recipe(task, modalities, "overflowing", classifier_settings={"broken": 1.0})).fit(x, y).predict(x)


@pytest.mark.usefixtures("overflowing")
def test_tuning_on_a_fixed_matrix_ignores_it_too():
    x, y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    pairs = ((np.arange(15), np.arange(15, 30)),)
    member = tuned_classifier("overflowing", None, x, Target.read(y, "classification"), np.arange(30), pairs)
    assert member.settings == {"broken": 0.0}


GRIDS = {"classification": ("C", [1e-3, 30.0, 0.3, 1e3, 1e-2]), "regression": ("alpha", [1e3, 0.01, 40.0, 1e-4, 200.0])}


@pytest.mark.parametrize("budget", [None, 2, 3])
@pytest.mark.parametrize("task", GRIDS)
def test_the_classifier_of_least_held_out_loss_wins_within_the_budget(task, budget):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(60, 8))
    y = x[:, 0] + x[:, 1] + rng.normal(size=60)
    y = (y > 0).astype(int) if task == "classification" else y
    setting, grid = GRIDS[task]
    pairs = tuple(KFold(3).split(x))
    tried = {None: grid, 2: [grid[0], grid[4]], 3: [grid[0], grid[2], grid[4]]}[budget]
    losses = [_loss(x, y, pairs, task, value) for value in tried]
    target = Target.read(y, task)
    fitted = tuned_classifier("logistic", {setting: grid}, x, target, np.arange(60), pairs, budget)
    assert fitted.settings[setting] == tried[int(np.argmin(losses))]
    assert tuned_classifier("logistic", {setting: grid}, x, target, np.arange(60), ()).settings[setting] == grid[0]


def _loss(x, y, pairs, task, value):
    """The held-out loss of scikit-learn's own models, on columns whose variances sum to 1 in training."""
    outputs = np.zeros((60, 2))
    for rows, valid in pairs:
        scale = np.sqrt((x[rows] ** 2).sum() / len(rows))
        if task == "classification":
            model = LogisticRegression(C=value, max_iter=500).fit(x[rows] / scale, y[rows])
            outputs[valid] = model.predict_proba(x[valid] / scale)
        else:
            outputs[valid, 0] = Ridge(alpha=value).fit(x[rows] / scale, y[rows]).predict(x[valid] / scale)
    return log_loss(y, outputs) if task == "classification" else mean_squared_error(y, outputs[:, 0])
