"""The answer in sentences: the verdict, exact figures, and what limits it."""

from dataclasses import replace

from models.evaluation.intervals import Interval
from pipeline.evaluation.answer.facts import Answer, Compared, Gain, Largest, Measure, Measured, Modality
from pipeline.evaluation.answer.sentences import sentences

NAN = float("nan")
SHARE, ERROR = Measure("accuracy", True, True), Measure("mae", False, False)
AUDIO = Measured("unimodal", ("audio",), "xgboost", "audio by XGBoost", Interval(0.76667, 0.7, 0.85))
FULL = Measured("weighted", ("text", "audio"), "", "T+A by weighted averaging", Interval(0.86667, 0.80833, 0.925))
OTHER = Measured("vote", ("text", "audio"), "", "T+A by majority vote", Interval(0.9, 0.8, 1.0))
TEXT = Measured("unimodal", ("text",), "svm", "text by SVM", Interval(0.6, 0.5, 0.7))
CHANCE = Measured("majority", (), "", "a constant guess", Interval(1 / 3, 0.3, 0.4))
BETTER = Compared(FULL, Interval(0.1, 0.025, 0.175), 0.0005, 0.012, "+ better")
EQUAL = Compared(FULL, Interval(-0.02, -0.1, 0.05), 0.4, 1.0, "? not shown")
HELPS = Answer(
    "demo",
    "",
    measure=SHARE,
    utterances=120,
    groups=12,
    unit="speaker",
    baseline=CHANCE,
    single=AUDIO,
    singles=8,
    fusion=BETTER,
    fusions=26,
    full=FULL,
    better=(BETTER,),
    smallest_p=0.013,
    decidable=True,
)


def test_a_fusion_that_helps() -> None:
    assert sentences(HELPS) == [
        "Fusing helps. T+A by weighted averaging: accuracy 86.7 % [80.8, 92.5], 10.0 points [2.5, 17.5] above the best "
        "single modality, audio by XGBoost (76.7 %); p = .012 after correction over 26 fusions."
    ]
    other = Compared(OTHER, Interval(0.13, -0.01, 0.2), 0.02, 0.2, "? not shown")
    assert sentences(replace(HELPS, fusion=other))[1] == (
        "The fusion with the best score is not shown to be better: T+A by majority vote: accuracy 90.0 % [80.0, "
        "100.0], p = .200 after correction."
    )
    sure = replace(BETTER, p_holm=0.0002)
    assert "; p < .001 after" in sentences(replace(HELPS, fusion=sure, better=(sure,)))[0]
    assert sentences(replace(HELPS, fusions=1))[0].endswith("(76.7 %); p = .012.")


def test_a_fusion_that_does_not() -> None:
    nothing = replace(HELPS, fusion=EQUAL, better=())
    assert sentences(nothing)[0] == (
        "It is not shown that fusing helps. The best fusion is T+A by weighted averaging: accuracy 86.7 % "
        "[80.8, 92.5], 2.0 points [-5.0, 10.0] below the best single modality, audio by XGBoost (76.7 %); p = 1 after "
        "correction over 26 fusions."
    )
    assert sentences(replace(nothing, worse=26))[0].startswith("Fusing makes it worse. The best fusion is T+A")
    assert sentences(replace(nothing, worse=25))[0].startswith("It is not shown that fusing helps.")


def test_a_baseline_that_is_not_beaten() -> None:
    words = replace(TEXT, strategy="tfidf", words="text by TF-IDF")
    for value, told in ((0.9, True), (0.86667, True), (0.86, False)):
        above = replace(HELPS, baseline=replace(words, found=Interval(value, 0.8, 1.0)))
        baseline = f"text by TF-IDF: accuracy {100 * value:.1f} % [80.0, 100.0]"
        sentence = f"No row scores better than the best baseline, {baseline}."
        assert sentences(above)[1:] == ([sentence] if told else [])
    low = replace(above, measure=ERROR, baseline=replace(words, found=Interval(0.5, 0.4, 0.6)))
    baseline = "text by TF-IDF: mae (lower is better) 0.500 [0.400, 0.600]"
    sentence = f"No row scores better than the best baseline, {baseline}."
    assert sentence in sentences(low)
    assert sentence.replace("the best", "the top") in sentences(replace(low, unranked="no utterance has a speaker"))


