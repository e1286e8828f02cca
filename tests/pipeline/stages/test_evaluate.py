"""The table: figures equal hand-computed ones, every cell has its interval, fusions are judged in words."""

import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.evaluation.outputs import write_outputs
from pipeline.evaluation.printing import printed, printed_robustness, printed_without
from pipeline.inference.fit import best_configuration
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from pipeline.training.trained import inputs_of
from tests.conftest import bind

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
    trained(folder)


def trained(folder: Path, notices: Sequence[str] = ("look here",), normalise: str = "standard") -> None:
    """Bind what lies there as `prepare` and `train` do: it is what they wrote."""
    bind(folder / "data/work/c")
    inputs = inputs_of(load_params(folder / "params.yaml"), "c")
    bind(folder / "results/c", "train.json", inputs=inputs, notices=list(notices), normalise=normalise, fits=[])


def beside(folder: Path, without: object) -> None:
    """Write what train puts beside the predictions; a fusion without a modality always says `without`."""
    results = folder / "results/c"
    predictions = pd.read_csv(results / "predictions.csv", keep_default_na=False)
    who = ["strategy", "modalities", "model"]
    parts = []
    for (_, modalities, _), part in predictions.groupby(who, sort=False):
        names = modalities.split("+")
        for size in range(1, len(names) + 1) if len(names) > 1 else ():
            for taken in combinations(names, size):
                parts.append(part[["utterance", *who]].assign(dropped="+".join(taken), prediction=without))
    pd.concat(parts).to_csv(results / "dropped.csv", index=False)
    utterances = predictions["utterance"].unique()
    audio = [i % 4 != 3 for i in range(len(utterances))]
    presence = pd.DataFrame({"utterance": utterances, "text": 1, "audio": np.array(audio, int)})
    presence.to_csv(results / "presence.csv", index=False)
    rows = predictions[who].drop_duplicates()
    rows.assign(parameters=range(len(rows))).to_csv(results / "parameters.csv", index=False)
    fits = [
        rows.assign(fold=f, fit_s=s, predict_s=0.5, parameters=1, settings="{}") for f, s in (("1", 1.0), ("2", 2.0))
    ]
    pd.concat(fits).to_csv(results / "fits.csv", index=False)
    trained(folder)


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results/c" / name, keep_default_na=False)


def again(folder: Path) -> None:
    evaluate(load_params(folder / "params.yaml"), "c")


def shown(folder: Path) -> str:
    return printed(load_params(folder / "params.yaml"), "c")


def robust(folder: Path) -> str:
    return printed_robustness(load_params(folder / "params.yaml"), "c")


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
    lines = shown(classification).splitlines()
    vote, concat = (
        next(line for line in lines if line.startswith(f"| {s}") and "[" in line) for s in ("vote", "concat")
    )
    assert "+37.5" in vote
    assert "best" in vote
    assert "= not better" in concat
    assert "+0.0 [+0.0, +0.0]" in concat
    assert "A note." in lines
    assert "Note: look here." in lines
    assert any("With 4 groups no corrected p can be below 0.25" in line for line in lines)


def test_comparisons_are_those_computed_by_hand(classification: Path) -> None:
    found = read(classification, "comparisons.csv").set_index("strategy")
    assert list(found["metric"]) == ["accuracy"] * 2
    # By speaker the vote is ahead by 1, 0, 1 and 1: only 2 of the 8 signs of the three ones are as far from 0.
    assert found.loc["vote", ["difference", "p", "p_holm"]].tolist() == [0.375, 0.25, 0.5]
    assert found.loc["concat", ["difference", "p", "p_holm"]].tolist() == [0, 1, 1]
    assert list(found["verdict"]) == ["= not better"] * 2


