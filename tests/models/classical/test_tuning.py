"""A budget thins a grid evenly, the least loss wins, and every strategy keeps to its budget."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold

from models.classical.target import Target
from models.classical.tuning import chosen, ends, thinned
from models.errors import ModelError
from models.registry import Recipe, build, strategy, strategy_names
from tests.models.test_registry import THREE, labels, toy


@given(st.integers(0, 60), st.integers(1, 70))
def test_at_most_the_budget_is_kept_evenly_with_both_ends(n, budget):
    kept = thinned(range(n), budget)
    assert len(kept) == min(n, budget)
    assert kept == sorted(set(kept))
    assert set(kept) <= set(range(n))
    if n and budget > 1:
        assert (kept[0], kept[-1]) == (0, n - 1)
        gaps = np.diff(kept)
        assert np.ptp(gaps) <= 1 if len(gaps) else n == 1
    if n > budget == 1:
        assert kept[0] in ((n - 1) // 2, n // 2)


@given(st.lists(st.text(max_size=2)))
def test_without_a_budget_all_are_kept_as_they_are(candidates):
    assert thinned(candidates, None) == candidates
    assert thinned(candidates, len(candidates) + 1) == candidates


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_of_nothing_is_refused(budget):
    with pytest.raises(ModelError, match=f"budget of a search is {budget}: at least one"):
        thinned([1, 2], budget)


@given(st.lists(st.one_of(st.integers(1, 9), st.floats(0.1, 9), st.none(), st.booleans()), min_size=1), st.data())
def test_an_end_is_an_end_of_two_or_more_numbers(values, given_):
    best = given_.draw(st.sampled_from(values))
    numbers = sorted({v for v in values if isinstance(v, int | float) and not isinstance(v, bool)})
    tried = [{"C": v, "fixed": 1} for v in values]
    found = ends(tried, tried, {"C": best, "fixed": 1}, [0.1 if v == best else 0.2 for v in values])
    is_number = isinstance(best, int | float) and not isinstance(best, bool)
    if len(numbers) >= 2 and is_number and best in (numbers[0], numbers[-1]):
        assert sorted(found["C"]["tried"]) == numbers
        assert found["C"]["tried"][-1] == best
    else:
        assert found == {}


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([0.3, 0.3, 0.3], False),
        ([0.3, 0.3, 0.5], False),
        ([0.3, 0.3 + 1e-12, 0.3 + 1e-12], False),
        ([0.0, 0.0, 0.0], False),
        ([0.3, 0.31, 0.2999999999], False),
        ([0.3, NAN, NAN], False),  # the others diverged
        ([0.3, NAN, 0.4], True),
        ([0.3, 0.4, INF], True),
        ([0.0, 1e-3, 1e-3], True),
        ([2000.0, 2001.0, 2002.0], True),
    ],
)
def test_an_end_is_said_only_where_it_is_better_than_the_others(losses, said):
    tried = [{"C": 1}, {"C": 2}, {"C": 3}]
    assert bool(ends(tried, tried, tried[0], losses)) is said


def test_a_grid_of_several_settings_is_counted_whole():
    grid = [{"C": c, "class_weight": w, "seed": 0} for c in (1, 2, 4) for w in (None, "balanced", {0: 1, 1: 2})]
    tried = thinned(grid, 3)
    found = ends(grid, tried, tried[2], [0.3, 0.2, 0.1])
    assert found == {"C": {"tried": [1, 2, 4], "beside": 3}}


def test_models_know_which_of_their_settings_lie_at_an_end():
    x, score = toy()
    y, inner = labels(score, "classification"), [(np.arange(30), np.arange(30, 60))]
    for name in ("unimodal", "concat"):
        few = ("audio",) if name == "unimodal" else THREE
        grid = [1e-4, 1e-2, 1e4] if name == "unimodal" else [1e-2, 1e4]
        recipe = Recipe("classification", few, classifier_settings={"C": grid})
        tried = grid if name == "unimodal" else grid[::-1]
        assert build(name, recipe).fit(x, y, inner).ends_ == {"C": {"tried": tried, "beside": 1}}
        assert build(name, recipe).fit(x, y, []).ends_ == {}
        recipe = Recipe("classification", few, classifier_settings={"C": [1e-9, 1e-10]})
        assert build(name, recipe).fit(x, y, inner).ends_ == {}


GRIDS = {"classification": ("C", [1e-3, 30.0, 0.3, 1e3, 1e-2]), "regression": ("alpha", [1e3, 0.01, 40.0, 1e-4, 200.0])}


@pytest.mark.parametrize("budget", [None, 2, 3])
@pytest.mark.parametrize("task", GRIDS)
def test_the_setting_of_least_loss_on_held_out_rows_is_chosen_within_the_budget(task, budget):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(60, 8))
    y = x[:, 0] + x[:, 1] + rng.normal(size=60)
    y = (y > 0).astype(int) if task == "classification" else y
    setting, grid = GRIDS[task]
    pairs = tuple(KFold(3).split(x))
    tried = {None: grid, 2: [grid[0], grid[4]], 3: [grid[0], grid[2], grid[4]]}[budget]
    losses = [_loss(x, y, pairs, task, value) for value in tried]
    target = Target.read(y, task)
    member = chosen("logistic", {setting: grid}, x, target, np.arange(60), pairs, budget)
    assert member.settings[setting] == tried[int(np.argmin(losses))]
    assert chosen("logistic", {setting: grid}, x, target, np.arange(60), ()).settings[setting] == grid[0]


def _loss(x, y, pairs, task, value):
    """The held-out loss of scikit-learn's own models, on columns whose variances sum to 1 in training."""
    said = np.zeros((60, 2))
    for train, valid in pairs:
        scale = np.sqrt((x[train] ** 2).sum() / len(train))
        if task == "classification":
            model = LogisticRegression(C=value, max_iter=500).fit(x[train] / scale, y[train])
            said[valid] = model.predict_proba(x[valid] / scale)
        else:
            said[valid, 0] = Ridge(alpha=value).fit(x[train] / scale, y[train]).predict(x[valid] / scale)
    return log_loss(y, said) if task == "classification" else mean_squared_error(y, said[:, 0])


