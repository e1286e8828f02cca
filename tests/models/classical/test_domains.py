"""The values that settings may have: every setting has some, others are refused, and the smallest can be fitted."""

import inspect

import numpy as np
import pytest

from models.classical.classifiers import classifier, classifier_names
from models.classical.domains import DOMAINS, domain, faults
from models.errors import ModelError
from models.fusion.autoencoder import Autoencoder
from models.fusion.cca import Cca
from models.fusion.early import Concat, Pca, reducer
from models.registry import Recipe, build, model_names, strategy_names
from tests.models.test_registry import toy

REDUCERS = {"concat": Concat, "pca": Pca, "cca": Cca, "autoencoder": Autoencoder}


def defaults(name):
    """Return the names of the settings that a classifier, reducer or strategy of ours really has."""
    if name in classifier_names():
        return {key for settings in classifier(name).settings.values() for key in settings}
    if name in REDUCERS:
        return set(inspect.signature(REDUCERS[name]).parameters)
    if name in ("majority", "unimodal"):
        return set()
    if name == "tfidf":
        return defaults("logistic")
    recipe = Recipe("classification", ("audio",) if name in ("lstm", "spectrogram_cnn") else ("text", "audio"), name)
    model = build("unimodal", recipe) if name == "lstm" else build(name, Recipe("classification", recipe.modalities))
    if hasattr(model, "DEFAULTS"):
        return set(model.DEFAULTS)
    return set(inspect.signature(type(model)).parameters) - {"bases", "fit_cache", "meta", "settings"}


def test_every_setting_of_ours_has_its_values():
    assert set(DOMAINS) <= {*model_names(), *strategy_names()}  # a new entry need not have any
    for name, settings in DOMAINS.items():
        assert set(settings) == defaults(name), name


def test_every_default_is_allowed():
    for name in classifier_names():
        for settings in classifier(name).settings.values():
            for key, value in settings.items():
                choices = [value] if not hasattr(value, "few") else [list(value.few), list(value.many)]
                assert not [fault for choice in choices for fault in faults(name, {key: choice})], (name, key)


@pytest.mark.parametrize(
    ("owner", "settings", "said"),
    [
        ("fcnn", {"epochs": 0}, "is 0: it must be a whole number of at least 1"),
        ("fcnn", {"hidden": [32, 0]}, "is 0: it must be a whole number of at least 1"),
        ("fcnn", {"hidden": 2.5}, "is 2.5: it must be a whole"),
        ("fcnn", {"hidden": True}, "is True: it must be a whole"),
        ("fcnn", {"patience": -1}, "is -1: it must be a whole number of at least 1"),
        ("fcnn", {"dropout": 1.0}, "is 1.0: it must be a share of at least 0 and below 1"),
        ("fcnn", {"layers": -1}, "is -1: it must be a whole number of at least 0"),
        ("fcnn", {"seed": -1}, "is -1: it must be a whole number from 0"),
        ("fcnn", {"learning_rate": "1e-3"}, "is '1e-3': it must be a number above 0; write the number as 0.001"),
        ("fcnn", {"learning_rate": "fast"}, "is 'fast': it must be a number above 0"),
        ("fcnn", {"batch": 3}, "is not a setting of fcnn; available: dropout, epochs"),
        ("intermediate", {"epochs": 0}, "whole number of at least 1"),
        ("intermediate", {"batch": 0}, "whole number of at least 1"),
        ("intermediate", {"learning_rate": [1e-3, 0]}, "a number above 0"),
        ("intermediate", {"learning_rate": -1e-3}, "a number above 0"),
        ("intermediate", {"learning_rate": float("inf")}, "a number above 0"),
        ("intermediate", {"encoder": "gru"}, "one of lstm, cnn"),
        ("intermediate", {"encoder": ["lstm", "gru"]}, "one of lstm, cnn"),
        ("intermediate", {"auxiliary": float("nan")}, "a number of at least 0"),
        ("transformer", {"hidden": 33}, "an even number of at least 2"),
        ("transformer", {"layers": 0}, "a whole number of at least 1"),
        ("cross_attention", {"hidden": [32, 7]}, "is 7: it must be an even number"),
        ("self_attention", {"hidden": 1}, "an even number"),
        ("lstm", {"modality_dropout": 1}, "a share of at least 0 and below 1"),
        ("lstm", {"pooling": "max"}, "one of mean, last"),
        ("spectrogram_cnn", {"crop_s": 0}, "a number above 0"),
        ("logistic", {"C": 0}, "a number above 0"),
        ("svm", {"C": [1, -1]}, "a number above 0"),
        ("svm", {"class_weight": "even"}, "null, balanced, or"),
        ("svm", {"class_weight": {0: -1}}, "null, balanced, or"),
        ("logistic", {"C": []}, "is an empty list"),
        ("logistic", {"C": None}, "is None: it must be a number above 0"),
        ("random_forest", {"n_estimators": 0}, "a whole number of at least 1"),
        ("random_forest", {"min_samples_leaf": 0}, "or a share above 0"),
        ("random_forest", {"min_samples_leaf": 1.5}, "or a share above 0"),
        ("xgboost", {"subsample": 1.5}, "a share above 0 and at most 1"),
        ("xgboost", {"max_depth": -1}, "or 0 for no limit"),
        ("pca", {"components": 0}, "a whole number of at least 1, or a share of variance"),
        ("pca", {"components": [5, 10]}, "is a list, but the settings of pca are not searched"),
        ("pca", {"n_components": 5}, "did you mean 'components'?"),
        ("cca", {"shrinkage": 1.1}, "a share from 0 to 1"),
        ("autoencoder", {"noise": 1}, "a share of at least 0 and below 1"),
        ("vote", {"voting": "some"}, "one of all, chosen"),
        ("unimodal", {"C": 1}, "is not a setting of unimodal; it has no settings"),
        ("stacking", {"C": 1}, "is not a setting of stacking; available: meta, settings"),
        ("stacking", {"meta": "lstm"}, "one of logistic, linear_svm"),
        ("stacking", {"settings": {"C": 0}}, "a number above 0"),
        ("stacking", {"meta": "fcnn", "settings": {"C": 1}}, "is not a setting of fcnn"),
        ("stacking", {"settings": 3}, "must map"),
    ],
)
def test_impossible_values_are_refused(owner, settings, said):
    (((*_, _), fault),) = faults(owner, settings)
    assert said in fault


