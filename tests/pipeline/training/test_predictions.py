"""The tables of training, from fits of two folds written by hand."""

import numpy as np
import pandas as pd
import pytest

from models.configuration import Configuration
from models.data.modalities import Modalities
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.training.jobs import Fit
from pipeline.training.predictions import presence_of, tables_of

TABLE = pd.DataFrame({"utterance": ["u1", "u2", "u3"]})
ALONE, BOTH = Configuration("unimodal", ("text",), "logistic"), Configuration("vote", ("text", "audio"), "logistic")


def corpus(task):
    return CorpusParams("manifest", "c", task, "label", ("text", "audio"), ProtocolParams("crossfit"))


def fit(configuration, fold, test, predictions, probabilities, *, ablated=None, weights=None, parameters=3):
    none = np.zeros((len(test), 0))
    weights = none if weights is None else np.array(weights)
    arrays = np.array(test), np.array(predictions), np.array(probabilities), ablated or {}, weights
    return Fit(configuration, fold, *arrays, 0.5, 1.0, 0.1, parameters, "{}")


FITS = [  # a fold's test part need not stand in the order of the table
    fit(ALONE, "second", [2, 0], [1, 0], [[0.2, 0.8], [0.9, 0.1]], parameters=5),
    fit(ALONE, "first", [1], [1], [[0.4, 0.6]]),
    fit(BOTH, "second", [2, 0], [0, 0], [[0.6, 0.4], [0.7, 0.3]], ablated={"text": np.array([1, 0])}),
    fit(BOTH, "first", [1], [0], [[1.0, 0.0]], ablated={"text": np.array([1])}, weights=[[0.25, 0.75]]),
]
TRUTH = np.array(["glad", "sad", "sad"])


def test_predictions_are_in_the_order_of_configurations_and_of_the_utterance_table():
    found = tables_of(FITS, TABLE, TRUTH, corpus("classification"))["predictions.csv"]
    names = ("utterance", "strategy", "modalities", "model", "fold", "truth", "prediction", "p_glad", "p_sad")
    assert tuple(found) == names
    assert found["utterance"].tolist() == ["u1", "u2", "u3"] * 2
    assert found["strategy"].tolist() == ["unimodal"] * 3 + ["vote"] * 3
    assert found["modalities"].tolist() == ["text"] * 3 + ["text+audio"] * 3
    assert found["fold"].tolist() == ["second", "first", "second"] * 2
    assert found["truth"].tolist() == ["glad", "sad", "sad"] * 2
    assert found["prediction"].tolist() == ["glad", "sad", "sad", "glad", "glad", "glad"]
    assert found["p_sad"].tolist() == [0.1, 0.6, 0.8, 0.3, 0.0, 0.4]


def test_scores_have_no_probabilities_and_logistic_is_called_ridge():
    fits = [fit(ALONE, "first", [0, 1, 2], [1.5, -2.0, 0.25], np.zeros((3, 0)))]
    tables = tables_of(fits, TABLE, np.array([1.0, -1.0, 0.0]), corpus("regression"))
    found = tables["predictions.csv"]
    assert found["score"].tolist() == found["prediction"].tolist() == [1.5, -2.0, 0.25]
    assert set(found["model"]) == set(tables["parameters.csv"]["model"]) == {"ridge"}
    assert not [column for column in found if column.startswith("p_")]


def test_ablated_predictions_attention_and_sizes():
    tables = tables_of(FITS, TABLE, TRUTH, corpus("classification"))
    dropped = tables["dropped.csv"]
    assert dropped["dropped"].tolist() == ["text"] * 3
    assert dropped["utterance"].tolist() == ["u1", "u2", "u3"]
    assert dropped["prediction"].tolist() == ["glad", "sad", "sad"]
    columns = ["utterance", "modalities", "text", "audio"]
    assert tables["attention.csv"][columns].to_numpy().tolist() == [["u2", "text+audio", 0.25, 0.75]]
    sizes = tables["parameters.csv"].set_index("strategy")["parameters"]
    assert (sizes["unimodal"], sizes["vote"]) == (4, 3)  # means over folds


def test_without_fusions_the_tables_of_fusions_have_columns_and_no_rows():
    tables = tables_of(FITS[:2], TABLE, TRUTH, corpus("classification"))
    for name, column in (("dropped.csv", "dropped"), ("attention.csv", "audio")):
        assert tables[name].empty
        assert column in tables[name]


@pytest.mark.parametrize("mask", [[True, False, True], [False, False, False]])
def test_presence_is_one_or_zero(mask):
    data = Modalities({}, {"text": np.array(mask)}, np.full(3, None), np.arange(3))
    found = presence_of(data, TABLE)
    assert found["utterance"].tolist() == ["u1", "u2", "u3"]
    assert found["text"].tolist() == [int(m) for m in mask]
