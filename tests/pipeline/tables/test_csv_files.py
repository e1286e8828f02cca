"""CSV as Excel, pandas, R and people write it: all give the same rows, or a message with the true cause."""

import bz2
import gzip
import lzma
import pickle
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.tables.csv_files import read_sheet, records

OURS = ("utterance", "text", "group", "start")
PLAIN = 'utterance,emotion,text,group\n00123,happy,I\'m so glad,s1\n00124,sad,"no, never again",s1\n'
ROWS = [
    {"utterance": "00123", "emotion": "happy", "text": "I'm so glad", "group": "s1"},
    {"utterance": "00124", "emotion": "sad", "text": "no, never again", "group": "s1"},
]


def rows(folder: Path, content: str | bytes, *named: str) -> list[dict[str, str]]:
    path = folder / "m.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sheet = read_sheet(path, OURS, named or ("emotion",))
    return [row for _, row in sheet.rows]


INDEXED = ',utterance,emotion,text,group\n0,00123,happy,I\'m so glad,s1\n1,00124,sad,"no, never again",s1\n'
SEMICOLONS = "utterance;emotion;text;group\n00123;happy;I'm so glad;s1\n00124;sad;no, never again;s1\n"
SPACES = 'utterance, emotion, text, group\n00123, happy, I\'m so glad, s1\n00124, sad, "no, never again", s1\n'


R = """"utterance","emotion","text","group"
"1","00123","happy","I'm so glad","s1"
"2","00124","sad","no, never again","s1"
"""


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.rstrip("\n"),
        SEMICOLONS,
        SEMICOLONS.replace(";", "\t"),
        SEMICOLONS.replace(";", "|"),
        "sep=,\n" + PLAIN,
        "sep=;\r\n" + SEMICOLONS,
        '"sep=;"\n' + SEMICOLONS,
        "SEP=\t\n" + SEMICOLONS.replace(";", "\t"),
        "# made by hand\n" + PLAIN,
        "# made by hand, on a Monday; really\n# twice\n\n" + PLAIN,
        "\n\n" + PLAIN,
        ",,,\n" + PLAIN,
        INDEXED,
        INDEXED.replace("\n0,", "\n17,"),
        INDEXED.replace(",utterance", '"",utterance'),
        SPACES,
        SPACES.replace("emotion, text", "emotion,text"),
        PLAIN.replace(",sad,", ", sad, "),
        SPACES.replace(",", ";").replace("no;", "no,"),
        PLAIN + ",,,\n,,,\n",
        PLAIN + " , ,,\n\n\n",
        PLAIN.replace("\n00124", "\n,,,\n00124"),
        PLAIN.replace("group\n", "group,,\n").replace("s1\n", "s1,,\n"),
        PLAIN.replace("s1\n", "s1,\n"),
        PLAIN.replace("utterance", "Utterance ").replace("emotion", " EMOTION"),
        "\ufeff" + PLAIN,
        "\ufeffsep=;\n" + SEMICOLONS,
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        SEMICOLONS.replace(";", "\t").encode("utf-16"),
        "sep = ;\n" + SEMICOLONS,
        "sep= ;\n" + SEMICOLONS,
        "Sep =\t\n" + SEMICOLONS.replace(";", "\t"),
        "sep=,\n" + SEMICOLONS,
        "sep=;\n" + PLAIN,
        R,
        R.replace('"1"', '"0"').replace('"2"', '"1"'),
    ],
)
def test_every_layout_gives_the_same_rows(content: str | bytes, tmp_path: Path) -> None:
    assert rows(tmp_path, content) == ROWS


def test_quotation_marks_that_belong_to_a_cell_stay(tmp_path: Path) -> None:
    found = rows(tmp_path, 'utterance,emotion,text,group\na,x, "Hello" he said,g\nb,y,"say ""no""",g\n')
    assert [row["text"] for row in found] == ['"Hello" he said', 'say "no"']


def test_cells_in_quotation_marks_after_spaces(tmp_path: Path) -> None:
    found = rows(tmp_path, '"utterance", "emotion", "text"\n"a", "x", "well, no"\n"b", "y", "yes"\n')
    assert found[1] == {"utterance": "b", "emotion": "y", "text": "yes"}


def test_an_index_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(INDEXED)
    (notice,) = read_sheet(tmp_path / "m.csv", OURS, ["emotion"]).notices
    assert "treated as an index" in notice


