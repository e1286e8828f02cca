"""report: one page that needs no other file and shows what the table says."""

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.stages.evaluate import evaluate
from pipeline.stages.extract import extract
from pipeline.stages.preprocess import preprocess
from pipeline.stages.report import report
from pipeline.stages.train import train
from tests.faults import world

PATHS = CorpusPaths(world.NAME)


class Page(HTMLParser):
    """What a browser would load besides the page, and the text of its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


@pytest.fixture
def trained(prepared: Params) -> Params:
    """Two text models of eight clips."""
    world.settings(Path(), features={"extract": ["vader"]}, train={"classifiers": ["logistic"], "fusions": []})
    text = Path("params.yaml").read_text().replace("- vader\n      - tfidf\n      - mine", "- vader\n      - tfidf")
    text = text.replace("    - text\n    - audio\n", "    - text\n")
    Path("params.yaml").write_text(text)
    params = load_params(Path("params.yaml"))
    preprocess(params, world.NAME, "text", Pool(0))
    extract(params, world.NAME, "vader", Pool(0))
    train(params, world.NAME, Pool(0))
    return params


def test_without_a_table_it_says_what_to_run(trained: Params) -> None:
    with pytest.raises(UserError, match="crossmodal evaluate"):
        report(trained, world.NAME)
    assert not (PATHS.results / "report.html").exists()


def test_the_page_shows_each_value_of_the_table_and_loads_nothing(trained: Params) -> None:
    evaluate(trained, world.NAME)
    path = report(trained, world.NAME)
    assert path == PATHS.results / "report.html"
    page = Page(path.read_text())
    assert [link for link in page.loads if not link.startswith(("#", "data:"))] == []
    cells = " ".join(page.cells)
    table = pd.read_csv(PATHS.results / "table.csv", keep_default_na=False)
    accuracies = table[table["metric"] == "accuracy"]
    assert len(accuracies) >= 3
    for value in accuracies["value"].astype(float):
        assert f"{100 * value:.1f} [" in cells
    for strategy in set(table["strategy"]):
        assert strategy in cells
    assert report(trained, world.NAME).read_text() == path.read_text()
