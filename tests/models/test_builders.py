"""What each kind of entry builds, and which parts of the recipe reach the model."""

import pytest

from models.builders import class_of, early_fusion, late_fusion, module_of, net_fusion
from models.classical.unimodal import Unimodal
from models.errors import ModelError
from models.fit_cache import FitCache
from models.fusion.early import Early
from models.nets.sequence import SequenceLSTM
from models.strategy import Recipe

TWO = ("text", "audio")


def test_early_fusion_gives_the_classifier_and_the_reducer_their_own_settings():
    recipe = Recipe(
        "regression", TWO, "svm", settings={"k": 2}, classifier_settings={"C": 3.0}, strategy="pca", budget=4
    )
    model = early_fusion("models.fusion.early:Pca").build(recipe, None)
    assert type(model) is Early
    assert (model.modalities, model.reducer, model.classifier) == (TWO, "pca", "svm")
    assert model.settings == {"C": 3.0, "reducer": {"k": 2}}
    assert (model.task, model.budget) == ("regression", 4)


def test_an_lstm_reads_joined_steps():
    entry = early_fusion("models.fusion.early:Concat")
    model = entry.build(Recipe("classification", TWO, "lstm", strategy="concat"), None)
    assert type(model) is SequenceLSTM
    assert (entry.early, entry.sequences) == (True, False)


def test_late_fusion_has_a_model_per_modality_and_of_one_modality_a_model_per_extractor():
    entry, cache = late_fusion("models.fusion.vote:MajorityVote", within_modality=True), FitCache()
    model = entry.build(Recipe("classification", TWO, "svm"), cache)
    assert [(type(b), b.modality, b.classifier) for b in model.bases] == [(Unimodal, m, "svm") for m in TWO]
    assert model.fit_cache is cache
    recipe = Recipe("classification", ("text",), extractors={"text": ("bert", "vader")})
    assert [(b.modality, b.extractor) for b in entry.build(recipe, None).bases] == [("text", "bert"), ("text", "vader")]
    assert (entry.early, entry.shares_bases, entry.within_modality) == (False, True, True)


def test_a_late_fusion_over_extractors_has_a_model_per_extractor_of_all_modalities():
    listed = {"text": ("bert", "tfidf"), "audio": ("opensmile",)}
    recipe = Recipe("classification", TWO, "svm", extractors=listed, strategy="vote@extractor", normalise="quantile")
    model = late_fusion("models.fusion.vote:MajorityVote").build(recipe, None)
    found = [(b.modality, b.extractor, b.classifier, b.normalise) for b in model.bases]
    assert found == [
        ("text", "bert", "svm", "quantile"),
        ("text", "tfidf", "svm", "quantile"),
        ("audio", "", "svm", "quantile"),  # the only extractor: the model of the modality, which others share
    ]


def test_late_fusion_refuses_models_of_steps_and_settings_that_it_does_not_have():
    build = late_fusion("models.fusion.weighted:WeightedAverage").build
    with pytest.raises(ModelError, match="late fusion cannot be built from 'lstm' models"):
        build(Recipe("classification", TWO, "lstm"), None)
    with pytest.raises(ModelError, match=r"weighted cannot be built: .*colour"):
        build(Recipe("classification", TWO, settings={"colour": 1}, strategy="weighted"), None)


def test_transformers_of_modalities_that_are_not_read_are_left_out():
    recipe = Recipe("classification", ("audio",), fitted={"text": (("tfidf", object()),)}, strategy="concat")
    assert early_fusion("models.fusion.early:Concat").build(recipe, None).fitted == {}


def test_a_network_takes_no_classifier_and_reads_sequences():
    entry = net_fusion("models.fusion.hybrid:MultimodalTransformer")
    assert (entry.early, entry.sequences, entry.classifier) == (False, True, False)
    model = entry.build(Recipe("regression", TWO, settings={"layers": 1}), None)
    assert (model.modalities, model.settings, model.task) == (TWO, {"layers": 1}, "regression")


def test_a_class_may_be_named_and_is_then_imported_only_to_build_a_model():
    assert class_of("models.nets.sequence:SequenceLSTM") is SequenceLSTM
    assert class_of(SequenceLSTM) is SequenceLSTM
    assert module_of("models.of_nobody:Missing") == "models.of_nobody"
    assert module_of(Early) == "models.fusion.early"
    with pytest.raises(ModuleNotFoundError, match="of_nobody"):
        class_of("models.of_nobody:Missing")
