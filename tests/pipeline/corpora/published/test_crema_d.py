"""CREMA-D from the names of its clips."""

from pathlib import Path

import pytest

from pipeline.corpora.published.crema_d import DESCRIPTION, read
from pipeline.settings.blocks import CorpusParams, ProtocolParams


def settings(*modalities: str) -> CorpusParams:
    return CorpusParams("crema_d", "", "classification", "emotion", modalities, ProtocolParams("group-kfold"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("VideoFlash/1001_DFA_ANG_XX.flv", "AudioWAV/1001_DFA_ANG_XX.wav", "AudioMP3/1001_DFA_ANG_XX.mp3"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (tmp_path / "AudioWAV/1091_IEO_HAP_HI.wav").touch()
    return tmp_path


def test_films_are_read_where_video_matters_and_sounds_otherwise(root: Path) -> None:
    assert [Path(m).name for m in read(root, settings("audio", "video")).utterances["media"]] == ["1001_DFA_ANG_XX.flv"]
    table = read(root, settings("audio")).utterances.set_index("utterance")
    assert [Path(m).suffix for m in table["media"]] == [".wav", ".wav"]
    assert table.loc["1001_DFA_ANG_XX", ["text", "speaker", "emotion", "intensity"]].tolist() == [
        "Don't forget a jacket",
        "1001",
        "anger",
        "unspecified",
    ]
    assert table.loc["1091_IEO_HAP_HI", ["emotion", "intensity"]].tolist() == ["happy", "high"]


def test_an_unknown_sentence_is_an_error(root: Path) -> None:
    (root / "AudioWAV/1002_XYZ_SAD_LO.wav").touch()
    found = read(root, settings("audio"))
    assert any(p.severity == "error" and "'XYZ' is not a known sentence" in str(p) for p in found.problems)


def test_the_description_has_the_published_counts() -> None:
    assert DESCRIPTION.counts == {"utterances": 7442, "speakers": 91}
    assert set(DESCRIPTION.known_bad()) == set()
