from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import checked_times, plain, read_text

WORDS = "Café – “naïve” …\nsecond line\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_end_of_line_gives_the_same_text(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(WORDS.replace("\n", newline).encode(encoding))
    assert read_text(path) == WORDS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, как дела?\n", "cp1251"),
        ("Zażółć gęślą jaźń, łódź\n", "cp1250"),
        ("καλημέρα κόσμε\n", "cp1253"),
        ("你好世界，今天天气\n", "gb18030"),
    ],
)
def test_another_code_page_is_refused_and_not_misread(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(b"first\n" + text.encode(encoding))
    with pytest.raises(UserError, match=r"a\.srt:2: the file is neither UTF-8 nor Windows-1252: save"):
        read_text(path)


def test_half_a_character_of_utf16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(WORDS.encode("utf-16")[:-1])
    with pytest.raises(UserError, match="is not UTF-16 throughout"):
        read_text(path)


def test_what_is_not_text_or_not_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(b"fine\nword\0word and so on, with few such characters")
    with pytest.raises(UserError, match=r"a\.srt:2: there is a NUL character"):
        read_text(path)
    with pytest.raises(UserError, match="is a folder"):
        read_text(tmp_path)


def test_characters_without_a_shape_are_removed() -> None:
    assert plain("\u202aone\u202c\u00a0two\u200b\n\tthree\ufeff") == "one two three"


@pytest.mark.parametrize("times", [(1, 0.5), (-1, 1), (float("nan"), 1), (0, float("inf")), ("0", "1"), (True, 2)])
def test_times_that_are_no_span_are_refused(times: tuple[object, object]) -> None:
    assert checked_times(*times) is None
    assert checked_times(0, 0) == (0.0, 0.0)
