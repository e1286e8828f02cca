"""Every strategy in the registry fulfils the same contract."""

from copy import deepcopy
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from models import registry as strategies
from models.data.modalities import Modalities, Ragged
from models.errors import ModelError
from models.fusion.late import Late
from models.registry import Recipe, Strategy, build, strategy, strategy_names
from tests.models.toy_strategies import ENTRIES

TASKS = ("classification", "regression")
LSTM = ("unimodal/lstm", "concat/lstm")  # what a recipe's classifier makes of these two
TOYS = (*ENTRIES, "mine/svm")  # registered here as built-in entries are; test_plugins registers them as a plugin
NAMES = (*strategy_names(), *LSTM, *TOYS)
SEEN = [name for name in NAMES if name not in strategy_names("baseline")]
FUSIONS = (*strategy_names("fusion"), "concat/lstm", "mine", "mean", "mine/svm")
THREE = ("text", "audio", "video")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(strategies, "STRATEGIES", deepcopy(strategies.STRATEGIES))
    for name, entry in ENTRIES.items():
        strategies.register(name, entry)


def toy(n=60, seed=0):
    """Three modalities with different information, each missing in some rows; row 0 has none at all.

    Audio and video also have sequences; row 1 has audio without a step.
    """
    rng = np.random.default_rng(seed)
    score = rng.uniform(-3, 3, n)
    pooled = {m: rng.normal(size=(n, 4)).astype(np.float32) for m in THREE}
    for place, m in enumerate(THREE):
        pooled[m][:, place] += score
    pooled["audio"][rng.random((n, 4)) < 0.1] = np.nan
    present = {m: rng.random(n) < 0.8 for m in THREE}
    for m in THREE:
        present[m][0] = False
        pooled[m][~present[m]] = np.nan
    text = np.array(["good fine" if s > 0 else "bad poor" for s in score], object)
    text[~present["text"]] = None
    steps = {m: (0, *rng.integers(1, 7, n - 1)) for m in ("audio", "video", "spectrogram")}
    steps["audio"] = steps["spectrogram"] = (*steps["audio"][:1], 0, *steps["audio"][2:])
    sequences = {m: Ragged.of([_steps(rng, k, s) for k, s in zip(steps[m], score, strict=True)]) for m in steps}
    return Modalities(pooled, present, text, rng.permutation(np.arange(n) % 10), {}, sequences), score


def _steps(rng, count, score):
    return (rng.normal(size=(count, 5)) + np.array([score, 0, 0, 0, 0])).astype(np.float32)


def beside(x, other):
    """The rows of both, one after the other."""
    return Modalities(
        {m: np.vstack([x.pooled[m], other.pooled[m]]) for m in THREE},
        {m: np.concatenate([x.present[m], other.present[m]]) for m in THREE},
        np.concatenate([x.text, other.text]),
        np.concatenate([x.groups, other.groups]),
        {},
        {
            m: Ragged.of([*map(s.values, range(len(x))), *map(other.sequences[m].values, range(len(other)))])
            for m, s in x.sequences.items()
        },
    )


def labels(score, task):
    return score if task == "regression" else np.array(["neg", "neu", "pos"])[np.digitize(score, [-1, 1])]


def made(name, task, modalities=None, **more):
    """One value per setting: the choice among several is tested with the classifiers, and in test_neural.py."""
    name, _, classifier = name.partition("/")
    few = ("audio",) if strategy(name).kind == "unimodal" else THREE
    quick = {"dropout": 0.1, "epochs": 20, "learning_rate": 5e-3}
    own = {"settings": quick} if strategy(name).sequences else {"classifier_settings": {"C": 3.0, "alpha": 1.0}}
    if classifier:
        own = {"classifier": classifier, "classifier_settings": quick if classifier == "lstm" else {"C": 3.0}}
    return build(name, Recipe(task, few if modalities is None else modalities, **{**own, **more}))


@cache
def fitted(name, task):
    """A model that several tests read, fitted on the rows of `toy`; none of them fits it again."""
    x, score = toy()
    return made(name, task).fit(x, labels(score, task))


def answers(model, x):
    return model.predict(x) if model.task == "regression" else model.predict_proba(x)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", NAMES)
