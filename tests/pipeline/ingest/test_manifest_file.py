from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.manifest_file import ManifestFile, media_cell
from pipeline.tables.csv_files import read_sheet

KNOWN = ("utterance", "media", "start", "end", "text", "label")


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def add(path: Path, **values: str) -> ManifestFile:
    table = ManifestFile(path, KNOWN)
    table.insert(len(table.rows), values)
    table.save()
    return table


PERSONS = 'Media;"My label"; text ;note\na.mp4;angry;"well; yes";=1+1\n\nb.mp4;"he said ""no"""\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "sep=;\n", "# made by hand\n\n"])
def test_what_a_person_wrote_stays_and_a_row_is_added(tmp_path: Path, encoding: str, newline: str, head: str) -> None:
    path = written(tmp_path, (head + PERSONS).replace("\n", newline).encode(encoding))
    before = read_sheet(path, KNOWN, ())
    add(path, media="c.mp4", text="café")
    after = read_sheet(path, KNOWN, ())
    assert after.header == before.header
    assert [row for _, row in after.rows[:-1]] == [row for _, row in before.rows]
    assert after.rows[-1][1] == {"media": "c.mp4", "My label": "", "text": "café", "note": ""}
    raw = path.read_bytes()
    assert raw.decode(encoding).startswith(head.replace("\n", newline))
    assert raw.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    assert raw.decode(encoding).count("\r\n") == (raw.decode(encoding).count("\n") if newline == "\r\n" else 0)


def test_a_column_is_added_at_the_end_and_only_if_it_is_needed(tmp_path: Path) -> None:
    path = written(tmp_path, "media,label\na.mp4,angry\n")
    add(path, media="b.mp4", start="1.5", text="")
    assert path.read_text() == "media,label,start\na.mp4,angry,\nb.mp4,,1.5\n"


def test_a_new_file_has_the_columns_of_its_rows_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "manifest.csv"
    add(path, utterance="u1", media="a.mp4", start="0")
    assert path.read_text() == "utterance,media,start\nu1,a.mp4,0\n"


def test_a_text_that_a_spreadsheet_would_compute_reads_back(tmp_path: Path) -> None:
    path = written(tmp_path, "media,text\na.mp4,'tis\n")
    add(path, media="b.mp4", text="- Hello")
    assert [row["text"] for _, row in read_sheet(path, KNOWN, ()).rows] == ["'tis", "- Hello"]
    table = ManifestFile(path, KNOWN)
    assert table.values(table.rows[1]) == {"media": "b.mp4", "text": "- Hello"}


def test_tabs_without_quotation_marks(tmp_path: Path) -> None:
    path = written(tmp_path, 'media\ttext\na.mp4\tthe "end\n')
    add(path, media="b.mp4", text="more")
    assert path.read_text() == 'media\ttext\na.mp4\tthe "end\nb.mp4\tmore\n'


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("media,,label\na,b,c\n", "a column has no name, or two have the same name"),
        ("media,Media\na,b\n", "two have the same name"),
        (
            b"media,text\na,caf\xe9\n",
            r"csv:2: byte 0xe9 is not valid UTF-8 \(as Windows-1252 it reads '.*café'\)",
        ),
        (b"PK\x03\x04", "is not a CSV, but an Excel workbook"),
    ],
)
def test_a_file_that_cannot_be_extended_is_refused(tmp_path: Path, content: str | bytes, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        ManifestFile(written(tmp_path, content), KNOWN)


def test_recordings_are_named_as_the_manifest_sees_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert media_cell(Path("clips/a.mp4"), Path("manifest.csv")) == "clips/a.mp4"
    assert media_cell(Path("clips/a.mp4"), Path("clips/manifest.csv")) == "a.mp4"
    assert media_cell(Path("a.mp4"), Path("clips/manifest.csv")) == (tmp_path / "a.mp4").as_posix()
