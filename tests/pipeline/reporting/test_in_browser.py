"""The page in a browser without a network: charts are drawn, tables sort and filter, cells and lists show utterances.

Labels and utterances of the page are hostile: they must stay text. Whatever else fails in the page, such as an error of
a script or a request of the network, the fixture `opened` reports.
"""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import beside, project, trained
from tests.pipeline.reporting.conftest import Opening

A, B = '</script><script>alert("a")</script>', "\u2028\"'><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}\u202e\U0001f600"
TRUTH = [A, A, B, B, B, B, A, A, A, B]
SINGLE = [A, B, B, B, A, B, A, B, B, B]  # 6 of 10
ROWS = {
    ("majority", "", ""): [A] * 10,
    ("unimodal", "text", "svm"): SINGLE,
    ("unimodal", "audio", "svm"): [B] * 10,
    ("vote", "text+audio", "svm"): TRUTH,
    ("concat", "text+audio", "svm"): [A] * 10,
}
FIRST = f"{B}0"  # the utterances are B0 to B9


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small corpus with hostile labels and utterances."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        project(folder, TRUTH, ROWS, "classification")  # type: ignore[arg-type]
        for path in (folder / "data/work/c/utterances.csv", folder / "results/c/predictions.csv"):
            table = pd.read_csv(path, keep_default_na=False)
            table.assign(utterance=[f"{B}{one[1:]}" for one in table["utterance"]]).to_csv(path, index=False)
        trained(folder)
        beside(folder, A)
        params = load_params(folder / "params.yaml")
        evaluate(params, "c")
        return folder / report(params, "c")


WATCH = """() => {
  const show = showUtterances;
  showUtterances = (ids, ...more) => { window.asked = ids; show(ids, ...more); };
}"""


def watched(seen: Any) -> Any:
    """Return a page that keeps which utterances it was last asked to show."""
    seen.evaluate(WATCH)
    return seen


def listed(seen: Any) -> list[str]:
    """Return the utterances that the page was last asked to show."""
    seen.wait_for_function("window.asked")
    return [str(one) for one in seen.evaluate("window.asked")]


def test_every_chart_is_drawn_with_its_axis_and_its_numbers_beside_it(page: Path, opened: Opening) -> None:
    seen = opened(page)
    names = seen.evaluate("Object.keys(block('charts'))")
    assert {"gains", "forest", "robustness-text", "calibration-fusion", "groups-chart"} <= set(names)
    for name in names:
        seen.wait_for_selector(f'.chart[data-chart="{name}"] svg')
        assert seen.locator(f"#{name} details table tbody tr").count() >= 1
        assert seen.locator(f'.chart[data-chart="{name}"]').get_attribute("aria-label")
    assert "accuracy (%)" in seen.locator("#forest svg").text_content()
    assert "vote, svm" in seen.locator("#forest svg").text_content()


@pytest.mark.parametrize(("width", "dark"), [(400, False), (1600, True)])
def test_nothing_is_cut_off_at_any_width(width: int, dark: bool, page: Path, opened: Opening) -> None:
    seen = opened(page, width=width, dark=dark)
    seen.wait_for_selector("#groups-chart svg")
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    wide = (
        "[...document.querySelectorAll('svg')].filter((one) => one.getBoundingClientRect().right > innerWidth).length"
    )
    assert seen.evaluate(wide) == 0
    ink, paper = seen.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    bright = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert (bright[0] > bright[1]) == dark
    label = "getComputedStyle(document.querySelector('#forest svg .role-axis-label text')).fill"
    assert seen.evaluate(label) == ink


def test_the_table_sorts_by_numbers_and_filters_by_words(page: Path, opened: Opening) -> None:
    seen = opened(page)
    table = seen.locator("table[data-sortable]").first
    title = table.locator("th", has_text="accuracy").first

    def column() -> list[float]:
        cells = table.locator("tbody tr:visible td:nth-child(4)").all_text_contents()
        return [float(cell.split()[0]) for cell in cells]

    title.locator("button").press("Enter")
    assert title.get_attribute("aria-sort") == "descending"  # the best on top
    assert column() == sorted(column(), reverse=True) != sorted(column())
    title.locator("button").click()
    assert (title.get_attribute("aria-sort"), column()) == ("ascending", sorted(column()))
    error = table.locator("th", has_text="brier").first  # of which less is better
    error.locator("button").click()
    assert error.get_attribute("aria-sort") == "ascending"


def test_rows_are_found_by_every_name_that_the_page_has_for_them(page: Path, opened: Opening) -> None:
    seen = opened(page)
    table, field = seen.locator("table[data-sortable]").first, seen.get_by_label("Show rows with")
    count = seen.locator(".filter output")
    for words in ("AUDIO vote", "vote text+audio svm", "T+A majority vote", "vote text + audio"):
        field.fill(words)
        shown = table.locator("tbody tr:visible")
        assert shown.evaluate_all("all => all.map((row) => row.cells[0].firstChild.data)") == ["vote"], words
        assert count.text_content() == "1 of 5 rows"
    field.fill(str(field.get_attribute("placeholder")).removeprefix("words, such as: "))
    assert table.locator("tbody tr:visible").count() > 0
    field.fill("nothing")
    assert count.text_content() == "No row has all of these words."