def test_the_first_table_has_a_column_a_set_of_modalities(classification: Path) -> None:
    lines = [line for line in shown(classification).splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["strategy", "model", "text", "text + audio"]
    assert cells[2:5] == [
        ["unimodal", "logistic", "62.5 *", ""],
        ["vote", "logistic", "", "100.0 *"],
        ["concat", "logistic", "", "62.5"],
    ]


def test_rows_stand_in_blocks_the_best_first(classification: Path) -> None:
    table = read(classification, "table.csv")
    assert list(table["strategy"].drop_duplicates()) == ["majority", "unimodal", "vote", "concat"]


def test_what_only_one_gets_right_is_listed(classification: Path) -> None:
    found = read(classification, "only_fusion.csv")
    assert list(found.columns) == ["utterance", "text", "media", "speaker", "truth", "fusion", "single"]
    assert list(found["utterance"]) == ["u1", "u4", "u7"]
    assert found.loc[0, ["speaker", "truth", "fusion", "single"]].tolist() == ["s0", "a", "a", "b"]
    assert read(classification, "only_single.csv").empty


def test_without_the_files_beside_the_predictions_their_command_is_named(classification: Path) -> None:
    said = robust(classification)
    assert "dropped.csv is not there: run `crossmodal train --corpus c`" in said
    assert "presence.csv is not there" in said
    assert not (classification / "results/c/images/robustness.svg").exists()
    assert "fit s" not in shown(classification)
    with pytest.raises(UserError, match=r"dropped.csv does not exist: run `crossmodal train"):
        printed_without(load_params(classification / "params.yaml"), "c", "audio")


def test_robustness_is_that_computed_by_hand(classification: Path) -> None:
    beside(classification, "a")
    again(classification)
    found = read(classification, "robustness.csv")
    vote = found[(found["strategy"] == "vote") & (found["removed"] == "audio")].set_index("share")
    assert list(vote.index) == [0, 10, 20, 30, 40, 50]
    assert vote.loc[0, "value"] == 1
    # Half of the truth is "a", which the rest is told to be: 4 of 8 taken away leave 3/4 right in the mean.
    assert vote.loc[50, "value"] == pytest.approx(0.75, abs=0.08)
    assert (np.diff(vote["value"]) <= 0).all()  # nested: what is lost stays lost
    assert (vote["low"] <= vote["value"]).all()
    present = read(classification, "by_presence.csv")
    rows = present[present["strategy"] == "vote"]
    assert rows[["present", "n", "value"]].to_numpy().tolist() == [["text+audio", 6, 1.0], ["text", 2, 1.0]]
    concat = present[(present["strategy"] == "concat") & (present["present"] == "text")]
    assert concat["value"].item() == 0.5  # u3 and u7: b is right, b is not
    ElementTree.parse(classification / "results/c/images/robustness.svg")
    assert "text + audio (n = 6)" in robust(classification)


def test_modalities_can_be_taken_away(classification: Path) -> None:
    beside(classification, "a")
    params = load_params(classification / "params.yaml")
    lines = printed_without(params, "c", "audio").splitlines()
    vote = next(line for line in lines if line.startswith("| vote"))
    assert "| 100.0 [100.0, 100.0] | 50.0 [" in vote
    assert "| -50.0 [" in vote
    assert vote.split("|")[-2].strip() == "text"
    assert "nothing: the prior" in printed_without(params, "c", "text, audio")
    with pytest.raises(UserError, match="did you mean 'audio'"):
        printed_without(params, "c", "adio")


def test_seconds_and_parameters_are_shown_where_train_noted_them(classification: Path) -> None:
    beside(classification, "a")
    again(classification)
    line = next(line for line in shown(classification).splitlines() if line.startswith("| vote") and "[" in line)
    assert [c.strip() for c in line.split("|")][-4:-1] == ["2", "1.500", "0.500"]
    assert "1.500" not in (classification / "results/c/table.md").read_text()
    assert "1.500" not in (classification / "results/c/table.tex").read_text()
    assert read(classification, "comparisons.csv").set_index("strategy").loc["vote", "parameters"] == 2


def test_the_terminal_names_the_figures_that_it_leaves_out(classification: Path) -> None:
    assert "With weighted_f1, macro_f1: results/c/table.md." in shown(classification)


def test_normalising_per_speaker_is_named(classification: Path) -> None:
    trained(classification, normalise="speaker")
    again(classification)
    assert "normalised per speaker" in shown(classification)


@pytest.mark.parametrize("broken", ["line", "set", "presence", "number"])
def test_damaged_files_beside_the_predictions_are_named(broken: str, classification: Path) -> None:
    beside(classification, "a")
    results = classification / "results/c"
    if broken == "line":
        path = results / "dropped.csv"
        path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    elif broken == "set":
        table = read(classification, "dropped.csv")
        table[table["dropped"] != "audio"].to_csv(results / "dropped.csv", index=False)
    elif broken == "presence":
        read(classification, "presence.csv")[:-1].to_csv(results / "presence.csv", index=False)
    else:
        read(classification, "presence.csv").assign(audio=2).to_csv(results / "presence.csv", index=False)
    trained(classification)
    with pytest.raises(UserError, match=r"(dropped|presence)\.csv.*run `crossmodal train"):
        again(classification)


def test_one_modality_alone_has_nothing_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    systems = {("majority", "", ""): ["a"] * 8, ("unimodal", "text", "svm"): SINGLE}
    project(tmp_path, TRUTH, systems, "classification")  # type: ignore[arg-type]
    again(tmp_path)
    assert "Nothing is fused here" in robust(tmp_path)
    for name in ("comparisons.csv", "robustness.csv", "by_presence.csv", "only_fusion.csv", "only_single.csv"):
        assert read(tmp_path, name).empty
    assert "verdict" in shown(tmp_path)
    assert "against the best" not in shown(tmp_path)
    assert "<svg" in report(load_params(tmp_path / "params.yaml"), "c").read_text()


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


def test_the_same_predictions_give_the_same_bytes(classification: Path) -> None:
    beside(classification, "a")
    again(classification)
    before = {p: p.read_bytes() for p in (classification / "results/c").rglob("*.*") if p.is_file()}
    again(classification)
    assert {p: p.read_bytes() for p in (classification / "results/c").rglob("*.*") if p.is_file()} == before


def test_predictions_of_other_labels_are_refused(classification: Path) -> None:
    path = classification / "data/work/c/utterances.csv"
    path.write_text(path.read_text().replace(",a\n", ",b\n", 1))
    bind(path.parent)
    with pytest.raises(UserError, match="crossmodal train"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_one_group_has_no_interval_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, TRUTH, {("unimodal", "text", "svm"): SINGLE}, "classification", one_group=True)  # type: ignore[arg-type]
    evaluate(load_params(tmp_path / "params.yaml"), "c")
    assert "62.5 [no interval: one group]" in shown(tmp_path)
    assert "nan" not in shown(tmp_path)
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
    assert "+0.625" not in shown(tmp_path)
    assert "-0.625 [" in shown(tmp_path)  # of the error: lower is better
    assert list(read(tmp_path, "only_fusion.csv")["utterance"]) == ["u0", "u3", "u6"]  # off by more than 0.5


def test_one_group_of_fusions_has_neither_interval_nor_p(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    systems = {("unimodal", "text", "svm"): SINGLE, ("vote", "text+audio", "svm"): TRUTH}
    project(tmp_path, TRUTH, systems, "classification", one_group=True)  # type: ignore[arg-type]
    again(tmp_path)
    beside(tmp_path, "a")
    again(tmp_path)
    assert read(tmp_path, "comparisons.csv").loc[0, ["p", "p_holm", "verdict"]].tolist() == ["", "", "= not better"]
    for said in (shown(tmp_path), robust(tmp_path), (tmp_path / "results/c/table.tex").read_text()):
        assert "nan" not in said
    for image in (tmp_path / "results/c/images").glob("*.svg"):
        assert "nan" not in image.read_text()


def test_predictions_of_other_utterances_are_refused(classification: Path) -> None:
    path = classification / "results/c/predictions.csv"
    path.write_text(path.read_text().replace("u3", "stranger"))
    trained(classification)
    with pytest.raises(UserError, match="'stranger'"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_systems_scored_on_different_utterances_are_refused(classification: Path) -> None:
    path = classification / "results/c/predictions.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    trained(classification)
    with pytest.raises(UserError, match="same utterances"):
        evaluate(load_params(classification / "params.yaml"), "c")


@pytest.mark.parametrize("metrics", [["macro_f1", "accuracy"], ["accuracy"], ["weighted_f1"]])
def test_a_report_of_other_figures_than_were_evaluated_says_what_to_run(
    classification: Path, metrics: list[str]
) -> None:
    path = classification / "params.yaml"
    blocks = yaml.safe_load(path.read_text())
    for chosen in (["uar"], metrics):
        blocks["corpora"]["c"]["metrics"] = chosen
        path.write_text(yaml.safe_dump(blocks))
        if chosen == ["uar"]:
            again(classification)
    for ask in (report, best_configuration, printed, printed_robustness):
        with pytest.raises(UserError, match=r"table.csv is out of date: corpora.c.metrics.*evaluate --corpus c`"):
            ask(load_params(path), "c")
    again(classification)
    assert metrics[0] in report(load_params(path), "c").read_text()


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
    assert "<script" not in page
    assert "<img" not in page
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
