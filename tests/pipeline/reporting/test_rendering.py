"""What is put into a page stays what it is: text is text, data is data, and no text ends a script."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dvc_render.html import render_html
from dvc_render.vega import VegaRenderer

from pipeline.reporting.rendering import asset, json_script, write_plots_page

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 \" ' & \x00 \U0001f600 \u202e"


class Scripts(HTMLParser):
    """The content of the scripts of a page, by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.id, self.found = "", dict[str, str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.id = dict(attrs).get("id") or ""

    def handle_data(self, data: str) -> None:
        self.found[self.id] = self.found.get(self.id, "") + data


def test_data_come_back_as_they_were_whatever_text_they_hold() -> None:
    value = {HOSTILE: [HOSTILE, 1, 0.5, None, True], "deep": {"a": []}}
    found = Scripts(json_script("x", value)).found
    assert list(found) == ["x"]
    assert json.loads(found["x"]) == value


def test_numbers_of_arrays_are_plain_and_undefined_ones_are_null() -> None:
    value = {"a": np.array([[1.5, np.nan]]), "b": np.float32(np.inf), "c": (np.int64(3),)}
    assert json.loads(Scripts(json_script("x", value)).found["x"]) == {"a": [[1.5, None]], "b": None, "c": [3]}


def test_an_id_is_escaped() -> None:
    assert json_script('"><i>', 1).startswith('<script type="application/json" id="&#34;&gt;&lt;i&gt;">')


def test_our_scripts_hold_nothing_that_ends_a_script_element() -> None:
    for name in ("page.js", "utterance.js"):
        assert "</script" not in asset(name)
        assert "<!--" not in asset(name)


def test_dvc_fills_the_page_and_it_draws_from_disk(tmp_path: Path, browser: Any) -> None:
    write_plots_page(tmp_path)
    table = pd.DataFrame({"row": [1.0, 2.0], "value": [0.9, 0.5], "rev": "workspace"})
    how = {"template": "scatter", "x": "value", "y": "row", "title": "demo: accuracy"}
    bars = VegaRenderer(table.to_dict("records"), "scores.csv", **how)
    written = render_html([bars], tmp_path / "out" / "index.html", html_template=tmp_path / "plots.html")
    assert "cdn.jsdelivr.net/npm/vega@" not in Path(written).read_text(encoding="utf-8")
    context = browser.new_context(offline=True)  # not `opened`: DVC's own template leads to warnings
    page = context.new_page()
    page.goto(Path(written).resolve().as_uri())
    page.wait_for_selector("canvas, svg.marks")
    assert page.locator(".vega-embed").count() == 1
    context.close()


def test_a_page_that_is_there_is_kept_and_no_folder_is_made(tmp_path: Path) -> None:
    write_plots_page(tmp_path / ".dvc")
    assert not (tmp_path / ".dvc").exists()
    (tmp_path / "plots.html").write_text("mine {plot_divs}")
    write_plots_page(tmp_path)
    assert (tmp_path / "plots.html").read_text() == "mine {plot_divs}"
