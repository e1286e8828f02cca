"""Utterances in a browser without a network: the gallery, search, the glass box, and files beside the page."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.reporting.features_page import page_of_features
from pipeline.reporting.showing.shown import shown, write_page
from pipeline.reporting.utterance.section import data_sections
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params, load_params
from tests.pipeline.reporting.conftest import Opening
from tests.pipeline.reporting.looked_at import HOSTILE


def written(folder: Path, clips: str, made: Path) -> Path:
    """Write the page of the corpus to look at, with its clips where the setting says."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        params = load_params(Path("params.yaml"))
        own = replace(params, report=replace(params.report, clips=clips))  # type: ignore[arg-type]
        page = page_of_features(own, "c", "no labels", data_sections(own, "c", Pool(0)))
    path = folder / "results/c/report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.mark.parametrize("clips", ["inside", "beside"])
def test_a_clip_plays_and_its_facts_are_shown(
    tmp_path: Path, made_to_look_at: Path, opened: Opening, clips: str
) -> None:
    page = opened(written(tmp_path, clips, made_to_look_at), width=400)
    card = page.locator("#gallery-cards .card", has_text="the film was really good")
    card.scroll_into_view_if_needed()  # pictures are loaded when they come into view
    card.locator(".still").wait_for()
    card.press("Enter")
    shown = page.locator("#utterance-shown")
    shown.locator("svg .wave").wait_for()
    assert page.evaluate("location.hash") == "#utterance=a"
    assert shown.locator(".trimmed").count() == 2
    assert shown.locator(".word").all_text_contents() == ["To", "me", "good"]
    assert shown.locator(".stills rect.followed").count() == 4
    scores = shown.locator(".stills figcaption").all_text_contents()
    assert [one.rpartition(", ")[2].split()[0] for one in scores] == ["score", "score", "score", "followed"]
    assert "found in 14 of 14 sampled frames: in 3 by the detector" in shown.text_content()
    assert (
        "For this page, other faces were searched for in pictures 1 and 3 of those below, and none found"
        in shown.text_content()
    )
    shown.locator(".timeline svg").press("ArrowRight")
    page.wait_for_function("document.querySelector('#utterance-shown video').currentTime > 0.05")
    page.evaluate("async () => { const film = document.querySelector('#utterance-shown video'); await film.play(); }")
    page.wait_for_function("document.querySelector('#utterance-shown video').currentTime > 0.2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_search_filters_and_addresses_find_hostile_and_broken_utterances(
    tmp_path: Path, made_to_look_at: Path, opened: Opening
) -> None:
    path = written(tmp_path, "auto", made_to_look_at)
    page = opened(path, dark=True)
    page.select_option("#gallery-status", label="video failed")
    assert page.locator("#gallery-count").text_content() == "1 of 4 utterances"
    page.fill("#utterance-search", "ONERROR")
    page.press("#utterance-search", "Enter")
    shown = page.locator("#utterance-shown h3", has_text=HOSTILE)
    shown.wait_for()
    assert "</script><script>alert(2)</script>" in str(page.locator("#utterance-shown").text_content())
    page.evaluate("location.hash = '#utterance=broken'")
    page.locator("#utterance-shown h3", has_text="broken").wait_for()
    assert "broken.mp4" in str(page.locator("#utterance-shown").text_content())
    page.evaluate("location.hash = '#utterance=nobody'")
    page.locator("#utterance-shown", has_text="There is no utterance nobody.").wait_for()


HELD = """() => {
  const facts = glass.facts;
  glass.facts = async (id) => {
    if (id === "broken") await new Promise((go) => { window.arrive = go; });
    return facts(id);
  };
}"""


def test_an_utterance_that_arrives_late_does_not_replace_what_was_opened_since(
    tmp_path: Path, made_to_look_at: Path, opened: Opening
) -> None:
    page = opened(written(tmp_path, "auto", made_to_look_at))
    title = page.locator("#utterance-shown h3")
    page.evaluate(HELD)
    page.evaluate("openUtterance('a')")
    title.filter(has_text="a").wait_for()
    page.locator("#gallery-cards .card", has_text="never heard").click()
    page.go_back()
    page.evaluate("arrive()")
    page.wait_for_timeout(200)
    assert page.evaluate("location.hash") == "#utterance=a"
    assert title.text_content() == "a"
    page.locator("#gallery-cards .card", has_text="never heard").click()
    page.evaluate("arrive()")
    title.filter(has_text="broken").wait_for()
    page.go_back()
    title.filter(has_text="a").wait_for()
    page.go_back()  # to an address without an utterance
    page.locator("#gallery-cards .card", has_text="never heard").click()
    page.go_back()
    page.evaluate("arrive()")
    page.wait_for_timeout(200)
    assert "#" not in page.url
    assert title.text_content() == "a"


def test_one_step_back_leaves_the_page_of_one_utterance(tmp_path: Path, looking: Params, opened: Opening) -> None:
    for name in ("broken", "words only"):
        write_page(shown(looking, name), tmp_path / f"{name}.html")
    page = opened(tmp_path / "broken.html")
    page.goto((tmp_path / "words only.html").as_uri())
    page.locator("#utterance-shown h3", has_text="words only").wait_for()
    page.go_back()
    page.locator("#utterance-shown h3", has_text="broken").wait_for()
    assert page.url.endswith("broken.html#utterance=broken")
