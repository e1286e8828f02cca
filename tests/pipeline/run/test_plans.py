"""Plans of streams: how words are counted."""

import numpy as np

from pipeline.run.plans import Source, timed_words
from pipeline.streams.spans import Span

WORDS = [("a", np.nan, np.nan), ("b", 1.0, 1.5), ("c", np.nan, np.nan), ("d", 2.0, 2.5), ("e", np.nan, np.nan)]


def test_the_rate_of_speech_counts_words_between_timed_ones() -> None:
    source = Source("", "", Span(0.5, 4.0), "a b c d e", tuple(WORDS))
    assert timed_words(source) == {"words": 3, "words_start_s": 0.5, "words_end_s": 2.0}
    assert timed_words(Source("", "", Span(0.5, 4.0), "a", (WORDS[0],))) == {}
    assert timed_words(Source("", "", Span(0.0, 4.0), "b d", (WORDS[3], WORDS[1])))["words"] == 2
