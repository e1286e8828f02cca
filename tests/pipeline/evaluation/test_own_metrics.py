"""A metric of one's own, in the tree or from a plugin, is printed, resampled, sorted and compared by its one entry."""

import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from models.evaluation import metrics
from models.evaluation.sufficient_statistics import agreement
from pipeline.evaluation.compare import compare
from pipeline.inference.fit import best_configuration
from pipeline.reporting.tables import markdown
from pipeline.settings import plugins
from pipeline.settings.params import Params, load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import SINGLE, SURE, TRUTH, beside, project, read

PLUGIN = """
from models.evaluation.metrics import register
from models.evaluation.sufficient_statistics import agreement

def hits(truth, prediction):
    return float((truth == prediction).mean())

def misses(truth, prediction):
    return float((truth != prediction).sum())

register("classification", "hits", hits, share=True, statistics=agreement())
register("classification", "misses", misses, higher_is_better=False)
"""
TIMES = 6  # 48 utterances of 24 speakers


def hits(truth: np.ndarray, prediction: np.ndarray) -> float:
    return float((truth == prediction).mean())


def misses(truth: np.ndarray, prediction: np.ndarray) -> float:
    return float((truth != prediction).sum())


@pytest.fixture(params=["tree", "plugin"])
def corpus(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A corpus whose vote is right everywhere, with both metrics known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metrics, "METRICS", deepcopy(metrics.METRICS))
    if request.param == "plugin":
        monkeypatch.setattr(plugins, "_LOADED", set())
        (tmp_path / "own_metrics.py").write_text(PLUGIN)
        plugins.load_plugins((str(tmp_path / "own_metrics.py"),))
    else:
        metrics.register("classification", "hits", hits, share=True, statistics=agreement())
        metrics.register("classification", "misses", misses, higher_is_better=False)
    predicted = {
        ("majority", "", ""): ["a"] * 8,
        ("unimodal", "text", "svm"): SINGLE,
        ("unimodal", "audio", "svm"): ["b", "b", "a", "b", "b", "b", "b", "b"],
        ("concat", "text+audio", "svm"): ["a"] * 8,
        ("vote", "text+audio", "svm"): TRUTH,
    }
    repeated = {who: one * TIMES for who, one in predicted.items()}
    project(tmp_path, TRUTH * TIMES, repeated, "classification")  # type: ignore[arg-type]
    yield tmp_path
    sys.modules.pop("own_metrics", None)


def evaluated(folder: Path, *chosen: str) -> Params:
    path = folder / "params.yaml"
    blocks = yaml.safe_load(path.read_text())
    blocks["corpora"]["c"]["metrics"] = list(chosen)
    path.write_text(yaml.safe_dump(blocks))
    beside(folder, "a")
    params = load_params(path)
    evaluate(params, "c")
    return params


def test_an_error_leads_the_table_the_lowest_first(corpus: Path) -> None:
    params = evaluated(corpus, "misses", "hits")
    table = read(corpus, "table.csv")
    leading = table[table["metric"] == "misses"]
    assert leading["value"].astype(float).tolist() == [24, 18, 30, 0, 24]
    assert leading["strategy"].tolist() == ["majority", "unimodal", "unimodal", "vote", "concat"]
    compared = read(corpus, "comparisons.csv").set_index("strategy")
    assert compared["metric"].tolist() == ["misses"] * 2
    assert compared["difference"].tolist() == [-18, 6]
    assert compared["verdict"].tolist() == ["+ better", "? not shown"]
    assert compared.loc["vote", "high"] < 0
    assert str(best_configuration(params, "c")) == "vote text+audio svm"


def test_only_a_share_is_printed_in_percent(corpus: Path) -> None:
    params = evaluated(corpus, "misses", "hits")
    text = (corpus / "results/c/table.md").read_text()
    assert "## misses, by modalities" in text
    unimodal = next(line for line in text.splitlines() if line.startswith("| unimodal | text ") and "[" in line)
    cells = [cell.strip() for cell in unimodal.split("|")]
    assert cells[4].startswith("18.000 [")
    assert cells[5].startswith("62.5 [")
    assert "Shares are in percent." in text
    assert "18.000 *" in text
    found = markdown(compare(params, "unimodal:text", "vote", "c").page())
    assert "18.000" in found
    assert "+37.5 [" in found
    assert json.loads((corpus / "results/c/all_metrics.json").read_text())["unimodal text svm"] == {
        "misses": 18.0,
        "hits": 0.625,
    }