def test_a_modality_that_changes_nothing_neither_raises_nor_lowers() -> None:
    for value, text in ((0.0, "0.000 [-0.100, 0.100]"), (NAN, "an undefined amount")):
        gains = (Modality("text", None, Gain(AUDIO, Interval(value, -0.1, 0.1)), {}),)
        answer = replace(HELPS, measure=ERROR, baseline=None, modalities=gains)
        assert sentences(answer)[1].startswith(f"Text changes mae by {text} (against audio).")


def test_too_few_groups() -> None:
    few = replace(HELPS, groups=8, fusion=EQUAL, better=(), decidable=False, smallest_p=0.203125)
    said = sentences(few)
    assert said[0] == (
        "With 8 speakers and 26 fusions nothing can be decided: p after correction cannot be below .203."
    )
    assert said[1].startswith("The best fusion here is T+A by weighted averaging: accuracy 86.7 %")
    alone = Compared(FULL, Interval(0.1, NAN, NAN), NAN, NAN, "? not shown")
    one = replace(few, groups=1, fusions=0, smallest_p=1.0, fusion=alone)
    assert sentences(one)[:2] == [
        "With one speaker nothing can be decided: one says nothing about others.",
        "The best fusion here is T+A by weighted averaging: accuracy 86.7 % [80.8, 92.5], 10.0 points above the best "
        "single modality, audio by XGBoost (76.7 %).",
    ]


def test_no_row_is_called_best_where_nobody_says_who_speaks() -> None:
    said = sentences(replace(HELPS, unranked="no utterance has a speaker", caveats=("best_of_many",)))
    assert said[0].startswith("The top fusion is T+A by weighted averaging: ")
    assert said[1] == (
        "No utterance has a speaker, so no row is called best, and differences between rows may come from recognising "
        "people."
    )
    assert "best" not in " ".join(said).replace("no row is called best", "")
    assert "helps" not in " ".join(said)


def test_an_error_is_lowered() -> None:
    single = replace(AUDIO, found=Interval(0.7, 0.6, 0.8))
    shown = Compared(replace(FULL, found=Interval(0.5, 0.4, 0.6)), Interval(-0.2, -0.3, -0.1), 0.001, 0.01, "+ better")
    gains = (
        Modality("text", None, Gain(single, Interval(-0.2, -0.3, -0.1)), {}),
        Modality("audio", single, Gain(TEXT, Interval(0.02, -0.1, 0.1)), {}),
    )
    chance = replace(CHANCE, found=Interval(0.9, 0.8, 1.0))
    answer = replace(
        HELPS, measure=ERROR, baseline=chance, single=single, fusion=shown, better=(shown,), modalities=gains
    )
    assert sentences(answer) == [
        "Fusing helps. T+A by weighted averaging: mae (lower is better) 0.500 [0.400, 0.600], 0.200 [0.100, 0.300] "
        "below the best single modality, audio by XGBoost (0.700); p = .010 after correction over 26 fusions.",
        "Text lowers mae by 0.200 [0.100, 0.300] (against audio), audio raises mae by 0.020 [-0.100, 0.100] (against "
        "text). Each modality is compared with the best row without it.",
    ]


