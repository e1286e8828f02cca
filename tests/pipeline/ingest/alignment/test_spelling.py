from difflib import SequenceMatcher
from pathlib import Path

import pytest

from pipeline.ingest.alignment.spelling import sounded, spelled


def dictionary() -> dict[str, str]:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    lines = (Path(pocketsphinx.__file__).parent / "model" / "en-us" / "cmudict-en-us.dict").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_four_of_five_phones_are_those_of_the_dictionary() -> None:
    words = {word: phones.split() for word, phones in dictionary().items() if word.isalpha()}
    chosen = sorted(words)[::40]
    guessed = {word: sounded(word).split() for word in chosen}
    shared = sum(
        block.size
        for word in chosen
        for block in SequenceMatcher(None, guessed[word], words[word], autojunk=False).get_matching_blocks()
    )
    assert shared / sum(max(len(guessed[word]), len(words[word])) for word in chosen) > 0.75


def test_every_phone_is_one_of_the_dictionary() -> None:
    phones = {phone for way in dictionary().values() for phone in way.split()}
    letters = "abcdefghijklmnopqrstuvwxyz'"
    written = [a + b + c for a in letters for b in letters for c in letters]
    assert {phone for word in written for phone in f"{sounded(word)} {spelled(word)}".split()} <= phones


@pytest.mark.parametrize(
    ("word", "phones"),
    [("thribble", "TH R IH B AH L"), ("quaint", "K W EY N T"), ("mates", "M EY T S"), ("knee", "N IY")],
)
def test_known_patterns(word: str, phones: str) -> None:
    assert sounded(word) == phones


def test_letters_are_named() -> None:
    assert spelled("fbi") == "EH F B IY AY"
