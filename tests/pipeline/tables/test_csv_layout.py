"""The layout of a CSV is inferred from its beginning; other kinds of file are recognised and refused."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.tables.csv_layout import Layout, layout

KNOWN = ("media", "text", "start")
ROWS = "media,text,start\na.mp4,hello,1\nb.mp4,bye,2\n"


def of(path: Path, content: str | bytes, known: tuple[str, ...] = KNOWN) -> Layout:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return layout(path, known)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_encodings_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    found = of(tmp_path / "m.csv", ROWS.encode(encoding))
    assert ROWS.encode(encoding).decode(found.encoding).lstrip("\ufeff") == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    found = of(tmp_path / "m.csv", ROWS.replace(",", delimiter))
    assert found.delimiter == delimiter
    assert found.skipped == 0


def test_the_delimiter_that_gives_known_names_wins_over_a_frequent_one(tmp_path: Path) -> None:
    found = of(tmp_path / "m.csv", "media;text\na.mp4;one, two, three\nb.mp4;four, five, six\n")
    assert found.delimiter == ";"


@pytest.mark.parametrize(("before", "lines"), [("sep=;\n", 1), ("# made by x\n\n", 2), (";;\n", 1), ("", 0)])
def test_lines_before_the_header_are_skipped(tmp_path: Path, before: str, lines: int) -> None:
    found = of(tmp_path / "m.csv", before + ROWS.replace(",", ";"))
    assert (found.skipped, found.delimiter) == (lines, ";")


def test_quotation_marks_between_tabs_are_letters_if_every_line_is_a_row(tmp_path: Path) -> None:
    plain = of(tmp_path / "m.csv", 'media\ttext\na.mp4\tthe "best\nb.mp4\t5" wide\n')
    quoted = of(tmp_path / "m.csv", 'media\ttext\na.mp4\t"two\nlines"\nb.mp4\tx\n')
    assert (plain.quoted, quoted.quoted) == (False, True)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04rest", "an Excel workbook or another ZIP file"),
        (b"\x1f\x8brest", "compressed by gzip: unpack it"),
        (b"PAR1rest", "a parquet file"),
        (b"\x80\x04rest", "a Python pickle"),
        (b"\x89PNG\r\n", "a recording or a picture"),
        (b"\0\0\0\x20ftypisom", "a recording or a picture"),
        (b"<html><body>", "HTML, XML or JSON"),
        (b"| media | text |\n|-------|------|\n| a | b |\n", "a table drawn with lines"),
        (b"\0" * 100, "nothing but NUL characters"),
        (b'"media,text,start"\n"a.mp4,hello,1"\n', "the whole line is one cell"),
        (b"Corpus of 2026\nmedia,text\na.mp4,x\n", "the column names are in line 2"),
    ],
)
def test_other_kinds_of_files_are_named_and_refused(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(UserError, match=what):
        of(tmp_path / "m.csv", content)


def test_a_column_may_be_named_like_another_kind_of_file(tmp_path: Path) -> None:
    assert of(tmp_path / "m.csv", "PAR1,media\n1,a.mp4\n").delimiter == ","
