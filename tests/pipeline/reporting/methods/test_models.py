"""What the text says of models, protocol and statistics holds for the rows and settings at hand."""

from dataclasses import replace

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.formatting import p_value
from pipeline.evaluation.scoring import Comparison, Scored, Scores
from pipeline.reporting.methods.models import (
    Division,
    model_sentences,
    protocol_sentences,
    references_of,
    statistics_sentences,
    used_references,
)
from pipeline.settings.blocks import ContextParams, CorpusParams, EvaluateParams, ProtocolParams, TrainParams

CORPUS = CorpusParams(
    "manifest", "c", "classification", "label", ("text", "audio"), ProtocolParams("group-kfold", 5, "speaker")
)
NAMES = [("majority",), ("unimodal", "text", "svm"), ("vote", "text+audio", "svm"), ("transformer", "text+audio", "")]
COMPARED = Comparison(Interval(0, 0, 0), 1.0, 1.0, "? not shown")
ROWS = [
    Scored(
        one := Configuration.parse(*names), 9, {"accuracy": Interval(0, 0, 0)}, 0, COMPARED if one.is_fusion else None
    )
    for names in NAMES
]
SCORES = Scores(ROWS, metrics_of("classification")[:2])


def test_strategies_and_base_models_are_named_once_with_their_references() -> None:
    text = " ".join(model_sentences(SCORES, TrainParams(budget=7)))
    assert text.startswith(
        "Baselines: a constant guess. Single modalities: each base model on the features of one modality. Fusion: "
        "majority vote (Kittler et al., 1998), a multimodal transformer (Vaswani et al., 2017; Tsai et al., 2019). "
    )
    assert "Base models: SVM (Cortes and Vapnik, 1995; Platt, 1999)." in text
    assert "on at most 3 inner folds of whole groups" in text
    assert "standardised by the mean and standard deviation of the training part" in text
    assert "at most 7 combinations for each strategy" in text
    assert "before it" not in text


def said_of(*names: tuple[str, ...]) -> str:
    rows = [Scored(Configuration.parse(*one), 9, {"accuracy": Interval(0, 0, 0)}) for one in names]
    return " ".join(model_sentences(Scores(rows, SCORES.metrics), TrainParams()))


def test_what_enters_a_late_fusion_is_said() -> None:
    single = ("product", "text", "svm")
    text = said_of(("unimodal", "text", "svm"), single)
    assert (
        "each base model on the features of one modality, the product rule over the extractors of one modality (Kittler"
        in text
    )
    assert "Fusion:" not in text
    assert "late fusion" not in text
    assert "divides the probabilities of each model by the shares of the classes" in text
    assert "one model per modality, which reads all features" in said_of(single, ("product", "text+audio", "svm"))
    assert "one model per modality" not in said_of(("vote@extractor", "text+audio", "svm"))
    assert "divides the probabilities" not in said_of(("vote", "text+audio", "svm"))


def test_neighbours_and_other_normalisations_are_said() -> None:
    settings = TrainParams(normalise="speaker", context=ContextParams(2, 1, "group"))
    text = " ".join(model_sentences(SCORES, settings))
    assert "each speaker's own recordings, including those tested" in text
    assert "Each utterance was read together with the 2 before it and the 1 after it in the same group." in text


def test_folds_are_as_many_as_there_are_groups() -> None:
    (sentence,) = protocol_sentences(CORPUS, Division(3), "")
    assert sentence == (
        "For evaluation, cross-validation with 3 folds was used, in which no speaker is in both training and test "
        "(groups: 3)."
    )
    _, caution = protocol_sentences(CORPUS, Division(3), "it is not known who speaks")
    assert caution == "It is not known who speaks: the same person may be in training and test."
    *_, sizes = protocol_sentences(CORPUS, Division(3, (2, 40, 3)), "")
    assert sizes == "The folds test 40, 3 and 2 utterances."
    *_, sizes = protocol_sentences(CORPUS, Division(12, tuple(range(1, 13))), "")
    assert sizes == "Each fold tests 1 to 12 utterances."
    first, caution = protocol_sentences(CORPUS, Division(4, (5, 5)), "x")  # even folds need no sizes
    assert (first[-12:], caution) == ("(groups: 4).", "X: the same person may be in training and test.")
    official = replace(CORPUS, protocol=ProtocolParams("official"))
    assert "the published split into training and test" in next(protocol_sentences(official, Division(3), ""))


def test_tests_are_described_only_if_there_were_any() -> None:
    text = " ".join(statistics_sentences(SCORES, CORPUS, EvaluateParams(500, 4), 12))
    assert "The leading metric is accuracy (also reported: uar)." in text
    assert "500 bootstrap samples of whole groups (speaker), with the seed 4 (Efron and Tibshirani, 1993)" in text
    assert "two-sided randomisation test over whole groups (all 4096 ways to swap the predictions of groups)" in text
    least = p_value(2 * 2 / 2**12)
    assert f"for 2 fusions by Holm's method (Holm, 1979), and the smallest p that can result is {least}." in text
    many = " ".join(statistics_sentences(SCORES, CORPUS, EvaluateParams(500, 4), 40))
    assert "(9999 random ways to swap the predictions of groups)" in many
    assert "basic" not in text
    *_, sentence = statistics_sentences(SCORES, CORPUS, EvaluateParams(), 1)
    assert sentence == "With a single group, fusions cannot be tested."
    with_ece = replace(SCORES, metrics=metrics_of("classification"))
    assert "Intervals of ece are basic (reflected)" in " ".join(
        statistics_sentences(with_ece, CORPUS, EvaluateParams(), 12)
    )
    alone = Scores(ROWS[:2], SCORES.metrics)
    assert "Holm" not in " ".join(statistics_sentences(alone, CORPUS, EvaluateParams(), 12))
    assert "holm1979simple" not in [one.key for one in used_references(alone)]


def test_an_lstm_is_cited_and_an_unknown_model_is_not() -> None:
    assert [one.cited for one in references_of("lstm")] == ["Hochreiter and Schmidhuber, 1997"]
    assert references_of("of a plugin") == ()