def test_numbers_of_lines_count_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("# by hand\n\n" + PLAIN)
    assert [line for line, _ in read_sheet(tmp_path / "m.csv", OURS, ["emotion"]).rows] == [4, 5]


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    assert len(rows(tmp_path, f"utterance,text\na,{'word ' * 50_000}\n")[0]["text"]) == 249_999


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04" + bytes(100), "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        (gzip.compress(PLAIN.encode(), mtime=0), "compressed by gzip"),
        (b"%PDF-1.7", "a PDF"),
        (b"PAR1", "parquet"),
        ("<!DOCTYPE html><table>", "HTML, XML or JSON"),
        ('[{"utterance": "a"}]', "HTML, XML or JSON"),
        (
            PLAIN.replace("glad", "gl\u00e4d").encode("cp1252"),
            r"m.csv:2: byte 0xe4 is not valid UTF-8.*Windows-1252.*gläd",
        ),
        (PLAIN.encode("utf-16")[:-1], "UTF-16"),
        (PLAIN + "00125,happy,no, never,s1\n", "m.csv:4: the row has more cells than the header.*contain a comma"),
        (
            SEMICOLONS + "00125;happy;no; never;s1\n",
            "m.csv:4: the row has more cells than the header.*contain a semicolon",
        ),
        (PLAIN + '00125,happy,"no,s1\n00126,sad,x,s2\n', r"m\.csv:4: a quotation mark.*never closed"),
        (PLAIN + '00125,happy,"no" x,s1\n', r"m\.csv:4: not a readable CSV"),
        (INDEXED.replace("\n0,", "\nu1,"), "column 1 has no name, but holds 'u1'.*index=False"),
        (PLAIN.replace("text", ""), "column 3 has no name, but holds"),
        ("My corpus\nof 2024\n" + PLAIN, "m.csv:1: the column names are in line 3"),
        ('"utterance,emotion,text"\n"a,happy,x"\n', "whole line is one cell"),
        (bz2.compress(PLAIN.encode()), "compressed by bzip2: unpack it"),
        (lzma.compress(PLAIN.encode()), "compressed by xz: unpack it"),
        (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(20), "a 7z archive"),
        (b"\x28\xb5\x2f\xfd\4", "compressed by zstd"),
        (b"Rar!\x1a\7\1", "a RAR archive"),
        (pickle.dumps({"a": 1}), "a Python pickle"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a recording or a picture"),
        (b"\0\0\0\x20ftypisom", "a recording or a picture"),
        (bytes(100), "nothing but NUL characters"),
        (SEMICOLONS.replace(";", "^"), r"cells are separated by '\^'"),
        (SEMICOLONS.replace(";", ":"), "cells are separated by ':'"),
        (SEMICOLONS.replace(";", "，"), "cells are separated by '，'"),
        (R.replace('"', ""), "quote cells that contain a comma$"),
        ("utterance,emotion\n1,a,b\n2,c,d\n", "row name, as R.*last .such as 'b'. belongs to a column.*quote it"),
        (R.replace('"1"', '"00123"').replace('"2"', '"b"'), "such as '00123'.*row.names = FALSE.*last .such as 's1'"),
    ],
)
def test_the_true_cause_is_named(content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        rows(tmp_path, content)


TABS = "utterance\temotion\ttext\tgroup\n"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (['"hello" he said', "b"], ['"hello" he said', "b"]),
        (['"hello', 'bye"', "c"], ['"hello', 'bye"', "c"]),  # nothing between them is lost
        (['5" long', '"', '""'], ['5" long', '"', ""]),
        (['"so"', 'he said "no"', '"a ""b"" c"', '"x" or "y"'], ["so", 'he said "no"', 'a "b" c', '"x" or "y"']),
        (['"two\nlines"', '"a\tb"'], ["two\nlines", "a\tb"]),
    ],
)
def test_quotation_marks_between_tabs(cells: list[str], expected: list[str], tmp_path: Path) -> None:
    found = rows(tmp_path, TABS + "".join(f"u{i}\tjoy\t{cell}\tg\n" for i, cell in enumerate(cells)))
    assert [row["text"] for row in found] == expected
    assert [row["utterance"] for row in found] == [f"u{i}" for i in range(len(cells))]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_of_another_script_without_a_mark(encoding: str, tmp_path: Path) -> None:
    text = "こんにちは世界" * 20
    found = rows(tmp_path, f"utterance,emotion,text,group\nu1,joy,{text},g\n".encode(encoding))
    assert found == [{"utterance": "u1", "emotion": "joy", "text": text, "group": "g"}]


def test_row_names_are_a_notice_and_columns_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(R)
    (notice,) = read_sheet(tmp_path / "m.csv", OURS, ["emotion"]).notices
    assert "as R writes it: these names are not read" in notice
    assert rows(tmp_path, "PAR1,utterance\n1,u\n") == [{"PAR1": "1", "utterance": "u"}]


def quoted_rows(*cells: str, end: str = "") -> str:
    return ",".join(f'"{cell}"' for cell in cells) + end + "\n"


