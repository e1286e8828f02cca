"""Times of utterances: corrected where that is safe, refused where it is not."""

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.tables.intervals import interval_of, intervals_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "kept", "message"),
    [
        ((0.5, 2.0), (0.5, 2.0), ""),
        ((NAN, 2.0), (0.0, 2.0), ""),
        ((1.0, NAN), (1.0, NAN), ""),
        ((-0.5, 2.0), (0.0, 2.0), "it is read as 0"),
        ((-0.5, NAN), (0.0, NAN), "it is read as 0"),
        ((-2.0, -1.0), (0.0, 0.0), "the utterance is empty"),
        ((1.5, 1.5), (1.5, 1.5), "both 1.5 s"),
    ],
)
def test_one_interval(given: tuple[float, float], kept: tuple[float, float], message: str) -> None:
    found = interval_of(*given)
    np.testing.assert_array_equal((found.start, found.end), kept)
    assert (message in found.notice) if message else found.notice == ""


def test_a_reversed_interval_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"end 1 is before start 2\.5"):
        interval_of(2.5, 1.0)
    with pytest.raises(UserError, match=r"utterance 'v': end 1 is before start 2: give both in seconds"):
        intervals_of(np.array([0.0, 2.0]), np.array([1.0, 1.0]), "uv")


def test_many_intervals_follow_the_rule_for_one() -> None:
    given = np.array([(0.1234567, 1.0), (-0.5, 1.0), (-2.0, -1.0), (NAN, 3.0), (1.0, NAN), (2.0, 2.0)])
    starts, ends, _ = intervals_of(given[:, 0], given[:, 1], "abcdef")
    for (start, end), one, other in zip(given.round(6), starts, ends, strict=True):
        kept = interval_of(float(start), float(end))
        np.testing.assert_array_equal((one, other), (kept.start if np.isfinite(start) else NAN, kept.end))


def test_what_was_corrected_is_counted_with_examples() -> None:
    starts = np.array([-1.0] * 5 + [np.inf, 4.0])
    _, ends, notices = intervals_of(starts, np.array([1.0] * 5 + [6.0, 4.0]), "abcdefg")
    assert notices == [
        "1 utterance without a number as start or end (f): taken as unknown",
        "5 utterances starting before 0 s (a, b, c, ...): taken to start at 0",
        "1 utterance without length (g): kept, with empty features",
    ]
    assert ends.tolist() == [1.0] * 5 + [6.0, 4.0]


def test_published_labels_may_end_before_they_start() -> None:
    starts, ends, notices = intervals_of(np.array([3.0]), np.array([2.0]), "u", reversed_too=True)
    assert (starts[0], ends[0]) == (3.0, 3.0)
    assert "without length (u)" in notices[0]
