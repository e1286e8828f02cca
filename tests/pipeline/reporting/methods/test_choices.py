"""The settings in the methods text are the defaults of models, or what the user gave instead."""

from models.configuration import Configuration
from models.evaluation.metrics import metrics_of
from models.registry import model_names, strategy_names
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.methods.choices import settings_sentences
from pipeline.settings.blocks import TrainParams


def said(names: list[tuple[str, ...]], task: str = "classification", budget: int = 3, **settings: object) -> list[str]:
    rows = [Scored(Configuration.parse(*one), 9, {}) for one in names]
    return list(settings_sentences(Scores(rows, metrics_of(task)), TrainParams(settings=settings, budget=budget)))  # type: ignore[arg-type]


def test_values_among_which_inner_folds_choose_are_all_given() -> None:
    found = said([("unimodal", "text", "svm"), ("pca", "text+audio", "logistic")])
    assert found == [
        "Where several values are given, these were tried, and the inner folds, or the validation part that a corpus "
        "publishes, chose among them.",
        "SVM: C 3 or 20, class_weight none.",
        "Logistic regression: C 0.3 or 1.5 or 6 (from 2000 columns on, 1.5 or 20 or 150), class_weight none.",
        "PCA: components 0.95, weighting block.",
    ]
    assert said([("unimodal", "text", "svm")], svm={"C": [1, 2.5]})[1] == "SVM: C 1 or 2.5, class_weight none."
    ridge = [("unimodal", "text", "ridge")]
    assert said(ridge, "regression", budget=4)[1] == "Ridge regression: alpha 0.3 or 1.5 or 8 or 40."


def test_values_that_the_budget_left_out_are_not_said_to_have_been_tried() -> None:
    ridge = [("unimodal", "text", "ridge")]
    assert said(ridge, "regression")[1] == "Ridge regression: alpha 0.3 or 1.5 or 40."
    assert said(ridge, "regression", budget=1) == ["Ridge regression: alpha 1.5."]  # nothing chose
    both = {"C": [1, 2, 4], "class_weight": ["balanced", None]}
    svm = [("unimodal", "text", "svm")]
    assert said(svm, svm=both)[1] == "SVM: C 1 or 2 or 4, class_weight balanced or none."
    assert said(svm, budget=2, svm=both)[1] == "SVM: C 1 or 4, class_weight balanced or none."


def test_stacking_names_what_was_tried_for_its_meta_classifier() -> None:
    stacking = [("stacking", "text+audio", "")]
    assert said(stacking)[1] == "Stacking: meta logistic, C 0.3 or 1.5 or 6, class_weight none."
    svm = {"meta": "svm", "settings": {"C": 2.0}}
    assert said(stacking, stacking=svm) == ["Stacking: meta svm, C 2, class_weight none."]
    assert said(stacking, "regression")[1] == "Stacking: meta ridge, alpha 0.3 or 1.5 or 40."


def test_networks_have_their_sizes() -> None:
    (net,) = said([("self_attention", "text+audio", "")])
    assert net.startswith("Self-attention: hidden 32, dropout 0.5, ")
    assert net.endswith("layers 1.")


def test_every_model_and_strategy_can_be_written() -> None:
    names = [("unimodal", "text", one) for one in model_names()] + [(one, "text+audio", "") for one in strategy_names()]
    assert len(said(names)) > len(model_names())


def test_without_settings_nothing_is_said() -> None:
    assert said([("majority",)]) == []
