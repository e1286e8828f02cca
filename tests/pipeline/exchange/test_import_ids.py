"""Ids of a file and of a corpus: compared, matched, and nearly the same."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.exchange.import_ids import keyed, near_notices, unmatched

PLACES = ("mine", Path("f.csv"))


def test_ids_are_compared_whole_or_by_one_part() -> None:
    assert keyed(["a", "b"], "", "f") == {"a": "a", "b": "b"}
    assert keyed(["x_1.wav", "x_2.wav", "other"], r"x_(.+)\.wav", "f") == {"1": "x_1.wav", "2": "x_2.wav"}


@pytest.mark.parametrize(
    ("ids", "match", "message"),
    [
        (["a"], "(", r"--match '\(' is not a regular expression"),
        (["a"], ".", "must have one group in parentheses"),
        (["a"], "(a)(b)", "must have one group"),
        (["a1", "a2"], "(a).", "f: --match reduces the ids 'a1' and 'a2' to the same 'a'"),
    ],
)
def test_a_part_that_does_not_distinguish_ids_is_refused(ids: list[str], match: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        keyed(ids, match, "f")


def test_many_ids_that_differ_only_in_spelling_are_refused() -> None:
    here, there = {"1": "1", "2": "2"}, {"01": "01", "02": "02"}
    with pytest.raises(
        UserError, match=r"has features for 3 of 5 utterances of mine, but 2 ids differ only in spelling"
    ):
        near_notices(here, there, 3, PLACES)
    (notice,) = near_notices(here, there, 100, PLACES)
    assert notice.startswith("2 ids differ only in spelling, such as '1' of mine and '01' of f.csv")
    assert near_notices({"a": "a"}, {"b": "b"}, 0, PLACES) == []


def test_the_notice_shows_whole_ids_not_the_compared_part() -> None:
    (notice,) = near_notices({"1": "x_1"}, {"01": "y_01"}, 50, PLACES)
    assert "'x_1' of mine and 'y_01' of f.csv" in notice


def test_ids_without_a_partner_are_counted_with_three_examples() -> None:
    assert unmatched([], "missing ids") == []
    assert unmatched(["a", "b"], "missing ids") == ["missing ids: 2 (a, b)"]
    assert unmatched(list("abcde"), "missing ids") == ["missing ids: 5 (a, b, c, ...)"]
