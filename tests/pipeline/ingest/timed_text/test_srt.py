from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.srt import read


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "talk.srt"
    path.write_bytes(text.encode(encoding))
    return path


def test_cues_with_two_lines_tags_and_a_blank_line_at_the_end(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Kids are</i>\n{\\an8}talking\n\n"
        "2\n00:00:02,600 --> 00:00:03,000\nYes.\n\n",
    )
    assert read(path) == (TimedText("Kids are talking", 1, 2.5), TimedText("Yes.", 2.6, 3))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_windows_files(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "1\r\n00:00:01,000 --> 00:00:02,000\r\nCafé olé\r\n\r\n", encoding)
    assert read(path) == (TimedText("Café olé", 1, 2),)


def test_numbers_may_be_missing_wrong_or_directly_below_text(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "00:00:01,000 --> 00:00:02,000\none\n\n00:00:03,000 --> 00:00:04,000\ntwo\n7\n"
        "00:00:05,000 --> 00:00:06,000\n3\n",
    )
    assert [cue.text for cue in read(path)] == ["one", "two", "3"]


def test_a_number_that_is_said_is_text(tmp_path: Path) -> None:
    path = written(tmp_path, "1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:03,000 --> 00:00:04,000\nand\n\n43\n\n")
    assert [cue.text for cue in read(path)] == ["42", "and 43"]


def test_cues_may_overlap_last_no_time_and_pass_99_hours(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "1\n100:00:01,000 --> 100:00:05,000\na\n\n2\n100:00:02,000 --> 100:00:03,000\nb\n\n"
        "3\n100:00:04,000 --> 100:00:04,000\nc\n",
    )
    assert [(cue.start, cue.end) for cue in read(path)] == [(360001, 360005), (360002, 360003), (360004, 360004)]


def test_a_cue_without_text_and_an_empty_file_say_nothing(tmp_path: Path) -> None:
    silent = "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\n<i></i>\n"
    assert read(written(tmp_path, silent)) == ()
    assert read(written(tmp_path, "\n")) == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03 --> bad\nb\n", ":6: '00:00:03 --> bad' is not two times"),
        ("1\n00:00:05,000 --> 00:00:02,000\na\n", ":2: the cue ends at 2 s, before it starts at 5 s"),
        ("\nKids are talking\n1\n00:00:01,000 --> 00:00:02,000\na\n", ":2: 'Kids are talking' is before the first cue"),
        ("Kids are talking\n", ":1: 'Kids are talking' is before the first cue"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(UserError) as error:
        read(written(tmp_path, text))
    assert where in str(error.value)
    assert "\n" not in str(error.value)
