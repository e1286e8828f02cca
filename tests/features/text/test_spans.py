"""Tokens are found in the transcript that they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.text.spans import token_spans


@pytest.mark.parametrize(
    ("text", "tokens", "found"),
    [
        ("Well... IT works!", ["well", "it", "works"], ["Well", "IT", "works"]),
        ("a well-known fact", ["a", "well", "known", "fact"], ["a", "well", "known", "fact"]),
        ("It's so-so", ["its", "soso"], ["It's", "so-so"]),
        ("cafe\u0301 noir", ["caf\u00e9", "noir"], ["cafe\u0301", "noir"]),
        ("yes yes yes", ["yes", "yes", "yes"], ["yes", "yes", "yes"]),
        ("", [], []),
    ],
)
def test_tokens_are_found_by_their_letters_in_order(text: str, tokens: list[str], found: list[str]) -> None:
    spans = token_spans(text, tokens)
    assert spans.shape == (len(tokens), 2)
    assert [text[a:b].rstrip("\u0301") for a, b in spans] == [part.rstrip("\u0301") for part in found]


def test_a_token_that_is_not_in_the_text_has_an_empty_span() -> None:
    assert token_spans("good film", ["good", "xyz", "film"]).tolist() == [[0, 4], [0, 0], [5, 9]]


@given(st.lists(st.text("abcXYZ0", min_size=1, max_size=5), max_size=6))
def test_words_separated_by_spaces_are_found_exactly(words: list[str]) -> None:
    text = " - ".join(words)
    assert [text[a:b] for a, b in token_spans(text, [word.lower() for word in words])] == words


def test_spans_survive_accents_ligatures_and_missing_tokens() -> None:
    text = "Cafe\u0301 \u2014 STRASSE, \u039f\u0394\u039f\u03a3!"
    assert token_spans(text, ["caf\u00e9", "strasse", "\u03bf\u03b4\u03bf\u03c2"]).tolist() == [
        [0, 4],
        [8, 15],
        [17, 21],
    ]
    assert token_spans("one three", ["one", "###", "three"]).tolist() == [[0, 3], [0, 0], [4, 9]]
