"""Corpora whose labels stand in the names of their clips: which files are clips, and what a name may hold."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora.base import Description
from pipeline.corpora.published.coded_names import Naming, clips_below, meaning, read_coded
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


NAMING = Naming(r"([wt])(\d)", decode, (".wav", ".flac"), kinds="time")


def recorded(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()


def test_clips_are_found_in_all_folders_but_hidden_ones(tmp_path: Path) -> None:
    recorded(tmp_path, "b/w1.wav", "a/t2.WAV", ".trash/w3.wav", "a/._w1.wav", "a/notes.txt")
    assert [clip.name for clip in clips_below(tmp_path, (".wav",))] == ["t2.WAV", "w1.wav"]
    with pytest.raises(UserError, match=r"Not found: recordings \(\.flac\)"):
        clips_below(tmp_path, (".flac",))
    with pytest.raises(UserError, match="none is not a folder"):
        clips_below(tmp_path / "none", (".wav",))


def test_kinds_that_are_not_there_are_not_missed_and_others_are_counted(tmp_path: Path) -> None:
    recorded(tmp_path, "day/w1.wav", "day/t2.wav", "day/T1.wav")
    found = read_coded(tmp_path, SETTINGS, BIRDS, NAMING)
    assert found.utterances["utterance"].tolist() == ["T1", "t2", "w1"]
    assert found.utterances["species"].tolist() == ["tit", "tit", "wren"]
    assert [p.message for p in found.problems] == [
        "3 day utterances, the release has 2",
        "3 utterances, the release has 4",
    ]


def test_a_meaning_that_is_not_known_names_all_that_are() -> None:
    with pytest.raises(ValueError, match="the corpus has no species 'x', only w, t"):
        meaning({"w": "wren", "t": "tit"}, "x", "species")


def test_of_several_recordings_of_an_utterance_the_preferred_one_is_used(tmp_path: Path) -> None:
    recorded(tmp_path, "day/w1.flac", "night/w1.wav", "day/t2.flac")
    found = read_coded(tmp_path, SETTINGS, BIRDS, NAMING)
    assert [Path(media).name for media in found.utterances["media"]] == ["t2.flac", "w1.wav"]
    assert not [p for p in found.problems if "there twice" in p.message]


def test_equal_copies_are_used_once_and_different_ones_are_an_error(tmp_path: Path) -> None:
    recorded(tmp_path, "a/w1.wav", "b/w1.wav", "a/t2.wav", "b/t2.wav", "a/t3.wav")
    (tmp_path / "b/t2.wav").write_bytes(b"another take")
    found = read_coded(tmp_path, SETTINGS, BIRDS, NAMING)
    assert found.utterances["utterance"].tolist() == ["t2", "t3", "w1"]
    said = {p.severity: p.message for p in found.problems if "release" not in p.message}
    assert said == {
        "error": f"{tmp_path}/a/t2.wav and {tmp_path}/b/t2.wav are the same utterance with different content: "
        "keep only one",
        "warning": f"1 clip is there twice with the same content, such as {tmp_path}/a/w1.wav and {tmp_path}/b/w1.wav: "
        "the first is used",
    }