def test_predicts_numbers_for_every_row(name, task):
    x, _ = toy()
    model = fitted(name, task)
    assert model.predict(x).shape == (60,)
    if task == "regression":
        assert np.isfinite(model.predict(x)).all()
        assert not hasattr(model, "predict_proba")
    else:
        chances = model.predict_proba(x)
        assert chances.shape == (60, 3)
        assert np.isfinite(chances).all()
        assert chances.min() >= 0
        np.testing.assert_allclose(chances.sum(axis=1), 1)
        assert (model.classes_[chances.argmax(axis=1)] == model.predict(x)).all()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", SEEN)
def test_a_row_without_any_modality_gets_the_training_prior(name, task):
    x, score = toy()
    y = labels(score, task)
    got = answers(fitted(name, task), x[[0]])[0]
    prior = y.mean() if task == "regression" else np.unique(y, return_counts=True)[1] / 60
    np.testing.assert_allclose(got, prior)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", NAMES)
def test_is_a_scikit_learn_estimator(name, task):
    x, score = toy()
    y = labels(score, task)
    model = made(name, task)
    assert (is_classifier(model), is_regressor(model)) == (task == "classification", task == "regression")
    copy = clone(model)
    assert repr(copy) == repr(model)
    got = cross_val_predict(model, x, y, cv=GroupKFold(2), groups=x.groups)
    fold = next(iter(GroupKFold(2).split(y, groups=x.groups)))
    own = copy.fit(x[fold[0]], y[fold[0]]).predict(x[fold[1]])
    assert (got[fold[1]] == own).all()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", NAMES)
def test_gives_the_same_twice_and_does_not_change_its_input(name, task):
    x, score = toy()
    y = labels(score, task)
    before = x.fingerprint(THREE)
    first, model = answers(fitted(name, task), x).tobytes(), made(name, task)
    assert answers(model.fit(x, y), x).tobytes() == first
    assert x.fingerprint(THREE) == before
    assert answers(model.fit(x, y), x).tobytes() == first


