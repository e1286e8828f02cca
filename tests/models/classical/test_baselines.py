"""The word counts that any model must beat, on texts with hardly any words to count."""

import numpy as np
import pytest

from models.classical.baselines import TfidfBaseline
from models.data.modalities import Modalities


def transcripts(texts):
    n = len(texts)
    return Modalities({}, {"text": np.ones(n, bool)}, np.array(texts, object), np.arange(n) % 6)


@pytest.mark.parametrize("n", [60, 240])
def test_sentences_without_spaces_distinguish_classes(n):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    filler = [chr(0x4E00 + i) for i in range(40)]
    texts = ["".join(rng.choice(filler, 9)) + ("\u597d", "\u574f")[label] for label in labels]
    model = TfidfBaseline().fit(transcripts(texts), labels)
    assert (model.predict(transcripts(texts)) == labels).mean() > 0.95


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("text", ["", "...", "\U0001f600", None, "word{i}", "\u6211{i}", "a\0{i}"])
def test_texts_that_share_no_word_get_the_prior(text, task):
    texts = [None if text is None else text.format(i=i) for i in range(150)]
    labels = np.array([0] * 100 + [1] * 50)
    answers = TfidfBaseline(task=task).fit(transcripts(texts), labels).predict(transcripts(["new", None, texts[0]]))
    assert np.isfinite(answers).all()
    assert (np.round(answers) == 0).all()
