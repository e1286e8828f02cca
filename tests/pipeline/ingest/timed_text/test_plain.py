from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.plain import read


def test_the_whole_file_is_one_untimed_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffKids are talking\r\n  by the door.\r\n".encode())
    assert read(path) == (TimedText("Kids are talking by the door."),)


@pytest.mark.parametrize("text", ["", " \n\n", "\ufeff"])
def test_an_empty_transcript_says_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert read(path) == ()


@pytest.mark.parametrize("head", ["1\n", "WEBVTT\n\n"])
def test_subtitles_that_are_called_txt_are_read_as_subtitles(tmp_path: Path, head: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{head}00:00:01.000 --> 00:00:02.000\nHello\n")
    assert read(path) == (TimedText("Hello", 1, 2),)


def test_an_arrow_alone_is_no_subtitle(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("from here --> there\n")
    assert read(path) == (TimedText("from here --> there"),)


def test_a_recording_called_txt_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(UserError, match=r"a\.txt:"):
        read(path)
