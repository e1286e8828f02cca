"""The parts of a page: what is inside it, what lies beside it, and which of the two."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.reporting.utterance import parts as module
from pipeline.reporting.utterance.known import known_of
from pipeline.reporting.utterance.parts import KEYS, Judge, measures_of, parts_of, place_for, read_keys
from pipeline.reporting.utterance.previewing import previews
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from tests.pipeline.reporting.looked_at import HOSTILE


def test_inside_the_page_is_all_that_it_needs(looking: Params, tmp_path: Path) -> None:
    known, made = known_of(looking, "c"), previews(looking, "c", Pool(0), pictures=True)
    assert place_for("auto", known, made) == "inside"
    parts = parts_of(known, made, "inside", Judge("best", "best fusion"), tmp_path / "beside")
    corpus, (first, *_) = parts.blocks["corpus"], parts.blocks["part-0"]
    assert (corpus["best"], corpus["judge"]) == ("best", "best fusion")
    assert corpus["ids"] == ["a", HOSTILE, "broken", "words only"]
    assert corpus["statuses"] == {"text": "oooo", "audio": "oofa", "video": "oofa"}
    assert first["clip_src"].startswith("data:video/mp4;base64,")
    assert first["strip"].startswith("data:image/jpeg;base64,")
    assert [path.name for path in (tmp_path / "beside").iterdir()] == [KEYS]
    assert read_keys(tmp_path / "beside" / KEYS) == sorted(made.keys.values())
    assert [names for why, names in parts.unshown.items() if "broken.mp4" in why] == [["broken"]]


def test_beside_the_page_lie_parts_and_clips(looking: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 3)
    monkeypatch.setattr(module, "FEW", 3)
    known, made = known_of(looking, "c"), previews(looking, "c", Pool(0), pictures=True)
    assert place_for("auto", known, made) == "beside"
    parts = parts_of(known, made, "beside", Judge(), tmp_path / "beside")
    assert list(parts.blocks) == ["corpus"]
    names = {path.name for path in (tmp_path / "beside").iterdir()}
    assert names == {"part-0.js", "part-1.js", "clip-0.mp4", "clip-1.mp4", KEYS}
    text = (tmp_path / "beside/part-0.js").read_text()
    assert "<" not in text
    facts = json.loads(text.removeprefix("receivePart(0, ").removesuffix(");\n"))
    assert [one["id"] for one in facts] == ["a", HOSTILE, "broken"]
    assert facts[0]["clip_src"] == "report_files/clip-0.mp4"
    assert (tmp_path / "beside/clip-0.mp4").read_bytes() == Path("c/a.mp4").read_bytes()


def test_without_clips_neither_faces_nor_voices_are_in_the_page(looking: Params, tmp_path: Path) -> None:
    own = replace(looking, report=replace(looking.report, clips="none"))
    known, made = known_of(own, "c"), previews(own, "c", Pool(0), pictures=False)
    parts = parts_of(known, made, place_for("none", known, made), Judge(), tmp_path / "beside")
    text = json.dumps(dict(parts.blocks))
    assert "base64" not in text
    assert parts.unshown == {}


def test_measures_are_those_of_the_facts() -> None:
    facts = {
        "seconds": 2.0,
        "sound": {"kept": [0.5, 1.5], "gain_db": 3.0},
        "faces": {"scores": [0.9, None]},
        "words": [["a", 0.1, 0.2], ["b", None, None]],
    }
    assert dict(measures_of(facts)) == {"seconds": 2.0, "voice_s": 1.0, "gain_db": 3.0, "face": 0.5, "words": 1}


@pytest.mark.parametrize("content", ["", "[1, {}]", '{"a": 1}'])
def test_a_damaged_list_of_previews_names_none(tmp_path: Path, content: str) -> None:
    (tmp_path / KEYS).write_text(content)
    assert read_keys(tmp_path / KEYS) == []
