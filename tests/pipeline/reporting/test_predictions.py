"""The predictions in the page are those of predictions.csv, coded by class, in the order of the table."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.corpora.utterances import read_utterances
from pipeline.evaluation.results import read_predictions
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.predictions import predictions_block
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from tests.pipeline.evaluation.trained_corpus import SINGLE, TRUTH, project

ROWS = {
    ("majority", "", ""): ["a"] * 8,
    ("unimodal", "text", "svm"): SINGLE,
    ("vote", "text+audio", "svm"): TRUTH,
}


def block(folder: Path) -> dict[str, object]:
    params = load_params(folder / "params.yaml")
    corpus = params.corpus("c")
    evaluate(params, "c")
    predictions = read_predictions(folder / "results/c/predictions.csv", corpus)
    table = read_utterances(folder / "data/work/c/utterances.csv", corpus.label)
    shuffled = pd.concat([predictions[8:16].iloc[::-1], predictions[16:], predictions[:8]])
    found = predictions_block(read_scores("c", corpus), shuffled, table, corpus)
    order = [found["utterances"].index(f"u{i}") for i in range(8)]
    for one in [found, *found["configurations"]]:
        for key in ("truth", "prediction"):
            if key in one:
                one[key] = [one[key][i] for i in order]
    return found


def test_classes_are_places_and_the_best_of_each_set_of_modalities_has_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, TRUTH, ROWS, "classification")  # type: ignore[arg-type]
    found = block(tmp_path)
    assert found["classes"] == ["a", "b"]
    assert found["truth"] == [int(one == "b") for one in TRUTH]
    majority, single, fusion = found["configurations"]
    assert (majority["kind"], single["kind"], fusion["kind"]) == ("baseline", "unimodal", "fusion")
    assert majority["prediction"] == [0] * 8
    assert single["prediction"] == [int(one == "b") for one in SINGLE]
    assert (fusion["name"], fusion["modalities"]) == ("vote text+audio svm", ["text", "audio"])
    assert single["value"].startswith("62.5 [")
    assert "shares" not in majority
    assert sorted(set(zip(fusion["shares"][::2], fusion["shares"][1::2], strict=True))) == [(30, 70), (70, 30)]


def test_the_rows_that_a_late_fusion_combines_have_shares_even_if_others_are_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {
        ("unimodal", "text", "xgboost"): TRUTH,
        ("unimodal", "text", "svm"): SINGLE,
        ("unimodal", "audio", "svm"): SINGLE,
        ("vote", "text+audio", "svm"): TRUTH,
    }
    project(tmp_path, TRUTH, rows, "classification")  # type: ignore[arg-type]
    rows = block(tmp_path)["configurations"]
    found = {one["name"]: one for one in rows}
    fusion = found["vote text+audio svm"]
    assert [rows[place]["name"] for place in fusion["alone"]] == ["unimodal text svm", "unimodal audio svm"]
    assert fusion["combined"]
    assert found["unimodal text svm"]["alone"] == []
    assert {name: one["base"] for name, one in found.items()} == {
        "unimodal text xgboost": False,
        "unimodal text svm": True,
        "unimodal audio svm": True,
        "vote text+audio svm": False,
    }
    assert all("shares" in one for one in found.values())


def test_scores_keep_four_digits_and_have_no_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    truth = [0.5, -1.0, 2.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    project(tmp_path, truth, {("unimodal", "text", "ridge"): [0.123456] * 8}, "regression")  # type: ignore[arg-type]
    found = block(tmp_path)
    assert (found["classes"], found["truth"]) == ([], truth)
    assert found["configurations"][0]["prediction"] == [0.1235] * 8
