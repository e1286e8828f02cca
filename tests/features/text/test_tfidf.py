"""TF-IDF against scikit-learn's own, and on texts with hardly any words."""

import warnings

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from features.text.fitted import build
from features.text.tfidf import TfidfText

TEXTS = np.array(["Good film, good cast", None, "bad film", "", "it's bad \u2014 really bad"], object)


def test_tfidf_is_scikit_learns():
    texts = ["good film", "bad film", "a good good day"]
    ours = TfidfText(ngrams=(1, 2)).fit(texts).transform(texts).toarray()
    theirs = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True).fit_transform(texts)
    np.testing.assert_allclose(ours, theirs.toarray())


def test_tfidf_keeps_apostrophes_and_counts_rarity_only_among_many():
    assert "it's" in TfidfText().fit(TEXTS).vectoriser_.vocabulary_
    many = [f"film number{i}" for i in range(60)]
    assert set(TfidfText().fit(many).vectoriser_.vocabulary_) == {"film"}


def test_tfidf_counts_marks_of_how_words_are_spoken():
    assert {"what", "?!", "what ?!", "..."} <= set(
        TfidfText().fit(["What?!", "no, well... no."]).vectoriser_.vocabulary_
    )
    assert "." not in TfidfText().fit(["no, well... no."]).vectoriser_.vocabulary_


CHINESE = (
    "\u6211\u559c\u6b22\u8fd9\u4e2a\u7535\u5f71",
    "\u6211\u8ba8\u538c\u8fd9\u4e2a\u7535\u5f71",
)  # I like, I hate this film


def test_words_separated_by_spaces_stay_words():
    parted = ["\u6211 \u559c\u6b22 \u8fd9\u4e2a \u7535\u5f71", "very good"]
    assert "\u559c\u6b22" in TfidfText(ngrams=(1, 1)).fit(parted).vectoriser_.vocabulary_
    letters = TfidfText(ngrams=(1, 1)).fit([*CHINESE, "very good"]).vectoriser_.vocabulary_
    assert {"\u559c", "\u6b22", "very", "good"} <= set(letters)


@pytest.mark.parametrize("settings", [{}, {"components": 5}, {"max_features": 3}, {"ngrams": [3, 4]}])
@pytest.mark.parametrize(
    "texts",
    [
        ["\U0001f600\U0001f600", "\U0001f622"] * 30,
        ["!?", "...", "\u2014"] * 30,
        ["a", "I", "b"] * 30,
        ["the", "and the"] * 30,
        [None, ""] * 30,
        ["x"],
        [],
        [f"word{i}" for i in range(80)],
        ["\u6211" * 300] * 60,
        ["a\0b"] * 60,
    ],
)
def test_tfidf_of_hardly_any_words(texts, settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = build("tfidf", settings).fit(texts).transform(["new", "", None, "the"])
    assert rows.shape[0] == 4
    assert np.isfinite(rows.toarray() if hasattr(rows, "toarray") else rows).all()


def test_tfidf_reduced_to_components_is_dense():
    rows = TfidfText(components=2).fit(TEXTS).transform(TEXTS)
    assert isinstance(rows, np.ndarray)
    assert rows.shape == (5, 2)
    assert np.abs(rows[[1, 3]]).max() == 0
