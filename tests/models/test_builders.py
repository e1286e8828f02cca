"""What each kind of entry builds, and what of the recipe reaches the model."""

import pytest

from models import builders
from models.builders import early_fusion, late_fusion, net_fusion
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
    model = early_fusion(builders.pca).build(recipe, None)
    assert type(model) is Early
    assert (model.modalities, model.reducer, model.classifier) == (TWO, "pca", "svm")
    assert model.settings == {"C": 3.0, "reducer": {"k": 2}}
    assert (model.task, model.budget) == ("regression", 4)


def test_an_lstm_reads_joined_steps():
    entry = early_fusion(builders.concat)
    model = entry.build(Recipe("classification", TWO, "lstm", strategy="concat"), None)
    assert type(model) is SequenceLSTM
    assert (entry.early, entry.sequences) == (True, False)


def test_late_fusion_has_a_model_per_modality_and_of_one_modality_a_model_per_extractor():
    entry, cache = late_fusion(builders.vote, within_modality=True), FitCache()
    model = entry.build(Recipe("classification", TWO, "svm"), cache)
    assert [(type(b), b.modality, b.classifier) for b in model.bases] == [(Unimodal, m, "svm") for m in TWO]
    assert model.fit_cache is cache
    recipe = Recipe("classification", ("text",), extractors={"text": ("bert", "vader")})
    assert [(b.modality, b.extractor) for b in entry.build(recipe, None).bases] == [("text", "bert"), ("text", "vader")]
    assert (entry.early, entry.shares_bases, entry.within_modality) == (False, True, True)


def test_late_fusion_refuses_models_of_steps_and_settings_that_it_does_not_have():
    build = late_fusion(builders.weighted).build
    with pytest.raises(ModelError, match="late fusion is not built of 'lstm' models"):
        build(Recipe("classification", TWO, "lstm"), None)
    with pytest.raises(ModelError, match=r"weighted cannot be built: .*colour"):
        build(Recipe("classification", TWO, settings={"colour": 1}, strategy="weighted"), None)


def test_transformers_of_modalities_that_are_not_read_are_left_out():
    recipe = Recipe("classification", ("audio",), fitted={"text": (("tfidf", object()),)}, strategy="concat")
    assert early_fusion(builders.concat).build(recipe, None).fitted == {}


def test_a_network_takes_no_classifier_and_reads_sequences():
    entry = net_fusion(builders.transformer)
    assert (entry.early, entry.sequences, entry.classifier) == (False, True, False)
    model = entry.build(Recipe("regression", TWO, settings={"layers": 1}), None)
    assert (model.modalities, model.settings, model.task) == (TWO, {"layers": 1}, "regression")