GOOD, BAD = {"C": 3.0, "learning_rate": 1e-2}, {"C": 1e-9, "learning_rate": 1e-9}


def settings_of(model):
    """The settings that a model chose: its own, and those of all it is built of."""
    if hasattr(model, "bases_"):
        return [base.settings_ for base in model.bases_]
    return [model.settings_]


def grid_of(name):
    """A grid whose middle is the worst choice, and where a recipe takes it."""
    name, _, classifier = name.partition("/")
    key = "learning_rate" if strategy(name).sequences or classifier else "C"
    grid = {key: [GOOD[key], BAD[key], GOOD[key]]}
    if key == "learning_rate":
        grid |= {"dropout": 0.1, "epochs": 12}
    own = "settings" if strategy(name).sequences or name == "tfidf" else "classifier_settings"
    return key, {own: grid, **({"classifier": classifier} if classifier else {})}


CHOOSING = [  # all but the one that has nothing to choose
    name for name in (*strategy_names(), "unimodal/lstm", "concat/lstm") if name != "majority"
]


@pytest.mark.parametrize("name", CHOOSING)
def test_every_strategy_tries_no_more_than_its_budget(name):
    x, score = toy()
    y, inner = labels(score, "classification"), [(np.arange(30), np.arange(30, 60))]
    key, how = grid_of(name)
    few = {"floor": ("text",), "unimodal": ("audio",)}.get(strategy(name.partition("/")[0]).kind, THREE)
    for budget, wanted in ((None, GOOD[key]), (2, GOOD[key]), (1, BAD[key])):
        recipe = Recipe("classification", few, budget=budget, **how)
        model = build(name.partition("/")[0], recipe).fit(x, y, inner)
        assert [settings[key] for settings in settings_of(model)] == [wanted] * len(settings_of(model)), budget


def test_so_does_the_classifier_on_top_of_stacking():
    x, score = toy()
    y, inner = labels(score, "classification"), [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    grid = {"settings": {"C": [GOOD["C"], BAD["C"], GOOD["C"]]}}
    free, bound = (
        build("stacking", Recipe("classification", THREE, settings=grid, budget=budget)).fit(x, y, inner)
        for budget in (None, 1)
    )
    assert free.meta_.settings["C"] == GOOD["C"]
    assert bound.meta_.settings["C"] == BAD["C"]
