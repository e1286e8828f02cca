"""The answer is that of the table: the same rows, intervals, tests; gains are paired differences of its rows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from models.evaluation.intervals import paired_difference
from models.evaluation.metrics import metric
from pipeline.evaluation.answer.facts import Answer, Largest
from pipeline.evaluation.answer.finding import Evidence, answer_of, unanswered
from pipeline.evaluation.results import by_configuration
from pipeline.evaluation.scoring import resamples_of, score
from pipeline.settings.blocks import CorpusParams, EvaluateParams
from tests.pipeline.evaluation.test_scoring import corpus, predictions

SETTINGS = EvaluateParams(resamples=200)
Predicted = Mapping[tuple[str, str, str], np.ndarray]


def answered(
    truth: np.ndarray, predicted: Predicted, settings: CorpusParams, unranked: str = "", to_one: int = 0
) -> tuple[Answer, Evidence]:
    table, groups = predictions(truth, dict(predicted))
    groups.iloc[:to_one] = groups.iloc[0]
    scores = replace(score(table, groups, settings, SETTINGS), unranked=unranked)
    parts = by_configuration(table)
    statuses = {"video": {"ok": 7, "empty": 1}}
    evidence = Evidence(scores, parts, resamples_of(parts, groups, SETTINGS), statuses, "speaker", groups)
    return answer_of("c", settings, evidence), evidence


def right(truth: np.ndarray, share: float, seed: int) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(len(truth)) < share, truth, (truth + 1) % 3)


@pytest.fixture(scope="module")
def three() -> tuple[Answer, Evidence]:
    truth = np.random.default_rng(0).integers(0, 3, 160)
    rows = {
        ("majority", "", ""): np.zeros(160, int),
        ("unimodal", "text", "svm"): right(truth, 0.5, 1),
        ("unimodal", "audio", "svm"): right(truth, 0.7, 2),
        ("unimodal", "audio", "logistic"): right(truth, 0.6, 3),
        ("unimodal", "video", "svm"): right(truth, 0.4, 4),
        ("vote", "text+audio", "svm"): right(truth, 0.8, 5),
        ("vote", "text+audio+video", "svm"): right(truth, 0.95, 6),
        ("concat", "text+audio+video", "svm"): np.full(160, 4) % 3,
    }
    return answered(truth, rows, corpus())


def test_the_best_rows_are_those_of_the_table(three: tuple[Answer, Evidence]) -> None:
    answer, evidence = three
    assert answer.measure is not None
    assert answer.measure.name == "accuracy"
    assert (answer.utterances, answer.groups, answer.unit, answer.fusions, answer.singles) == (160, 40, "speaker", 3, 4)
    assert answer.single is not None
    assert answer.single.words == "audio by SVM"
    assert answer.fusion is not None
    assert answer.fusion.row.words == "T+A+V by majority vote"
    best = evidence.scores.best_fusion
    assert best is not None
    assert best.comparison is not None
    assert answer.fusion.difference == best.comparison.difference
    assert (answer.fusion.p, answer.fusion.p_holm) == (best.comparison.p, best.comparison.p_holm)
    assert answer.fusion.row.found == best.values["accuracy"]
    assert [one.row.configuration for one in answer.better] == [best.configuration]
    assert (answer.worse, answer.decidable) == (1, True)
    assert answer.baseline is not None
    assert answer.baseline.words == "a constant guess"
    assert answer.caveats == ("best_of_many",)


def test_what_a_modality_adds_is_the_paired_difference_to_the_best_row_without_it(
    three: tuple[Answer, Evidence],
) -> None:
    answer, evidence = three
    without = {one.name: one.gain.without.words for one in answer.modalities if one.gain}
    assert without == {"text": "audio by SVM", "audio": "text by SVM", "video": "T+A by majority vote"}
    for modality in answer.modalities:
        assert modality.gain is not None
        assert answer.full is not None
        parts = evidence.parts
        own, other = parts[answer.full.configuration], parts[modality.gain.without.configuration]
        value = np.mean(own["prediction"] == own["truth"]) - np.mean(other["prediction"] == other["truth"])
        assert modality.gain.difference.value == pytest.approx(value)
        arrays = (frame.to_numpy() for frame in (own["truth"], own["prediction"], other["prediction"]))
        expected = paired_difference(metric("classification", "accuracy"), *arrays, evidence.resamples)
        assert modality.gain.difference == expected
    assert {one.name: one.statuses for one in answer.modalities}["video"] == {"ok": 7, "empty": 1}
    assert [one.single.words for one in answer.modalities if one.single] == [
        "text by SVM",
        "audio by SVM",
        "video by SVM",
    ]


def test_few_groups_decide_nothing() -> None:
    truth = np.arange(16) % 2
    rows = {("unimodal", "text", "svm"): truth * 0, ("vote", "text+audio", "svm"): truth}
    answer, _ = answered(truth, rows, corpus())
    assert (answer.groups, answer.smallest_p, answer.decidable) == (4, 0.125, False)
    assert answer.caveats == ("few_groups",)
    assert answer.better == ()
    answer, _ = answered(truth, rows, corpus(), to_one=16)
    assert answer.caveats == ("one_group",)
    assert not answer.decidable


def test_a_group_with_more_than_half_of_the_utterances_is_a_caveat() -> None:
    truth = np.arange(60) % 2
    rows = {("unimodal", "text", "svm"): truth * 0, ("vote", "text+audio", "svm"): truth}
    answer, evidence = answered(truth, rows, corpus(), to_one=31)
    assert answer.largest == Largest(str(evidence.members.iloc[0]), 31, 29)
    assert "unequal_groups" in answer.caveats
    published = replace(corpus(), protocol=replace(corpus().protocol, kind="crossfit"))
    largest = answered(truth, rows, published, to_one=31)[0].largest
    assert largest is not None
    assert largest.others is None
    answer, _ = answered(truth, rows, corpus(), to_one=28)
    assert (answer.largest, "unequal_groups" in answer.caveats) == (None, False)
    assert answered(truth, rows, corpus(), to_one=60)[0].largest is None


def test_whether_the_other_modalities_were_fused(three: tuple[Answer, Evidence]) -> None:
    fused = {one.name: one.gain.others_fitted for one in three[0].modalities if one.gain}
    assert fused == {"text": False, "audio": False, "video": True}


def test_an_error_is_better_when_it_is_lower() -> None:
    truth = np.linspace(-3, 3, 120)
    rows = {
        ("unimodal", "text", "ridge"): truth + 1,
        ("unimodal", "audio", "ridge"): truth + np.where(np.arange(120) % 2, 1.5, 0.8),
        ("vote", "text+audio", "ridge"): truth + 0.5,
    }
    answer, _ = answered(truth, rows, corpus("regression", "mae"))
    assert answer.single is not None
    assert answer.single.words == "text by ridge regression"
    assert [one.row.words for one in answer.better] == ["T+A by majority vote"]
    gains = {one.name: one.gain.difference.value for one in answer.modalities if one.gain}
    assert gains == {"text": pytest.approx(-0.65), "audio": pytest.approx(-0.5)}


def test_one_modality_no_scores_and_no_labels() -> None:
    truth = np.arange(16) % 2
    answer, _ = answered(truth, {("unimodal", "text", "svm"): truth}, corpus(), unranked="no speaker is named")
    assert (answer.fusion, answer.full, answer.better) == (None, None, ())
    assert answer.caveats == ("one_modality", "speakers_unknown")
    rows = {("unimodal", "text", "ridge"): np.zeros(8), ("vote", "text+audio", "ridge"): np.zeros(8)}
    answer, _ = answered(np.arange(8.0), rows, corpus("regression", "r"))
    assert (answer.single, answer.fusion) == (None, None)
    assert "undefined" in answer.caveats
    answer = unanswered("c", corpus(), "there are no labels in c")
    assert (answer.unanswered, answer.caveats, answer.single) == ("there are no labels in c", ("nothing_learnt",), None)


def test_predictions_without_probabilities_of_a_metric_that_reads_them() -> None:
    truth = np.array(["a", "b"] * 8)
    rows = {("unimodal", "text", "svm"): truth, ("vote", "text+audio", "svm"): truth}
    answer, _ = answered(truth, rows, corpus("classification", "brier"))
    assert (answer.single, answer.fusion) == (None, None)
