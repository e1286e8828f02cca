"""word2vec: the mean of a transcript's word vectors, which are learnt inside each fold or read from a file.

T. Mikolov et al., Distributed representations of words and phrases and their compositionality, NeurIPS 2013.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from common.names import repeated
from common.references import Reference
from common.words import by_letter, without_blanks
from features.errors import ExtractorError

WORD = r"[^\W_]+(?:['\u2019][^\W_]+)*"
BY_LETTER = by_letter(WORD)
SEED = 0

Vectors = tuple[dict[str, int], NDArray[np.float32]]  # word -> row number, and the table of rows


class Word2VecText(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Mean of the vectors of a transcript's words; a row of NaN if no word is known.

    In transcripts without spaces between words, as in Chinese, single characters are used instead of words.

    Vectors are learnt with one worker and a hash that does not depend on ``PYTHONHASHSEED``, so that the same
    transcripts give exactly the same vectors.

    Parameters
    ----------
    size
        Length of a learnt vector.
    window
        Number of words on either side that count as context.
    epochs
        Number of passes over the training transcripts.
    min_count
        Minimum number of times that a word must occur in the training transcripts.
    vectors
        File of pretrained vectors: a text file in the format of word2vec or GloVe, word2vec's ``.bin``, a ``.gz`` of
        either of word2vec's formats, or an ``.npz`` with the arrays ``words`` and ``vectors``. If None, vectors are
        learnt.

    Examples
    --------
    >>> Word2VecText(size=8, epochs=1).fit(["a b", "b a"]).transform(["a", None, "zzz"]).shape
    (3, 8)
    """

    references = (
        Reference(
            "inproceedings",
            "Mikolov, Tomas and Sutskever, Ilya and Chen, Kai and Corrado, Greg S. and Dean, Jeff",
            "Distributed representations of words and phrases and their compositionality",
            "Advances in Neural Information Processing Systems",
            2013,
        ),
    )

    def __init__(
        self, size: int = 100, window: int = 5, epochs: int = 10, min_count: int = 1, vectors: str | None = None
    ) -> None:
        self.size = size
        self.window = window
        self.epochs = epochs
        self.min_count = min_count
        self.vectors = vectors

    def check(self) -> None:
        """Raise `ExtractorError` for invalid settings or a missing file."""
        if min(self.size, self.window, self.epochs, self.min_count) < 1:
            raise ExtractorError("features.word2vec: size, window, epochs and min_count must be at least 1")
        if self.vectors is not None and not Path(self.vectors).is_file():
            raise ExtractorError(
                f"features.word2vec: there is no file {self.vectors}: name another file, or write null "
                "to learn vectors from the corpus"
            )

    def fit(self, texts: Any, y: Any = None) -> "Word2VecText":  # noqa: ARG002 - scikit-learn's signature
        """Learn vectors from `texts` (n items, each a str or None), or read them from the file `vectors`."""
        self.check()
        self.by_letter_ = without_blanks(text or "" for text in texts)
        self.index_, self.table_ = self._learnt(texts) if self.vectors is None else read_vectors(self.vectors)
        return self

    def _learnt(self, texts: Any) -> Vectors:
        from gensim.models import Word2Vec

        sentences = [words for words in map(self._words, texts) if words]
        counts = {word for words in sentences for word in words}
        if not counts:
            return {}, np.zeros((0, self.size), np.float32)
        model = Word2Vec(
            sentences, vector_size=self.size, window=self.window, epochs=self.epochs, min_count=self.min_count,
            workers=1, seed=SEED, hashfxn=_hash, sg=1,
        )  # fmt: skip
        return dict(model.wv.key_to_index), np.asarray(model.wv.vectors, np.float32)

    def transform(self, texts: Any) -> NDArray[np.float32]:
        """Return the mean word vector of each text, ``(n, width)`` float32; NaN for a text without a known word."""
        rows = np.full((len(texts), self.table_.shape[1]), np.nan, np.float32)
        for place, text in enumerate(texts):
            known = [self.index_[word] for word in self._words(text) if word in self.index_]
            if known:
                rows[place] = self.table_[known].mean(axis=0)
        return rows

    def _words(self, text: str | None) -> list[str]:
        pattern = (
            BY_LETTER if getattr(self, "by_letter_", False) else WORD
        )  # a model saved by an earlier version lacks it
        return [word.replace("\u2019", "'") for word in re.findall(pattern, (text or "").lower())]


def _hash(text: str) -> int:
    return crc32(text.encode())


@lru_cache(maxsize=2)
def read_vectors(path: str) -> Vectors:
    """Read word vectors from a text file, an ``.npz``, or word2vec's binary format.

    Raises
    ------
    ExtractorError
        If the file holds no vectors, is not a regular file, or is in gensim's own format: that is a pickle, which could
        run any code.
    """
    if path.endswith((".kv", ".model")):
        raise ExtractorError(
            f"features.word2vec: {path} is a pickle: save it with save_word2vec_format, and name that file"
        )
    if Path(path).exists() and not Path(path).is_file():
        raise ExtractorError(
            f"features.word2vec: {path} is not a regular file: reading a pipe or a device might never end"
        )
    try:
        if path.endswith(".npz"):
            return _from_npz(path)
        if path.endswith((".bin", ".gz")):
            return _from_word2vec(path)
        return _from_text(path)
    except (ValueError, KeyError, OSError, UnicodeDecodeError) as error:
        raise ExtractorError(f"features.word2vec: {path} holds no word vectors: {error}") from error


def _from_npz(path: str) -> Vectors:
    with np.load(path, allow_pickle=False) as file:
        if (name := repeated(file.files)) is not None:
            raise ValueError(f"the file has two arrays named {name!r}")
        words, table = file["words"], np.asarray(file["vectors"], np.float32)
    if table.ndim != 2 or len(words) != len(table):
        raise ValueError(f"the file has {len(words)} words, but vectors of the shape {table.shape}")
    return {str(word): row for row, word in enumerate(words)}, table


def _from_word2vec(path: str) -> Vectors:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors.load_word2vec_format(path, binary=path.endswith((".bin", ".bin.gz")))
    return dict(vectors.key_to_index), np.asarray(vectors.vectors, np.float32)


def _from_text(path: str) -> Vectors:
    index: dict[str, int] = {}
    rows: list[NDArray[np.float32]] = []
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            word, *numbers = line.rstrip().split(" ")
            if number == 0 and len(numbers) == 1:  # word2vec's text format begins with counts, GloVe's does not
                continue
            row = np.array(numbers, np.float32)
            if rows and len(row) != len(rows[0]):
                raise ValueError(f"line {number + 1} has {len(row)} numbers, but the first has {len(rows[0])}")
            if word not in index:
                index[word] = len(rows)
                rows.append(row)
    if not rows:
        raise ValueError("the file is empty")
    return index, np.stack(rows)
