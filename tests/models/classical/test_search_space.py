"""A budget keeps evenly spaced candidates, edges are noticed, and every strategy keeps to its budget."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.classical.search_space import edges, within_budget
from models.errors import ModelError
from models.registry import Recipe, build, strategy, strategy_names
from tests.models.test_registry import THREE, labels, toy


@given(st.integers(0, 60), st.integers(1, 70))
def test_at_most_the_budget_is_kept_evenly_spaced_with_both_ends(n, budget):
    kept = within_budget(range(n), budget)
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
    assert within_budget(candidates, None) == candidates
    assert within_budget(candidates, len(candidates) + 1) == candidates


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_below_one_is_refused(budget):
    with pytest.raises(ModelError, match=f"budget of a search is {budget}: at least one"):
        within_budget([1, 2], budget)


@given(st.lists(st.one_of(st.integers(1, 9), st.floats(0.1, 9), st.none(), st.booleans()), min_size=1), st.data())
def test_an_edge_needs_two_or_more_numbers(values, given_):
    best = given_.draw(st.sampled_from(values))
    numbers = sorted({v for v in values if isinstance(v, int | float) and not isinstance(v, bool)})
    tried = [{"C": v, "fixed": 1} for v in values]
    found = edges(tried, tried, {"C": best, "fixed": 1}, [0.1 if v == best else 0.2 for v in values])
    is_number = isinstance(best, int | float) and not isinstance(best, bool)
    if len(numbers) >= 2 and is_number and best in (numbers[0], numbers[-1]):
        assert sorted(found["C"]["tried"]) == numbers
        assert found["C"]["tried"][-1] == best
    else:
        assert found == {}


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("losses", "found"),
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
def test_an_edge_counts_only_if_it_is_better_than_the_others(losses, found):
    tried = [{"C": 1}, {"C": 2}, {"C": 3}]
    assert bool(edges(tried, tried, tried[0], losses)) is found


def test_combinations_are_counted_over_the_whole_search_space():
    grid = [{"C": c, "class_weight": w, "seed": 0} for c in (1, 2, 4) for w in (None, "balanced", {0: 1, 1: 2})]
    tried = within_budget(grid, 3)
    found = edges(grid, tried, tried[2], [0.3, 0.2, 0.1])
    assert found == {"C": {"tried": [1, 2, 4], "combinations": 3}}


def test_models_know_which_of_their_settings_lie_at_an_edge():
    x, score = toy()
    y, inner = labels(score, "classification"), [(np.arange(30), np.arange(30, 60))]
    for name in ("unimodal", "concat"):
        few = ("audio",) if name == "unimodal" else THREE
        grid = [1e-4, 1e-2, 1e4] if name == "unimodal" else [1e-2, 1e4]
        recipe = Recipe("classification", few, classifier_settings={"C": grid})
        tried = grid if name == "unimodal" else grid[::-1]
        assert build(name, recipe).fit(x, y, inner).edges_ == {"C": {"tried": tried, "combinations": 1}}
        assert build(name, recipe).fit(x, y, []).edges_ == {}
        recipe = Recipe("classification", few, classifier_settings={"C": [1e-9, 1e-10]})
        assert build(name, recipe).fit(x, y, inner).edges_ == {}


GOOD, BAD = {"C": 3.0, "learning_rate": 1e-2}, {"C": 1e-9, "learning_rate": 1e-9}


def settings_of(model):
    """The settings that a model chose: its own, and those of all its parts."""
    if hasattr(model, "bases_"):
        return [base.settings_ for base in model.bases_]
    return [model.settings_]


def grid_of(name):
    """A search space whose middle is the worst choice, and the key of a recipe that it belongs to."""
    name, _, classifier = name.partition("/")
    key = "learning_rate" if strategy(name).sequences or classifier else "C"
    grid = {key: [GOOD[key], BAD[key], GOOD[key]]}
    if key == "learning_rate":
        grid |= {"dropout": 0.1, "epochs": 6}
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
    few = {"baseline": ("text",), "unimodal": ("audio",)}.get(strategy(name.partition("/")[0]).kind, THREE)
    for budget, wanted in ((None, GOOD[key]), (2, GOOD[key]), (1, BAD[key])):
        recipe = Recipe("classification", few, budget=budget, **how)
        model = build(name.partition("/")[0], recipe).fit(x, y, inner)
        assert [settings[key] for settings in settings_of(model)] == [wanted] * len(settings_of(model)), budget


def test_the_classifier_on_top_of_stacking_keeps_to_its_budget():
    x, score = toy()
    y, inner = labels(score, "classification"), [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    grid = {"settings": {"C": [GOOD["C"], BAD["C"], GOOD["C"]]}}
    free, bound = (
        build("stacking", Recipe("classification", THREE, settings=grid, budget=budget)).fit(x, y, inner)
        for budget in (None, 1)
    )
    assert free.meta_.settings["C"] == GOOD["C"]
    assert bound.meta_.settings["C"] == BAD["C"]
