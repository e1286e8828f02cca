import numpy as np
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from features.errors import EmptyInput
from features.registry import build
from features.types import TextStream

UNTIMED = np.full((3, 2), np.nan)


@pytest.mark.parametrize("text", ["I love this!", "not good at all", "the table is brown"])
def test_scores_are_the_reference_librarys(text):
    vader = build("vader", {})
    found = vader.extract(TextStream(text, tuple(text.split()), UNTIMED))
    theirs = SentimentIntensityAnalyzer().polarity_scores(text)
    np.testing.assert_allclose(found.pooled, [theirs[name] for name in vader.pooled_names], rtol=1e-6)
    assert found.values.shape == (1, 4)
    assert found.pooled.dtype == found.values.dtype == np.float32


def test_reads_the_transcript_as_written():
    vader = build("vader", {})
    loud = vader.extract(TextStream("This is GREAT!!!", ("this", "is", "great"), UNTIMED))
    calm = vader.extract(TextStream("This is great", ("this", "is", "great"), UNTIMED))
    assert loud.pooled[3] > calm.pooled[3]


def test_the_row_spans_the_timed_words():
    times = np.array([[np.nan, np.nan], [0.5, 0.8], [0.9, 1.4]])
    vader = build("vader", {})
    assert vader.extract(TextStream("a b c", ("a", "b", "c"), times)).times.tolist() == [[0.5, 1.4]]
    assert np.isnan(vader.extract(TextStream("a b c", ("a", "b", "c"), UNTIMED)).times).all()


def test_no_words_are_empty_and_the_lexicon_is_its_weights():
    vader = build("vader", {})
    assert vader.light
    assert all(path.is_file() for path in vader.weights())
    with pytest.raises(EmptyInput):
        vader.extract(TextStream("...", (), np.empty((0, 2))))
