"""VADER: how negative, neutral and positive a text is, from a lexicon and rules for negation, degree and emphasis.

VADER reads the transcript as it was written, because capitals and exclamation marks count. C. J. Hutto and E. Gilbert,
VADER: a parsimonious rule-based model for sentiment analysis of social media text, ICWSM 2014.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from common.references import Reference
from features.base import Extractor
from features.errors import EmptyInput
from features.types import Features, TextStream

NAMES = ("neg", "neu", "pos", "compound")


@dataclass(frozen=True)
class VaderConfig:
    """VADER has no settings."""


class Vader(Extractor[TextStream]):
    """Shares of negative, neutral and positive words in [0, 1], and the compound score in [-1, 1].

    ``values`` has one row for the whole utterance, and ``pooled`` is this row. The row lasts from the first to the
    last timed word; if no word has times, the times of the row are NaN.

    Examples
    --------
    >>> stream = TextStream("I love it!", ("i", "love", "it"), np.full((3, 2), np.nan))
    >>> Vader(VaderConfig()).extract(stream).pooled[3] > 0.6
    np.True_
    """

    name = "vader"
    modality = "text"
    version = 1
    terms = "MIT"
    references = (
        Reference(
            "inproceedings",
            "Hutto, C. J. and Gilbert, Eric",
            "VADER: A parsimonious rule-based model for sentiment analysis of social media text",
            "Proceedings of ICWSM",
            2014,
        ),
    )
    packages = ("vaderSentiment",)
    light = True
    Config = VaderConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``neg``, ``neu``, ``pos``, ``compound``."""
        return NAMES

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The same as `feature_names`."""
        return NAMES

    def weights(self) -> tuple[Path, ...]:
        """Return the files of the lexicon."""
        from importlib.util import find_spec

        spec = find_spec("vaderSentiment")
        folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec is not None else None
        return () if folder is None else (folder / "vader_lexicon.txt", folder / "emoji_utf8_lexicon.txt")

    def extract(self, stream: TextStream) -> Features:
        """Return the scores of the transcript; raise `EmptyInput` if it contains no words."""
        if not stream.tokens:
            raise EmptyInput("the transcript contains no words")
        scores = _analyser().polarity_scores(stream.text)
        row = np.array([[scores[name] for name in NAMES]], np.float32)
        return Features(row, _span(stream), row[0].copy())


def _span(stream: TextStream) -> Any:
    known = stream.times[np.isfinite(stream.times).all(axis=1)]
    return np.array([[known[:, 0].min(), known[:, 1].max()]]) if len(known) else np.full((1, 2), np.nan)


@cache
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
