"""Early and late fusion against scikit-learn's own, on the same folds."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.errors import ModelError
from models.fusion.early import Concat, Early, Pca
from models.fusion.late import MajorityVote, Product, Stacking, WeightedAverage, powers

THREE = ("text", "audio", "video")


def data(n=300, seed=0, classes=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    centres = {m: rng.normal(size=(classes, 5)) for m in THREE}
    parts = {m: (rng.normal(size=(n, 5)) * [1, 2, 0.5, 3, 1] + centres[m][truth]).astype(np.float32) for m in THREE}
    x = Modalities(parts, {m: np.ones(n, bool) for m in THREE}, np.full(n, None), np.arange(n) % 12)
    return x, truth


def bases(task="classification", **settings):
    return tuple(Unimodal(m, task=task, settings=settings or None) for m in THREE)


def columns(which):
    return FunctionTransformer(lambda z: z[:, 5 * which : 5 * which + 5])


def theirs(scale=1.0, C=1.0):
    shrink = FunctionTransformer(lambda z: z * scale)
    return make_pipeline(StandardScaler(), shrink, LogisticRegression(C=C, max_iter=300, tol=1e-6))


def flat(x):
    return np.hstack([x.pooled[m].astype(np.float64) for m in THREE])


def test_unimodal_is_scikit_learns_scaler_and_logistic_regression():
    x, y = data()
    ours = Unimodal("audio", settings={"C": 2.0}).fit(x[:200], y[:200]).predict_proba(x[200:])
    other = theirs(1 / np.sqrt(5), C=2.0).fit(x.pooled["audio"][:200], y[:200])
    np.testing.assert_allclose(ours, other.predict_proba(x.pooled["audio"][200:]), atol=5e-3)


def test_concat_is_scikit_learns_on_the_joined_columns():
    x, y = data()
    ours = Early(THREE, settings={"C": 2.0}).fit(x[:200], y[:200]).predict_proba(x[200:])
    other = theirs(1 / np.sqrt(15), C=2.0).fit(flat(x)[:200], y[:200])
    np.testing.assert_allclose(ours, other.predict_proba(flat(x)[200:]), atol=5e-3)


def test_pca_is_scikit_learns_and_keeps_95_percent_of_the_training_variance():
    x, y = data()
    model = Early(THREE, "pca", settings={"C": 2.0, "reducer": {"weighting": "column"}}).fit(x[:200], y[:200])
    other = make_pipeline(StandardScaler(), PCA(0.95)).fit(flat(x)[:200])
    mine = model.model_.design.transform(x[200:])
    wanted = other.transform(flat(x)[200:])
    assert mine.shape == wanted.shape
    np.testing.assert_allclose(np.abs(mine), np.abs(wanted), atol=1e-6)
    assert model.model_.design.how.pca_.explained_variance_ratio_.sum() >= 0.95


def test_pca_with_a_number_of_components():
    blocks = [np.random.default_rng(0).normal(size=(20, 4)), np.random.default_rng(1).normal(size=(20, 3))]
    assert Pca(components=3).fit(blocks).transform(blocks).shape == (20, 3)
    assert Pca(components=99).fit(blocks).transform(blocks).shape == (20, 7)


def test_block_weighting_gives_wide_and_narrow_modalities_the_same_weight():
    rng = np.random.default_rng(0)
    wide, narrow = rng.normal(size=(50, 100)), rng.normal(size=(50, 2))
    joined = Concat().fit([wide, narrow]).transform([wide, narrow])
    assert np.square(joined[:, :100]).sum() == pytest.approx(np.square(joined[:, 100:]).sum())
    plain = Concat("column").fit([wide, narrow]).transform([wide, narrow])
    np.testing.assert_array_equal(plain, np.hstack([wide, narrow]))


def test_a_missing_modality_is_the_training_mean_and_a_flag():
    x, y = data()
    mask = np.arange(300) % 3 > 0
    gone = Modalities(x.pooled, {**x.present, "audio": mask}, x.text, x.groups)
    design = Early(("audio", "video"), settings={"C": 1.0}).fit(gone, y).model_.design
    (block,) = [b for b in design.blocks if b.modality == "audio"]
    values, flag = block.transform(gone)
    assert np.abs(values[~mask]).max() == 0
    np.testing.assert_allclose(values[mask].mean(axis=0), 0, atol=1e-6)
    assert len(np.unique(flag[mask])) == len(np.unique(flag[~mask])) == 1
    assert flag.std() == pytest.approx(1)


def test_what_stands_in_an_absent_row_is_never_read():
    x, y = data()
    mask = np.arange(300) % 3 > 0
    present = {**x.present, "audio": mask}
    wild = {**x.pooled, "audio": np.where(mask[:, None], x.pooled["audio"], 1e6).astype(np.float32)}
    for model in (Early(THREE), MajorityVote(bases()), Stacking(bases()), WeightedAverage(bases())):
        one = model.fit(Modalities(x.pooled, present, x.text, x.groups), y).predict_proba(x)
        two = model.fit(Modalities(wild, present, x.text, x.groups), y).predict_proba(x)
        np.testing.assert_array_equal(one, two)


def test_vote_is_scikit_learns_hard_vote_but_for_ties():
    x, y = data(classes=2)  # three votes on two classes never tie
    ours = MajorityVote(bases(C=1.0), voting="all").fit(x[:200], y[:200]).predict(x[200:])
    members = [(m, make_pipeline(columns(i), theirs(1 / np.sqrt(5)))) for i, m in enumerate(THREE)]
    other = VotingClassifier(members, voting="hard").fit(flat(x)[:200], y[:200]).predict(flat(x)[200:])
    assert (ours == other).mean() > 0.98  # the solvers stop a hair apart


def test_a_tie_goes_to_the_larger_summed_probability_and_absent_modalities_do_not_vote():
    vote = MajorityVote(bases())
    vote.voting_ = np.ones(3, bool)
    outputs = np.array([[[0.9, 0.1], [0.6, 0.4]], [[0.4, 0.6], [0.2, 0.8]], [[0.45, 0.55], [0.4, 0.6]]])
    usable = np.array([[True, True], [True, True], [False, False]])
    assert vote._combine(outputs, usable).argmax(axis=1).tolist() == [0, 1]
    usable[2] = True
    assert vote._combine(outputs, usable).argmax(axis=1).tolist() == [1, 1]  # two votes beat one that is sure


def test_vote_on_a_score_is_the_median_of_those_present():
    vote = MajorityVote(bases("regression"))
    vote.voting_ = np.ones(3, bool)
    outputs = np.array([[[1.0], [1.0]], [[2.0], [2.0]], [[9.0], [9.0]]])
    usable = np.array([[True, True], [True, True], [True, False]])
    assert vote._combine(outputs, usable)[:, 0].tolist() == [2.0, 1.5]


def by_hand(outputs, task):
    if task == "regression":
        return np.median(outputs[:, :, 0], axis=0)
    counts = np.stack([(outputs.argmax(axis=2) == k).sum(axis=0) for k in range(outputs.shape[2])], axis=1)
    return (counts + outputs.sum(axis=0) / 100).argmax(axis=1)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_chosen_modalities_are_those_with_the_fewest_out_of_fold_errors(task):
    x, y = data(classes=2)
    noise = np.random.default_rng(1).normal(size=(2, 300, 5)).astype(np.float32)
    deaf = Modalities({**x.pooled, "audio": noise[0], "video": noise[1]}, x.present, x.text, x.groups)
    train, test = deaf[:200], deaf[200:]
    model = MajorityVote(bases(task), voting="chosen").fit(train, y[:200])
    unseen = np.stack([base.out_of_fold_ for base in model.bases_])
    errors = {}
    for voting in [[0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]]:
        errors[tuple(voting)] = np.abs(by_hand(unseen[voting], task) - y[:200]).mean()
    best = list(min(errors, key=errors.get))
    assert np.flatnonzero(model.voting_).tolist() == best
    assert best != [0, 1, 2]
    said = np.stack([model.bases_[i].outputs(test) for i in best])
    np.testing.assert_allclose(model.predict(test), by_hand(said, task))
    mute = test.without([THREE[i] for i in best])  # none of the chosen is there: all that are there vote
    others = MajorityVote(bases(task), voting="all").fit(train, y[:200])
    np.testing.assert_array_equal(model.predict(mute), others.predict(mute))


def test_of_equally_right_sets_the_largest_votes():
    x, y = data(classes=2)
    same = Modalities(dict.fromkeys(THREE, x.pooled["text"]), x.present, x.text, x.groups)
    assert MajorityVote(bases(), voting="chosen").fit(same, y).voting_.all()
    with pytest.raises(ModelError, match="all or chosen"):
        MajorityVote(bases(), voting="some").fit(x, y)


@pytest.mark.parametrize("pool", ["geometric", "arithmetic"])
def test_weights_find_the_modality_that_tells(pool):
    rng = np.random.default_rng(3)
    x, y = data()
    noise = {m: x.pooled[m] if m == "audio" else rng.normal(size=(300, 5)).astype(np.float32) for m in THREE}
    model = WeightedAverage(bases(), pool=pool).fit(Modalities(noise, x.present, x.text, x.groups), y)
    assert model.weights_.sum() == pytest.approx(1)
    assert model.weights_.min() >= 0
    assert model.weights_[1] > 0.8


def test_weights_of_a_score_are_the_least_squares_on_unseen_rows():
    rng = np.random.default_rng(4)
    truth = rng.normal(size=400)
    parts = {
        m: (truth + s * rng.normal(size=400)).astype(np.float32)[:, None]
        for m, s in zip(THREE, (0.5, 1, 2), strict=True)
    }
    x = Modalities(parts, {m: np.ones(400, bool) for m in THREE}, np.full(400, None), np.arange(400) % 10)
    model = WeightedAverage(bases("regression", alpha=0.1)).fit(x, truth)
    outputs = np.stack([base.out_of_fold_[:, 0] for base in model.bases_])
    steps = np.linspace(0, 1, 41)
    grid = [(a, b, 1 - a - b) for a in steps for b in steps if a + b <= 1]
    best = min(np.mean((np.array(w) @ outputs - truth) ** 2) for w in grid)
    assert np.mean((model.weights_ @ outputs - truth) ** 2) <= best + 1e-6


def test_weights_are_scaled_where_a_modality_is_absent():
    model = WeightedAverage(bases(), pool="arithmetic")
    outputs = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.5, 0.5]]])
    usable = np.array([[True], [True], [False]])
    np.testing.assert_allclose(model._pool(outputs, usable, np.array([0.6, 0.2, 0.2]), 1.0), [[0.75, 0.25]])
    np.testing.assert_allclose(model._pool(outputs, usable, np.array([0.0, 0.0, 1.0]), 1.0), [[0.5, 0.5]])


def test_equal_weights_without_inner_folds():
    x, y = data()
    model = WeightedAverage(bases(C=1.0)).fit(x, y, [])
    np.testing.assert_allclose(model.weights_, 1 / 3)
    assert Stacking(bases(C=1.0)).fit(x, y, []).meta_ is None


def test_out_of_fold_outputs_are_scikit_learns_cross_val_predict():
    x, y = data()
    folds = list(GroupKFold(3).split(y, groups=x.groups))
    ours = Unimodal("audio", settings={"C": 1.0}).fit(x, y, folds).out_of_fold_
    other = cross_val_predict(
        theirs(1 / np.sqrt(5)), x.pooled["audio"].astype(float), y, cv=folds, method="predict_proba"
    )
    np.testing.assert_allclose(ours, other, atol=5e-3)


def test_stacking_is_as_good_as_scikit_learns_on_the_same_folds():
    x, y = data()
    folds = list(GroupKFold(3).split(y[:200], groups=x.groups[:200]))
    ours = Stacking(bases(C=1.0)).fit(x[:200], y[:200], folds)
    members = [(m, make_pipeline(columns(i), theirs(1 / np.sqrt(5)))) for i, m in enumerate(THREE)]
    other = StackingClassifier(members, LogisticRegression(C=10), cv=folds).fit(flat(x)[:200], y[:200])
    mine, them = ours.predict(x[200:]), other.predict(flat(x)[200:])
    assert (mine == them).mean() > 0.9
    assert abs((mine == y[200:]).mean() - (them == y[200:]).mean()) < 0.05


def test_the_classifier_on_top_never_sees_an_answer_of_a_model_that_knew_the_row():
    """Bases that know their training rows by heart would be trusted blindly if the stack learnt from those."""
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


def test_late_fusion_needs_a_base():
    x, y = data(n=30)
    with pytest.raises(ModelError, match="at least one base"):
        MajorityVote(()).fit(x, y)


def test_a_product_has_the_prior_once_to_the_power_that_unseen_rows_choose():
    x, y = data(n=400)
    rare = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:40], np.flatnonzero(y == 2)[:15]])
    x, y = x[rare], y[rare]
    model = Product(bases()).fit(x, y)
    prior = np.bincount(y) / len(y)
    by_hand = np.prod([base.outputs(x) / prior for base in model.bases_], axis=0) * prior**model.power_
    np.testing.assert_allclose(model.predict_proba(x), by_hand / by_hand.sum(axis=1, keepdims=True), atol=1e-4)
    unseen = np.stack([base.out_of_fold_ for base in model.bases_])
    products = [np.prod(unseen / prior, axis=0) * prior**p for p in powers(3)]
    scores = [f1_score(y, product.argmax(axis=1), average="weighted") for product in products]
    near = [np.mean(scores[:2]), *np.convolve(scores, np.ones(3) / 3, "valid"), np.mean(scores[-2:])]
    assert model.power_ == powers(3)[int(np.argmax(near))]


@pytest.mark.parametrize("count", range(1, 9))
def test_a_product_offers_bayes_rule_and_a_plain_product(count):
    offered = powers(count)
    assert offered == sorted(offered, reverse=True)
    assert {0.0, 1.0, float(count)} <= set(offered)
    assert np.min(-np.diff(offered)) > 1e-6


@pytest.mark.parametrize("power", [0.0, 0.6, 1.0, 3.0])
def test_a_product_of_one_present_base_is_that_base(power):
    x, y = data()
    model = Product(bases()).fit(x, y)
    model.power_ = power
    masks = {m: np.full(len(x), m == "audio") for m in THREE}
    alone = Modalities(x.pooled, masks, x.text, x.groups)
    np.testing.assert_allclose(model.predict_proba(alone), model.bases_[1].outputs(alone), atol=1e-5)


@pytest.mark.parametrize("there", [(0,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_a_product_is_bayes_rule_for_as_many_bases_as_a_row_has(there):
    """Three signs that are independent within a class, each base right about its own: the posterior by counting."""
    prior = np.array([0.7, 0.2, 0.1])
    seen = np.array([[0.9, 0.4, 0.2], [0.3, 0.8, 0.6], [0.5, 0.1, 0.7]])  # P(sign i is there | class)
    model = Product(bases())
    model.prior_, model.power_ = prior, 1.0
    outputs = np.stack([(prior * sign / (prior @ sign))[None] for sign in seen])
    usable = np.isin(np.arange(3), there)[:, None]
    joint = prior * np.prod(seen[list(there)], axis=0)
    np.testing.assert_allclose(model._multiplied(outputs, usable, 1.0)[0], joint / joint.sum(), atol=1e-12)
    plain = np.prod(outputs[list(there), 0], axis=0)  # as many powers as bases: the plain product
    np.testing.assert_allclose(model._multiplied(outputs, usable, 3.0)[0], plain / plain.sum(), atol=1e-12)


def test_a_product_never_answers_a_class_without_training_rows():
    x, y = data()
    models = tuple(Unimodal(m, classes=(0, 1, 2, 3)) for m in THREE)
    model = Product(models).fit(x, y)
    model.power_ = 0.0  # as far from the prior as it goes: bases that contradict each other leave the fourth class
    torn = Modalities(
        {m: 50 * np.roll(x.pooled[m], i, axis=0) for i, m in enumerate(THREE)}, x.present, x.text, x.groups
    )
    answers = model.predict_proba(torn)
    np.testing.assert_array_equal(answers[:, 3], 0)
    np.testing.assert_allclose(answers.sum(axis=1), 1)


def test_a_product_of_scores_weighs_by_inverse_error():
    x, y = data()
    model = Product(bases("regression")).fit(x, y.astype(float))
    errors = np.array([np.mean((b.out_of_fold_[:, 0] - y) ** 2) for b in model.bases_])
    weights = (1 / errors) / (1 / errors).sum()
    expected = np.einsum("m,mn->n", weights, [b.outputs(x)[:, 0] for b in model.bases_])
    np.testing.assert_allclose(model.predict(x), expected)


def test_a_base_of_one_extractor_reads_its_columns_alone():
    x, y = data()
    joined = Modalities(
        {"audio": np.hstack([x.pooled["audio"], x.pooled["video"]])},
        {"audio": x.present["audio"]},
        x.text,
        x.groups,
        {"audio": (*(f"mfcc.{i}" for i in range(5)), *(f"prosody.{i}" for i in range(5)))},
    )
    one = Unimodal("audio", extractor="prosody").fit(joined, y).predict_proba(joined)
    np.testing.assert_array_equal(one, Unimodal("video").fit(x, y).predict_proba(x))
    with pytest.raises(ModelError, match="from 'pitch'"):
        Unimodal("audio", extractor="pitch").fit(joined, y)


def test_votes_take_no_more_memory_than_the_outputs():
    """Votes for a thousand classes are a thousand numbers per row, not a table of a million."""
    outputs = np.random.default_rng(0).dirichlet(np.ones(30), size=(3, 5))
    vote = MajorityVote([Unimodal("audio")])
    found = vote._counted(outputs, np.ones((3, 5), bool), np.ones(3, bool))
    votes = np.eye(30)[outputs.argmax(axis=2)] + outputs / 4
    np.testing.assert_array_equal(found, votes.sum(axis=0) / votes.sum(axis=0).sum(axis=1, keepdims=True))
