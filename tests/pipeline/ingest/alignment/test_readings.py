import pytest

from pipeline.ingest.alignment.readings import Unit, units_of


def first_ways(text: str) -> list[list[str]]:
    return [[unit.ways[0] if unit.ways else "?" for unit in units] for units in units_of(text.split())]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello, world!", [["hello"], ["world"]]),
        ("No-no—I", [["no", "no", "i"]]),
        ("I…I'm", [["i", "i'm"]]),
        ("either/or", [["either", "or"]]),
        ("“Don’t”", [["don't"]]),
        ("café naïve", [["cafe"], ["naive"]]),
        ("rock&roll", [["rock", "and", "roll"]]),
        ("50% 3.5%", [["fifty percent"], ["three point five percent"]]),
        ("1,200 people", [["twelve hundred"], ["people"]]),
        ("1,2,3 $112,", [["one", "two", "three"], ["one hundred twelve dollars"]]),
        ("21st 3rd", [["twenty first"], ["third"]]),
        ("the '80s", [["the"], ["eighties"]]),
        ("1990s", [["nineteen nineties"]]),
        ("8:30 a.m.", [["eight thirty"], ["a m"]]),
        ("$5 £1 €3.50", [["five dollars"], ["one pound"], ["three euros fifty"]]),
        ("$2.5m", [["two point five million dollars"]]),
        ("6ft 5k", [["six feet"], ["five thousand"]]),
        ("KL-5", [["kl", "five"]]),
        ("Dr. Mr. Mrs. etc.", [["doctor"], ["mister"], ["missus"], ["et cetera"]]),
        ("U.S.A.", [["u s a"]]),
        ("me@example.com", [["me at example dot com"]]),
        ("World War II", [["world"], ["war"], ["ii"]]),
        ("#1", [["number", "one"]]),
        ("½ cup", [["half"], ["cup"]]),
    ],
)
def test_what_is_said_where_a_word_is_written(text: str, said: list[list[str]]) -> None:
    assert first_ways(text) == said


def test_the_sound_may_decide_between_several_ways() -> None:
    (unit,), (street,) = units_of(["101", "St."])
    assert {"one hundred one", "one hundred and one", "one oh one"} <= set(unit.ways)
    assert street.ways == ("saint", "street")
    (two,) = units_of(["II"])[0]
    assert {"two", "second"} <= set(two.ways)


def test_the_currency_may_follow_a_large_number() -> None:
    five, million, others = units_of(["$5", "million", "dollars"])
    assert "five" in five[0].ways
    assert million == (Unit(("million dollars", "million")),)
    assert others == (Unit(("dollars",)),)


def test_a_range_may_be_spoken_with_to() -> None:
    four, six = units_of(["4-6"])[0]
    assert "four to" in four.ways
    assert six.ways == ("six",)


@pytest.mark.parametrize("silent", ["--", "...", "♪", "(!)", "", "[laughs]", "<i>", "{NOISE}"])
def test_marks_and_tags_are_not_spoken(silent: str) -> None:
    assert units_of([silent, "yes"]) == [(), (Unit(("yes",)),)]


def test_a_remark_in_brackets_is_not_spoken_up_to_its_end() -> None:
    assert [bool(units) for units in units_of(["well", "[door", "slams", "shut]", "yes"])] == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_each_word_has_its_own_place_whatever_is_silent() -> None:
    words = ["--", "I", "said:", "[coughs]", "2", "--", "things!"]
    assert len(units_of(words)) == len(words)


def test_other_scripts_are_something_said() -> None:
    assert units_of(["Привет", "你好"]) == [(Unit(()),), (Unit(()),)]


def test_apostrophes_that_an_encoding_lost() -> None:
    assert first_ways("that?s I\x92m don\u02bct") == [["that's"], ["i'm"], ["don't"]]
    assert first_ways("what?so") == [["what", "so"]]


def test_a_name_determines_the_ways() -> None:
    units = [unit for units in units_of(["$5", "5", "five", "no.", "no", "II", "1984", "-"]) for unit in units]
    assert len({unit.name for unit in units}) == len({unit.ways for unit in units})
    assert not any(" " in unit.name for unit in units)
