"""Beside a late fusion stand the models that it combines; beside any other, the best of its modalities."""

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.alone import alone_of

VALUES = {
    ("majority", "", ""): 0.9,
    ("unimodal", "text", "svm"): 0.3,
    ("unimodal", "text", "logistic"): 0.5,
    ("unimodal", "audio", "svm"): 0.4,
    ("unimodal", "video", "logistic"): 0.6,
    ("vote", "text+audio", "svm"): 0.7,
    ("vote", "text+video", "xgboost"): 0.7,  # the table has no xgboost of a single modality
    ("vote", "text+video", "svm"): 0.7,  # the table has the svm of text, but not that of video
    ("concat", "text+audio", "svm"): 0.7,
    ("product@extractor", "text+audio", "svm"): 0.7,
}
ROWS = {
    names: Scored(Configuration.parse(*names), 9, {"accuracy": Interval(value, value, value)})
    for names, value in VALUES.items()
}
SCORES = Scores(list(ROWS.values()), metrics_of("classification"))


def alone(*names: str) -> tuple[list[str], bool]:
    found = alone_of(ROWS[names], SCORES)  # type: ignore[index]
    return [row.configuration.display for row in found.rows], found.combined


def test_a_late_fusion_stands_beside_what_it_combines() -> None:
    assert alone("vote", "text+audio", "svm") == (["unimodal text svm", "unimodal audio svm"], True)


def test_other_fusions_stand_beside_the_best_of_their_modalities() -> None:
    best = ["unimodal text logistic", "unimodal audio svm"]
    assert alone("concat", "text+audio", "svm") == (best, False)
    assert alone("product@extractor", "text+audio", "svm") == (best, False)
    for model in ("xgboost", "svm"):
        assert alone("vote", "text+video", model) == (["unimodal text logistic", "unimodal video logistic"], False)


def test_nothing_stands_beside_a_row_that_is_no_fusion() -> None:
    assert alone("unimodal", "text", "svm") == alone("majority", "", "") == ([], False)
