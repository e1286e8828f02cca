"""The tables for people: order, verdicts in words, notes, and what is shown where something is undefined."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import (
    SINGLE,
    TRUTH,
    again,
    beside,
    project,
    read,
    robust,
    shown,
    trained,
    value,
)


def chosen(folder: Path, *metrics: str) -> None:
    """Evaluate again by these metrics."""
    blocks = yaml.safe_load((folder / "params.yaml").read_text())
    blocks["corpora"]["c"]["metrics"] = list(metrics)
    (folder / "params.yaml").write_text(yaml.safe_dump(blocks))
    again(folder)


def test_fusions_are_judged_in_words(classification: Path) -> None:
    lines = shown(classification).splitlines()
    vote, concat = (
        next(line for line in lines if line.startswith(f"| {s}") and "[" in line) for s in ("vote", "concat")
    )
    assert "+37.5" in vote
    assert "best" in vote
    assert "? not shown" in concat
    assert "+0.0 [+0.0, +0.0]" in concat
    assert "A note." in lines
    assert "Note: look here." in lines
    assert any("With 4 groups and this many fusions, no corrected p can be below 0.25" in line for line in lines)


def test_metrics_of_which_lower_is_better_are_named_where_there_are_any(classification: Path) -> None:
    assert "Shares are in percent. Lower is better for brier and ece. In brackets" in shown(classification)
    chosen(classification, "accuracy", "uar")
    assert "ower is better" not in shown(classification)


def test_the_first_table_has_one_column_per_set_of_modalities(classification: Path) -> None:
    lines = [line for line in shown(classification).splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["strategy", "model", "text", "text + audio"]
    assert cells[2:5] == [
        ["unimodal", "logistic", "62.5 *", ""],
        ["vote", "logistic", "", "100.0 *"],
        ["concat", "logistic", "", "62.5"],
    ]


NOBODY = "it is not known who speaks: the same person may be in both training and test"


def readable(page: Path) -> str:
    """Return what a page shows, without the data and programs of its charts."""
    return page.read_text().partition("<script")[0]


def test_no_row_is_called_best_where_nobody_says_who_speaks(classification: Path) -> None:
    assert "best" in shown(classification)
    trained(classification, speakers=NOBODY)
    again(classification)
    page, tex = shown(classification), (classification / "results/c/table.tex").read_text()
    html = readable(report(load_params(Path("params.yaml")), "c"))
    for text in (page, tex, html):
        assert NOBODY[1:] in text
        assert "so no row is called best" in text or text == tex
        assert not re.findall(r"\bbest\b", text.replace("called best", ""), re.IGNORECASE)
    assert "*" not in page
    assert "The top single modality here: unimodal text logistic; the top fusion: vote text+audio" in page
    vote = next(line for line in page.splitlines() if line.startswith("| vote") and "[" in line)
    assert "+37.5" in vote


def test_rows_are_ranked_again_once_the_settings_accept_unknown_speakers(classification: Path) -> None:
    trained(classification, speakers=NOBODY)
    blocks = yaml.safe_load((classification / "params.yaml").read_text())
    blocks["corpora"]["c"]["speakers_unknown"] = True
    (classification / "params.yaml").write_text(yaml.safe_dump(blocks))  # the predictions stay as they are
    assert "speakers_unknown changed since it was made" in shown(classification)
    again(classification)
    page = shown(classification)
    assert "It is not known who speaks: the same person may be in both training and test, which" in page
    assert "62.5 *" in page
    assert "the best fusion: vote" in page


def test_normalising_per_speaker_is_named(classification: Path) -> None:
    trained(classification, normalise="speaker")
    again(classification)
    assert "normalised per speaker" in shown(classification)


def test_one_modality_alone_has_nothing_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    systems = {("majority", "", ""): ["a"] * 8, ("unimodal", "text", "svm"): SINGLE}
    project(tmp_path, TRUTH, systems, "classification")  # type: ignore[arg-type]
    again(tmp_path)
    assert "There is no fusion here" in robust(tmp_path)
    for name in ("comparisons.csv", "robustness.csv", "by_presence.csv", "only_fusion.csv", "only_single.csv"):
        assert read(tmp_path, name).empty
    assert "verdict" in shown(tmp_path)
    assert "against the best" not in shown(tmp_path)
    assert 'data-chart="forest"' in report(load_params(tmp_path / "params.yaml"), "c").read_text()


def test_with_one_group_there_is_no_interval_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, TRUTH, {("unimodal", "text", "svm"): SINGLE}, "classification", one_group=True)  # type: ignore[arg-type]
    evaluate(load_params(tmp_path / "params.yaml"), "c")
    assert "62.5 [no interval: one group]" in shown(tmp_path)
    assert "nan" not in shown(tmp_path)
    assert "nan" not in readable(report(load_params(tmp_path / "params.yaml"), "c"))


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
    squares = np.subtract(truth, guess) ** 2
    assert value(table, "unimodal", "rmse")["value"] == pytest.approx(np.sqrt(squares.mean()), abs=1e-6)
    apart = np.var(truth) + np.var(guess) + (np.mean(truth) - np.mean(guess)) ** 2
    both = np.cov(truth, guess, bias=True)[0, 1]
    assert value(table, "unimodal", "ccc")["value"] == pytest.approx(2 * both / apart, abs=1e-6)
    assert value(table, "vote", "ccc")["value"] == 1
    assert value(table, "unimodal", "non0_acc")["value"] == pytest.approx(6 / 7, abs=1e-6)
    assert "+0.625" not in shown(tmp_path)
    assert "-0.625 [" in shown(tmp_path)  # of the error: lower is better
    assert "Lower is better for mae and rmse. In brackets: " in shown(tmp_path)
    assert list(read(tmp_path, "only_fusion.csv")["utterance"]) == ["u0", "u3", "u6"]  # off by more than 0.5


def test_one_group_of_fusions_has_neither_interval_nor_p(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    systems = {("unimodal", "text", "svm"): SINGLE, ("vote", "text+audio", "svm"): TRUTH}
    project(tmp_path, TRUTH, systems, "classification", one_group=True)  # type: ignore[arg-type]
    again(tmp_path)
    beside(tmp_path, "a")
    again(tmp_path)
    assert read(tmp_path, "comparisons.csv").loc[0, ["p", "p_holm", "verdict"]].tolist() == ["", "", "? not shown"]
    for said in (shown(tmp_path), robust(tmp_path), (tmp_path / "results/c/table.tex").read_text()):
        assert "nan" not in said
    for image in (tmp_path / "results/c/images").glob("*.svg"):
        assert "nan" not in image.read_text()


def test_labels_and_notes_are_shown_and_not_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad, good = "=1+1|<script>x</script>`\\\x1b[2J", "-1+cmd|' /C calc'!A0"
    truth = [{"a": bad, "b": good}[t] for t in TRUTH]
    single = [{"a": bad, "b": good}[t] for t in SINGLE]
    systems = {("unimodal", "text", "logistic"): single, ("vote", "text+audio", "logistic"): truth}
    project(tmp_path, truth, systems, "classification")  # type: ignore[arg-type]
    path = tmp_path / "params.yaml"
    blocks = yaml.safe_load(path.read_text())
    blocks["corpora"]["c"]["note"] = "# a | b\n|---|---|\n<img src=x onerror=y> & \x1b[2J"
    path.write_text(yaml.safe_dump(blocks))
    trained(tmp_path, notices=[f"the label {bad} is rare"])
    again(tmp_path)
    page = report(load_params(path), "c").read_text()
    assert "<script>x" not in page
    assert "<img src=x" not in page
    assert "=1+1|&lt;script&gt;" in page
    text = (tmp_path / "results/c/table.md").read_text()
    assert "<script" not in text.replace("\\<", "")
    assert "\n|---|---|\n<" not in text
    assert "\x1b" not in text
    for file in (tmp_path / "results/c").rglob("*.csv"):
        if file.name != "predictions.csv":  # this one is the test's own
            for row in csv.reader(io.StringIO(file.read_text(), newline="")):
                assert not [c for c in row if re.match(r"[=@+-](?![\d.]+$| [a-z ]+$)", c)], (file, row)
    rare = pd.read_csv(tmp_path / "results/c/only_fusion.csv", keep_default_na=False)
    assert set(rare["truth"].str[:1]) <= {"'"}
