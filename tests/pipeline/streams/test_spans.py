"""Where an utterance is: regions as people write them, and texts that are refused."""

import pytest

from pipeline.streams.spans import Region, Span


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("0 0 0.5 1", Region(0, 0, 0.5, 1)),
        ("  0.25\t0.5 0.75  1.0 ", Region(0.25, 0.5, 0.75, 1.0)),
        ("0 0 1 1", Region(0, 0, 1, 1)),
    ],
)
def test_a_region_is_four_fractions(text: str, region: Region) -> None:
    assert Region.parse(text) == region


@pytest.mark.parametrize(
    "text", ["", "0 0 1", "0 0 1 1 1", "left", "0 0 1.5 1", "-0.1 0 1 1", "0.5 0 0.5 1", "0 1 1 0.5", "nan 0 1 1"]
)
def test_a_text_that_is_not_a_region_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"'0 0 0\.5 1' is the left half"):
        Region.parse(text)


def test_a_span_is_as_long_as_its_end_is_after_its_start() -> None:
    assert Span(1.25, 3.0).duration_s == 1.75
    assert Span(3.0, 1.0).duration_s == -2.0
