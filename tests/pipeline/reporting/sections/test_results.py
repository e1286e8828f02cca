"""The short table keeps the rows that a reader needs, in the order of the whole one."""

import math

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.sections.results import shown_rows

NAMES = {
    ("majority", "", ""): 0.1,
    ("tfidf", "text", "logistic"): 0.3,
    ("unimodal", "text", "svm"): 0.2,
    ("unimodal", "text", "xgboost"): 0.25,
    ("unimodal", "audio", "svm"): math.nan,
    ("vote", "text+audio", "svm"): 0.5,
    ("concat", "text+audio", "svm"): 0.9,
    ("cca", "text+audio", "svm"): math.nan,
}
ROWS = [Scored(Configuration.parse(*names), 9, {"accuracy": Interval(v, v, v)}) for names, v in NAMES.items()]


def names(scores: Scores, most: int) -> list[str]:
    return [row.configuration.display for row in shown_rows(scores, most)]


def test_the_best_baseline_and_the_best_of_each_modality_come_before_other_rows() -> None:
    scores = Scores(ROWS, metrics_of("classification"))
    assert names(scores, 3) == ["tfidf text logistic", "unimodal text xgboost", "concat text+audio svm"]
    assert names(scores, 4)[-2:] == ["vote text+audio svm", "concat text+audio svm"]
    assert len(names(scores, 20)) == 7  # all but the worse baseline


def test_rows_without_a_value_are_last_but_not_lost() -> None:
    scores = Scores([row for row in ROWS if math.isnan(row.values["accuracy"].value)], metrics_of("classification"))
    assert names(scores, 20) == ["unimodal audio svm", "cca text+audio svm"]
