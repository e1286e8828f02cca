"""Rows in order, and verdicts: both the interval and the corrected p must say so."""

import numpy as np
import pandas as pd
import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.errors import UserError
from pipeline.evaluation.scoring import Scored, Scores, full_fusions, score, smallest_p, verdict
from pipeline.settings.blocks import CorpusParams, EvaluateParams, ProtocolParams

NAN = float("nan")
ACCURACY = metrics_of("classification", ["accuracy"])
PROTOCOL = ProtocolParams("group-kfold", group="speaker")


def corpus(task: str = "classification", *metrics: str) -> CorpusParams:
    return CorpusParams("manifest", "c", task, "label", ("text", "audio", "video"), PROTOCOL, metrics=metrics)  # type: ignore[arg-type]


def predictions(truth: np.ndarray, predicted: dict[tuple[str, str, str], np.ndarray]) -> tuple[pd.DataFrame, pd.Series]:
    names = [f"u{i}" for i in range(len(truth))]
    parts = [
        pd.DataFrame({"utterance": names, "strategy": s, "modalities": m, "model": c, "truth": truth, "prediction": p})
        for (s, m, c), p in predicted.items()
    ]
    return pd.concat(parts), pd.Series(np.arange(len(truth)) // 4, index=names)


def row(strategy: str, modalities: str, value: float, low: float = NAN, high: float = NAN) -> Scored:
    return Scored(Configuration.parse(strategy, modalities), 10, {"accuracy": Interval(value, low, high)})


@pytest.mark.parametrize(
    ("interval", "p", "up", "said"),
    [
        ((0.02, 0.2), 0.01, True, "+ better"),
        ((0.02, 0.2), 0.05, True, "? not shown"),
        ((-0.02, 0.2), 0.01, True, "? not shown"),
        ((-0.2, -0.02), 0.01, True, "- worse"),
        ((-0.2, -0.02), 0.01, False, "+ better"),
        ((0.02, 0.2), 0.01, False, "- worse"),
        ((0.0, 0.2), 0.01, True, "? not shown"),
        ((NAN, NAN), NAN, True, "? not shown"),
        ((0.02, 0.2), NAN, True, "? not shown"),
    ],
)
def test_verdict(interval: tuple[float, float], p: float, up: bool, said: str) -> None:
    assert verdict(Interval(float(np.mean(interval)), *interval), p, up) == said


def test_a_fusion_that_is_surely_better_or_worse_is_called_so() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 160)

    def right(share: float) -> np.ndarray:
        return np.where(rng.random(160) < share, truth, (truth + 1) % 3)

    single = right(0.7)
    table, groups = predictions(
        truth,
        {
            ("unimodal", "text", "svm"): single,
            ("unimodal", "audio", "svm"): right(0.5),
            ("concat", "text+audio", "svm"): right(0.4),
            ("vote", "text+audio", "svm"): right(0.95),
            ("pca", "text+audio", "svm"): single,
        },
    )
    scores = score(table, groups, corpus(), EvaluateParams(), {Configuration.parse("pca", "text+audio", "svm"): 12})
    assert scores.best_unimodal is not None
    assert scores.best_unimodal.configuration.names[1] == "text"
    assert [(r.configuration.strategy, r.comparison.verdict) for r in scores.rows if r.comparison] == [
        ("vote", "+ better"),
        ("pca", "? not shown"),
        ("concat", "- worse"),
    ]
    assert [r.parameters for r in scores.rows] == [None, None, None, 12, None]
    raw = {r.configuration.strategy: r.comparison.p for r in scores.rows if r.comparison}
    assert {r.configuration.strategy: r.comparison.p_holm for r in scores.rows if r.comparison} == {
        "vote": pytest.approx(3 * raw["vote"]),
        "concat": pytest.approx(3 * raw["vote"]),  # as small as the smallest, but not smaller
        "pca": 1,
    }
    assert scores.best_fusion is scores.best_row


def test_of_an_error_the_lowest_is_the_best() -> None:
    truth = np.linspace(-3, 3, 120)
    table, groups = predictions(
        truth,
        {
            ("unimodal", "text", "ridge"): truth + 1,
            ("unimodal", "audio", "ridge"): truth + np.where(np.arange(120) % 2, 1.5, 0.8),
            ("vote", "text+audio", "ridge"): truth + 0.5,
        },
    )
    scores = score(table, groups, corpus("regression", "mae"), EvaluateParams())
    assert [r.configuration.display for r in scores.rows] == [
        "unimodal text ridge",
        "unimodal audio ridge",
        "vote text+audio ridge",
    ]
    comparison = scores.rows[2].comparison
    assert comparison is not None
    assert comparison.difference.value == pytest.approx(-0.5)
    assert comparison.verdict == "+ better"


def test_blocks_stand_in_order_and_equal_rows_as_they_came() -> None:
    rows = [
        row("vote", "text+audio+video", 0.9),
        row("concat", "audio+video", 0.7),
        row("vote", "text+audio", 0.8),
        row("pca", "text+video", 0.8),
        row("product", "text", 0.6),
        row("unimodal", "text", NAN),
        row("unimodal", "video", 0.65),
        row("tfidf", "text", 0.99),
        row("majority", "", 0.3),
    ]
    scores = Scores(rows, ACCURACY).sorted()
    assert [f"{r.configuration.strategy} {r.configuration.names[1]}" for r in scores.rows] == [
        "tfidf text",
        "majority ",
        "unimodal video",
        "product text",
        "unimodal text",
        "vote text+audio",
        "pca text+video",
        "concat audio+video",
        "vote text+audio+video",
    ]
    assert scores.best_unimodal is not None
    assert scores.best_unimodal.configuration.names[1] == "video"
    assert scores.best_row is not None
    assert scores.best_row.configuration.strategy == "tfidf"


def test_smallest_p_is_that_of_all_signs_times_the_fusions() -> None:
    assert smallest_p(8, 2) == 2 / 2**8 * 2
    assert smallest_p(1, 2) == 1
    assert smallest_p(500, 2) == 2 / 10000


def test_the_best_full_fusion_is_of_the_most_modalities_and_undefined_rows_are_never_best() -> None:
    rows = [
        row("vote", "text+audio", 0.9),
        row("pca", "text+audio+video", 0.6),
        row("concat", "text+audio+video", 0.7),
        row("product", "text+audio+video", NAN),
    ]
    scores = Scores(rows, ACCURACY)
    assert scores.best_full_fusion is rows[2]
    assert scores.best_fusion is scores.best_row is rows[0]
    assert scores.best_unimodal is None
    assert Scores(rows[3:], ACCURACY).best_full_fusion is None
    assert full_fusions([Configuration("unimodal", ("text",)), Configuration("majority")]) == []


def test_rows_of_different_utterances_are_refused() -> None:
    table, groups = predictions(np.zeros(8), {("unimodal", "text", ""): np.zeros(8), ("vote", "text", ""): np.zeros(8)})
    with pytest.raises(UserError, match="same utterances"):
        score(table.iloc[:-1], groups, corpus(), EvaluateParams())
