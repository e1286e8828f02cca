"""Labels as written, and permuted by a seed."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.errors import Untrainable, UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.training.labels import classes_of, labelled, labels_of

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


@pytest.mark.parametrize(
    ("task", "given"), [("classification", ["b", "", "a", "NA", "b"]), ("regression", ["2", "", "1", "NaN", "2"])]
)
def test_utterances_without_a_label_have_none_and_are_never_permuted(task, given):
    corpus, table = replace(CORPUS, task=task), pd.DataFrame({"utterance": list("uvwxy"), "label": given})
    rows, labels = labelled(table, corpus), labels_of(table, corpus)
    assert rows.tolist() == [0, 2, 4]
    assert sorted(set(map(str, labels[[1, 3]]))) == ([""] if task == "classification" else ["nan"])
    permuted = [labels_of(table, corpus, seed) for seed in range(20)]
    assert all(sorted(one[rows]) == sorted(labels[rows]) for one in permuted)
    assert len({tuple(one[rows]) for one in permuted}) == 3
    if task == "classification":
        assert classes_of(labels).tolist() == ["a", "b"]


def test_a_cell_that_is_no_score_is_refused_and_so_are_labels_that_are_all_missing():
    table = pd.DataFrame({"utterance": ["u", "v"], "label": ["1", "high"]})
    with pytest.raises(UserError, match="utterance v: label is 'high'"):
        labelled(table, replace(CORPUS, task="regression"))
    with pytest.raises(Untrainable, match="no utterance has a label in the column 'label'"):
        labelled(table.assign(label=["", "n/a"]), CORPUS)


CORPUS = CorpusParams("manifest", "c", "classification", "label", THREE, ProtocolParams("group-kfold", 2, "speaker"))
