"""TF-IDF: how often words occur in a transcript, weighted by how few transcripts contain them; fitted inside each fold.

K. Spärck Jones, A statistical interpretation of term specificity and its application in retrieval, 1972; for
`components`, S. Deerwester et al., Indexing by latent semantic analysis, 1990.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from common.references import Reference
from common.words import MOST_WORDS, fitted_tfidf
from features.errors import ExtractorError


class TfidfText(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF values of words and word sequences, one row per text; None and empty texts give rows of zeros.

    Rows have unit length unless they are reduced to `components`. Words are lower-cased; runs of exclamation and
    question marks, and ellipses, count as words. In transcripts without spaces between words, as in Chinese, single
    characters are counted instead of words.

    Parameters
    ----------
    ngrams
        Minimum and maximum length of a sequence, in words.
    min_df
        Minimum number of training transcripts that must contain a sequence; ignored if there are fewer than 50
        transcripts.
    max_features
        How many of the most frequent sequences are kept; None keeps all.
    components
        Number of latent components to which the rows are reduced; None keeps the sparse TF-IDF values.

    Examples
    --------
    >>> TfidfText(ngrams=(1, 1)).fit_transform(["good film", None, "bad film"]).shape
    (3, 3)
    """

    references = (
        Reference(
            "article",
            "Spärck Jones, Karen",
            "A statistical interpretation of term specificity and its application in retrieval",
            "Journal of Documentation",
            1972,
        ),
    )

    def __init__(
        self,
        ngrams: tuple[int, int] = (1, 2),
        min_df: int = 2,
        max_features: int | None = None,
        components: int | None = None,
    ) -> None:
        self.ngrams = ngrams
        self.min_df = min_df
        self.max_features = max_features
        self.components = components

    def check(self) -> None:
        """Raise `ExtractorError` for invalid settings."""
        low, high = self.ngrams
        if not 1 <= low <= high <= MOST_WORDS:
            raise ExtractorError(
                f"features.tfidf: ngrams is {self.ngrams}: give the minimum and maximum length, such as [1, 2], up to "
                f"{MOST_WORDS}"
            )
        if any(value is not None and value < 1 for value in (self.min_df, self.max_features, self.components)):
            raise ExtractorError("features.tfidf: min_df, max_features and components must be at least 1")

    def fit(self, texts: Any, y: Any = None) -> "TfidfText":  # noqa: ARG002 - scikit-learn's signature
        """Learn the vocabulary of `texts`: n items, each a str or None."""
        self.check()
        clean = [text or "" for text in texts]
        rarest = self.min_df if len(clean) >= 50 else 1
        self.vectoriser_ = fitted_tfidf(clean, min_df=rarest, ngrams=self.ngrams, max_features=self.max_features)
        if self.vectoriser_ is not None:
            self.reducer_ = self._reducer(self.vectoriser_.transform(clean))
        return self

    def _reducer(self, counts: Any) -> Any:
        from sklearn.decomposition import TruncatedSVD

        if self.components is None or min(counts.shape) < 2:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):  # if all texts are the same
            return TruncatedSVD(min(self.components, min(counts.shape) - 1), random_state=0).fit(counts)

    def transform(self, texts: Any) -> Any:
        """Return one row of TF-IDF values (or latent components) per text, ``(n, p)``; sparse if `components` is None.

        If the training texts contained no words, there is one column of zeros.
        """
        clean = [text or "" for text in texts]
        if self.vectoriser_ is None:
            return np.zeros((len(clean), 1))
        counts = self.vectoriser_.transform(clean)
        return counts if self.reducer_ is None else self.reducer_.transform(counts)