def test_what_modalities_add_what_is_missing_and_what_is_luck() -> None:
    modalities = (
        Modality("text", None, Gain(AUDIO, Interval(0.05, 0.0, 0.1)), {"ok": 118, "empty": 2, "failed": 0}),
        Modality("audio", AUDIO, Gain(TEXT, Interval(NAN, NAN, NAN)), {"ok": 119, "failed": 1}),
        Modality("video", None, None, {"ok": 110, "absent": 7, "empty": 3}),
    )
    answer = replace(HELPS, modalities=modalities, caveats=("best_of_many",), note="Synthetic.")
    assert sentences(answer)[1:] == [
        "Text adds 5.0 points [0.0, 10.0] (against audio), audio adds an undefined amount (against text). Each "
        "modality is compared with the best row without it.",
        "Missing: 2 clips without words, 1 clip whose audio failed, 7 clips without a picture, 3 clips without a face, "
        "of 120 clips.",
        "The best of 26 rows is partly luck: expect it to do a little worse on new recordings.",
        "Synthetic.",
    ]


def test_modalities_that_the_compared_row_lacks_are_said_to_add_together() -> None:
    all_three = replace(FULL, modalities=("text", "audio", "video"))
    video = replace(AUDIO, modalities=("video",), words="video by XGBoost")
    together = Interval(0.2, 0.1, 0.3)
    gains = (
        Modality("text", TEXT, Gain(video, together, others_fitted=False), {}),
        Modality("audio", None, Gain(video, together, others_fitted=False), {}),
        Modality("video", None, Gain(FULL, Interval(0.1, 0.0, 0.2)), {}),
    )
    answer = replace(HELPS, full=all_three, modalities=gains)
    assert sentences(answer)[1:] == [
        "In T+A by weighted averaging, text and audio together add 20.0 points [10.0, 30.0] (against video), video "
        "adds 10.0 points [0.0, 20.0] (against T+A). Each modality is compared with the best row without it.",
        "No fusion of A+V or T+V was fitted.",
    ]
    assert [names for names, _ in answer.gains] == [("text", "audio"), ("video",)]
    worse = Gain(video, Interval(-0.02, -0.1, 0.05), others_fitted=False)
    lowering = replace(answer, modalities=[replace(one, gain=worse) for one in gains[:2]])
    assert sentences(lowering)[1].startswith(
        "In T+A by weighted averaging, text and audio together lower accuracy by 2.0 points [-5.0, 10.0] ("
    )
    within_two = (Modality("text", TEXT, Gain(AUDIO, together), {}),)
    assert "together" not in " ".join(sentences(replace(HELPS, modalities=within_two)))
    of_a_pair = replace(HELPS, full=FULL, modalities=(Modality("text", TEXT, Gain(video, together), {}),))
    assert sentences(of_a_pair)[1].startswith("Text adds 20.0 points")  # what was compared also lost video


def test_one_group_that_has_most_utterances() -> None:
    answer = replace(HELPS, groups=10, largest=Largest("s1", 100, 20))
    assert sentences(answer)[1] == (
        "100 of 120 utterances belong to one speaker, s1. Models tested on it learn from at most 20 utterances. "
        "Resamples contain it once, several times or, in 35 % of cases, not at all: intervals and p say little about "
        "any other speaker."
    )
    assert "learn" not in sentences(replace(answer, largest=Largest("s1", 100, None)))[1]


def test_one_modality_an_undefined_metric_and_no_labels() -> None:
    alone = replace(HELPS, fusion=None, fusions=0, better=(), caveats=("one_modality",))
    assert sentences(alone) == [
        "There is no fusion to compare with. The best row of a single modality is audio by XGBoost: accuracy 76.7 % "
        "[70.0, 85.0].",
        "The best baseline is a constant guess: accuracy 33.3 % [30.0, 40.0].",
    ]
    assert sentences(replace(alone, single=None)) == [
        "accuracy is undefined for every row, so nothing can be concluded."
    ]
    no = Answer("c", "A note.", unanswered="there are no labels in c, so nothing can be learnt")
    assert sentences(no) == ["There are no labels in c, so nothing can be learnt.", "A note."]