@pytest.mark.parametrize("width", [400, 1400])
def test_the_head_hides_nothing_that_was_gone_to(width: int, page: Path, opened: Opening) -> None:
    seen = opened(page, width=width)
    seen.locator("#results .lists button:enabled").first.click()
    head = seen.locator("header").bounding_box()
    assert head["y"] + head["height"] <= seen.locator("#utterance-list h3").bounding_box()["y"]


def test_an_opened_table_of_numbers_gets_the_width_that_it_needs(page: Path, opened: Opening) -> None:
    seen = opened(page, width=900)
    chart = seen.locator("#robustness-text")
    before = chart.bounding_box()["width"]
    chart.locator("summary").click()
    assert chart.bounding_box()["width"] > 1.8 * before


def test_charts_are_called_by_their_titles(page: Path, opened: Opening) -> None:
    seen = opened(page)
    seen.wait_for_selector("#groups-chart svg")
    assert (
        seen.locator("#groups-chart [aria-roledescription=visualization]").get_attribute("aria-label").startswith("By ")
    )
    assert seen.locator("[aria-label='Vega visualization']").count() == 0


@pytest.mark.parametrize("width", [400, 1400])
def test_what_names_a_row_stays_in_sight(width: int, page: Path, opened: Opening) -> None:
    seen = opened(page, width=width)
    seen.evaluate("document.querySelector('table.rows').closest('.scroll').scrollLeft = 200")
    row = seen.locator("table.rows tbody tr", has_text="concat")
    name = row.locator("th")
    assert name.bounding_box()["x"] >= 0
    assert name.locator("small").is_visible() == (width == 400)
    assert name.inner_text().split() == (["concat", "text", "+", "audio,", "svm"] if width == 400 else ["concat"])


def test_a_matrix_counts_what_was_picked_and_its_cell_lists_the_utterances(page: Path, opened: Opening) -> None:
    seen = watched(opened(page))
    first = seen.locator("#matrices > div").first
    assert first.locator("option:checked").text_content() == "unimodal text svm"
    counts = [re.match(r"\d+", cell)[0] for cell in first.locator("td").all_text_contents() if cell]  # type: ignore[index]
    order = sorted([A, B])
    table = [[sum((t, p) == (x, y) for t, p in zip(TRUTH, SINGLE, strict=True)) for y in order] for x in order]
    assert counts == [str(count) for line in table for count in line]
    assert [one.strip() for one in first.locator("thead th").all_text_contents()] == [one.strip() for one in order]
    first.locator("td.other button").first.press("Enter")
    x, y = (order[0], order[1])
    right = [f"{B}{i}" for i, pair in enumerate(zip(TRUTH, SINGLE, strict=True)) if pair == (x, y)]
    assert listed(seen) == right != []
    cards = seen.locator("#utterance-list")
    assert cards.locator("p").text_content() == "Predictions of unimodal text svm."  # not of the best fusion
    assert cards.locator(".card .wrong").count() == len(right)
    assert first.locator("td.other button").last.get_attribute("aria-label").startswith("1 utterance, truth ")
    first.locator("select").select_option(label="majority")
    assert first.locator("tbody button").first.text_content().startswith("5")


def test_cards_say_what_was_predicted_and_by_what(page: Path, opened: Opening) -> None:
    seen = opened(page)
    judge = "the best fusion (vote text+audio svm)"
    assert seen.locator("#gallery-judge").text_content() == f"prediction of {judge}"
    below = "Below them, those of the models that it combines."
    assert seen.locator("#gallery-cards > p").text_content() == f"Predictions of {judge}. {below}"
    first = seen.locator("#gallery-cards .card").first.locator("small")
    assert first.locator("span").all_text_contents() == [" ✓ right", "✓", "✗"]  # the truth is A
    assert [one.split(":")[0] for one in first.all_text_contents()[1:]] == ["text", "audio"]
    assert seen.locator("#gallery-cards .card small:first-of-type .right").count() == 10
    seen.locator("#gallery-cards .card").first.click()
    judged = seen.locator("#utterance-shown h3 + p")
    judged.wait_for()
    assert judged.text_content().endswith(f" It combines: text {A} ✓ right, audio {B} ✗ wrong.")


def test_errors_are_listed_by_the_modalities_that_are_right_alone(tmp_path: Path, opened: Opening) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path)
        fused = [B, A, B, B, A, A, A, A, A, B]  # wrong: 0, 4, 5
        project(tmp_path, TRUTH, ROWS | {("vote", "text+audio", "svm"): fused}, "classification")  # type: ignore[arg-type]
        params = load_params(tmp_path / "params.yaml")
        beside(tmp_path, A)
        evaluate(params, "c")
        page = tmp_path / report(params, "c")
    seen = watched(opened(page))
    cases = seen.locator("#errors ~ .scroll").first.locator("tbody tr")
    assert [one.split() for one in cases.all_text_contents()] == [
        ["text", "1"],
        ["audio", "1"],
        ["text", "and", "audio", "1"],
    ]
    cases.nth(1).get_by_role("button").click()
    assert listed(seen) == ["u4"]
    title = "Where the best fusion is wrong; right: audio (1)"
    assert seen.locator("#utterance-list h3").text_content() == title


