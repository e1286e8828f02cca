"""The lists that tell models apart, counted by hand."""

import pandas as pd

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.sections.lists import lists_of

#             0    1    2    3    4
TRUTH = ["a", "a", "b", "b", "b"]
PREDICTED = {
    ("majority", "", ""): ["b", "b", "b", "b", "b"],
    ("unimodal", "text", "svm"): ["b", "a", "b", "a", "a"],
    ("unimodal", "text", "xgboost"): ["a", "b", "a", "b", "b"],  # worse than svm, so it counts nowhere
    ("unimodal", "audio", "svm"): ["b", "b", "b", "b", "a"],
    ("vote", "text+audio", "svm"): ["a", "a", "b", "a", "a"],
}
VALUES = [0.1, 0.4, 0.2, 0.4, 0.6]


def scores(task: str = "classification") -> Scores:
    leading = metrics_of(task)[0].name  # type: ignore[arg-type]
    rows = [
        Scored(Configuration.parse(*names), 5, {leading: Interval(value, 0, 1)})
        for names, value in zip(PREDICTED, VALUES, strict=True)
    ]
    return Scores(rows, metrics_of(task))  # type: ignore[arg-type]


def part(prediction: list[str], order: list[int]) -> pd.DataFrame:
    table = pd.DataFrame({"utterance": [f"u{i}" for i in range(5)], "truth": TRUTH, "prediction": prediction})
    return table.iloc[order]


def test_each_list_holds_the_utterances_that_its_sentence_describes() -> None:
    orders = ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])
    parts = {
        Configuration.parse(*names): part(prediction, orders[i % 2])
        for i, (names, prediction) in enumerate(PREDICTED.items())
    }
    lists = lists_of(scores(), parts, "classification")
    assert lists[0].sentence == "vote text+audio svm is wrong."
    found = {one.title: one.utterances for one in lists}
    assert found == {
        "The fusion is wrong": ("u3", "u4"),
        "Only the fusion is right": ("u0",),
        "The fusion is right, the best single modality is wrong": ("u0",),
        "The best single modality is right, the fusion is wrong": (),
        "The fusion and all single modalities are wrong": ("u4",),
        "Of the single modalities, only text is right": ("u1",),
        "Of the single modalities, only audio is right": ("u3",),
    }


def test_a_corpus_of_one_modality_has_no_lists() -> None:
    only = ("unimodal", "text", "svm")
    one = Scores([row for row in scores().rows if row.configuration.names == only], scores().metrics)
    parts = {Configuration.parse(*only): part(PREDICTED[only], [0, 1, 2, 3, 4])}
    assert lists_of(one, parts, "classification") == []
