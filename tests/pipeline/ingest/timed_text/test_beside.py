from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.beside import beside

TALK = Path("talk.mp4")


def files(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("{}" if name.endswith("json") else "")
    return folder


@pytest.mark.parametrize("name", ["talk.srt", "Talk.SRT", "talk.mp4.srt", "talk.en.srt", "talk.en-GB.srt"])
def test_names_that_belong_to_a_recording(tmp_path: Path, name: str) -> None:
    files(tmp_path, name)
    assert beside(tmp_path / TALK) == tmp_path / name


@pytest.mark.parametrize("name", ["talk2.srt", "talk.docx", ".talk.srt", "talk.part.srt", "._talk.srt"])
def test_names_that_do_not(tmp_path: Path, name: str) -> None:
    files(tmp_path, name)
    assert beside(tmp_path / TALK) is None


def test_what_tells_most_is_preferred_and_metadata_in_json_is_not_taken(tmp_path: Path) -> None:
    files(tmp_path, "talk.txt", "talk.srt", "talk.json")
    assert beside(tmp_path / TALK) == tmp_path / "talk.srt"
    (tmp_path / "talk.json").write_text('{"segments": []}')
    assert beside(tmp_path / TALK) == tmp_path / "talk.json"
    assert beside(tmp_path / TALK, among=(".txt",)) == tmp_path / "talk.txt"


def test_the_plain_name_comes_before_that_with_a_language(tmp_path: Path) -> None:
    files(tmp_path, "talk.srt", "talk.de.srt")
    assert beside(tmp_path / TALK) == tmp_path / "talk.srt"


def test_two_languages_are_asked_about(tmp_path: Path) -> None:
    files(tmp_path, "talk.de.srt", "talk.en.srt")
    with pytest.raises(UserError, match=r"talk\.de\.srt and talk\.en\.srt both belong to talk\.mp4: choose one"):
        beside(tmp_path / TALK)


def test_another_folder_is_searched(tmp_path: Path) -> None:
    assert beside(tmp_path / TALK, files(tmp_path / "subs", "talk.vtt")) == tmp_path / "subs" / "talk.vtt"
    with pytest.raises(UserError, match="is not a folder"):
        beside(tmp_path / TALK, tmp_path / "nowhere")
