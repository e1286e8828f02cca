"""The sections of a corpus that was not trained on."""

from dataclasses import replace
from pathlib import Path

from pipeline.reporting.features_page import page_of_features
from pipeline.reporting.utterance.parts import FOLDER
from pipeline.reporting.utterance.section import data_sections
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params


def test_the_page_of_a_corpus_that_was_not_trained_shows_its_data(looking: Params) -> None:
    sections = data_sections(looking, "c", Pool(0))
    page = page_of_features(looking, "c", "no labels", sections)
    assert "4 utterances." in page
    assert "<script>alert(2)" not in page
    assert "<img" not in page
    assert "report: {clips: none}" in page
    assert (Path("results/c") / FOLDER).is_dir()


def test_a_page_without_clips_says_so(looking: Params) -> None:
    own = replace(looking, report=replace(looking.report, clips="none"))
    page = page_of_features(own, "c", "no labels", data_sections(own, "c", Pool(0)))
    assert "This page does not contain faces and voices (report.clips: none)." in page
    assert "base64" not in page
