"""The table: figures equal hand-computed ones, every cell has its interval, fusions are judged in words."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.errors import UserError
from pipeline.params import load_params
from pipeline.stages.evaluate import evaluate, printed
from pipeline.stages.report import report
from pipeline.stages.train import inputs_key
from pipeline.utterances import COLUMNS

TRUTH = ["a", "a", "b", "b", "b", "b", "a", "a"]
SINGLE = ["a", "b", "b", "b", "a", "b", "a", "b"]  # 5 of 8


def project(
    folder: Path,
    truth: list[object],
    systems: dict[tuple[str, str, str], list[object]],
    task: str,
    one_group: bool = False,
) -> None:
    n = len(truth)
    table = pd.DataFrame({name: [""] * n for name in COLUMNS}).assign(
        utterance=[f"u{i}" for i in range(n)],
        speaker=[f"s{0 if one_group else i // 2}" for i in range(n)],
        start=0.0,
        end=1.0,
        label=truth,
    )
    (folder / "data/work/c").mkdir(parents=True)
    table.to_csv(folder / "data/work/c/utterances.csv", index=False)
    parts = []
    for (strategy, modalities, model), predicted in systems.items():
        part = pd.DataFrame(
            {"utterance": table["utterance"], "strategy": strategy, "modalities": modalities, "model": model}
        )
        parts.append(part.assign(fold="1", truth=truth, prediction=predicted))
    (folder / "results/c").mkdir(parents=True)
    pd.concat(parts).to_csv(folder / "results/c/predictions.csv", index=False)
    corpus = {
        "reader": "manifest",
        "root": "c",
        "task": task,
        "label": "label",
        "modalities": ["text", "audio"],
        "note": "A note.",
    }
    corpus["protocol"] = {"kind": "group-kfold", "folds": 2, "group": "speaker"}
    blocks = {"corpora": {"c": corpus}, "evaluate": {"resamples": 300, "seed": 1}}
    blocks["train"] = {"features": {"text": ["tfidf"]}}
    (folder / "params.yaml").write_text(yaml.safe_dump(blocks))
    record = {"inputs": inputs_key(load_params(folder / "params.yaml"), "c"), "notices": ["look here"]}
    (folder / "results/c/train.json").write_text(json.dumps(record))


@pytest.fixture
def classification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    systems = {
        ("majority", "", ""): ["a"] * 8,
        ("unimodal", "text", "logistic"): SINGLE,
        ("vote", "text+audio", "logistic"): list(TRUTH),
        ("concat", "text+audio", "logistic"): SINGLE,
    }
    project(tmp_path, TRUTH, systems, "classification")  # type: ignore[arg-type]
    evaluate(load_params(tmp_path / "params.yaml"), "c")
    return tmp_path


def value(table: pd.DataFrame, strategy: str, metric: str) -> pd.Series:
    found = table[(table["strategy"] == strategy) & (table["metric"] == metric)]
    assert len(found) == 1
    return found.iloc[0]


def test_figures_are_those_computed_by_hand(classification: Path) -> None:
    table = pd.read_csv(classification / "results/c/table.csv", keep_default_na=False)
    assert list(table.columns) == ["corpus", "strategy", "modalities", "model", "metric", "value", "low", "high", "n"]
    assert value(table, "unimodal", "accuracy")["value"] == pytest.approx(5 / 8)
    assert value(table, "unimodal", "uar")["value"] == pytest.approx((2 / 4 + 3 / 4) / 2)
    assert value(table, "majority", "accuracy")["value"] == 0.5
    assert value(table, "vote", "macro_f1")["value"] == 1
    assert (table["n"] == 8).all()
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert value(table, "unimodal", "accuracy")["low"] < 5 / 8 < value(table, "unimodal", "accuracy")["high"]


def test_fusions_are_judged_in_words(classification: Path) -> None:
    lines = printed("c").splitlines()
    vote = next(line for line in lines if line.startswith("| vote"))
    concat = next(line for line in lines if line.startswith("| concat"))
    assert "+37.5" in vote
    assert "not better" in concat
    assert "+0.0 [+0.0, +0.0]" in concat
    assert "A note." in lines


def test_metrics_and_plots_are_there_for_dvc(classification: Path) -> None:
    metrics = json.loads((classification / "results/c/metrics.json").read_text())
    assert metrics["unimodal text logistic"]["accuracy"] == 0.625
    plot = pd.read_csv(classification / "results/c/plots/vote-text_audio-logistic.csv")
    assert list(plot.columns) == ["utterance", "truth", "prediction"]
    assert (plot["truth"] == plot["prediction"]).all()
    page = report(load_params(classification / "params.yaml"), "c").read_text()
    assert "A note." in page
    assert "unimodal text logistic" in page


def test_the_same_predictions_give_the_same_bytes(classification: Path) -> None:
    before = {p.name: p.read_bytes() for p in (classification / "results/c").glob("*.*")}
    evaluate(load_params(classification / "params.yaml"), "c")
    assert {p.name: p.read_bytes() for p in (classification / "results/c").glob("*.*")} == before


def test_predictions_of_other_labels_are_refused(classification: Path) -> None:
    path = classification / "data/work/c/utterances.csv"
    path.write_text(path.read_text().replace(",a\n", ",b\n", 1))
    with pytest.raises(UserError, match="crossmodal train"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_one_group_has_no_interval_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, TRUTH, {("unimodal", "text", "svm"): SINGLE}, "classification", one_group=True)  # type: ignore[arg-type]
    evaluate(load_params(tmp_path / "params.yaml"), "c")
    assert "62.5 [no interval: one group]" in printed("c")
    assert "nan" not in printed("c")
    assert "nan" not in report(load_params(tmp_path / "params.yaml"), "c").read_text()


@pytest.mark.parametrize(
    ("name", "content"), [("train.json", "{"), ("predictions.csv", ""), ("predictions.csv", "a,b\n1,2\n")]
)
def test_damaged_results_are_named(name: str, content: str, classification: Path) -> None:
    (classification / "results/c" / name).write_text(content)
    with pytest.raises(UserError, match=f"{name}.*run"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_a_score_has_the_metrics_of_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    truth = [-3.0, -1.0, 0.0, 0.5, 1.5, 2.0, 2.5, -0.5]
    guess = [-2.0, -1.5, 0.5, -0.5, 1.0, 2.5, 3.5, -0.5]
    systems = {("unimodal", "text", "ridge"): guess, ("vote", "text+audio", "ridge"): truth}
    project(tmp_path, truth, systems, "regression")  # type: ignore[arg-type]
    evaluate(load_params(tmp_path / "params.yaml"), "c")
    table = pd.read_csv(tmp_path / "results/c/table.csv", keep_default_na=False)
    assert value(table, "unimodal", "mae")["value"] == pytest.approx(np.abs(np.subtract(truth, guess)).mean())
    assert value(table, "unimodal", "r")["value"] == pytest.approx(np.corrcoef(truth, guess)[0, 1], abs=1e-6)
    assert value(table, "unimodal", "has0_acc")["value"] == 7 / 8
    assert value(table, "unimodal", "non0_acc")["value"] == pytest.approx(6 / 7, abs=1e-6)
    assert " better" in printed("c")


def test_predictions_of_other_utterances_are_refused(classification: Path) -> None:
    path = classification / "results/c/predictions.csv"
    path.write_text(path.read_text().replace("u3", "stranger"))
    with pytest.raises(UserError, match="'stranger'"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_systems_scored_on_different_utterances_are_refused(classification: Path) -> None:
    path = classification / "results/c/predictions.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(UserError, match="same utterances"):
        evaluate(load_params(classification / "params.yaml"), "c")
