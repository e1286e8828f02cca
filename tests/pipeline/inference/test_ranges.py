"""Ranges of training: bounds against hand-computed fences, and how often clips like those of training are warned of."""

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.errors import ModelError
from pipeline.inference.ranges import (
    FEWEST,
    SHARE,
    bounds_of,
    far_outside,
    notices_of_ranges,
    notices_of_unchecked,
    ranges_of,
)


def of(rows: np.ndarray, there: np.ndarray | None = None) -> Modalities:
    n = len(rows)
    present = np.ones(n, bool) if there is None else there
    return Modalities({"audio": rows.astype(np.float32)}, {"audio": present}, np.full(n, None), np.arange(n))


def test_bounds_are_the_outer_fences_or_the_extremes_whichever_is_wider() -> None:
    """Of 0, 1, ..., 8 the quartiles are 2 and 6: fences at 2 - 12 and 6 + 12; a 100 in training widens them."""
    low, high = bounds_of(np.array([[float(i), float(i)] for i in range(8)] + [[8.0, 100.0]]))
    assert low.tolist() == [-10, -10]
    assert high.tolist() == [18, 100]


def test_undefined_values_say_nothing() -> None:
    low, high = bounds_of(np.array([[np.nan, 1.0], [np.nan, np.nan]]))
    assert low[0] < -1e30 < 1e30 < high[0]
    assert (low[1], high[1]) == (1, 1)
    ranges = {"audio": {"low": [0.0] * 4, "high": [1.0] * 4}}
    rows = np.array([[np.nan, np.nan, 5, 0.5], [np.nan] * 4])
    assert far_outside(ranges, of(rows), "m")["audio"].tolist() == [0.5, 0]


def test_a_clip_without_the_modality_is_never_outside() -> None:
    ranges = {"audio": {"low": [0.0], "high": [1.0]}}
    assert far_outside(ranges, of(np.array([[9.0], [9.0]]), np.array([False, True])), "m")["audio"].tolist() == [0, 1]


def test_too_few_training_clips_give_no_ranges() -> None:
    there = np.arange(FEWEST + 5) < FEWEST - 1
    rows = np.random.default_rng(0).normal(size=(FEWEST + 5, 3))
    assert ranges_of(of(rows, there), ["audio"]) == {}
    assert set(ranges_of(of(rows), ["audio", "text"])) == {"audio"}


def test_a_modality_without_ranges_is_named() -> None:
    there = {"audio": {"low": [0.0], "high": [1.0]}}
    assert notices_of_unchecked(there, ["audio"], "m") == []
    said = notices_of_unchecked(there, ["audio", "text", "video"], "m")
    assert said == [
        "m cannot warn about features of text and video outside the range of training: it was fitted on fewer than "
        f"{FEWEST} clips that have such features"
    ]
    assert notices_of_unchecked(None, ["audio"], "m")[0].endswith(": an earlier version fitted it")


def test_a_constant_may_differ_by_rounding_only() -> None:
    ranges = ranges_of(of(np.full((FEWEST, 1), 0.1)), ["audio"])
    assert far_outside(ranges, of(np.array([[0.1], [0.1 + 1e-8], [0.2]])), "m")["audio"].tolist() == [0, 0, 1]


@pytest.mark.parametrize(("heavy", "most"), [(False, 0.001), (True, 0.1)])
def test_clips_like_those_of_training_are_hardly_ever_warned_of(heavy: bool, most: float) -> None:
    """Correlated features, also with tails as heavy as Cauchy's; shifted by ten deviations, clips are always found."""
    rng = np.random.default_rng(1)
    drawn = rng.standard_cauchy if heavy else rng.standard_normal
    mixed = rng.normal(size=(10, 60))
    ranges = ranges_of(of(drawn((144, 10)) @ mixed), ["audio"])
    shares = far_outside(ranges, of(drawn((1000, 10)) @ mixed), "m")["audio"]
    assert (shares > SHARE).mean() <= most
    normal = rng.standard_normal((144, 60))
    moved = far_outside(ranges_of(of(normal), ["audio"]), of(normal + 10), "m")["audio"]
    assert (moved > SHARE).all()


def test_the_farthest_clips_are_named_with_their_shares() -> None:
    ranges = {"audio": {"low": [0.0] * 10, "high": [1.0] * 10}}
    rows = np.full((6, 10), 0.5)
    for i, count in enumerate([1, 2, 10, 3, 4, 0]):
        rows[i, :count] = 7
    [said] = notices_of_ranges(ranges, of(rows), list("abcdef"), "m")
    assert "far outside the range of training: c (100 % of its features), e (40 %" in said
    assert "d (30 % of its features) and 1 more." in said
    assert notices_of_ranges(ranges, of(rows[5:]), ["f"], "m") == []


def test_ranges_of_other_features_are_a_fault_of_the_model() -> None:
    with pytest.raises(ModelError, match="has ranges for 1 feature of audio, but there are 2: fit it again"):
        far_outside({"audio": {"low": [0.0], "high": [1.0]}}, of(np.zeros((1, 2))), "m")
