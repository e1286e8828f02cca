"""What `crossmodal show` writes of an utterance: lines, a page, predictions of it alone."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.reporting.showing.shown import as_page, detailed, lines, only, shown
from pipeline.settings.params import Params
from tests.pipeline.reporting.looked_at import HOSTILE

BLOCK = {
    "task": "classification",
    "classes": ["no", "yes"],
    "metric": "accuracy",
    "utterances": ["a", "b"],
    "texts": ["A", "B"],
    "speakers": ["s", "t"],
    "truth": [1, 0],
    "configurations": [
        {"name": "majority", "kind": "baseline", "modalities": [], "prediction": [0, 0]},
        {"name": "first", "kind": "unimodal", "modalities": ["text"], "prediction": [0, 0]},
        {"name": "best", "kind": "unimodal", "modalities": ["text"], "prediction": [1, 0], "shares": [20, 80, 70, 30]},
    ],
}


def test_predictions_of_one_utterance_are_its_own() -> None:
    one: Any = only(BLOCK, "b")
    assert (one["utterances"], one["truth"]) == (["b"], [0])
    assert one["configurations"][2]["shares"] == [70, 30]
    assert only(BLOCK, "c") is None
    assert [row["name"] for row in detailed(BLOCK)] == ["best"]


def test_lines_say_where_it_is_and_what_was_trimmed(looking: Params) -> None:
    text = "\n".join(lines(shown(looking, "a")))
    for said in (
        "a of c",
        "0.00 to 2.64 s of c/a.mp4",
        "speaker    ana",
        "face       found in 14 of 14",
        "3 of 3 have times",
    ):
        assert said in text


def test_a_broken_recording_is_said(looking: Params) -> None:
    text = "\n".join(lines(shown(looking, "broken")))
    assert "audio      failed: " in text
    assert "broken.mp4" in text


def test_a_file_that_is_no_recording_is_refused(looking: Params) -> None:
    Path("labels.csv").write_text("utterance,label\na,yes\n")
    with pytest.raises(
        UserError, match=r"^labels\.csv cannot be shown, since neither its sound nor its picture can be"
    ):
        shown(looking, "labels.csv")


def test_a_recording_of_no_corpus_is_shown_too(looking: Params) -> None:
    one = shown(looking, "c/b.mp4", text="What a day.")
    assert one.facts["text"] == "What a day."
    assert one.facts["corpus"] == ""
    assert one.preview is not None
    assert one.preview.clip == Path("c/b.mp4").read_bytes()
    assert one.facts["sound"]["kept"][0] > 0


def test_its_page_escapes_what_is_foreign(looking: Params) -> None:
    page = as_page(shown(looking, HOSTILE))
    assert "<img" not in page
    assert "<script>alert(2)" not in page
    assert "data:video/mp4;base64," in page
