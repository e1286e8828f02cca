"""Alignment to words against the plain rule, loop by loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.data.align import TOUCH_S, align_to_words, average_over_windows

Rows = list[tuple[float, float, list[float]]]

# Times on a grid of 50 ms, so that touching, nested and equal intervals are common; some rows have none.
_STEP = 0.05
_SPAN = st.tuples(st.integers(0, 20), st.integers(0, 8)).map(lambda t: (t[0] * _STEP, (t[0] + t[1]) * _STEP))
_NUMBER = st.floats(-1e3, 1e3, width=32) | st.just(float("nan"))


def slow(rows: Rows, words: list[tuple[float, float]], width: int) -> tuple[list[list[float]], list[bool]]:
    """The rule, one number at a time."""
    aligned, there = [], []
    for start, end in words:
        over = []
        for begin, stop, values in rows:
            overlap = min(stop, end) - max(begin, start)  # NaN for a row without times
            if overlap > TOUCH_S if end - start > TOUCH_S else begin <= start < stop:
                over.append(values)
        there.append(bool(over))
        means = []
        for j in range(width):
            known = [values[j] for values in over if values[j] == values[j]]
            means.append(sum(known) / len(known) if known else float("nan"))
        aligned.append(means)
    return aligned, there


@settings(max_examples=300, deadline=None)
@given(
    width=st.integers(1, 3),
    spans=st.lists(_SPAN | st.just((float("nan"), float("nan"))), max_size=12),
    words=st.lists(_SPAN, max_size=6),
    data=st.data(),
)
def test_it_is_the_plain_rule(
    width: int, spans: list[tuple[float, float]], words: list[tuple[float, float]], data: st.DataObject
) -> None:
    rows: Rows = [(a, b, data.draw(st.lists(_NUMBER, min_size=width, max_size=width))) for a, b in spans]
    values = np.array([v for _, _, v in rows], np.float32).reshape(len(rows), width)
    times = np.array([(a, b) for a, b, _ in rows], float).reshape(len(rows), 2)
    found, there = align_to_words(values, times, np.array(words, float).reshape(len(words), 2))
    wanted, wanted_there = slow(rows, words, width)
    np.testing.assert_allclose(found, np.array(wanted).reshape(len(words), width), rtol=1e-5, atol=1e-4)
    assert there.tolist() == wanted_there
    assert found.dtype == np.float32
    assert there.dtype == bool


@settings(max_examples=50, deadline=None)
@given(shift=st.integers(-100, 100), spans=st.lists(_SPAN, min_size=1, max_size=6), word=_SPAN)
def test_the_clock_does_not_matter(shift: int, spans: list[tuple[float, float]], word: tuple[float, float]) -> None:
    values = np.arange(len(spans), dtype=np.float32)[:, None]
    times, words = np.array(spans), np.array([word])
    found, there = align_to_words(values, times, words)
    moved, moved_there = align_to_words(values, times + shift, words + shift)
    if word[0] < word[1]:  # a point on an edge may fall to either side once rounded
        np.testing.assert_array_equal(found, moved)
        assert there.tolist() == moved_there.tolist()


def test_words_that_touch_share_no_row() -> None:
    values = np.array([[1.0], [3.0], [8.0]], np.float32)
    times = np.array([[0.0, 0.1], [0.1, 0.2], [0.2, 0.3]])
    found, there = align_to_words(values, times, np.array([[0.1, 0.2], [0.2, 0.2], [0.3, 0.3], [0.3, 0.4]]))
    assert found[:2, 0].tolist() == [3, 8]  # a word of no length gets the row that begins there
    assert np.isnan(found[2:]).all()
    assert there.tolist() == [True, True, False, False]


def test_undefined_numbers_are_left_out_of_the_mean() -> None:
    values = np.array([[1, np.nan], [3, np.nan], [np.nan, 4]], np.float32)
    times = np.array([[0.0, 1.0]] * 2 + [[1.0, 2.0]])
    found, there = align_to_words(values, times, np.array([[0.0, 1.0], [0.0, 2.0]]))
    np.testing.assert_array_equal(found, [[2, np.nan], [2, 4]])
    assert there.all()


def test_empty_input_gives_empty_output() -> None:
    found, there = align_to_words(np.zeros((0, 3), np.float32), np.zeros((0, 2)), np.array([[0.0, 1.0]]))
    assert found.shape == (1, 3)
    assert np.isnan(found).all()
    assert not there.any()
    assert align_to_words(np.zeros((2, 3), np.float32), np.zeros((2, 2)), np.zeros((0, 2)))[0].shape == (0, 3)


@pytest.mark.parametrize(
    ("values", "times", "words", "message"),
    [
        (np.zeros(3), np.zeros((3, 2)), np.zeros((1, 2)), "must have shapes"),
        (np.zeros((3, 1)), np.zeros((2, 2)), np.zeros((1, 2)), "must have shapes"),
        (np.zeros((3, 1)), np.zeros((3, 2)), np.zeros((1, 3)), "must have shapes"),
        (np.zeros((1, 1)), np.zeros((1, 2)), np.array([[0.0, 1.0], [2.0, 1.0]]), "word 1 ends before it starts"),
    ],
)
def test_wrong_shapes_and_words_that_end_before_they_start_are_refused(
    values: np.ndarray, times: np.ndarray, words: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        align_to_words(values, times, words)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), _NUMBER), max_size=12), min_size=1, max_size=4),
    st.sampled_from([0.1, 0.2, 0.5]),
)
def test_windows_have_the_mean_of_the_rows_whose_middle_they_contain(
    clips: list[list[tuple[int, float]]], s: float
) -> None:
    """Rows last 10 ms and begin on a grid of 50 ms, so that no middle lies on the edge of a window."""
    values = [np.array([[v] for _, v in rows], np.float32).reshape(-1, 1) for rows in clips]
    times = [np.array([[t * 0.05, t * 0.05 + 0.01] for t, _ in rows]).reshape(-1, 2) for rows in clips]
    for rows, found in zip(clips, average_over_windows(values, times, s), strict=True):
        window = [int((t * 0.05 + 0.005) // s) for t, _ in rows]
        assert len(found) == (max(window) + 1 if rows else 0)
        for i, mean in enumerate(found[:, 0]):
            inside = [np.float32(v) for (_, v), w in zip(rows, window, strict=True) if w == i and not np.isnan(v)]
            expected = np.mean(inside, dtype=np.float64) if inside else np.nan
            np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-3)
