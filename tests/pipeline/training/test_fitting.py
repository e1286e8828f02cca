"""Predictions as positions of classes or scores, and failures of plugins' models."""

import numpy as np
import pytest

from models.classical import classifiers
from models.classical.classifiers import Classifier
from models.configuration import Configuration
from models.errors import FitError, LeakError
from pipeline.errors import UserError
from pipeline.training.fitting import _coded, named_failure

OURS = Configuration("unimodal", ("text",), "logistic")


@pytest.fixture
def theirs(monkeypatch):
    monkeypatch.setitem(classifiers.CLASSIFIERS._entries, "theirs", Classifier(lambda task, settings: None, {}))
    return Configuration("unimodal", ("text",), "theirs")


def test_classes_are_positions_and_scores_are_kept():
    assert _coded(np.array(["sad", "glad", "sad"]), ("glad", "sad")).tolist() == [1, 0, 1]
    assert _coded(np.array([1.5, -2.0]), None).tolist() == [1.5, -2.0]


def test_what_is_no_class_is_refused():
    with pytest.raises(FitError, match="predict returns 'bored', which is not one of the classes glad, sad"):
        _coded(np.array(["sad", "bored"]), ("glad", "sad"))
    with pytest.raises(FitError, match="one score per row"):
        _coded(np.zeros((2, 1)), None)


def test_a_plugins_model_fails_by_name_and_ours_raises(theirs):
    with pytest.raises(FitError, match="KeyError: 'a'"), named_failure(theirs):
        raise KeyError("a")
    with pytest.raises(KeyError), named_failure(OURS):
        raise KeyError("a")


def test_the_cause_of_a_failure_is_named_and_not_what_was_made_of_it(theirs):
    with pytest.raises(FitError, match="ValueError: odd"), named_failure(theirs):
        raise UserError("check the values under train.settings") from ValueError("odd")


@pytest.mark.parametrize("error", [LeakError("same rows"), FitError("diverged"), MemoryError()])
def test_leaks_failed_fits_and_full_memory_stay_what_they_are(error, theirs):
    with pytest.raises(type(error)), named_failure(theirs):
        raise error