def written(columns: dict[str, list[str]], header: list[str], end: str = "") -> str:
    rows_of = zip(*columns.values(), strict=True)
    return quoted_rows(*header) + "".join(quoted_rows(*cells, end=end) for cells in rows_of)


TEXTS = {"text": ["I love it", "oh, no", "well"], "emotion": ["joy", "sad", "joy"], "group": ["a", "b", "c"]}
FILES = {"media": ["w/a.wav", "w/b.wav", "w/c.wav"], "emotion": ["joy", "sad", "joy"]}
COUNT = {"": ["1", "2", "3"]}
NAMES = {"": ["s1", "x", "rat"]}
NOTES = {"note": ["fine", "bad", "fine"]}


@pytest.mark.parametrize(
    "ids", [{}, {"utterance": ["a", "b", "c"]}, {"utterance": ["1", "2", "3"]}, {"no": ["1", "2", "3"]}]
)
@pytest.mark.parametrize("table", [TEXTS, {"media": FILES["media"], **TEXTS}])
@pytest.mark.parametrize("end", [",", ',""', ", "])
def test_a_delimiter_at_the_end_of_each_row_moves_nothing(
    ids: dict[str, list[str]], table: dict[str, list[str]], end: str, tmp_path: Path
) -> None:
    table = {**ids, **table}
    path = tmp_path / "m.csv"
    path.write_text(written(table, list(table), end=end))
    sheet = read_sheet(path, (*OURS, "media"), ["emotion"])
    assert [row for _, row in sheet.rows] == [
        dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)
    ]
    assert not sheet.notices


@pytest.mark.parametrize(
    "table",
    [
        {**TEXTS, **NOTES},
        {"utterance": ["a", "b", "c"], **TEXTS, **NOTES},
        {"utterance": ["1", "2", "3"], "emotion": TEXTS["emotion"], **NOTES},
        {"id": ["1", "2", "3"], "text": ["I love it.", "Oh, no!", "Well."], **NOTES},
        {**FILES, **NOTES},
        {"start": ["1", "2", "3"], "emotion": TEXTS["emotion"], **NOTES},
        {**NAMES, **TEXTS},
    ],
)
def test_a_last_column_without_a_name_moves_nothing(table: dict[str, list[str]], tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    header = [name for name in table if name not in ("", "note")]
    path.write_text(written(table, header))
    with pytest.raises(UserError, match=r"one cell more.*row\.names = FALSE.*name this column in the header"):
        read_sheet(path, (*OURS, "media"), ["emotion"])


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize(
    ("names", "table"), [(COUNT, FILES), (NAMES, FILES), (COUNT, {"speaker": ["x", "y", "x"], **FILES})]
)
def test_columns_prove_row_names(
    names: dict[str, list[str]], table: dict[str, list[str]], quoted: bool, tmp_path: Path
) -> None:
    content = written({**names, **table}, list(table))
    found = tmp_path / "m.csv"
    found.write_text(content if quoted else content.replace('"', ""))
    sheet = read_sheet(found, (*OURS, "media"), ["emotion"])
    assert [row["media"] for _, row in sheet.rows] == FILES["media"]
    assert [row["emotion"] for _, row in sheet.rows] == FILES["emotion"]


def test_records_without_known_names(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    for content in ("id,f1,f2\na,1,2\n", "id;f1;f2\na;1;2\n", "id\tf1\tf2\na\t1\t2\n", "# features\nid,f1,f2\na,1,2\n"):
        path.write_text(content)
        assert [cells for _, cells in records(path, ())] == [["id", "f1", "f2"], ["a", "1", "2"]]
    path.write_text("#id,f1\na,1\n")
    assert next(iter(records(path, ()))) == (1, ["#id", "f1"])


@pytest.mark.parametrize(
    "content",
    [
        "| utterance | emotion |\n|---|---|\n| u1 | joy |\n",
        "| utterance | emotion |\n| :--- | ---: |\n| u1 | joy |\n",
        "utterance | emotion\n--- | ---\nu1 | joy\n",
        "+-----------+---------+\n| utterance | emotion |\n+===========+=========+\n| u1        | joy     |\n",
        " utterance | emotion \n-----------+---------\n u1        | joy\n",
        "\n| utterance |\n|-----------|\n| u1 |\n",
    ],
)
def test_drawn_tables_are_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a table drawn with lines, as in Markdown: save the table as CSV"):
        rows(tmp_path, content)


@pytest.mark.parametrize("content", ["utterance|text\nu1|--\n", "utterance|text\n--|--x\n", "utterance,text\n--,--\n"])
def test_dashes_alone_do_not_draw_a_table(content: str, tmp_path: Path) -> None:
    assert len(rows(tmp_path, content)) == 1
