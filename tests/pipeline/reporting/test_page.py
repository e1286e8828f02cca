"""The page: the table's values, confusion matrices counted by hand, and hostile names shown as text."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from models.evaluation.metrics import metrics_of
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import SINGLE, TRUTH, beside, project, trained

SYSTEMS = {
    ("majority", "", ""): ["a"] * 8,
    ("unimodal", "text", "svm"): SINGLE,
    ("vote", "text+audio", "svm"): TRUTH,
}


class Page(HTMLParser):
    """The elements of a page, and the cells of its tables as text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.tables[-1][-1][-1] += data


def page(folder: Path) -> str:
    params = load_params(folder / "params.yaml")
    evaluate(params, "c")
    return report(params, "c").read_text()


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, TRUTH, SYSTEMS, "classification")  # type: ignore[arg-type]
    return tmp_path


def table_of(text: str, first: str) -> list[list[str]]:
    """Return the table whose header begins so and is the longest."""
    return max(
        (table for table in Page(text).tables if table and table[0][0] == first), key=lambda table: len(table[0])
    )


def test_the_page_shows_the_table_and_the_figures_by_group(corpus: Path) -> None:
    text = page(corpus)
    table, groups = table_of(text, "strategy"), table_of(text, "speaker")
    names = [metric.name for metric in metrics_of("classification")]
    compared = ["difference", "p (Holm)", "verdict"]
    assert table[0][: 6 + len(names)] == ["strategy", "modalities", "model", names[0], *compared, *names[1:]]
    assert table[2][:3] == ["unimodaltext, svm", "text", "svm"]  # on narrow screens, the first cell has all names
    assert re.fullmatch(r"62\.5 \[\d+\.\d, \d+\.\d\]", table[2][3])
    assert table[2][table[0].index("n")] == "8"
    assert "<h3>By speaker: accuracy, percent</h3>" in text
    assert groups[0] == ["speaker", "n", "vote text+audio svm", "unimodal text svm", "majority"]
    assert groups[1] == ["s0", "2", "100.0", "50.0", "100.0"]
    assert "All groups have fewer than 10 utterances, so they have no interval and are not called the worst." in text
    for said in ('<p class="note">A note.</p>', "<li>look here.</li>", "cross-validation with 2 folds"):
        assert said in text
    assert "<p>Lower is better for brier and ece.</p>" in text


def charts_of(text: str) -> list[str]:
    return re.findall('data-chart="([^"]*)"', text)


def test_charts_are_there_as_far_as_there_is_something_to_draw(corpus: Path) -> None:
    charts = ["gains", "forest", "calibration-single", "calibration-fusion", "groups-chart"]
    assert charts_of(page(corpus)) == charts
    beside(corpus, "a")
    assert charts_of(page(corpus)) == [*charts[:2], "robustness-text", "robustness-audio", *charts[2:]]


def test_scores_have_no_probabilities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, [0.5, -1.0, 2.0, 1.0], {("unimodal", "text", "ridge"): [0.5, 1.0, 1.0, 1.0]}, "regression")
    text = page(tmp_path)
    assert "probabilities" not in text.partition("<script")[0]
    assert "<p>Lower is better for mae and rmse.</p>" in text
    assert table_of(text, "strategy")[1][3].startswith("0.750 ")


def test_hostile_names_are_text_and_no_elements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = "<script>alert(1)</script>"
    classes = {"a": hostile, "b": '"><img src=x onerror=y>&amp;{{ 7 * 7 }}'}
    named = {who: [classes[one] for one in predicted] for who, predicted in SYSTEMS.items()}
    project(tmp_path, [classes[one] for one in TRUTH], named, "classification")  # type: ignore[arg-type]
    blocks = yaml.safe_load((tmp_path / "params.yaml").read_text())
    blocks["corpora"]["c"]["note"] = f"{hostile} & {{% raw %}}"
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(blocks))
    trained(tmp_path, notices=[f"the utterance {hostile} is empty"])
    text = page(tmp_path)
    found = Page(text)
    assert "img" not in found.elements
    assert text.count("<script>alert(1)") == 0
    assert text.count("&lt;script&gt;alert(1)") >= 2  # note and notice
    assert "{% raw %}" in text


def test_the_template_is_packaged_with_the_code() -> None:
    root = Path(__file__).parents[3]
    packaged = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    folder = root / "pipeline/reporting"
    found = {file for pattern in packaged["pipeline.reporting"] for file in folder.glob(pattern)}
    assert (
        found == {file for file in folder.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")} != set()
    )


def test_errors_know_which_modalities_the_models_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fused = [*TRUTH[:3], "a", *TRUTH[4:7], "b"]  # wrong on u3 and u7, whose audio `beside` leaves out
    project(tmp_path, TRUTH, SYSTEMS | {("vote", "text+audio", "svm"): fused}, "classification")  # type: ignore[arg-type]
    beside(tmp_path, "a")
    text = page(tmp_path)
    assert "Wrong on 2 of 2 utterances without audio, and on 0 of 6 with it." in text
    assert "Errors by speaker: s1 (1 of 2 wrong), s3 (1 of 2 wrong); the other 2 together: 0 of 4 wrong." in text
