"""Neighbours come from the same dialogue, in its order, and never from another one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.data.context import extractor_of, neighbours, with_context
from models.data.design import Block
from models.data.modalities import Modalities, Ragged


def corpus():
    """Two dialogues, a (rows 0, 1, 3) and b (row 2); row 1 has no audio."""
    pooled = {"audio": np.array([[1.0], [np.nan], [3.0], [4.0]], np.float32)}
    steps = Ragged.of([np.full((2, 1), i, np.float32) for i in range(4)], [np.array([[0.0, 1.0], [1.0, 2.0]])] * 4)
    here = {"audio": np.array([True, False, True, True])}
    return Modalities(pooled, here, np.full(4, None), np.array(list("aaba")), {"audio": ("x.f",)}, {"audio": steps})


def test_columns_of_neighbours_follow_the_utterances_own():
    x = with_context(corpus(), neighbours(list("aaba"), [1, 2, 1, 3], before=2))
    assert x.names["audio"] == ("x.f", "x@-2.f", "x@-1.f")
    np.testing.assert_array_equal(x.pooled["audio"][3], [4, 1, np.nan])  # row 1 has no audio
    np.testing.assert_array_equal(x.pooled["audio"][2], [3, np.nan, np.nan])  # alone in its dialogue


def test_a_neighbour_is_one_step_before_the_utterances_own():
    x = with_context(corpus(), neighbours(list("aaba"), [1, 2, 1, 3], before=2, after=0))
    assert x.sequences["audio"].values(3)[:, 0].tolist() == [0, 3, 3]
    assert x.sequences["audio"].times(3).tolist() == [[-2, -1], [0, 1], [1, 2]]
    assert x.sequences["audio"].lengths.tolist() == [2, 3, 2, 3]


def test_the_future_is_read_only_when_asked_for():
    assert set(neighbours("aa", [1, 2], before=1)) == {-1}
    assert neighbours("aa", [1, 2], before=0, after=1)[1].tolist() == [1, -1]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=30), st.integers(1, 3), st.integers(0, 2)
)
def test_neighbours_are_of_the_same_dialogue_and_on_the_right_side(rows, before, after):
    dialogue, order = [d for d, _ in rows], [float(o) for _, o in rows]
    for lag, at in neighbours(dialogue, order, before, after).items():
        for row, other in enumerate(at):
            if other >= 0:
                assert dialogue[row] == dialogue[other]
                assert row != other
                assert (order[other] <= order[row]) if lag < 0 else (order[other] >= order[row])


def test_an_utterance_without_a_dialogue_is_alone():
    assert neighbours(["", ""], [1, 2], before=1)[-1].tolist() == [-1, -1]


def test_an_extractor_keeps_its_neighbours_columns():
    x = with_context(corpus(), neighbours(list("aaba"), [1, 2, 1, 3], before=2))
    assert Block("audio", only="x").fit(x).columns_.tolist() == [0, 1, 2]
    assert extractor_of("two@-1.f") == "two"
    assert extractor_of("me@home.f") == "me@home"
