import pytest

from pipeline.ingest.alignment.pronunciations import SOMETHING_SAID, pronunciations
from pipeline.ingest.alignment.readings import Unit

KNOWN = {
    "no": "N OW",
    "see": "S IY",
    "sea": "S IY",
    "horse": "HH AO R S",
    "horses": "HH AO R S AH Z",
    "doing": "D UW IH NG",
    "phoebe": "F IY B IY",
    "rock": "R AA K",
    "match": "M AE CH",
    "wait": "W EY T",
    "bake": "B EY K",
    "grab": "G R AE B",
    "five": "F AY V",
    "percent": "P ER S EH N T",
    "either": "IY DH ER",
    "either(2)": "AY DH ER",
}


def said(*ways: str) -> tuple[str, ...]:
    return pronunciations(Unit(ways), KNOWN.get)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("no", "N OW"),
        ("'no'", "N OW"),
        ("nooooo", "N OW"),
        ("seee", "S IY"),
        ("doin'", "D UW IH N"),
        ("doin", "D UW IH N"),
        ("phoebe's", "F IY B IY Z"),
        ("rocks", "R AA K S"),
        ("rock's", "R AA K S"),
        ("matches", "M AE CH IH Z"),
        ("waited", "W EY T IH D"),
        ("baked", "B EY K T"),
        ("grabbing", "G R AE B IH NG"),
        ("rockless", "R AA K L AH S"),
        ("rewait", "R IY W EY T"),
        ("seahorses", "S IY HH AO R S AH Z"),
    ],
)
def test_words_like_known_ones(word: str, phones: str) -> None:
    assert said(word) == (phones,)


def test_all_pronunciations_of_the_dictionary_count() -> None:
    assert said("either") == ("IY DH ER", "AY DH ER")


def test_each_way_has_its_pronunciation() -> None:
    assert said("five percent", "five") == ("F AY V P ER S EH N T", "F AY V")


def test_unknown_words_are_pronounced_by_their_letters() -> None:
    assert said("thribble") == ("TH R IH B AH L",)
    assert said("kl") == ("K L", "K EY EH L")
    assert "EH F B IY AY" in said("fbi")


@pytest.mark.parametrize("unit", [Unit(()), Unit(("'",))])
def test_something_is_said_where_no_letters_are(unit: Unit) -> None:
    assert pronunciations(unit, KNOWN.get) == (SOMETHING_SAID,)
