"""Corpora whose labels stand in the names of their clips: which files are clips, and what a name may hold."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora.base import Description
from pipeline.corpora.published.coded_names import clips_below, meaning, read_coded
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams

SETTINGS = CorpusParams("birds", "", "classification", "species", ("audio",), ProtocolParams("group-kfold"))
BIRDS = Description(
    title="Birds",
    citation="",
    licence="",
    obtain="",
    folders={},
    labels={"species": "wren, tit"},
    counts={"day utterances": 2, "night utterances": 1, "utterances": 4, "speakers": 2},
    protocol="",
    block={},
)


def decode(clip: Path, parts: re.Match[str]) -> dict[str, Any]:
    species = meaning({"w": "wren", "t": "tit"}, parts[1].lower(), "species")
    return {"species": species, "speaker": parts[2], "time": clip.parent.name}


def test_clips_are_found_in_all_folders_but_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/w1.wav", "a/t2.WAV", ".trash/w3.wav", "a/._w1.wav", "a/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [clip.name for clip in clips_below(tmp_path, (".wav",))] == ["t2.WAV", "w1.wav"]
    with pytest.raises(UserError, match=r"Not found: recordings \(\.flac\)"):
        clips_below(tmp_path, (".flac",))
    with pytest.raises(UserError, match="none is not a folder"):
        clips_below(tmp_path / "none", (".wav",))


def test_kinds_that_are_not_there_are_not_missed_and_others_are_counted(tmp_path: Path) -> None:
    clips = [tmp_path / "day" / name for name in ("w1.wav", "t2.wav", "T1.wav")]
    found = read_coded(tmp_path, SETTINGS, BIRDS, clips, r"([wt])(\d)", decode, kinds="time")
    assert found.utterances["utterance"].tolist() == ["w1", "t2", "T1"]
    assert found.utterances["species"].tolist() == ["wren", "tit", "tit"]
    assert [p.message for p in found.problems] == [
        "3 day utterances, the release has 2",
        "3 utterances, the release has 4",
    ]


def test_a_meaning_that_is_not_known_names_all_that_are() -> None:
    with pytest.raises(ValueError, match="'x' is not a known species; available: w, t"):
        meaning({"w": "wren", "t": "tit"}, "x", "species")