@pytest.mark.parametrize(
    ("owner", "settings"),
    [
        ("logistic", {"C": [1, 2.5, 1e6], "class_weight": [None, "balanced", {0: 1, 1: 2.0}], "alpha": 0}),
        ("xgboost", {"max_depth": [0, None, 3], "subsample": 1, "learning_rate": 1.5}),
        ("random_forest", {"min_samples_leaf": [1, 0.1]}),
        ("pca", {"components": 20.0}),
        ("pca", {"components": 1}),
        ("fcnn", {"layers": 0, "dropout": 0, "learning_rate": 1e30}),
        ("transformer", {"hidden": [2, 6], "seed": 2**32 - 1}),
        ("stacking", {"meta": "svm", "settings": {"C": [1, 2]}}),
        ("stacking", {"settings": None}),
        ("a plugin's", {"anything": -1}),
    ],
)
def test_possible_values_are_accepted(owner, settings):
    assert list(faults(owner, settings)) == []


SMALLEST = [
    ("fcnn", {"hidden": 1, "layers": 0, "epochs": 1, "patience": 1, "dropout": 0, "weight_decay": 0}),
    ("lstm", {"hidden": 1, "epochs": 1, "patience": 1, "batch": 1, "dropout": 0, "modality_dropout": 0}),
    ("intermediate", {"hidden": 1, "epochs": 1, "patience": 1, "batch": 1, "dropout": 0.99, "auxiliary": 0}),
    ("transformer", {"hidden": 2, "epochs": 1, "patience": 1, "batch": 1, "dropout": 0, "layers": 1}),
    ("modality_attention", {"hidden": 1, "epochs": 1, "patience": 1, "batch": 1, "dropout": 0}),
    ("cross_attention", {"hidden": 2, "epochs": 1, "patience": 1, "batch": 1, "dropout": 0}),
    ("self_attention", {"hidden": 2, "epochs": 1, "patience": 1, "batch": 1, "dropout": 0, "layers": 0}),
    ("random_forest", {"n_estimators": 1, "min_samples_leaf": 0.01}),
    ("xgboost", {"n_estimators": 1, "max_depth": 0, "subsample": 0.5}),
    ("pca", {"components": 10_000}),
    ("cca", {"components": 10_000, "keep": 1, "shrinkage": 0}),
    ("autoencoder", {"components": 1, "hidden": 1, "epochs": 1, "noise": 0}),
]


@pytest.mark.parametrize(("name", "settings"), SMALLEST, ids=[name for name, _ in SMALLEST])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_smallest_allowed_values_can_be_fitted(name, settings, task):
    assert list(faults(name, settings)) == []
    x, score = toy()
    y = score if task == "regression" else np.where(score > np.median(score), "up", "down")
    if name in (*classifier_names(), "lstm"):
        model = build("unimodal", Recipe(task, ("audio",), name, classifier_settings=settings))
    else:
        model = build(name, Recipe(task, ("text", "audio"), settings=settings))
    assert np.isfinite(model.fit(x, y).outputs(x)).all()


@pytest.mark.parametrize(
    ("name", "settings"), [("pca", {"components": 0}), ("cca", {"keep": 0}), ("autoencoder", {"noise": 1})]
)
def test_a_reducer_refuses_impossible_settings(name, settings):
    with pytest.raises(ModelError, match=f"{name}: {next(iter(settings))} is"):
        reducer(name, settings)


def test_the_settings_of_the_classifier_on_top_of_a_stack_are_known():
    assert domain("stacking", "C") is domain("logistic", "C")
    assert domain("stacking", "unheard_of") is None
