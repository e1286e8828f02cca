"""Permuting a part changes that part and nothing else."""

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.errors import ModelError
from models.evaluation.importance import extractors_of, permuted_features, permuted_modality


def corpus():
    pooled = {"text": np.arange(8.0, dtype=np.float32).reshape(4, 2), "audio": np.ones((4, 1), np.float32)}
    here = {"text": np.array([True, True, False, True]), "audio": np.full(4, True)}
    names = {"text": ("bert.a", "vader.b"), "audio": ("mfcc.c",)}
    return Modalities(pooled, here, np.array(["a", "b", None, "d"], object), np.arange(4), names)


def test_a_modality_moves_with_its_mask_and_words():
    order = np.array([2, 0, 1, 3])
    x = permuted_modality(corpus(), "text", order)
    assert x.present["text"].tolist() == [False, True, True, True]
    assert x.text.tolist() == [None, "a", "b", "d"]
    assert x.pooled["text"][1].tolist() == [0, 1]
    assert x.pooled["audio"] is corpus().pooled["audio"] or (x.pooled["audio"] == 1).all()


def test_features_of_one_extractor_move_among_those_that_have_the_modality():
    x = permuted_features(corpus(), "text", "vader", np.array([3, 2, 1, 0]))
    assert x.pooled["text"][:, 0].tolist() == [0, 2, 4, 6]
    assert x.pooled["text"][[0, 1, 3], 1].tolist() == [7, 3, 1]
    assert x.pooled["text"][2, 1] == 5


def test_an_unknown_extractor_is_refused():
    assert extractors_of(corpus(), "text") == ("bert", "vader")
    with pytest.raises(ModelError, match="no features of 'mfcc' in text"):
        permuted_features(corpus(), "text", "mfcc", np.arange(4))
