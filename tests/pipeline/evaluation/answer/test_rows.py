"""The first rows: the best baseline, the best of each set of modalities, then the best fusions."""

import math

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.answer.rows import headline, rows_json
from pipeline.evaluation.scoring import Comparison, Scored, Scores

ACCURACY = metrics_of("classification", ["accuracy"])
NAMES = (
    *(("majority", "", 0.3), ("tfidf", "text", 0.6), ("unimodal", "text", 0.5), ("unimodal", "audio", 0.7)),
    *(("product", "audio", 0.65), ("unimodal", "video", math.nan), ("vote", "text+audio", 0.75)),
    *(("pca", "text+audio", 0.9), ("concat", "text+audio", 0.71), ("vote", "text+audio+video", 0.8)),
    ("pca", "text+audio+video", math.nan),
)


def table(names: tuple[tuple[str, str, float], ...] = NAMES) -> Scores:
    rows = [Scored(Configuration.parse(s, m), 9, {"accuracy": Interval(v, math.nan, math.nan)}) for s, m, v in names]
    return Scores(rows, ACCURACY)


def shown(scores: Scores, most: int) -> list[str]:
    return [row.configuration.display for row in headline(scores, most)]


def test_the_best_of_each_kind_come_first_and_stand_in_the_order_of_the_table() -> None:
    assert shown(table(), 6) == [
        "tfidf text",
        "unimodal audio",
        "unimodal text",
        "unimodal video",
        "pca text+audio",
        "vote text+audio+video",
    ]
    assert shown(table(), 8) == [
        "tfidf text",
        "unimodal audio",
        "unimodal text",
        "unimodal video",
        "pca text+audio",
        "vote text+audio",
        "concat text+audio",
        "vote text+audio+video",
    ]
    assert shown(table(), 3) == ["tfidf text", "unimodal audio", "unimodal text"]


def test_a_small_table_is_shown_whole() -> None:
    assert len(shown(table(), 12)) == len(NAMES)
    assert shown(table(NAMES[:2]), 12) == ["tfidf text", "majority"]


def test_rows_as_data_have_every_metric_and_the_comparison() -> None:
    compared = Comparison(Interval(0.1, 0.0, 0.2), 0.5, 1.0, "? not shown")
    fused = Scored(Configuration.parse("vote", "text+audio", "svm"), 9, table().rows[0].values, 12, compared)
    one, two = rows_json(Scores([table().rows[1], fused], ACCURACY), {fused.configuration: (1.5, 0.25)})
    assert {key: one[key] for key in one if key != "metrics"} == {
        "strategy": "tfidf",
        "modalities": "text",
        "model": "",
        "n": 9,
    }
    assert one["metrics"]["accuracy"]["value"] == 0.6
    assert two["against_best_single"] == {
        **{"value": 0.1, "low": 0.0, "high": 0.2},
        **{"p": 0.5, "p_holm": 1.0, "verdict": "? not shown"},
    }
    assert (two["parameters"], two["fit_s"], two["predict_s"]) == (12, 1.5, 0.25)