def test_an_axis_ends_at_1_for_a_share_and_at_the_largest_value_otherwise(corpus: Path) -> None:
    for chosen, ends in (("hits", "1"), ("misses", None)):
        evaluated(corpus, chosen)
        plot = (corpus / "results/c/images/forest.svg").read_text()
        axis = [line.split(">")[1].split("<")[0] for line in plot.splitlines() if 'text-anchor="middle"' in line]
        largest = read(corpus, "table.csv")["high"].astype(float).max()
        assert axis[0] == "0"
        assert axis[-1] == (ends or f"{largest:.4g}")


def test_the_page_and_robustness_use_the_metric(corpus: Path) -> None:
    params = evaluated(corpus, "misses", "hits")
    page = report(params, "c").read_text()
    assert '<th scope="col">misses</th><th scope="col">difference</th>' in page
    assert '<th scope="col" data-first="descending">hits</th>' in page
    assert "Best single modality: unimodal text svm" in page
    assert "Best fusion: vote text+audio svm" in page
    lost = read(corpus, "robustness.csv")
    vote = lost[(lost["strategy"] == "vote") & (lost["removed"] == "text")]
    assert set(vote["metric"]) == {"misses"}
    assert vote["value"].is_monotonic_increasing  # the more utterances lose text, the more are missed
    assert "misses when the modality is removed" in (corpus / "results/c/robustness.md").read_text()


def test_sufficient_statistics_give_what_calls_of_the_metric_give(corpus: Path) -> None:
    evaluated(corpus, "hits")
    by_sums = read(corpus, "table.csv")
    del metrics.METRICS["classification"]._entries["hits"]
    metrics.register("classification", "hits", hits, share=True)
    evaluate(load_params(corpus / "params.yaml"), "c")
    pd.testing.assert_frame_equal(read(corpus, "table.csv"), by_sums)


def sureness(truth: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


def test_a_metric_of_probabilities_leads_sorts_and_compares_by_its_entry_alone(corpus: Path) -> None:
    metrics.register("classification", "log_loss", sureness, higher_is_better=False, reads="probabilities")
    params = evaluated(corpus, "log_loss", "brier", "accuracy")
    table = read(corpus, "table.csv").set_index(["strategy", "metric"])["value"].astype(float)
    right, wrong = -np.log(SURE), -np.log(1 - SURE)
    assert table["vote", "log_loss"] == pytest.approx(right, abs=1e-6)
    assert table["concat", "log_loss"] == pytest.approx((right + wrong) / 2, abs=1e-6)
    assert table["vote", "brier"] == pytest.approx((1 - SURE) ** 2)
    assert str(best_configuration(params, "c")) == "vote text+audio svm"
    compared = read(corpus, "comparisons.csv").set_index("strategy")
    assert compared["metric"].tolist() == ["log_loss"] * 2
    assert compared["difference"].tolist() == pytest.approx([3 / 8 * (right - wrong), (wrong - right) / 8], abs=1e-6)
    assert compared["verdict"].tolist() == ["+ better", "? not shown"]
    found = markdown(compare(params, "unimodal:text", "vote", "c").page())
    assert f"{3 / 8 * (right - wrong):+.3f} [" in found
    lost = read(corpus, "robustness.csv")
    assert set(lost["metric"]) == {"accuracy"}  # of ablated modalities there are predictions only
    page = report(params, "c").read_text()
    assert "<h3>As utterances lose a modality</h3>" in page
    assert "<h3>Rows by log_loss</h3>" in page


def test_rows_without_probabilities_have_no_value_and_no_zero(corpus: Path) -> None:
    path = corpus / "results/c/predictions.csv"
    pd.read_csv(path, keep_default_na=False).drop(columns=["p_a", "p_b"]).to_csv(path, index=False)
    evaluated(corpus, "accuracy", "brier", "ece")
    table = read(corpus, "table.csv")
    assert (table.loc[table["metric"] != "accuracy", ["value", "low", "high"]] == "").all(axis=None)
    assert (table.loc[table["metric"] == "accuracy", "value"] != "").all()
    assert json.loads((corpus / "results/c/all_metrics.json").read_text())["unimodal text svm"]["brier"] is None
