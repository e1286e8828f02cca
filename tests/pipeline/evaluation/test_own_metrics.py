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
from tests.pipeline.evaluation.trained_corpus import SINGLE, TRUTH, beside, project, read

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
    assert compared["verdict"].tolist() == ["+ better", "= not better"]
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
    found = markdown(compare(params, "unimodal:text", "vote", "c"))
    assert "18.000" in found
    assert "+37.5 [" in found
    assert json.loads((corpus / "results/c/metrics.json").read_text())["unimodal text svm"] == {
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
    assert "<th>misses</th><th>hits</th>" in page
    assert "Best single modality: unimodal text svm" in page
    assert "Best fusion: vote text+audio svm" in page
    lost = read(corpus, "robustness.csv")
    vote = lost[(lost["strategy"] == "vote") & (lost["removed"] == "text")]
    assert set(vote["metric"]) == {"misses"}
    assert vote["value"].is_monotonic_increasing  # the more utterances lose text, the more are missed
    assert "misses when the modality is taken away" in (corpus / "results/c/robustness.md").read_text()


def test_sufficient_statistics_give_what_calls_of_the_metric_give(corpus: Path) -> None:
    evaluated(corpus, "hits")
    by_sums = read(corpus, "table.csv")
    del metrics.METRICS["classification"]._entries["hits"]
    metrics.register("classification", "hits", hits, share=True)
    evaluate(load_params(corpus / "params.yaml"), "c")
    pd.testing.assert_frame_equal(read(corpus, "table.csv"), by_sums)
