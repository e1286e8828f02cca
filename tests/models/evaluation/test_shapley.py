"""Shapley values: against the average over all orders, and their axioms."""

from itertools import permutations

import numpy as np
import pytest

from models.evaluation.shapley import shapley_values

NAMES = ("text", "audio", "video")


@pytest.fixture
def worth():
    rng = np.random.default_rng(0)
    table = {frozenset(s): rng.normal(size=5) for n in range(4) for s in permutations(NAMES, n)}
    return lambda there: table[frozenset(there)]


def test_the_average_over_all_orders(worth):
    found = shapley_values(worth, NAMES)
    for player in NAMES:
        gains = [worth(o[: o.index(player) + 1]) - worth(o[: o.index(player)]) for o in permutations(NAMES)]
        np.testing.assert_allclose(found[player], np.mean(gains, axis=0))


def test_shares_sum_to_the_whole_and_a_useless_player_has_none(worth):
    found = shapley_values(worth, NAMES)
    np.testing.assert_allclose(sum(found.values()), worth(NAMES) - worth(()))
    without_text = shapley_values(lambda there: worth(tuple(n for n in there if n != "text")), NAMES)
    np.testing.assert_allclose(without_text["text"], 0, atol=1e-12)


def test_each_set_is_evaluated_once(worth):
    asked = []
    shapley_values(lambda there: asked.append(there) or worth(there), NAMES)
    assert len(asked) == len(set(asked)) == 8
    assert shapley_values(worth, ()) == {}
