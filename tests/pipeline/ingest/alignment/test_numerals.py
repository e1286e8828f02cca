import pytest

from pipeline.ingest.alignment.numerals import cardinal, clock, decimal, number, ordinal, plural, whole


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (99, "ninety nine"),
        (100, "one hundred"),
        (1001, "one thousand one"),
        (999_999, "nine hundred ninety nine thousand nine hundred ninety nine"),
        (10**12, "one trillion"),
    ],
)
def test_cardinals(value: int, words: str) -> None:
    assert cardinal(value) == words


def test_british_cardinals_have_an_and_after_the_hundreds() -> None:
    assert cardinal(2_105, "and") == "two thousand one hundred and five"
    assert cardinal(2_005, "and") == "two thousand and five"
    assert cardinal(305_000, "and") == "three hundred and five thousand"


@pytest.mark.parametrize(
    ("year", "words"),
    [
        ("1066", "ten sixty six"),
        ("1900", "nineteen hundred"),
        ("1905", "nineteen oh five"),
        ("2026", "twenty twenty six"),
        ("2000", "two thousand"),
        ("2003", "two thousand three"),
    ],
)
def test_numbers_of_four_digits_may_be_years(year: str, words: str) -> None:
    assert words in whole(year)


def test_the_likeliest_way_comes_first() -> None:
    assert whole("1984")[0] == "nineteen eighty four"
    assert whole("3000")[0] == "three thousand"
    assert whole("12")[0] == "twelve"


def test_long_numbers_and_those_with_leading_zeros_are_spoken_by_digit() -> None:
    assert "five five five one two one two" in whole("5551212")
    assert whole("0042") == ["zero zero four two", "oh oh four two"]
    assert whole("1" * 5000) == [" ".join(["one"] * 5000)]


def test_ordinals_and_plurals() -> None:
    assert [ordinal(cardinal(n)) for n in (1, 2, 3, 4, 12, 20, 23, 100)] == [
        "first", "second", "third", "fourth", "twelfth", "twentieth", "twenty third", "one hundredth",
    ]  # fmt: skip
    assert plural(cardinal(80)) == "eighties"


def test_decimals_and_times_of_day() -> None:
    assert decimal("0.5") == ["zero point five"]
    assert clock(11, 30) == ["eleven thirty"]
    assert "eight o'clock" in clock(8, 0)


def test_numbers_with_separators() -> None:
    assert number("1,000,000") == ["one million"]
    assert number("1,00") == []
    assert number("1.2.3") == []
    assert number(",".join(["999"] * 3000))[0].startswith("nine nine nine nine")
