"""Labels as written, and permuted by a seed."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.training.labels import labels_of

THREE = ("text", "audio", "video")


@pytest.mark.parametrize(
    ("task", "given", "read"), [("classification", list("abcab"), str), ("regression", "12345", float)]
)
def test_labels_are_as_written_or_permuted(task, given, read):
    corpus = replace(CORPUS, task=task)
    table = pd.DataFrame({"label": list(given) * 8})
    labels = labels_of(table, corpus)
    assert labels.tolist() == [read(one) for one in given] * 8
    one, again, other = (labels_of(table, corpus, seed) for seed in (0, 0, 1))
    assert sorted(one) == sorted(other) == sorted(labels)
    assert (one == again).all()
    assert (one != other).any()
    assert (one != labels).any()
    assert one.dtype == labels.dtype
    assert table["label"].tolist() == list(given) * 8


CORPUS = CorpusParams("manifest", "c", "classification", "label", THREE, ProtocolParams("group-kfold", 2, "speaker"))
