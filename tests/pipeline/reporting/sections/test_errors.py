"""What the page tells about errors, counted by hand."""

from collections.abc import Collection, Mapping

import pandas as pd

from models.configuration import Configuration
from models.data.modalities import Task
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.sections.errors import Errors, errors_of

Names = tuple[str, str, str]

UTTERANCES = [f"u{i}" for i in range(8)]
TEXT, AUDIO, VIDEO = (("unimodal", name, "svm") for name in ("text", "audio", "video"))
FUSION = ("vote", "text+audio", "svm")
VALUES = {("majority", "", ""): 0.1, TEXT: 0.4, AUDIO: 0.3, VIDEO: 0.2, FUSION: 0.6}

#            u0   u1   u2   u3   u4   u5   u6   u7
TRUTH = ["a", "a", "a", "b", "b", "b", "c", "c"]
PREDICTED = {
    ("majority", "", ""): ["b"] * 8,
    TEXT: ["a", "b", "c", "b", "b", "b", "b", "c"],
    AUDIO: ["a", "b", "a", "b", "b", "a", "b", "a"],
    VIDEO: ["a", "b", "b", "b", "b", "b", "c", "c"],
    FUSION: ["a", "b", "b", "b", "b", "a", "b", "c"],  # wrong: u1, u2, u5, u6
}
GROUPS = pd.Series(["s0", "s1", "s1", "s2", "s2", "s3", "s4", "s5"], UTTERANCES, name="speaker")


def found(
    predicted: Mapping[Names, list[object]],
    truth: list[object],
    task: Task = "classification",
    missing: Mapping[str, Collection[str]] | None = None,
    groups: pd.Series = GROUPS,
) -> Errors | None:
    leading = metrics_of(task)[0].name
    interval = {names: Interval(VALUES[names], 0, 1) for names in predicted}
    rows = [Scored(Configuration.parse(*names), 8, {leading: interval[names]}) for names in predicted]
    parts = {}
    for i, (names, prediction) in enumerate(predicted.items()):
        part = pd.DataFrame({"utterance": UTTERANCES, "truth": truth, "prediction": prediction})
        if task == "classification":
            for name in "abc":
                part[f"p_{name}"] = [
                    0.5 if (one, of) == (name, name) else 0.25 for one, of in zip(prediction, truth, strict=True)
                ]
        parts[Configuration.parse(*names)] = part.iloc[:: -1 if i % 2 else 1]
    return errors_of(Scores(rows, metrics_of(task)), parts, task, missing or {}, groups)


def test_errors_of_a_fusion_are_counted() -> None:
    errors = found(PREDICTED, TRUTH, missing={"audio": {"u0", "u1", "u2"}, "video": {"u1"}})  # type: ignore[arg-type]
    assert errors is not None
    assert errors.title == "Where the best fusion is wrong"
    assert errors.sentence == "vote text+audio svm is wrong on 4 of 8 utterances."
    cases = {case.words: set(case.utterances) for case in errors.cases}
    assert cases == {"none": {"u1"}, "audio": {"u2"}, "text and video": {"u5"}, "video": {"u6"}}
    assert errors.remarks == (
        "Confusions: a predicted as b (2), b predicted as a (1), c predicted as b (1).",
        "The same wrong class is also predicted by the best model of a modality alone: audio in 3, text in 2.",
        "Mean probability of the predicted class: 25 % where it is wrong, 50 % where it is right.",
        "Wrong on 2 of 3 utterances without audio, and on 2 of 5 with it.",
        "Most errors by speaker: s1 (2 of 2 wrong), s3 (1 of 1 wrong), s4 (1 of 1 wrong); no error from the other 3 "
        "speakers.",
    )


def test_the_most_frequent_case_is_first() -> None:
    fused = [*PREDICTED[FUSION][:7], "b"]  # u7 is wrong, too, and only video is right on it, as on u6
    predicted = PREDICTED | {FUSION: fused, TEXT: [*PREDICTED[TEXT][:7], "b"]}
    errors = found(predicted, TRUTH)  # type: ignore[arg-type]
    assert errors is not None
    assert (errors.cases[0].words, set(errors.cases[0].utterances)) == ("video", {"u6", "u7"})


def test_without_a_fusion_the_best_single_modality_is_judged() -> None:
    errors = found({TEXT: PREDICTED[TEXT]}, TRUTH)  # type: ignore[dict-item, arg-type]
    assert errors is not None
    assert errors.title == "Where the best single modality is wrong"
    assert errors.cases == ()
    assert not any("alone" in remark for remark in errors.remarks)


def test_a_row_without_errors_needs_no_remarks() -> None:
    errors = found({TEXT: TRUTH}, TRUTH)  # type: ignore[dict-item, arg-type]
    assert errors == Errors(
        "Where the best single modality is wrong", "unimodal text svm is wrong on 0 of 8 utterances."
    )


def test_baselines_alone_have_no_errors_to_tell() -> None:
    assert found({("majority", "", ""): ["b"] * 8}, TRUTH) is None  # type: ignore[arg-type]


def test_groups_are_not_named_if_each_utterance_is_one_or_all_are_one() -> None:
    for groups in (pd.Series(UTTERANCES, UTTERANCES), pd.Series("s", UTTERANCES)):
        errors = found(PREDICTED, TRUTH, groups=groups.rename("speaker"))  # type: ignore[arg-type]
        assert errors is not None
        assert not any("speaker" in remark for remark in errors.remarks)


def test_errors_of_scores_have_a_direction() -> None:
    truth = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0]
    fused = [0.5, 1.0, 2.0, 1.0, 0.0, 1.5, 2.5, 2.0]  # too high: u1 by 1, u2 by 2; too low: u4 by 1
    text = [0.0, 0.6, -1.0, 1.0, 0.3, 1.0, 2.0, 2.0]  # as the fusion on u1 and u4
    audio = [0.0, 0.4, 0.6, 1.0, 2.0, 1.0, 2.0, 2.0]  # as the fusion on u2; right on u1
    errors = found({TEXT: text, AUDIO: audio, FUSION: fused}, truth, "regression")  # type: ignore[dict-item, arg-type]
    assert errors is not None
    assert errors.sentence == "vote text+audio svm is wrong on 3 of 8 utterances."
    assert errors.remarks[:2] == (
        "2 too high (by 1.50 on average), 1 too low (by 1.00 on average).",
        "An error in the same direction is also predicted by the best model of a modality alone: "
        "text in 2, audio in 1.",
    )
    assert {case.words: set(case.utterances) for case in errors.cases} == {"audio": {"u1"}, "none": {"u2", "u4"}}
