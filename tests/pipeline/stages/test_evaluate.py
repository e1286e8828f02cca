"""evaluate: metrics are the ones computed by hand, the same predictions give the same bytes, nothing stale is used."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from pipeline.errors import UserError
from pipeline.evaluation.printing import printed, printed_robustness
from pipeline.inference.fit import best_configuration
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.conftest import bind
from tests.pipeline.evaluation.trained_corpus import beside, read, trained, value


def again(folder: Path) -> None:
    evaluate(load_params(folder / "params.yaml"), "c")


def test_metrics_are_the_ones_computed_by_hand(classification: Path) -> None:
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


def test_comparisons_are_the_ones_computed_by_hand(classification: Path) -> None:
    found = read(classification, "comparisons.csv").set_index("strategy")
    assert list(found["metric"]) == ["accuracy"] * 2
    # By speaker the vote is ahead by 1, 0, 1 and 1: only 2 of the 8 signs of the three ones are as far from 0.
    assert found.loc["vote", ["difference", "p", "p_holm"]].tolist() == [0.375, 0.25, 0.5]
    assert found.loc["concat", ["difference", "p", "p_holm"]].tolist() == [0, 1, 1]
    assert list(found["verdict"]) == ["? not shown"] * 2


def test_rows_stand_in_blocks_the_best_first(classification: Path) -> None:
    table = read(classification, "table.csv")
    assert list(table["strategy"].drop_duplicates()) == ["majority", "unimodal", "vote", "concat"]


def test_what_only_one_gets_right_is_listed(classification: Path) -> None:
    found = read(classification, "only_fusion.csv")
    assert list(found.columns) == ["utterance", "text", "media", "speaker", "truth", "fusion", "single"]
    assert list(found["utterance"]) == ["u1", "u4", "u7"]
    assert found.loc[0, ["speaker", "truth", "fusion", "single"]].tolist() == ["s0", "a", "a", "b"]
    assert read(classification, "only_single.csv").empty


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


@pytest.mark.parametrize(
    ("name", "content"), [("train.json", "{"), ("predictions.csv", ""), ("predictions.csv", "a,b\n1,2\n")]
)
def test_damaged_results_are_named(name: str, content: str, classification: Path) -> None:
    (classification / "results/c" / name).write_text(content)
    with pytest.raises(UserError, match=f"{name}.*run"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_predictions_of_other_utterances_are_refused(classification: Path) -> None:
    path = classification / "results/c/predictions.csv"
    path.write_text(path.read_text().replace("u3", "stranger"))
    trained(classification)
    with pytest.raises(UserError, match="'stranger'"):
        evaluate(load_params(classification / "params.yaml"), "c")


def test_models_scored_on_different_utterances_are_refused(classification: Path) -> None:
    path = classification / "results/c/predictions.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    trained(classification)
    with pytest.raises(UserError, match="same utterances"):
        evaluate(load_params(classification / "params.yaml"), "c")


@pytest.mark.parametrize("metrics", [["macro_f1", "accuracy"], ["accuracy"], ["weighted_f1"]])
def test_a_report_of_other_metrics_than_were_evaluated_says_what_to_run(
    classification: Path, metrics: list[str]
) -> None:
    path = classification / "params.yaml"
    blocks = yaml.safe_load(path.read_text())
    for chosen in (["uar"], metrics):
        blocks["corpora"]["c"]["metrics"] = chosen
        path.write_text(yaml.safe_dump(blocks))
        if chosen == ["uar"]:
            again(classification)
    for ask in (report, best_configuration):
        with pytest.raises(UserError, match=r"table.csv is out of date: corpora.c.metrics.*evaluate --corpus c`"):
            ask(load_params(path), "c")
    for show in (printed, printed_robustness):
        assert "corpora.c.metrics" in str(show(load_params(path), "c")[0])
    again(classification)
    assert metrics[0] in report(load_params(path), "c").read_text()
