"""What the page tells about errors, counted by hand."""

from collections.abc import Mapping, Sequence

import pandas as pd

from models.configuration import Configuration
from models.data.modalities import Task
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.sections.errors import Case, Errors, errors_of
from pipeline.settings.blocks import CorpusParams, ProtocolParams

Names = tuple[str, str, str]

UTTERANCES = [f"u{i}" for i in range(8)]
TEXT, AUDIO, VIDEO = (("unimodal", name, "svm") for name in ("text", "audio", "video"))
BEST_TEXT = ("unimodal", "text", "logistic")  # not what the fusion combines
LATE, EARLY = ("vote", "text+audio", "svm"), ("concat", "text+audio", "svm")
VALUES = {("majority", "", ""): 0.1, TEXT: 0.4, BEST_TEXT: 0.5, AUDIO: 0.3, VIDEO: 0.2, LATE: 0.6, EARLY: 0.6}

#         u0   u1   u2   u3   u4   u5   u6   u7
TRUTH = ["a", "a", "a", "b", "b", "b", "c", "c"]
FUSED = ["a", "b", "b", "b", "b", "a", "b", "c"]  # wrong: u1, u2, u5, u6
SINGLE = {
    ("majority", "", ""): ["b"] * 8,
    TEXT: ["a", "b", "c", "b", "b", "b", "b", "c"],
    BEST_TEXT: ["a", "a", "a", "b", "b", "b", "b", "c"],
    AUDIO: ["a", "b", "a", "b", "b", "a", "b", "a"],
    VIDEO: ["a", "b", "b", "b", "b", "b", "c", "c"],
}
GROUPS = pd.Series(["s0", "s1", "s1", "s2", "s2", "s3", "s4", "s5"], UTTERANCES, name="speaker")
SPEAKERS = ProtocolParams("group-kfold", group="speaker")


def found(
    predicted: Mapping[Names, Sequence[object]],
    truth: Sequence[object] = TRUTH,
    *,
    task: Task = "classification",
    presence: pd.DataFrame | None = None,
    groups: pd.Series = GROUPS,
    folds: str = "11223344",
    protocol: ProtocolParams = SPEAKERS,
    unranked: str = "",
) -> Errors | None:
    leading = metrics_of(task)[0].name
    interval = {names: Interval(VALUES[names], 0, 1) for names in predicted}
    rows = [Scored(Configuration.parse(*names), 8, {leading: interval[names]}) for names in predicted]
    parts = {}
    for i, (names, prediction) in enumerate(predicted.items()):
        table = {"utterance": UTTERANCES, "fold": list(folds), "truth": truth, "prediction": prediction}
        part = pd.DataFrame(table)
        if task == "classification":
            for name in sorted({*truth, *prediction}):  # type: ignore[type-var]
                pairs = zip(prediction, truth, strict=True)
                part[f"p_{name}"] = [0.5 if one == name == of else 0.25 for one, of in pairs]
        parts[Configuration.parse(*names)] = part.iloc[:: 1 if i % 2 else -1]
    corpus = CorpusParams("manifest", "c", task, "label", ("text", "audio", "video"), protocol)
    return errors_of(Scores(rows, metrics_of(task), unranked=unranked), parts, corpus, presence, groups.iloc[::-1])


def counted(errors: Errors | None) -> dict[str, set[str]]:
    assert errors is not None
    return {case.words: set(case.utterances) for case in errors.cases}


def remarks(errors: Errors | None) -> tuple[str, ...]:
    assert errors is not None
    return errors.remarks


def test_errors_of_a_late_fusion_are_counted_beside_the_models_that_it_combines() -> None:
    had = pd.DataFrame({"utterance": UTTERANCES[::-1], "text": 1, "audio": [1, 1, 1, 1, 1, 0, 0, 0], "video": 0})
    errors = found(SINGLE | {LATE: FUSED}, presence=had)
    assert errors is not None
    assert errors.title == "Where the best fusion is wrong"
    assert errors.sentence == (
        "vote text+audio svm is wrong on 4 of 8 utterances. The models that it combines: unimodal text svm, unimodal "
        "audio svm."
    )
    assert counted(errors) == {"none": {"u1", "u6"}, "audio": {"u2"}, "text": {"u5"}}
    assert errors.remarks == (
        "Confusions: a predicted as b (2), b predicted as a (1), c predicted as b (1).",
        "Predictions of each class (and how many utterances belong to it): a: 2 (3), b: 5 (3), c: 1 (2).",
        "The same wrong class is predicted by the model of audio in 3, by that of text in 2.",
        "Mean probability of the predicted class: 25 % where it is wrong, 50 % where it is right.",
        "Wrong on 2 of 3 utterances without audio, and on 2 of 5 with it.",
        "Errors by speaker: s1 (2 of 2 wrong), s3 (1 of 1 wrong), s4 (1 of 1 wrong); the other 3 together: "
        "0 of 4 wrong.",
    )


