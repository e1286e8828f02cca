"""What `train` wrote is read by configuration; what is missing or damaged is named."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.configuration import Configuration
from models.evaluation.metrics import metric
from pipeline.errors import UserError
from pipeline.evaluation.results import (
    by_configuration,
    count_groups,
    group_by_utterance,
    leading_of_predictions,
    metrics_of,
    read_attention,
    read_parameters,
    read_predictions,
    read_seconds,
    truth_and_outputs,
)
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from tests.conftest import bind

CORPUS = SimpleNamespace(modalities=("text", "audio", "video"))
HEAD = "utterance,strategy,modalities,text,audio,video\n"


def test_attention_on_what_a_strategy_does_not_read_is_undefined(tmp_path):
    path = tmp_path / "attention.csv"
    path.write_text(HEAD + "007,modality_attention,text+audio,0.25,0.75,\nu2,modality_attention,audio+video,,1,0\n")
    bind(tmp_path, "train.json")
    found = read_attention(path, CORPUS)
    assert list(found["utterance"]) == ["007", "u2"]
    np.testing.assert_array_equal(found[["text", "audio", "video"]], [[0.25, 0.75, np.nan], [np.nan, 1, 0]])


def test_attention_that_is_no_number_is_named_with_its_file(tmp_path):
    path = tmp_path / "attention.csv"
    path.write_text(HEAD + "u1,modality_attention,text+audio,much,0.75,\n")
    bind(tmp_path, "train.json")
    with pytest.raises(UserError, match=r"attention\.csv is damaged.*much"):
        read_attention(path, CORPUS)


def test_without_attention_there_is_nothing_to_read(tmp_path):
    assert read_attention(tmp_path / "attention.csv", CORPUS) is None


TABLE = pd.DataFrame({"utterance": ["u1", "u2", "u3"], "speaker": ["s", "s", "t"]})
SPEAKERS = ProtocolParams("group-kfold", group="speaker")
CLASSES = CorpusParams("manifest", "c", "classification", "label", ("text",), SPEAKERS)


def test_lines_are_divided_by_configuration_in_the_order_of_the_file():
    table = pd.DataFrame(
        {
            "strategy": ["vote", "majority", "vote"],
            "modalities": ["text+audio", "", "text+audio"],
            "model": ["svm", "", "svm"],
            "prediction": [1, 2, 3],
        }
    )
    found = by_configuration(table)
    assert list(found) == [Configuration("vote", ("text", "audio"), "svm"), Configuration("majority")]
    assert [part["prediction"].tolist() for part in found.values()] == [[1, 3], [2]]


def test_groups_are_counted_among_the_predicted_utterances_only():
    groups = group_by_utterance(TABLE, CLASSES, TABLE)
    assert groups.to_dict() == {"u1": "s", "u2": "s", "u3": "t"}
    assert count_groups(groups, TABLE) == 2
    assert count_groups(groups, pd.DataFrame({"utterance": ["u1", "u2", "u2"]})) == 1
    with pytest.raises(UserError, match="'u9', which is not in the corpus"):
        group_by_utterance(TABLE, CLASSES, pd.DataFrame({"utterance": ["u9", "u1"]}))


def test_the_first_of_the_chosen_metrics_leads_and_by_default_the_first_of_the_task():
    assert [metric.name for metric in metrics_of(replace(CLASSES, metrics=("uar", "accuracy")))] == ["uar", "accuracy"]
    assert metrics_of(CLASSES)[0].name == "accuracy"
    assert {m.name for m in metrics_of(CLASSES)} >= {"accuracy", "uar", "weighted_f1", "macro_f1"}


def test_of_ablated_modalities_the_first_metric_of_predictions_is_measured():
    assert leading_of_predictions(CLASSES).name == "accuracy"
    assert leading_of_predictions(replace(CLASSES, metrics=("brier", "uar"))).name == "uar"
    assert leading_of_predictions(replace(CLASSES, metrics=("brier", "ece"))).name == "accuracy"


PART = pd.DataFrame({"truth": ["b", "a", "b"], "prediction": ["b", "b", "b"]})


def test_a_metric_reads_predictions_or_positions_and_probabilities():
    accuracy, brier = (metric("classification", name) for name in ("accuracy", "brier"))
    part = PART.assign(p_a=[0.2, 0.4, 0.5], p_b=[0.8, 0.6, 0.5])
    assert [side.tolist() for side in truth_and_outputs(accuracy, part)] == [["b", "a", "b"], ["b", "b", "b"]]
    truth, outputs = truth_and_outputs(brier, part)
    assert (truth.tolist(), outputs.tolist()) == ([1, 0, 1], [[0.2, 0.8], [0.4, 0.6], [0.5, 0.5]])
    swapped = truth_and_outputs(brier, part[["truth", "prediction", "p_b", "p_a"]])
    assert brier(*swapped) == brier(truth, outputs) == pytest.approx((0.04 + 0.36 + 0.25) / 3)


def test_without_probabilities_such_a_metric_is_undefined_and_of_an_unknown_class_refused():
    brier = metric("classification", "brier")
    assert np.isnan(brier(*truth_and_outputs(brier, PART)))
    with pytest.raises(UserError, match="the predictions have no column 'p_b'"):
        truth_and_outputs(brier, PART.assign(p_a=1.0, p_c=0.0))


def test_probabilities_are_read_with_the_predictions_and_checked(results):
    path = results / "predictions.csv"
    head = "utterance,strategy,modalities,model,fold,truth,prediction,p_a,p_b\nu,vote,text,svm,1,a,b,"

    def read(cells):
        path.write_text(head + cells + "\n")
        bind(results, "train.json")
        return read_predictions(path, CLASSES)

    assert read("0.25,0.75").loc[0, ["p_a", "p_b"]].tolist() == [0.25, 0.75]
    assert np.isnan(read("0.25,").loc[0, "p_b"])
    for cells in ("0.25,1.5", "0.25,x", "-0.1,1"):
        with pytest.raises(UserError, match=r"predictions\.csv: column 'p_[ab]' does not hold probabilities"):
            read(cells)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/c").mkdir(parents=True)
    return tmp_path / "results/c"


def test_seconds_are_means_over_the_folds(results):
    head = "strategy,modalities,model,fold,fit_s,predict_s\n"
    (results / "fits.csv").write_text(head + "vote,text+audio,svm,1,1.0,0.5\nvote,text+audio,svm,2,3.0,0.25\n")
    assert read_seconds("c") == {Configuration("vote", ("text", "audio"), "svm"): (2.0, 0.375)}
    (results / "fits.csv").unlink()
    assert read_seconds("c") == {}


def test_parameters_are_read_by_configuration(results):
    (results / "parameters.csv").write_text("strategy,modalities,model,parameters\nmajority,,,3\nvote,text,svm,12\n")
    bind(results, "train.json")
    assert read_parameters("c") == {Configuration("majority"): 3, Configuration("vote", ("text",), "svm"): 12}
    (results / "parameters.csv").write_text("strategy,modalities,parameters\nmajority,,3\n")
    bind(results, "train.json")
    with pytest.raises(UserError, match=r"parameters\.csv has no column 'model': run `crossmodal train` again"):
        read_parameters("c")
