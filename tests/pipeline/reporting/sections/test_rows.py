"""The table of all rows: its columns in the order of the page, the other names of rows, and which way is best."""

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Comparison, Scored, Scores
from pipeline.evaluation.tables import all_rows
from pipeline.reporting.sections.rows import rows_of

HALF = Interval(0.5, 0.4, 0.6)
TEXT, CONCAT = Configuration("unimodal", ("text",), "svm"), Configuration("concat", ("text", "audio"), "svm")


def scores(task: str, *, compared: bool) -> Scores:
    metrics = metrics_of(task)  # type: ignore[arg-type]
    values = {metric.name: HALF for metric in metrics}
    found = Comparison(Interval(0.1, 0.05, 0.2), 0.01, 0.02, "+ better") if compared else None
    return Scores([Scored(TEXT, 9, values), Scored(CONCAT, 9, values, comparison=found)], metrics)


def test_what_is_compared_stands_beside_the_leading_metric() -> None:
    given = scores("classification", compared=True)
    plain, found = all_rows(given), rows_of(given)
    assert found.table.header[3:7] == ["accuracy", "difference", "p (Holm)", "verdict"]
    assert sorted(found.table.header[7:]) == sorted({*plain.header[4:]} - {*plain.header[-4:-1]} | {"n"})
    for before, after in zip(plain.lines, found.table.lines, strict=True):
        assert sorted(before) == sorted(after)
        assert after[-1] == "9"
    assert found.explained.startswith("Difference: accuracy against the best single modality, on the same utterances")
    assert {"accuracy", "difference"} <= set(found.downwards)
    assert not {"brier", "ece", "p (Holm)"} & set(found.downwards)
    assert found.words[1] == "concat text+audio svm T+A by concatenation and SVM"


def test_without_a_comparison_nothing_is_explained_and_errors_are_best_if_small() -> None:
    alone = rows_of(scores("classification", compared=False))
    assert alone.explained == ""
    assert alone.table.header[3:5] == ["accuracy", "verdict"]
    assert not {"mae", "rmse", "difference"} & set(rows_of(scores("regression", compared=True)).downwards)
