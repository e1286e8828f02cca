"""Tables as spreadsheets and scripts write them."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.errors import UserError
from pipeline.ingest.folder.cells import read_tables

ROWS = [("file", "Gefühl", "Wert"), ("a.mp4", "zornig", "1,5"), ("b.mp4", "fröhlich", "2")]


def rows(path: Path) -> list[tuple[str, ...]]:
    (cells,) = read_tables(path)
    return [row for _, row in cells.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_encodings_and_decimal_commas_are_recognised(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("\r\n".join(delimiter.join(row) for row in ROWS).encode(encoding))
    assert rows(path) == [ROWS[0], ("a.mp4", "zornig", "1.5"), ROWS[2]]
    notes = read_tables(path)[0].notes
    assert any("decimal comma" in note and "Wert" in note for note in notes)
    assert any("Windows-1252" in note for note in notes) == (encoding == "cp1252")


def test_a_comma_in_a_text_stays(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('file;text;n\na;"1,2 or 3";1,5\nb;2,5;x\n')
    assert rows(tmp_path / "a.csv")[1:] == [("a", "1,2 or 3", "1,5"), ("b", "2,5", "x")]


def test_a_workbook_gives_each_sheet_that_holds_anything(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["about these labels"])
    book.create_sheet("empty")
    sheet = book.create_sheet("labels")
    for row in (["file", "score", "take", None], ["a.mp4", 1.5, 3.0, None], [None] * 4, ["b.mp4", -2, 4, None]):
        sheet.append(row)
    book.save(tmp_path / "labels.xlsx")
    about, labels = read_tables(tmp_path / "labels.xlsx")
    assert about.rows == ((1, ("about these labels",)),)
    assert labels.rows == ((1, ("file", "score", "take")), (2, ("a.mp4", "1.5", "3")), (4, ("b.mp4", "-2", "4")))


def test_a_row_that_is_too_short_is_filled(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("file,mood,who\na,calm\n")
    assert rows(tmp_path / "a.csv")[1] == ("a", "calm", "")


def test_row_names_of_r_and_delimiters_at_the_end_are_no_cells(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text('"file" "mood"\n"1" "a" "calm"\n"2" "b" "cross"\n'.replace(" ", ","))
    assert rows(tmp_path / "r.csv") == [("file", "mood"), ("a", "calm"), ("b", "cross")]
    (tmp_path / "end.csv").write_text("file,mood\na,calm,\nb,cross,\n")
    assert rows(tmp_path / "end.csv") == [("file", "mood"), ("a", "calm"), ("b", "cross")]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.xlsx", b"no workbook", "is not a readable workbook"),
        ("a.csv", b"PK\x03\x04 a workbook", "is not a CSV, but an Excel workbook"),
        ("a.csv", b'a,b\n1,"2\n', "is never closed"),
        (
            "a.csv",
            b"file,valence,who\na,1,0,x\nb,0,5,y\n",
            "more cells than the header: quote cells that contain a comma",
        ),
        ("a.csv", b"file,mood\na,\x81\x8d\x8f\n", "save it as UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=fault):
        read_tables(tmp_path / name)


def test_a_table_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.csv does not exist"):
        read_tables(tmp_path / "none.csv")
    with pytest.raises(UserError, match="is not a file"):
        read_tables(tmp_path)


def test_an_empty_table_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    assert read_tables(tmp_path / "a.csv") == []
