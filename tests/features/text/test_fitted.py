import os
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from common.names import Registry
from features.errors import ExtractorError
from features.text import fitted
from features.text.fitted import build, fitted_names
from features.text.tfidf import TfidfText
from features.text.word2vec import Word2VecText

TEXTS = np.array(["Good film, good cast", None, "bad film", "", "it's bad \u2014 really bad"], object)


@pytest.mark.parametrize("name", fitted_names())
def test_takes_raw_transcripts_some_of_them_missing(name):
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


def test_tfidf_is_scikit_learns():
    texts = ["good film", "bad film", "a good good day"]
    ours = TfidfText(ngrams=(1, 2)).fit(texts).transform(texts).toarray()
    theirs = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True).fit_transform(texts)
    np.testing.assert_allclose(ours, theirs.toarray())


def test_tfidf_keeps_apostrophes_and_counts_rarity_only_among_many():
    assert "it's" in TfidfText().fit(TEXTS).vectoriser_.vocabulary_
    many = [f"film number{i}" for i in range(60)]
    assert set(TfidfText().fit(many).vectoriser_.vocabulary_) == {"film"}


def test_tfidf_counts_marks_of_how_a_thing_is_said():
    assert {"what", "?!", "what ?!", "..."} <= set(
        TfidfText().fit(["What?!", "no, well... no."]).vectoriser_.vocabulary_
    )
    assert "." not in TfidfText().fit(["no, well... no."]).vectoriser_.vocabulary_


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
def test_sentences_without_blanks_share_letters(name, good, bad):
    others = [chr(0x4E00 + 7 * i) * 9 for i in range(60)]  # every one of its own
    rows = build(name, {}).fit([good, bad, *others] * 2).transform([good, bad, good + "iPhone", "zzz"])
    dense = np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
    assert np.abs(dense[0] - dense[1]).max() > 0
    np.testing.assert_array_equal(dense[0], dense[2])  # a word that training has not seen
    assert not np.nan_to_num(dense[3]).any()


def test_words_that_blanks_part_stay_words():
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


def test_word2vec_is_the_mean_of_known_words_and_nan_without_any():
    model = Word2VecText(size=6, epochs=2).fit(TEXTS)
    rows = model.transform(["good film zzz", "zzz", None, "it\u2019s"])
    good, film = (model.table_[model.index_[word]] for word in ("good", "film"))
    np.testing.assert_allclose(rows[0], (good + film) / 2, rtol=1e-6)
    assert np.isnan(rows[1:3]).all()
    assert np.isfinite(rows[3]).all()


def test_word2vec_learns_which_words_are_used_alike():
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(400):
        mood = rng.integers(2)
        texts.append(" ".join(rng.choice([["sun", "beach", "warm"], ["snow", "ice", "cold"]][mood], 5)))
    model = Word2VecText(size=16, epochs=5).fit(texts)
    sun, warm, snow = (model.table_[model.index_[word]] for word in ("sun", "warm", "snow"))

    def alike(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert alike(sun, warm) > alike(sun, snow) + 0.2


def test_word2vec_ignores_the_hash_seed():
    code = (
        "from features.text.word2vec import Word2VecText as W; import hashlib;"
        "m = W(size=8, epochs=2).fit(['a good film', 'a bad film', 'the end of it'] * 5);"
        "print(hashlib.sha256(m.transform(['good', 'the end']).tobytes()).hexdigest())"
    )

    def run(seed):
        own = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=True).stdout

    assert len(run("1")) == 65
    assert run("1") == run("2")


WORDS, TABLE = ["good", "bad"], np.array([[1, 2, 3], [4, 5, 6.5]], np.float32)


def saved(kind, folder):
    path = folder / f"vectors.{kind}"
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(WORDS, TABLE.tolist(), strict=True)]
    if kind == "npz":
        np.savez(path, words=np.array(WORDS), vectors=TABLE)
    elif kind == "bin":
        from gensim.models import KeyedVectors

        vectors = KeyedVectors(3)
        vectors.add_vectors(WORDS, TABLE)
        vectors.save_word2vec_format(str(path), binary=True)
    else:
        path.write_text("\n".join((["2 3"] if kind == "vec" else []) + lines) + "\n")
    return str(path)


@pytest.mark.parametrize("kind", ["npz", "bin", "vec", "txt"])
def test_ready_vectors_of_every_format(kind, tmp_path):
    rows = build("word2vec", {"vectors": saved(kind, tmp_path)}).fit(TEXTS).transform(["good bad", "fine"])
    np.testing.assert_allclose(rows[0], TABLE.mean(axis=0))
    assert np.isnan(rows[1]).all()


def test_pickled_vectors_are_not_opened(tmp_path):
    (tmp_path / "v.kv").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(ExtractorError, match="is a pickle"):
        Word2VecText(vectors=str(tmp_path / "v.kv")).fit(TEXTS)


def test_broken_vectors_are_refused(tmp_path):
    (tmp_path / "v.txt").write_text("good 1 2\nbad 1 2 3\n")
    with pytest.raises(ExtractorError, match="line 2 has 3 numbers, the first has 2"):
        Word2VecText(vectors=str(tmp_path / "v.txt")).fit(TEXTS)
    with zipfile.ZipFile(saved("npz", tmp_path), "a") as file:
        file.writestr("words", b"other words")
    with pytest.raises(ExtractorError, match="two arrays named 'words'"):
        Word2VecText(vectors=str(tmp_path / "vectors.npz")).fit(TEXTS)
    (tmp_path / "w.npz").write_bytes(b"no zip")
    with pytest.raises(ExtractorError, match="holds no word vectors"):
        Word2VecText(vectors=str(tmp_path / "w.npz")).fit(TEXTS)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("tfdif", {}, "no fitted text feature is named 'tfdif'; did you mean 'tfidf'"),
        ("tfidf", {"ngrams": [2, 1]}, r"ngrams is \(2, 1\)"),
        ("tfidf", {"min_df": 0}, "at least 1"),
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
