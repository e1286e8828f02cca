"""What counts as a word, in scripts with and without spaces between words."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from common.words import BY_LETTER, TOKEN, by_letter, fitted_tfidf, token_pattern, without_blanks
from features.text.word2vec import WORD
from models.saving.checks_libraries import PATTERNS

CHINESE = ("我喜欢这个电影", "我讨厌这个电影")  # I like, I hate this film


@given(st.text(st.sampled_from("ab'_.!? \u2019\u00e9\u05d0\u0917\U0001f600"), max_size=20))
def test_the_rule_for_letters_does_not_change_scripts_with_spaces(text: str) -> None:
    for pattern in (TOKEN, WORD):
        assert re.findall(by_letter(pattern), text) == re.findall(pattern, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's good... really?!", ["It's", "good", "...", "really", "?!"]),
        ("rock\u2019n\u2019roll, twice.", ["rock\u2019n\u2019roll", "twice"]),
        ("wait\u2026 what", ["wait", "\u2026", "what"]),
    ],
)
def test_words_and_marks_of_how_they_are_spoken(text: str, words: list[str]) -> None:
    assert re.findall(TOKEN, text) == words


def test_letters_count_as_words_only_in_unsegmented_text() -> None:
    assert token_pattern(CHINESE) == BY_LETTER == by_letter(TOKEN)
    assert token_pattern(["a b"]) == TOKEN
    assert token_pattern(["我 喜欢 这个 电影"]) == TOKEN
    assert re.findall(BY_LETTER, "iPhone很好 ok") == ["iPhone", "很", "好", "ok"]
    assert not without_blanks([])


def test_a_saved_model_may_hold_both_patterns() -> None:
    assert {TOKEN, BY_LETTER} <= set(PATTERNS)


def test_tfidf_is_scikit_learns_over_these_words() -> None:
    texts = ["It's good!", "it was good, good...", "no 好"]
    ours = fitted_tfidf(texts, min_df=1)
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=TOKEN).fit(texts)
    assert ours.vocabulary_ == theirs.vocabulary_
    np.testing.assert_array_equal(ours.transform(texts).toarray(), theirs.transform(texts).toarray())
    assert set(fitted_tfidf(texts, min_df=2, ngrams=(1, 1)).vocabulary_) == {"good"}
    assert len(fitted_tfidf(texts, min_df=1, max_features=3).vocabulary_) == 3


@pytest.mark.parametrize("texts", [[], ["", "."], ["—"]])
def test_texts_without_a_word_have_no_tfidf(texts: list[str]) -> None:
    assert fitted_tfidf(texts, min_df=1) is None
