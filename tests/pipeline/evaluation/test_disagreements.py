"""The utterances that only one of two models gets right."""

import numpy as np
import pandas as pd

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.disagreements import COLUMNS, alike, listed, of_the_best, only_right
from pipeline.evaluation.results import by_configuration
from pipeline.evaluation.scoring import Scored, Scores, score
from pipeline.settings.blocks import EvaluateParams
from tests.pipeline.evaluation import test_scoring as scored


def predictions(prediction: list[object], truth: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"utterance": list("dabc"), "truth": truth, "prediction": prediction})


TABLE = pd.DataFrame({"utterance": list("abcd"), "text": list("ABCD"), "media": "m", "speaker": list("1122")})


def test_classes() -> None:
    truth: list[object] = ["x", "x", "y", "y"]
    fusion, single = predictions(["x", "x", "x", "y"], truth), predictions(["x", "y", "y", "x"], truth)
    first, second = only_right(fusion, single, TABLE, "classification")
    assert first.to_numpy().tolist() == [["a", "A", "m", "1", "x", "x", "y"], ["c", "C", "m", "2", "y", "y", "x"]]
    assert second["utterance"].tolist() == ["b"]


def test_scores_and_another_order_of_the_second() -> None:
    truth: list[object] = [0.0, 1.0, 2.0, 3.0]
    fusion, single = predictions([0.5, 1.0, 2.6, 9.0], truth), predictions([0.6, 1.0, 2.0, 9.0], truth)
    first, second = only_right(fusion, single.iloc[::-1], TABLE, "regression")
    assert first["utterance"].tolist() == ["d"]
    assert second["utterance"].tolist() == ["b"]


def test_the_best_fusion_is_set_against_the_best_single_modality() -> None:
    truth: list[object] = ["x", "x", "y", "y"]
    named = {
        Configuration("unimodal", ("text",), "svm"): (0.5, predictions(["x", "y", "y", "x"], truth)),
        Configuration("unimodal", ("audio",), "svm"): (0.25, predictions(["y", "y", "y", "x"], truth)),
        Configuration("vote", ("text", "audio"), "svm"): (0.75, predictions(["x", "x", "x", "y"], truth)),
    }
    rows = [Scored(one, 4, {"accuracy": Interval(value, 0, 1)}) for one, (value, _) in named.items()]
    parts = {one: part for one, (_, part) in named.items()}
    scores = Scores(rows, metrics_of("classification", ["accuracy"]))
    found = of_the_best(scores, parts, TABLE, "classification")
    assert {file: part["utterance"].tolist() for file, part in found.items()} == {
        "only_fusion.csv": ["a", "c"],
        "only_single.csv": ["b"],
    }
    alone = of_the_best(Scores(rows[:2], scores.metrics), parts, TABLE, "classification")
    assert [(len(part), list(part.columns)) for part in alone.values()] == [(0, COLUMNS)] * 2


def test_the_first_ten_utterances_are_listed_with_what_both_predict() -> None:
    table = pd.DataFrame([["u", "so what", "m.wav", "s", "x", "x", "y"]] * 12, columns=COLUMNS)
    lines = list(listed("the best fusion", table))
    assert lines[0] == "\n12 utterances that only the best fusion gets right, the first 10:"
    assert lines[1:] == ["  u: x, fusion x, single y; “so what” m.wav"] * 10
    assert list(listed("it", table[:0])) == ["\n0 utterances that only it gets right:"]


def said(rows: dict[tuple[str, str, str], np.ndarray]) -> list[str]:
    table, groups = scored.predictions(np.arange(24) % 3, rows)
    return list(alike(score(table, groups, scored.corpus(), EvaluateParams(resamples=20)), by_configuration(table)))


def test_fusions_that_predict_as_one_of_their_modalities_are_named() -> None:
    text, other = np.arange(24) % 2, np.arange(24) % 3
    rows = {
        ("unimodal", "text", "svm"): text,
        ("unimodal", "audio", "svm"): text * 0,
        ("weighted", "text+audio", "svm"): text,
        ("weighted", "audio+video", "svm"): text,  # it does not read text
        ("vote", "text+audio", "svm"): other,
    }
    assert said(rows) == ["Fusions that predict every utterance as unimodal text svm does: weighted text+audio svm."]
    assert said({**rows, ("weighted", "text+audio", "svm"): other}) == []


def test_only_a_few_of_many_are_named() -> None:
    names = ("concat", "pca", "cca", "vote", "weighted", "product", "stacking", "autoencoder")
    rows = {("unimodal", "text", "svm"): np.zeros(24, int)}
    rows |= {(name, "text+audio", "svm"): np.zeros(24, int) for name in names}
    (sentence,) = said(rows)
    assert sentence.endswith(" and 2 more.")
