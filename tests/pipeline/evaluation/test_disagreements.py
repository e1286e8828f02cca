"""The utterances that only one of two models gets right."""

import pandas as pd

from pipeline.evaluation.disagreements import only_right


def answers(prediction: list[object], truth: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"utterance": list("dabc"), "truth": truth, "prediction": prediction})


TABLE = pd.DataFrame({"utterance": list("abcd"), "text": list("ABCD"), "media": "m", "speaker": list("1122")})


def test_classes() -> None:
    truth: list[object] = ["x", "x", "y", "y"]
    fusion, single = answers(["x", "x", "x", "y"], truth), answers(["x", "y", "y", "x"], truth)
    first, second = only_right(fusion, single, TABLE, "classification")
    assert first.to_numpy().tolist() == [["a", "A", "m", "1", "x", "x", "y"], ["c", "C", "m", "2", "y", "y", "x"]]
    assert second["utterance"].tolist() == ["b"]


def test_scores_and_another_order_of_the_second() -> None:
    truth: list[object] = [0.0, 1.0, 2.0, 3.0]
    fusion, single = answers([0.5, 1.0, 2.6, 9.0], truth), answers([0.6, 1.0, 2.0, 9.0], truth)
    first, second = only_right(fusion, single.iloc[::-1], TABLE, "regression")
    assert first["utterance"].tolist() == ["d"]
    assert second["utterance"].tolist() == ["b"]