def test_a_predicted_class_that_is_nowhere_the_truth_is_counted() -> None:
    errors = found({TEXT: ["a", "d", "d", "b", "b", "d", "b", "c"]})
    assert remarks(errors)[1].endswith("a: 1 (3), b: 3 (3), c: 1 (2), d: 3 (0).")


def test_many_classes_are_not_all_listed() -> None:
    truth = [f"{i}" for i in range(8)]
    shifted = remarks(found({TEXT: [*truth[1:], "0"]}, truth))
    assert shifted[0].endswith("3 predicted as 4 (1), 2 predicted as 3 (1), others (2).")
    assert "7: 1 (1)" in shifted[1]
    renamed = remarks(found({TEXT: [f"{i}" for i in range(5, 13)]}, truth))  # 13 classes
    assert not any(remark.startswith("Predictions of each class") for remark in renamed)


def test_a_row_that_is_always_wrong_has_no_probability_to_compare() -> None:
    errors = found({TEXT: ["b", "b", "b", "a", "a", "a", "a", "a"]})
    assert not any("Mean probability" in remark for remark in remarks(errors))


def test_no_row_is_called_best_where_rows_are_not_ranked() -> None:
    errors = found(SINGLE | {EARLY: FUSED}, unranked="no utterance has a speaker")
    assert errors is not None
    assert errors.title == "Where the top fusion is wrong"
    assert " The top models of its modalities alone: " in errors.sentence


def test_errors_of_another_fusion_are_counted_beside_the_best_models() -> None:
    errors = found(SINGLE | {EARLY: FUSED})
    assert errors is not None
    assert errors.sentence.endswith(
        " The best models of its modalities alone: unimodal text logistic, unimodal audio svm."
    )
    assert counted(errors) == {"text": {"u1", "u5"}, "text and audio": {"u2"}, "none": {"u6"}}


def test_the_most_frequent_case_is_first() -> None:
    errors = found(SINGLE | {LATE: FUSED})
    assert errors is not None
    assert errors.cases[0] == Case((), ("u1", "u6"))


def test_without_a_fusion_the_best_single_modality_is_judged() -> None:
    errors = found({TEXT: SINGLE[TEXT]})
    assert errors is not None
    assert errors.title == "Where the best single modality is wrong"
    assert errors.cases == ()
    assert not any("The same wrong class" in remark for remark in errors.remarks)


def test_a_row_without_errors_needs_no_remarks() -> None:
    sentence = "unimodal text svm is wrong on 0 of 8 utterances."
    assert found({TEXT: TRUTH}) == Errors("Where the best single modality is wrong", sentence)


def test_baselines_alone_have_no_errors_to_tell() -> None:
    assert found({("majority", "", ""): ["b"] * 8}) is None


def test_groups_are_not_named_if_each_utterance_is_one_or_all_are_one() -> None:
    for groups in (pd.Series(UTTERANCES, UTTERANCES), pd.Series("s", UTTERANCES)):
        errors = found(SINGLE | {LATE: FUSED}, groups=groups.rename("speaker"))
        assert errors is not None
        assert not any("speaker" in remark for remark in errors.remarks)


def test_models_that_learned_from_little_are_told_apart() -> None:
    errors = found(SINGLE | {LATE: FUSED}, folds="11111234")  # u5 to u7 are all that the models of fold 1 learn from
    assert errors is not None
    assert errors.remarks[-1] == (
        "Models that learned from only 3 utterances (c: 2, b: 1) are wrong on 2 of 5; the others, on 2 of 3."
    )
    given = found(
        SINGLE | {LATE: FUSED}, folds="11111234", protocol=ProtocolParams("official")
    )  # training is not tested
    assert given is not None
    assert not any("learned" in remark for remark in given.remarks)
    more = pd.concat([GROUPS, pd.Series(["s9"], ["untested"])]).rename("speaker")  # models may have learned from it
    assert not any("learned" in one for one in remarks(found(SINGLE | {LATE: FUSED}, folds="11111234", groups=more)))


def test_errors_of_scores_have_a_direction() -> None:
    truth = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0]
    fused = [0.5, 1.0, 2.0, 1.0, 0.0, 1.5, 2.5, 2.0]  # too high: u1 by 1, u2 by 2; too low: u4 by 1
    text = [0.0, 0.6, -1.0, 1.0, 0.3, 1.0, 2.0, 2.0]  # as the fusion on u1 and u4
    audio = [0.0, 0.4, 0.6, 1.0, 2.0, 1.0, 2.0, 2.0]  # as the fusion on u2; right on u1
    errors = found({TEXT: text, AUDIO: audio, LATE: fused}, truth, task="regression")
    assert errors is not None
    assert errors.sentence.startswith("vote text+audio svm is wrong on 3 of 8 utterances. The models that it combines:")
    assert errors.remarks[:2] == (
        "2 too high (by 1.50 on average), 1 too low (by 1.00 on average).",
        "A wrong score on the same side of the truth is predicted by the model of text in 2, by that of audio in 1.",
    )
    assert counted(errors) == {"audio": {"u1"}, "none": {"u2", "u4"}}
