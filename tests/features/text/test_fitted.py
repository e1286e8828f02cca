"""Text features that are fitted inside folds: one contract for all of them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from common.names import Registry
from features.errors import ExtractorError
from features.text import fitted
from features.text.fitted import build, fitted_names

TEXTS = np.array(["Good film, good cast", None, "bad film", "", "it's bad \u2014 really bad"], object)


@pytest.mark.parametrize("name", fitted_names())
def test_reads_raw_transcripts_some_of_them_missing(name):
    transformer = build(name, {})
    rows = transformer.fit(TEXTS).transform(TEXTS)
    assert rows.shape[0] == 5
    assert clone(transformer).get_params() == transformer.get_params()
    new = transformer.transform(np.array(["unheard words", None, "good"], object))
    assert new.shape == (3, rows.shape[1])


@pytest.mark.parametrize("name", fitted_names())
def test_is_the_same_twice_and_a_row_does_not_depend_on_the_others(name):
    dense = [np.asarray(getattr(r, "toarray", lambda r=r: r)()) for r in (
        build(name, {}).fit(TEXTS).transform(TEXTS), build(name, {}).fit(TEXTS).transform(TEXTS))]  # fmt: skip
    assert dense[0].tobytes() == dense[1].tobytes()
    transformer = build(name, {}).fit(TEXTS)
    one = transformer.transform(TEXTS[2:3])
    np.testing.assert_array_equal(np.asarray(getattr(one, "toarray", lambda: one)())[0], dense[0][2])


@pytest.mark.parametrize("name", fitted_names())
def test_transcripts_without_a_word_can_be_fitted_on(name):
    rows = build(name, {}).fit([None, "", "..."]).transform(["good", None])
    assert rows.shape[0] == 2


CHINESE = (
    "\u6211\u559c\u6b22\u8fd9\u4e2a\u7535\u5f71",
    "\u6211\u8ba8\u538c\u8fd9\u4e2a\u7535\u5f71",
)  # I like, I hate this film


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        CHINESE,
        ("\u3053\u306e\u6620\u753b\u306f\u826f\u3044", "\u3053\u306e\u6620\u753b\u306f\u60aa\u3044"),  # Japanese
        (
            "\u0e09\u0e31\u0e19\u0e23\u0e31\u0e01\u0e21\u0e31\u0e19",
            "\u0e09\u0e31\u0e19\u0e40\u0e01\u0e25\u0e35\u0e22\u0e14\u0e21\u0e31\u0e19",
        ),  # Thai
    ],
)
@pytest.mark.parametrize("name", fitted_names())
def test_sentences_without_spaces_share_letters(name, good, bad):
    others = [chr(0x4E00 + 7 * i) * 9 for i in range(60)]  # each of a letter of its own
    rows = build(name, {}).fit([good, bad, *others] * 2).transform([good, bad, good + "iPhone", "zzz"])
    dense = np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
    assert np.abs(dense[0] - dense[1]).max() > 0
    np.testing.assert_array_equal(dense[0], dense[2])  # a word that training has not seen
    assert not np.nan_to_num(dense[3]).any()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("tfdif", {}, "no fitted text feature is named 'tfdif'; did you mean 'tfidf'"),
        ("tfidf", {"ngrams": [2, 1]}, r"ngrams is \(2, 1\)"),
        ("tfidf", {"min_df": 0}, "at least 1"),
        ("tfidf", {"max_features": 0}, "at least 1"),
        ("tfidf", {"components": 0}, "at least 1"),
        ("word2vec", {"size": 0}, "at least 1"),
        ("word2vec", {"sizes": 1}, "unknown setting 'sizes'; did you mean 'size'"),
        ("word2vec", {"vectors": "/nowhere.txt"}, "there is no file /nowhere.txt"),
    ],
)
def test_impossible_settings_are_refused(name, settings, message):
    with pytest.raises(ExtractorError, match=message):
        build(name, settings)


def test_a_transformer_can_be_registered(monkeypatch):
    monkeypatch.setattr(fitted, "_FITTED", Registry("text feature", ExtractorError, dict(fitted._FITTED.items())))
    fitted.register("counts", CountVectorizer)
    assert build("counts", {"lowercase": False}).lowercase is False
    with pytest.raises(ExtractorError, match="there is already a text feature named 'tfidf'"):
        fitted.register("tfidf", CountVectorizer)
    with pytest.raises(ExtractorError, match="must be registered with its class, not with 'module:Counts'"):
        fitted.register("more", "module:Counts")
