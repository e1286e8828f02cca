"""Probes of fitted models: one that is fitted on test rows is found, an honest one is not."""

import tracemalloc

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.errors import LeakError
from models.evaluation.metrics import metric
from models.registry import Recipe, build
from models.validation.probes import contains_labels, probe


class Centred:
    """Centres the rows that it predicts, so that outputs depend on them all."""

    def predict(self, x):
        return x.pooled["audio"][:, 0] - x.pooled["audio"][:, 0].mean()


class Honest:
    def predict(self, x):
        return x.pooled["audio"][:, 0]


def test_a_model_that_is_fitted_on_test_rows_is_found():
    values = np.arange(40.0, dtype=np.float32)[:, None]
    x = Modalities({"audio": values}, {"audio": np.full(40, True)}, np.full(40, None), np.arange(40))
    test, train = np.arange(30, 40), np.arange(30)
    probe(Honest(), x, test, train, name="honest")
    with pytest.raises(LeakError, match=r"centred: the predictions for 10 of 10 rows depend"):
        probe(Centred(), x, test, train, name="centred")


def test_features_that_contain_the_labels_are_noticed():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=300).astype(str)
    predicted = np.where(rng.random(300) < 0.76, truth, np.where(truth == "1", "0", "1"))
    groups = np.arange(300) % 20
    how = {"metric": metric("classification", "accuracy")}
    sentence = contains_labels("text", "logistic", 0.98, truth, predicted, groups, **how)
    assert "the text features seem to contain the labels of the training part" in sentence
    assert "0.980" in sentence
    assert contains_labels("text", "logistic", 0.78, truth, predicted, groups, **how) == ""
    assert contains_labels("text", "logistic", float("nan"), truth, predicted, groups, **how) == ""
    wrong = np.where(truth == "1", "0", "1")
    assert contains_labels("text", "svm", 0.45, truth, wrong, groups, **how) == ""  # no better than the commonest class


def test_a_long_transcript_takes_no_more_memory_than_itself():
    n = 2000
    text = np.array([f"line {i % 50}" for i in range(n)], object)
    text[3] = "word " * 4000
    x = Modalities({}, {"text": np.ones(n, bool)}, text, np.arange(n) % 10)
    model = build("tfidf", Recipe("classification", ("text",))).fit(x, np.array(["a", "b"])[np.arange(n) % 2])
    tracemalloc.start()
    probe(model, x, np.arange(400), np.arange(400, n), name="words")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


class CentredClasses(Centred):
    def predict_proba(self, x):
        share = 1 / (1 + np.exp(-self.predict(x)))
        return np.column_stack([share, 1 - share])


def test_probabilities_are_probed_where_a_model_has_them():
    values = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    x = Modalities({"audio": values}, {"audio": np.full(40, True)}, np.full(40, None), np.arange(40))
    with pytest.raises(LeakError, match=r"classes: the predictions for 10 of 10 rows depend .* \(by up to 0\.\d"):
        probe(CentredClasses(), x, np.arange(30, 40), np.arange(30), name="classes")


def test_an_error_is_compared_as_a_share_of_itself():
    """The mean absolute error on the test groups is 1; the median of the labels has an error of 2.5."""
    truth = np.tile(np.arange(10.0), 30)
    groups, how = np.arange(300) % 20, {"metric": metric("regression", "mae")}
    predicted = truth + np.where(np.arange(300) % 2, 1.0, -1.0)
    assert "has mae 0.100 on held-out training groups, but 1.000 on the test groups" in contains_labels(
        "video", "svm", 0.1, truth, predicted, groups, **how
    )
    assert contains_labels("video", "svm", 0.95, truth, predicted, groups, **how) == ""
