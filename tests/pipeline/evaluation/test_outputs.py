"""The files of an evaluation: only its own are deleted, and DVC finds metrics and plots."""

import json
import shutil
import xml.etree.ElementTree as ElementTree
from hashlib import sha256
from pathlib import Path

import pandas as pd

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.outputs import metrics_json, write_outputs
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import beside


def again(folder: Path) -> None:
    evaluate(load_params(folder / "params.yaml"), "c")


def test_only_its_own_files_of_before_are_deleted(classification: Path, tmp_path: Path) -> None:
    shutil.copytree(classification, tmp_path / "copy")
    results = tmp_path / "copy" / "results" / "c"
    old = ["plots/gone-text-logistic.csv", "images/robustness.svg", "images/attention.svg", "images/reliability.svg"]
    mine = ["plots/mine.csv", "plots/vote-text_audio-logistic-before.csv", "plots/notes-text.csv", "images/paper.svg"]
    for name in (*old, *mine):
        (results / name).write_text("utterance,truth,prediction\n" if name not in mine[::2] else "my,own\n")
    write_outputs(
        {"plots/vote-text_audio-logistic.csv": "", "images/forest.svg": "<svg/>"}, results, {}, "crossmodal evaluate"
    )
    assert [name for name in mine if not (results / name).exists()] == []
    assert [name for name in old if (results / name).exists()] == []


def test_metrics_and_plots_are_there_for_dvc(classification: Path) -> None:
    results = classification / "results/c"
    metrics = json.loads((results / "all_metrics.json").read_text())
    assert metrics["unimodal text logistic"]["accuracy"] == 0.625
    headline = json.loads((results / "metrics.json").read_text())
    assert headline["accuracy"] == {"baseline": 0.5, "text": 0.625, "fusion": 1.0}
    assert headline["gain"]["value"] == 0.375
    plot = pd.read_csv(results / "confusions/vote-text_audio-logistic.csv")
    assert list(plot.columns) == ["utterance", "truth", "prediction"]
    assert (plot["truth"] == plot["prediction"]).all()
    pd.testing.assert_frame_equal(pd.read_csv(results / "plots/best_fusion.csv"), plot)
    single = pd.read_csv(results / "confusions/unimodal-text-logistic.csv")
    pd.testing.assert_frame_equal(pd.read_csv(results / "plots/best_single.csv"), single)
    scores = pd.read_csv(results / "plots/scores.csv").set_index("row")["value"]
    assert scores["vote text+audio logistic"] == 1.0
    ElementTree.parse(classification / "results/c/images/forest.svg")
    beside(classification, "a")
    again(classification)
    page = report(load_params(classification / "params.yaml"), "c").read_text()
    assert "A note." in page
    assert "unimodal text logistic" in page
    assert page.count('class="chart"') == 7  # gains, forest, two of robustness, two of calibration, groups


def test_an_undefined_metric_is_null_in_json() -> None:
    values = {"mae": Interval(1 / 3, 0.0, 1.0), "r": Interval(float("nan"), float("nan"), float("nan"))}
    scores = Scores([Scored(Configuration("majority"), 4, values)], metrics_of("regression", ["mae", "r"]))
    assert json.loads(json.dumps(metrics_json(scores), allow_nan=False)) == {"majority": {"mae": 0.333333, "r": None}}


def test_each_folder_has_a_record_of_its_files_and_plots_are_not_bound(tmp_path: Path) -> None:
    outputs = {"table.csv": "a\n", "images/forest.svg": "<svg/>", "plots/vote-text-svm.csv": "b\n"}
    write_outputs(outputs, tmp_path, {"made_of": {"the predictions": "k" * 64}, "groups": 4}, "crossmodal evaluate")
    for folder, name in ((tmp_path, "table.csv"), (tmp_path / "images", "forest.svg")):
        record = json.loads((folder / "tables.json").read_text())
        assert record["files"] == {name: sha256((folder / name).read_bytes()).hexdigest()}
        assert record["made_of"] == {"the predictions": "k" * 64}
        assert (record["command"], record["groups"]) == ("crossmodal evaluate", 4)
    assert (tmp_path / "plots/vote-text-svm.csv").read_text() == "b\n"
