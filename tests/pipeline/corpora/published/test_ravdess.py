"""RAVDESS from the names of its clips: the real ones, and copies of a take with and without sound and picture."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.corpora.published.ravdess import read
from pipeline.corpora.reading import read_corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from tests.conftest import DATA, needs_data


def settings(label: str = "emotion", modalities: tuple[str, ...] = ("audio", "video")) -> CorpusParams:
    return CorpusParams("ravdess", "", "classification", label, modalities, ProtocolParams("group-kfold"))


def clips(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / f"Actor_{Path(name).stem[-2:]}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@needs_data
def test_the_published_counts_of_emotions_statements_and_actors() -> None:
    found = read(DATA / "ravdess/speech", settings())
    table = found.utterances
    counts = table["emotion"].value_counts().to_dict()
    assert counts == dict.fromkeys(["calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"], 192) | {
        "neutral": 96
    }
    assert table["text"].value_counts().tolist() == [720, 720]
    assert table.groupby("speaker").size().unique().tolist() == [60]
    assert table.groupby("gender")["speaker"].nunique().to_dict() == {"female": 12, "male": 12}
    assert set(table["channel"]) == {"speech"}
    assert found.problems == []


@pytest.mark.parametrize(
    ("modalities", "used"),
    [
        (("audio", "video"), "01-01-06-02-01-02-12.mp4"),
        (("audio",), "03-01-06-02-01-02-12.wav"),
        (("video",), "01-01-06-02-01-02-12.mp4"),
    ],
)
def test_a_take_that_is_there_several_times_is_one_utterance(
    modalities: tuple[str, ...], used: str, tmp_path: Path
) -> None:
    takes = [f"0{n}-01-06-02-01-02-12.{ending}" for n, ending in ((1, "mp4"), (2, "mp4"), (3, "wav"))]
    table = read(clips(tmp_path, *takes), settings(modalities=modalities)).utterances
    assert [Path(media).name for media in table["media"]] == [used]
    row = table.iloc[0]
    assert (row.emotion, row.intensity, row.speaker, row.gender) == ("fearful", "strong", "12", "female")
    assert row.text == "Kids are talking by the door"


def test_a_sound_without_its_picture_stays_an_utterance(tmp_path: Path) -> None:
    root = clips(tmp_path, "01-01-01-01-01-01-01.mp4", "02-01-03-01-01-01-01.mp4", "03-02-03-01-02-01-01.wav")
    found = read(root, settings())
    assert sorted(found.utterances["utterance"]) == [
        "01-01-01-01-01-01-01",
        "02-01-03-01-01-01-01",
        "03-02-03-01-02-01-01",
    ]
    assert [str(p).rpartition(": ")[2] for p in found.problems] == [
        "2 speech utterances, the release has 1440",
        "1 song utterances, the release has 1012",
        "1 speakers, the release has 24",
        "holds 2 spoken and 1 sung clips, and all are used; to use one kind only, name the folder of its archives as "
        "root",
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("03-01-09-01-01-01-01.wav", "the corpus has no emotion '09', only 01, 02"),
        ("03-01-01-01-03-01-01.wav", "the corpus has no statement '03'"),
        ("03-01-01-01-01-01-25.wav", "the corpus has no actor '25'"),
        ("04-01-01-01-01-01-01.wav", "the corpus has no modality '04'"),
    ],
)
def test_a_code_that_ravdess_does_not_have_is_an_error(name: str, sentence: str, tmp_path: Path) -> None:
    found = read(clips(tmp_path, name, "03-01-01-01-01-01-01.wav"), settings())
    assert len(found.utterances) == 1
    assert any(p.severity == "error" and name in str(p) and sentence in str(p) for p in found.problems)


def test_other_names_are_listed_and_not_used(tmp_path: Path) -> None:
    found = read(clips(tmp_path, "03-01-01-01-01-01-01.wav", "notes.wav", "._03-01-01-01-01-01-01.wav"), settings())
    assert len(found.utterances) == 1
    assert any("notes.wav is not named like the clips of the corpus" in str(p) for p in found.problems)
    assert not any("._" in str(p) for p in found.problems)


def test_no_recordings_other_recordings_and_other_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not hold the whole corpus"):
        read(tmp_path, settings())
    clips(tmp_path, "interview.wav")
    with pytest.raises(UserError, match=r"interview\.wav, but none is named like those of RAVDESS"):
        read(tmp_path, settings())
    with pytest.raises(UserError, match=r"has no label column 'emotions'.*emotion"):
        read(tmp_path, settings("emotions"))


def test_a_film_without_sound_is_heard_from_the_sound_of_the_same_take(tmp_path: Path) -> None:
    root = clips(tmp_path, "02-01-05-01-01-01-03.mp4", "03-01-05-01-01-01-03.wav", "02-01-05-01-02-01-03.mp4")
    table = read(root, settings()).utterances.set_index("utterance")
    assert [Path(sound).name for sound in table["sound"]] == ["03-01-05-01-01-01-03.wav", ""]
    assert [Path(media).suffix for media in table["media"]] == [".mp4", ".mp4"]
    alone = read(root, settings(modalities=("audio",))).utterances
    assert [Path(media).name for media in alone["media"]] == ["03-01-05-01-01-01-03.wav", "02-01-05-01-02-01-03.mp4"]
    assert alone["sound"].tolist() == ["", ""]


def test_speech_and_song_in_one_folder_are_counted_and_both_used(tmp_path: Path) -> None:
    root = clips(tmp_path, "03-01-02-01-01-01-01.wav", "03-01-05-01-01-01-01.wav", "03-02-02-01-01-01-01.wav")
    found = read(root, settings())
    assert found.utterances["channel"].value_counts().to_dict() == {"speech": 2, "song": 1}
    assert any("holds 2 spoken and 1 sung clips, and all are used" in p.message for p in found.problems)


def test_what_is_read_passes_the_checks_of_a_corpus(tmp_path: Path) -> None:
    root = clips(tmp_path, "03-01-02-01-01-01-01.wav", "03-01-05-01-01-01-02.wav")
    table = read_corpus(replace(settings(), root=str(root))).utterances
    assert table["recording"].tolist() == ["03-01-02-01-01-01-01", "03-01-05-01-01-01-02"]
    assert table["group"].tolist() == ["01", "02"]
