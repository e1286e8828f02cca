"""Find the words in transcripts, also in scripts without spaces between words, and weight them by TF-IDF."""

import re
from collections.abc import Iterable
from typing import Any

TOKEN = r"(?u)\b\w+(?:['\u2019]\w+)*\b|[!?]+|\.\.+|\u2026"  # words, and punctuation that shows how they are spoken

# Han, kana, Thai, Lao, Burmese, Khmer: letters, and marks on them.
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3"
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
MOST_WORDS = 20  # maximum length of a counted sequence; each length adds about as many sequences as a text has words
LONGEST = 4  # if runs of letters are longer than this on average, they are not words but whole phrases

_RUN = re.compile(f"[{UNSPACED}]+")


def without_blanks(texts: Iterable[str]) -> bool:
    """Whether transcripts are written without spaces between words, so that single characters must be counted instead.

    Transcripts that have been segmented into words do have spaces.

    >>> without_blanks(["我喜欢这个电影"]), without_blanks(["我 喜欢 这个 电影"]), without_blanks(["I like it"])
    (True, False, False)
    """
    lengths = [len(run) for text in texts for run in _RUN.findall(text)]
    return sum(lengths) > LONGEST * len(lengths)


def by_letter(words: str) -> str:
    r"""Return the regular expression `words`, changed so that each character of a script without spaces is a word.

    `words` must be written with ``\w`` or ``[^\W_]``.

    >>> re.findall(by_letter(r"\w+"), "iPhone很好 ok")
    ['iPhone', '很', '好', 'ok']
    """
    others = words.replace(r"[^\W_]", rf"[^\W_{UNSPACED}]").replace(r"\w", rf"[^\W{UNSPACED}]")
    return f"[{UNSPACED}]|" + others.replace(r"\b", "").replace("(?u)", "")


BY_LETTER = by_letter(TOKEN)


def fitted_tfidf(
    texts: Iterable[str], *, min_df: int, ngrams: tuple[int, int] = (1, 2), max_features: int | None = None
) -> Any:
    """Return scikit-learn's TF-IDF vectoriser, fitted to transcripts; None if no word is in enough transcripts.

    Parameters
    ----------
    texts
        ``(n,)`` transcripts.
    min_df
        The minimum number of transcripts in which a sequence of words must occur.
    ngrams
        Minimum and maximum length of a sequence, in words.
    max_features
        How many of the most frequent sequences are kept; None keeps all.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(
        ngram_range=tuple(ngrams),
        min_df=min_df,
        max_features=max_features,
        token_pattern=token_pattern(texts),
        sublinear_tf=True,
    )
    try:
        return vectoriser.fit(texts)
    except ValueError:  # scikit-learn refuses to fit if no word is left
        return None


def token_pattern(texts: Iterable[str]) -> str:
    """Return the regular expression of what counts as a word in these transcripts."""
    return BY_LETTER if without_blanks(texts) else TOKEN