@pytest.mark.parametrize("name", NAMES)
def test_a_tested_row_does_not_depend_on_the_others(name):
    x, score = toy(80)
    y = labels(score, "classification")
    model = made(name, "classification").fit(x[:60], y[:60])
    together = model.predict_proba(x[60:])
    other, _ = toy(80, seed=9)
    mixed = beside(x[60:70], other[:10])
    np.testing.assert_allclose(model.predict_proba(mixed)[:10], together[:10], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.predict_proba(x[[63]])[0], together[3], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", FUSIONS)
def test_fusion_of_one_modality_works(name, task):
    x, score = toy()
    y = labels(score, task)
    assert made(name, task, ("audio",)).fit(x, y).predict(x).shape == (60,)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_without_training_rows_has_a_column(name):
    x, score = toy()
    y = labels(score, "classification")
    rows = np.flatnonzero(y != "neu")
    model = made(name, "classification", classes=("neg", "neu", "pos")).fit(x[rows], y[rows])
    chances = model.predict_proba(x)
    assert chances.shape == (60, 3)
    assert chances[:, 1].max() < 0.01
    assert set(model.predict(x)) <= {"neg", "pos"}


@pytest.mark.parametrize("name", NAMES)
def test_a_single_class_or_score_is_predicted(name):
    x, _ = toy()
    assert set(made(name, "classification").fit(x, np.full(60, "calm")).predict(x)) == {"calm"}
    np.testing.assert_allclose(made(name, "regression").fit(x, np.full(60, 1.5)).predict(x), 1.5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_modality_that_is_absent_in_training_does_no_harm(name, task):
    x, score = toy()
    y = labels(score, task)
    model = made(name, task).fit(x.without(["audio"]), y)
    assert len(model.predict(x)) == 60


@pytest.mark.parametrize("name", NAMES)
def test_very_few_rows_of_one_group_are_enough(name):
    x, score = toy()
    few = replace(x[1:5], groups=np.zeros(4))
    assert len(made(name, "classification").fit(few, ["a", "b", "a", "b"]).predict(x)) == 60
    assert len(made(name, "regression").fit(few, score[1:5]).predict(x)) == 60


@pytest.mark.parametrize("name", SEEN)
def test_learns_from_true_labels_and_nothing_from_shuffled_ones(name):
    x, score = toy(240)
    y = labels(score, "classification")
    cut = GroupKFold(2).split(y, groups=x.groups)
    train, test = next(iter(cut))
    real = made(name, "classification").fit(x[train], y[train]).score(x[test], y[test])
    shuffled = np.random.default_rng(5).permutation(y)
    chance = made(name, "classification").fit(x[train], shuffled[train]).score(x[test], shuffled[test])
    floor = np.unique(y[test], return_counts=True)[1].max() / len(test)
    assert real > floor + 0.12
    assert chance < floor + 0.1


@pytest.mark.parametrize("name", FUSIONS)
def test_fusion_beats_each_single_modality_if_they_complement_each_other(name):
    x, truth, folds, best = complementary()
    fused = cross_val_predict(made(name, "classification"), x, truth, cv=folds)
    assert (fused == truth).mean() > best + 0.03


@lru_cache(maxsize=1)
def complementary():
    """Rows, classes and folds of three modalities that know different things, and how often the best one is right."""
    rng = np.random.default_rng(11)
    n = 400
    truth = rng.integers(0, 2, n)
    parts = {
        m: (rng.normal(size=(n, 3)) + 0.9 * (2 * truth[:, None] - 1) * [1, 0, 0]).astype(np.float32) for m in THREE
    }
    x = Modalities(parts, {m: np.ones(n, bool) for m in THREE}, np.full(n, None), np.arange(n) % 20)
    folds = list(GroupKFold(4).split(truth, groups=x.groups))
    alone = [cross_val_predict(build("unimodal", Recipe("classification", (m,))), x, truth, cv=folds) for m in THREE]
    return x, truth, folds, max((one == truth).mean() for one in alone)


@pytest.mark.parametrize("name", NAMES)
def test_given_inner_folds_are_used(name):
    x, score = toy()
    y = labels(score, "classification")
    inner = [(np.arange(40), np.arange(40, 60))]
    model = made(name, "classification").fit(x, y, inner)
    for base in getattr(model, "bases_", ()):
        assert np.isnan(base.out_of_fold_[:40]).all()
        assert np.isfinite(base.out_of_fold_[40:]).all()
    with pytest.raises(ModelError, match="outside the training rows, which are 0 to 59"):
        made(name, "classification").fit(x, y, [(np.arange(60), np.array([60]))])
    with pytest.raises(ModelError, match="same row"):
        made(name, "classification").fit(x, y, [(np.arange(60), np.arange(50, 60))])


@pytest.mark.parametrize("name", [n for n in strategy_names() if strategy(n).sequences])
def test_networks_work_in_grid_search_and_in_a_pipeline(name):
    x, score = toy()
    y = labels(score, "classification")
    settings = [{"dropout": d, "epochs": 4} for d in (0.1, 0.3)]
    model = make_pipeline("passthrough", made(name, "classification"))
    search = GridSearchCV(model, {f"{model.steps[1][0]}__settings": settings}, cv=2).fit(x, y)
    assert search.best_estimator_.predict_proba(x).shape == (60, 3)


def test_works_in_grid_search():
    x, score = toy()
    search = GridSearchCV(build("concat", Recipe("classification", THREE)), {"reducer": ["concat", "pca"]}, cv=2)
    assert search.fit(x, labels(score, "classification")).best_score_ > 0.4


@pytest.mark.parametrize(
    ("name", "recipe", "message"),
    [
        ("stack", Recipe("regression", THREE), "no strategy is named 'stack'; did you mean 'stacking'"),
        ("unimodal", Recipe("regression", THREE), "reads one modality, not text, audio, video"),
        ("concat", Recipe("regression"), "needs at least one modality"),
        ("concat", Recipe("emotion", THREE), "the task 'emotion' is unknown"),  # type: ignore[arg-type]
        ("weighted", Recipe("regression", THREE, settings={"pol": 1}), "weighted cannot be built"),
        ("vote", Recipe("regression", THREE, classifier="lstm"), "late fusion cannot be built from 'lstm' models"),
        ("spectrogram_cnn", Recipe("regression", ("text",)), "reads audio, not text"),
    ],
)
def test_impossible_recipes_are_refused(name, recipe, message):
    with pytest.raises(ModelError, match=message):
        build(name, recipe)


@pytest.mark.parametrize(
    ("name", "recipe", "message"),
    [
        ("unimodal", Recipe("regression", ("face",)), "no modality 'face'; available: text, audio, video"),
        ("concat", Recipe("regression", THREE, classifier="forest"), "did you mean 'random_forest'"),
        ("vote", Recipe("regression", THREE, classifier_settings={"alfa": 1}), "did you mean 'alpha'"),
        (
            "concat",
            Recipe("regression", THREE, settings={"weighting": "x"}),
            "weighting is 'x': it must be one of block, column",
        ),
        ("pca", Recipe("regression", THREE, settings={"components": 0}), "components is 0"),
        ("pca", Recipe("regression", THREE, settings={"parts": 2}), "cannot be built"),
        ("weighted", Recipe("classification", THREE, settings={"pool": "max"}), "the pool 'max' is unknown"),
        ("stacking", Recipe("regression", THREE, settings={"meta": "xgbost"}), "did you mean 'xgboost'"),
        ("transformer", Recipe("regression", THREE, settings={"layer": 1}), "did you mean 'layers'"),
        ("intermediate", Recipe("regression", THREE, settings={"encoder": "gru"}), "the encoder 'gru' is unknown"),
        ("self_attention", Recipe("regression", THREE, settings={"dropout": []}), "'dropout' of .* is an empty list"),
        ("cross_attention", Recipe("regression", ("face",)), "no modality 'face'"),
        ("intermediate", Recipe("regression", THREE, settings={"modality_dropout": 1}), "modality_dropout is 1"),
        ("autoencoder", Recipe("regression", THREE, settings={"noise": 1.5}), "noise is 1.5: it must be a share"),
        ("concat", Recipe("regression", THREE, "lstm", classifier_settings={"pooling": "max"}), "the pooling 'max'"),
        ("concat", Recipe("regression", THREE, "lstm", classifier_settings={"C": 1}), "SequenceLSTM has no setting"),
    ],
)
def test_settings_that_only_a_fit_can_check_are_refused_there(name, recipe, message):
    x, score = toy()
    with pytest.raises(ModelError, match=message):
        build(name, recipe).fit(x, labels(score, recipe.task))


def test_labels_that_cannot_be_used_are_refused():
    x, score = toy()
    model = build("majority", Recipe("regression"))
    with pytest.raises(ModelError, match="59 labels for 60 utterances"):
        model.fit(x, score[1:])
    with pytest.raises(ModelError, match=r"the score of row 2 \(counted from 0\) is missing"):
        model.fit(x, np.where(np.arange(60) == 2, np.nan, score))
    with pytest.raises(ModelError, match="a score must be a number"):
        model.fit(x, np.full(60, "joy"))
    with pytest.raises(ModelError, match="the label 'joy' is not one of the classes a, b"):
        build("majority", Recipe("classification", classes=("a", "b"))).fit(x, np.full(60, "joy"))


def test_a_strategy_can_be_registered_from_outside():
    from models.fusion.early import Early

    strategies.register("two", Strategy(lambda recipe, fit_cache: Early(recipe.modalities[:2], task=recipe.task)))
    x, score = toy()
    assert build("two", Recipe("regression", THREE)).fit(x, score).predict(x).shape == (60,)
    with pytest.raises(ModelError, match="there is already a strategy named 'vote'"):
        strategies.register("vote", Strategy(lambda recipe, fit_cache: None))


def test_an_entry_states_all_that_tables_settings_and_keys_need():
    assert strategies.configure("mine", ("text", "audio"), "svm").names == ("mine", "text+audio", "svm")
    assert strategies.configure("loud", ("text", "audio"), "svm").names == ("loud", "audio", "")
    assert set(strategies.default_fusions()) >= {"mine", "mean", "pca/fcnn", "concat/xgboost", "transformer"}
    assert strategies.unimodal_model_names() == ("spectrogram_cnn", "loud")
    for entry in ("mine", "mine/svm", "mean", "concat/lstm"):
        strategies.check_fusion(entry)
    for entry, message in (
        ("mean/svm", "'mean' is not a fusion that takes a classifier; .*mine"),
        ("mine/svn", "'svn' is not a known model; did you mean 'svm'"),
        ("loud", "'loud' is not a fusion"),
        ("main", "did you mean 'mine'"),
    ):
        with pytest.raises(ModelError, match=message):
            strategies.check_fusion(entry)
    assert strategies.reads_sequences("mine", "lstm")
    assert not strategies.reads_sequences("mine", "svm")
    assert not any(strategies.is_ours(name, "svm") for name in ENTRIES)


def test_the_default_fusions_are_those_of_the_registry_in_its_order(monkeypatch):
    monkeypatch.undo()
    early = [f"concat/{m}" for m in ("logistic", "linear_svm", "svm", "random_forest", "xgboost", "fcnn", "lstm")]
    early += [f"{r}/{m}" for r in ("pca", "autoencoder", "cca") for m in ("logistic", "fcnn", "lstm")]
    late = [name + over for name in ("vote", "weighted", "product", "stacking") for over in ("", "@extractor")]
    nets = ["intermediate", "transformer", "modality_attention", "cross_attention", "self_attention"]
    ours = [*early, *late, *nets]
    assert [entry for entry in strategies.default_fusions() if entry in ours] == ours


def test_a_class_that_is_not_wrapped_as_a_strategy_is_refused():
    with pytest.raises(ModelError, match=r"'median' is registered as <class .*Late'>: wrap it in early_fusion"):
        strategies.register("median", Late)


@pytest.mark.parametrize("name", ["mine/half", "mean@home"])
def test_a_name_that_would_be_read_as_a_model_or_bases_is_refused(name):
    with pytest.raises(ModelError, match=f"cannot be named '{name}'"):
        strategies.register(name, ENTRIES["mine"])


def test_any_late_fusion_may_be_over_extractors_and_no_other_strategy():
    assert strategy("stacking@extractor") is strategy("stacking")
    assert strategy("mean@extractor") is ENTRIES["mean"]  # of a plugin
    strategies.check_fusion("mean@extractor")
    for name in ("concat@extractor", "unimodal@extractor", "transformer@extractor"):
        with pytest.raises(ModelError, match=f"no strategy is named '{name}'"):
            strategy(name)
        with pytest.raises(ModelError, match=f"'{name}' is not a fusion"):
            strategies.check_fusion(name)
    for name in ("product@", "product@modality", "product@extractor@extractor"):
        with pytest.raises(ModelError, match=f"no strategy is named '{name}'; .*product@extractor"):
            strategy(name)
    with pytest.raises(ModelError, match="is not a fusion that takes a classifier"):
        strategies.check_fusion("product@extractor/svm")
    with pytest.raises(ModelError, match="no strategy is named 'prod'"):
        strategy("prod@extractor")


def test_over_the_extractors_of_one_modality_a_late_fusion_has_its_short_name():
    assert strategies.configure("mean@extractor", ("audio",), "svm").names == ("mean", "audio", "svm")
    both = strategies.configure("mean@extractor", ("text", "audio"), "svm")
    assert both.names == ("mean@extractor", "text+audio", "svm")


def beside_each_other(x):
    """The same columns as the extractors of two modalities: text's and video's, with NaN where these are absent."""
    columns = {"seen": ("text", "video"), "heard": ("audio",)}
    names = {m: tuple(f"{e}.{i}" for e in own for i in range(4)) for m, own in columns.items()}
    pooled = {
        m: np.hstack([np.where(x.present[e][:, None], x.pooled[e], np.nan) for e in own]) for m, own in columns.items()
    }
    present = {m: np.any([x.present[e] for e in own], axis=0) for m, own in columns.items()}
    return Modalities(pooled, present, np.full(len(x), None), x.groups, names), columns


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ["vote", "weighted", "product", "stacking", "mean"])
def test_over_extractors_a_row_that_lacks_one_is_as_over_modalities_that_lack_one(name, task):
    """One extractor that failed on a row is a base that is not there, although its modality is."""
    x, score = toy(n=80)
    y = score if task == "regression" else np.digitize(score, [-1, 1])
    classes = None if task == "regression" else (0, 1, 2)
    joined, listed = beside_each_other(x)
    assert (joined.present["seen"] & ~x.present["text"]).sum() > 5
    other = build(f"{name}@extractor", Recipe(task, tuple(listed), classes=classes, extractors=listed)).fit(joined, y)
    assert len(other.bases) == 3
    expected = build(name, Recipe(task, ("text", "video", "audio"), classes=classes)).fit(x, y)
    np.testing.assert_allclose(other.outputs(joined), expected.outputs(x), atol=1e-8)
    np.testing.assert_allclose(
        other.outputs(joined.without(["seen"])), expected.outputs(x.without(["text", "video"])), atol=1e-8
    )
