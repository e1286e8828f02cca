"""Word errors of the benchmark of recognised words."""

import pytest

from benchmarks.ingest.recognition import errors


@pytest.mark.parametrize(
    ("said", "heard", "count"),
    [("a b c", "a b c", 0), ("a b c", "", 3), ("", "a b", 2), ("a b c", "a x c d", 2), ("a b c", "b c", 1)],
)
def test_words_that_are_replaced_left_out_or_added_are_counted(said: str, heard: str, count: int) -> None:
    assert errors(said.split(), heard.split()) == count