def test_previous_next_and_back_go_through_the_list_that_was_opened(page: Path, opened: Opening) -> None:
    seen = opened(page)
    seen.locator("#results").get_by_role("button", name=re.compile("^Only the fusion is right: ")).click()
    seen.locator("#utterance-list .card").nth(1).click()
    title = seen.locator("#utterance-shown h3")
    title.filter(has_text=f"{B}7").wait_for()
    walk = seen.locator("#utterance-shown nav")
    assert walk.locator("span").text_content() == "2 of 3"
    walk.get_by_text("Next").click()
    title.filter(has_text=f"{B}8").wait_for()
    assert walk.get_by_text("Next").is_disabled()
    seen.go_back()
    title.filter(has_text=f"{B}7").wait_for()
    seen.go_back()
    assert "#" not in seen.url
    seen.get_by_role("button", name="Back to the list").click()
    assert seen.evaluate("document.activeElement.id") == "utterance-list"


def test_what_a_search_found_belongs_to_the_list_of_the_search(page: Path, opened: Opening) -> None:
    seen = opened(page)
    seen.locator("#results").get_by_role("button", name=re.compile("^Only the fusion is right: ")).click()
    seen.locator("#utterance-list .card").nth(1).click()
    title, walk = seen.locator("#utterance-shown h3"), seen.locator("#utterance-shown nav")
    title.filter(has_text=f"{B}7").wait_for()
    assert walk.locator("span").text_content() == "2 of 3"
    seen.locator("#utterance-search").fill(f"{B}8")
    seen.locator("#utterance-search").press("Enter")
    title.filter(has_text=f"{B}8").wait_for()
    assert walk.count() == 0  # the list of the search holds only this one


def test_an_utterance_is_hidden_by_another_list_or_by_a_search_without_a_hit(page: Path, opened: Opening) -> None:
    seen = opened(page)
    seen.locator("#results").get_by_role("button", name=re.compile("^Only the fusion is right: ")).click()
    seen.locator("#utterance-list .card").first.click()
    title = seen.locator("#utterance-shown h3")
    title.wait_for()
    seen.locator("#results").get_by_role("button", name=re.compile("^The fusion is right, the best")).click()
    assert title.count() == 0
    assert seen.evaluate("location.hash") == "#utterance-list"
    seen.go_back()
    title.wait_for()  # the address of the utterance opens it again, but not as a part of the other list
    position = seen.locator("#utterance-shown nav span").text_content()
    assert position.split(" of ")[1] == seen.locator("#utterance-list h3").text_content().split("(")[1].rstrip(")")
    seen.locator("#utterance-search").fill("zzz")
    seen.locator("#utterance-search").press("Enter")
    assert seen.locator("#utterance-list").inner_text().endswith("None.")
    assert title.count() == 0


def test_a_list_of_who_is_right_shows_its_utterances(page: Path, opened: Opening) -> None:
    seen = watched(opened(page))
    seen.locator("#results").get_by_role("button", name=re.compile("^Only the fusion is right: ")).click()
    assert listed(seen) == [f"{B}{i}" for i in (1, 7, 8)]
    again = seen.locator("#utterance-only button").all_text_contents()  # the same lists beside the search
    assert again == seen.locator("#results .lists button").all_text_contents()
    assert "Only the fusion is right: 3" in again
    assert seen.locator("img[src=x]").count() == 0


def test_a_picked_fusion_is_drawn_in_every_robustness_chart(page: Path, opened: Opening) -> None:
    seen = opened(page)
    dashed = "one.getAttribute('stroke-dasharray') && one.getAttribute('opacity') === '1'"
    lines = f"[...document.querySelectorAll('#robustness-{{}} svg path')].filter((one) => {dashed}).length"
    for modality in ("text", "audio"):
        seen.wait_for_selector(f"#robustness-{modality} svg")
    before = [seen.evaluate(lines.format(modality)) for modality in ("text", "audio")]
    seen.get_by_label("Compare it with").select_option("concat text+audio svm")
    seen.wait_for_timeout(200)
    after = [seen.evaluate(lines.format(modality)) for modality in ("text", "audio")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]


def test_the_methods_can_be_copied_and_every_part_is_reached_by_its_name(page: Path, opened: Opening) -> None:
    seen = opened(page)
    copy = seen.get_by_role("button", name="Copy the text")
    copy.click()
    assert "Statistics." in seen.evaluate("getSelection().toString()")
    links = seen.locator("nav a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    for link in links:
        assert seen.locator(f"section{link}[aria-labelledby], h3{link}").count() == 1
    nameless = "!one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby')"
    regions = f"[...document.querySelectorAll('.scroll, .chart')].filter((one) => {nameless}).length"
    assert seen.evaluate(regions) == 0
    assert json.loads(seen.evaluate("document.getElementById('predictions').textContent"))["classes"] == sorted([A, B])
