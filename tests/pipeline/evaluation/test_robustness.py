"""Taking modalities away: nested, repeatable, and with the answers of dropped.csv."""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.evaluation.robustness import ORDERS, SHARES, thinned


def test_a_larger_share_takes_it_from_those_of_a_smaller_one() -> None:
    full, bare = np.zeros(50), np.ones(50)
    taken = [thinned(full, bare, share, 3) for share in SHARES]
    assert [t.shape for t in taken] == [(1, 50)] + [(ORDERS, 50)] * 5
    for share, found in zip(SHARES, taken, strict=True):
        assert (found.sum(axis=1) == round(50 * share / 100)).all()
    for fewer, more in pairwise(taken):
        assert (fewer <= more).all()
    assert len({row.tobytes() for row in taken[-1]}) > 1


@pytest.mark.parametrize("share", SHARES)
def test_the_same_seed_takes_the_same_and_answers_stay_in_place(share: int) -> None:
    full, bare = np.array([f"f{i}" for i in range(30)]), np.array([f"b{i}" for i in range(30)])
    found = thinned(full, bare, share, 0)
    assert (found == thinned(full, bare, share, 0)).all()
    assert ((found == full) | (found == bare)).all()
    if 0 < share < 100:
        assert (found != thinned(full, bare, share, 1)).any()
