"""The files of an evaluation: only its own are deleted, and DVC finds metrics and plots."""

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd

from pipeline.evaluation.outputs import write_outputs
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import beside


def again(folder: Path) -> None:
    evaluate(load_params(folder / "params.yaml"), "c")


def test_only_its_own_files_of_before_are_deleted(classification: Path, tmp_path: Path) -> None:
    shutil.copytree(classification, tmp_path / "copy")
    results = tmp_path / "copy" / "results" / "c"
    old = ["plots/gone-text-logistic.csv", "images/robustness.svg", "images/attention.svg"]
    mine = ["plots/mine.csv", "plots/vote-text_audio-logistic-before.csv", "plots/notes-text.csv", "images/paper.svg"]
    for name in (*old, *mine):
        (results / name).write_text("utterance,truth,prediction\n" if name not in mine[::2] else "my,own\n")
    write_outputs(
        {"plots/vote-text_audio-logistic.csv": "", "images/forest.svg": "<svg/>"}, results, {}, "crossmodal evaluate"
    )
    assert [name for name in mine if not (results / name).exists()] == []
    assert [name for name in old if (results / name).exists()] == []


def test_metrics_and_plots_are_there_for_dvc(classification: Path) -> None:
    metrics = json.loads((classification / "results/c/metrics.json").read_text())
    assert metrics["unimodal text logistic"]["accuracy"] == 0.625
    plot = pd.read_csv(classification / "results/c/plots/vote-text_audio-logistic.csv")
    assert list(plot.columns) == ["utterance", "truth", "prediction"]
    assert (plot["truth"] == plot["prediction"]).all()
    ElementTree.parse(classification / "results/c/images/forest.svg")
    beside(classification, "a")
    again(classification)
    page = report(load_params(classification / "params.yaml"), "c").read_text()
    assert "A note." in page
    assert "unimodal text logistic" in page
    assert page.count("<svg") == 2
