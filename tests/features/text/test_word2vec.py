"""Word vectors: learnt ones, pretrained ones, and files without any."""

import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from features.errors import ExtractorError
from features.text.fitted import build
from features.text.word2vec import Word2VecText

TEXTS = np.array(["Good film, good cast", None, "bad film", "", "it's bad \u2014 really bad"], object)


def test_word2vec_is_the_mean_of_known_words_and_nan_without_any():
    model = Word2VecText(size=6, epochs=2).fit(TEXTS)
    rows = model.transform(["good film zzz", "zzz", None, "it\u2019s"])
    good, film = (model.table_[model.index_[word]] for word in ("good", "film"))
    np.testing.assert_allclose(rows[0], (good + film) / 2, rtol=1e-6)
    assert np.isnan(rows[1:3]).all()
    assert np.isfinite(rows[3]).all()


def test_word2vec_learns_which_words_are_used_in_the_same_way():
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
def test_pretrained_vectors_of_every_format(kind, tmp_path):
    rows = build("word2vec", {"vectors": saved(kind, tmp_path)}).fit(TEXTS).transform(["good bad", "fine"])
    np.testing.assert_allclose(rows[0], TABLE.mean(axis=0))
    assert np.isnan(rows[1]).all()


def test_pickled_vectors_are_not_opened(tmp_path):
    (tmp_path / "v.kv").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(ExtractorError, match="is a pickle"):
        Word2VecText(vectors=str(tmp_path / "v.kv")).fit(TEXTS)


def test_broken_vectors_are_refused(tmp_path):
    (tmp_path / "v.txt").write_text("good 1 2\nbad 1 2 3\n")
    with pytest.raises(ExtractorError, match="line 2 has 3 numbers, but the first has 2"):
        Word2VecText(vectors=str(tmp_path / "v.txt")).fit(TEXTS)
    with zipfile.ZipFile(saved("npz", tmp_path), "a") as file:
        file.writestr("words", b"other words")
    with pytest.raises(ExtractorError, match="two arrays named 'words'"):
        Word2VecText(vectors=str(tmp_path / "vectors.npz")).fit(TEXTS)
    (tmp_path / "w.npz").write_bytes(b"no zip")
    with pytest.raises(ExtractorError, match="holds no word vectors"):
        Word2VecText(vectors=str(tmp_path / "w.npz")).fit(TEXTS)
