"""Learnt numbers, counted by hand."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from features.text.tfidf import TfidfText
from features.text.word2vec import Word2VecText
from models.data.modalities import Modalities
from models.data.scaling import RowSpace
from models.nets.trained_net import TrainedNet
from models.registry import Recipe, build
from models.saving.size import parameters
from models.saving.traversal import iter_parts
from tests.models.saving.tampering import trained

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 6)), np.arange(40) % 3


def test_linear():
    assert parameters(LogisticRegression().fit(X, Y)) == 3 * 6 + 3
    assert parameters(LogisticRegression()) == 0


def test_a_linear_svm_of_wide_features_counts_every_column():
    wide = RNG.normal(size=(12, 50))
    for classes, outputs in ((2, 1), (3, 3)):
        machine = make_pipeline(RowSpace(), LinearSVC()).fit(wide, np.arange(12) % classes)
        assert machine[-1].coef_.shape[1] == 12
        assert parameters(machine) == outputs * (50 + 1)
    assert parameters(make_pipeline(RowSpace(), LinearSVC()).fit(X, Y)) == 3 * (6 + 1)


def test_of_a_plugins_strategy_the_prior_does_not_count():
    class Own(BaseEstimator):
        def fit(self):
            self.weights_, self.prior_, self.seen_ = np.ones(2), np.ones(3), np.arange(4)
            return self

    assert parameters(Own().fit()) == 2


def test_support_vectors():
    machine = SVC().fit(X, Y)
    vectors = len(machine.support_)
    assert parameters(machine) == vectors * 6 + 2 * vectors + 3


def test_trees():
    tree = DecisionTreeRegressor(max_leaf_nodes=5).fit(X, Y)
    assert parameters(tree) == 4 + 5
    forest = RandomForestClassifier(3, max_leaf_nodes=5, random_state=0).fit(X, Y)
    assert parameters(forest) == 3 * (4 + 5 * 3)


def test_boosting():
    from xgboost import XGBClassifier, XGBRegressor

    stump = XGBRegressor(n_estimators=7, max_depth=1).fit(X, Y)
    assert parameters(stump) == 7 * (1 + 2)
    assert parameters(XGBClassifier(n_estimators=2, max_depth=1).fit(X, Y)) == 2 * 3 * (1 + 2)


def test_components_words_and_vectors():
    assert parameters(PCA(2).fit(X)) == 2 * 6
    assert parameters(TfidfText(ngrams=(1, 1)).fit(["a film", "good film"])) == 3
    assert parameters(Word2VecText(size=8, epochs=1).fit(["a film", "good film"])) == 3 * 8


def plain(n=40):
    """Two modalities of 6 columns, always there; three classes."""
    pooled = {m: RNG.normal(size=(n, 6)).astype(np.float32) for m in ("audio", "video")}
    present = {m: np.full(n, True) for m in pooled}
    return Modalities(pooled, present, np.full(n, None), np.arange(n) % 10)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("majority", 0),
        ("concat", 3 * 12 + 3),
        ("vote", 2 * (3 * 6 + 3)),
        ("weighted", 2 * (3 * 6 + 3) + 2 + 1),
        ("product", 2 * (3 * 6 + 3) + 1),
        ("stacking", 2 * (3 * 6 + 3) + 3 * (2 * 3 + 2) + 3),
    ],
)
def test_strategies(name, count):
    recipe = Recipe("classification", ("audio", "video"), classifier_settings={"C": 1.0})
    assert parameters(build(name, recipe).fit(plain(), Y)) == count


def test_scores():
    recipe = Recipe("regression", ("audio", "video"), classifier_settings={"alpha": 1.0})
    scores = RNG.normal(size=40)
    assert parameters(build("product", recipe).fit(plain(), scores)) == 2 * (6 + 1) + 2
    assert parameters(build("weighted", recipe).fit(plain(), scores)) == 2 * (6 + 1) + 2


def test_networks_are_what_torch_counts():
    model, _ = trained("transformer", "classification")
    nets = [part for _, part in iter_parts(model) if isinstance(part, TrainedNet)]
    counted = sum(p.numel() for net in nets for p in net.untrained().parameters())
    assert len(nets) == 1
    inputs = parameters(model.model_.inputs)
    assert parameters(model) == counted + inputs
    assert counted > 1000
