"""One face per frame, and the same one."""

from collections.abc import Sequence

import numpy as np

from pipeline.exchange.frames.faces import comes_again, one_face


def chosen(frame: list[int], face: list[int], good: Sequence[int] = (), confidence: Sequence[float] = ()) -> list[int]:
    n = len(frame)
    sure = np.array(confidence or [1.0] * n)
    usable = np.array(good or [1] * n, bool)
    return one_face(np.arange(n), np.array(frame), np.array(face), sure, usable).tolist()


def test_the_face_with_the_most_good_rows_is_kept_and_whoever_is_beside_it_left_out() -> None:
    assert chosen([0, 0, 1, 1, 2], [5, 6, 5, 6, 5]) == [0, 2, 4]
    assert chosen([0, 0, 1, 1, 2], [5, 6, 5, 6, 5], good=[0, 1, 0, 1, 0]) == [1, 3]
    assert chosen([0, 0, 1, 1, 2, 3], [5, 6, 5, 6, 6, 6], good=[1, 1, 1, 1, 0, 0], confidence=[9] * 2 + [1] * 4) == [
        0,
        2,
    ]


def test_of_equals_the_surer_face_counts_and_then_the_first() -> None:
    assert chosen([0, 0], [5, 6], confidence=[0.6, 0.9]) == [1]
    assert chosen([0, 0], [6, 5]) == [1]


def test_a_face_that_is_never_beside_it_may_be_the_same_under_a_new_id() -> None:
    assert chosen([0, 1, 2, 3], [5, 5, 8, 8]) == [0, 1, 2, 3]


def test_where_a_frame_still_has_several_rows_the_good_and_surer_one_counts() -> None:
    assert chosen([0, 0, 0], [0, 0, 0], good=[1, 1, 0], confidence=[0.5, 0.7, 0.9]) == [1]
    assert chosen([3, 3, 1], [0, 0, 0], good=[0, 0, 1]) == [2, 0]


def test_a_table_that_returns_to_frames_it_had_left_is_found() -> None:
    zeros = np.zeros(4, np.intp)
    assert comes_again(np.array([0, 0, 1, 1]), zeros) is None
    assert comes_again(np.array([3, 1, 2, 0]), zeros) is None
    assert comes_again(np.array([0, 1, 0, 1]), zeros) == 2
    assert comes_again(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])) is None  # one face after the other
