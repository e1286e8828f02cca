"""CREMA-D from the names of its clips, and its table of actors."""

from pathlib import Path

import pytest

from pipeline.corpora.published.crema_d import DESCRIPTION, demographics, read
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams

TABLE = """"ActorID","Age","Sex","Race","Ethnicity"
1001,51,"Male","Caucasian","Not Hispanic"
1091,29,"Female","Asian","Not Hispanic"
"""


def settings(*modalities: str) -> CorpusParams:
    return CorpusParams("crema_d", "", "classification", "emotion", modalities, ProtocolParams("group-kfold"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("VideoFlash/1001_DFA_ANG_XX.flv", "AudioWAV/1001_DFA_ANG_XX.wav", "AudioMP3/1001_DFA_ANG_XX.mp3"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (tmp_path / "AudioWAV/1091_IEO_HAP_HI.wav").touch()
    return tmp_path


def media(corpus: Corpus) -> list[str]:
    return [Path(path).name for path in corpus.utterances["media"]]


def test_films_are_read_where_video_is_used_and_sounds_otherwise(root: Path) -> None:
    assert media(read(root, settings("audio", "video"))) == ["1001_DFA_ANG_XX.flv", "1091_IEO_HAP_HI.wav"]
    found = read(root, settings("audio"))
    assert media(found) == ["1001_DFA_ANG_XX.wav", "1091_IEO_HAP_HI.wav"]
    table = found.utterances.set_index("utterance")
    assert table.loc["1001_DFA_ANG_XX", ["text", "speaker", "emotion", "intensity"]].tolist() == [
        "Don't forget a jacket",
        "1001",
        "anger",
        "unspecified",
    ]
    assert table.loc["1091_IEO_HAP_HI", ["emotion", "intensity"]].tolist() == ["happy", "high"]


def test_a_number_that_no_actor_has_is_an_error(root: Path) -> None:
    (root / "AudioWAV/1200_IEO_HAP_HI.wav").touch()
    found = read(root, settings("audio"))
    assert [p.message for p in found.problems if p.severity == "error"] == [
        "the corpus has no actor 1200, only 1001 to 1091: rename the clip, or move it out of the folder"
    ]


def test_a_film_is_preferred_to_an_mp3_which_may_be_empty(root: Path) -> None:
    (root / "AudioWAV/1001_DFA_ANG_XX.wav").unlink()
    assert media(read(root, settings("audio")))[0] == "1001_DFA_ANG_XX.flv"


def test_actors_are_described_where_the_table_is_there(root: Path) -> None:
    found = read(root, settings("audio"))
    assert found.utterances["gender"].tolist() == ["", ""]
    assert any("no VideoDemographics.csv for actors" in p.message for p in found.problems)
    (root / "VideoDemographics.csv").write_text(TABLE)
    found = read(root, settings("audio"))
    columns = ["gender", "age", "race", "ethnicity"]
    assert found.utterances[columns].to_numpy().tolist() == [
        ["male", "51", "Caucasian", "Not Hispanic"],
        ["female", "29", "Asian", "Not Hispanic"],
    ]
    assert not any("gender" in p.message for p in found.problems)


def test_an_actor_who_is_not_in_the_table_is_named(root: Path) -> None:
    (root / "VideoDemographics.csv").write_text(TABLE.replace("1091", "1090"))
    found = read(root, settings("audio"))
    assert found.utterances["gender"].tolist() == ["male", ""]
    assert any("lacks actors (1, such as 1091)" in p.message for p in found.problems)


@pytest.mark.parametrize("content", ["", TABLE.replace("Sex", "Gender")])
def test_a_table_without_a_column_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "VideoDemographics.csv").write_text(content)
    with pytest.raises(UserError, match=r"has no column '(Sex|ActorID)': get the file again"):
        demographics(tmp_path / "VideoDemographics.csv")


def test_an_unknown_sentence_is_an_error(root: Path) -> None:
    (root / "AudioWAV/1002_XYZ_SAD_LO.wav").touch()
    found = read(root, settings("audio"))
    assert any(p.severity == "error" and "the corpus has no sentence 'XYZ'" in str(p) for p in found.problems)


def test_the_release_has_7442_clips_of_91_actors_one_without_sound() -> None:
    assert DESCRIPTION.counts == {"utterances": 7442, "speakers": 91}
    assert set(DESCRIPTION.known_bad()) == {"1076_MTI_SAD_XX"}
