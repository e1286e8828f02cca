"""CSVs that a spreadsheet opens: no text is a formula, numbers and names stay, reading gives back what was written."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpora.utterances import csv_text, read_table, write_table
from pipeline.run.ledger import Failure, read_failures, record
from pipeline.tables.csv_cells import MARKS, mark_rows, marked, restore, restored, unmarked_rows, write_csv
from pipeline.tables.csv_files import read_sheet

AS_TEXT: dict[str, Any] = {"dtype": str, "keep_default_na": False, "skip_blank_lines": False}
FORMULAS = [
    *("=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1-2", "-2+3+cmd|' /C calc'!A0", "@SUM(A1:A9)", "\tx", "\rx", "\nx"),
    *("=", "@user", "+(1)", "-A1*2", "--", "'=1", "''=1", "＝1+1", "+1 2", "= A1", "= a(1)"),
    *("+A1", "-B2", "-A1-B2", "+a1", "-$A$1", "-R1C1", "+Sheet1.A1", "-TRUE", "-1-B2", "-2+A1", "-pi", "+cmd", "-x_1"),
    *("-happy", "－B2", "'-B2", "+_a", "-é1", "-1.5-A1"),
]
PLAIN = [
    *("-1.5", "+2", "-1e-05", "-.5", "-1,5", "-3nNcZdcdvU_1", "-9y-fZ3swSY", "-", "+", "-3", "-1e5", "'tis", "joy", ""),
    *("a=b", "1-2", "? not shown", "+ better", "- worse"),
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_marked_and_comes_back(text):
    assert marked(text) == f"'{text}"
    assert restored(marked(text)) == text


@pytest.mark.parametrize("text", PLAIN)
def test_numbers_and_names_stay(text):
    assert marked(text) == restored(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("u0;=1+1", "u0;'=1+1"),
        ('x;=HYPERLINK("http://e")', 'x;\'=HYPERLINK("http://e")'),
        ("a; =1", "a;' =1"),
        ("a;\u00a0@b", "a;'\u00a0@b"),
        ("a;;+b;-c", "a;;'+b;'-c"),
        ("=1;=2", "'=1;'=2"),
        ("a\t=1", "a\t'=1"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n-b", "a\r\n'-b"),
        ("\t=1", "'\t'=1"),
        ("\n;=1", "'\n;'=1"),
        ("a;'=1", "a;''=1"),
        ("well; -3 degrees", "well;' -3 degrees"),
        ("；=1", "；=1"),
        ("a;b", "a;b"),
        ("a; -3", "a; -3"),
        ("a;-3nNcZ_1", "a;-3nNcZ_1"),
        ("so; 'tis", "so; 'tis"),
        ("a;'b", "a;'b"),
        ("a=1; b=2", "a=1; b=2"),
    ],
)
def test_a_formula_after_a_separator_is_marked_and_comes_back(text, cell):
    assert marked(text) == cell
    assert restored(cell) == text


SIGNS = st.text(st.sampled_from("'=+-@\t\r\n1.ea_; ＝"), max_size=9)


@given(SIGNS)
def test_every_text_comes_back(text):
    assert restored(marked(text)) == text


@given(SIGNS)
def test_however_a_spreadsheet_splits_a_line_no_cell_is_a_formula(text):
    for cell in re.split("[;\t\r\n]", marked(text)):
        assert not cell.startswith(("=", "+", "-", "@")) or marked(cell) == cell


@given(st.lists(st.one_of(SIGNS, st.sampled_from(["well; -3 degrees", "a;b", "u0;=1+1"])), min_size=1, max_size=4))
def test_every_text_comes_back_from_a_file(texts):
    table = pd.DataFrame({"id": [f"u{i}" for i in range(len(texts))], "label;=1": [*texts]})
    pd.testing.assert_frame_equal(
        restore(pd.read_csv(io.StringIO(csv_text(table)), **AS_TEXT)), table, check_dtype=False
    )
    written = io.StringIO()
    write_csv(mark_rows(table), written)
    rows = list(csv.reader(io.StringIO(written.getvalue(), newline="")))
    (_, header), *found = list(unmarked_rows(iter(enumerate(rows, 1))))
    assert header == list(table.columns)
    assert [row[1].strip() for _, row in found] == [text.strip() for text in texts]


def test_a_table_comes_back_and_holds_no_formula(tmp_path: Path):
    table = pd.DataFrame({"=name()": FORMULAS, "truth": PLAIN[:1] * len(FORMULAS), "value": [-0.5] * len(FORMULAS)})
    write_table(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["'=name()", "truth", "value"]
    assert all(row[0].startswith("'") and row[1:] == ["-1.5", "-0.500000"] for row in rows[1:])
    found = read_table(tmp_path / "t.csv", dtype={"truth": str})
    pd.testing.assert_frame_equal(found, table, check_dtype=False)
    assert csv_text(table) == (tmp_path / "t.csv").read_bytes().decode()


def test_a_carriage_return_within_a_text_does_not_break_its_row(tmp_path: Path):
    table = pd.DataFrame({"text": ["a\rb", "c\r\nd", "e\nf", "plain"], "n": [1, 2, 3, 4], "x": [0.5, 1, 2, 3]})
    write_table(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.csv"), table, check_dtype=False)


def test_tables_without_formulas_are_written_unchanged():
    table = pd.DataFrame({"utterance": ["a", "b,c"], "score": [-1.25, 2]})
    assert csv_text(table) == 'utterance,score\na,-1.250000\n"b,c",2.000000\n'


def test_failures_come_back_and_hold_no_formula(tmp_path: Path):
    path = tmp_path / "failures.csv"
    record(path, "extract", "mfcc", [Failure("=u1", "extract", "mfcc", "Error", "-1+cmd|x\r\x1b[2J")])
    text = path.read_text(encoding="utf-8")
    assert all(not cell.startswith(("=", "-1")) for row in csv.reader(io.StringIO(text)) for cell in row)
    assert "\x1b" not in text
    assert [(f.utterance, f.message) for f in read_failures(path)] == [("=u1", "-1+cmd|x\\u000d\\u001b[2J")]


def test_a_persons_csv_records_where_marks_are(tmp_path: Path):
    table = pd.DataFrame({"id": ["=1+1", "-B2", "'tis", "-1.5", "'=1"], "text": ["no", "'=no", "'@home'", "", "a\rb"]})
    write_csv(mark_rows(table), tmp_path / "m.csv")
    rows = list(csv.reader((tmp_path / "m.csv").open(newline="", encoding="utf-8")))
    assert [row[:2] for row in rows[1:]] == [
        ["'=1+1", "no"], ["'-B2", "''=no"], ["'tis", "''@home'"], ["-1.5", ""], ["''=1", "a\rb"]]  # fmt: skip
    sheet = read_sheet(tmp_path / "m.csv", ("id", "text"), ())
    assert sheet.header == ("id", "text")
    assert [tuple(row.values()) for _, row in sheet.rows] == list(table.itertuples(index=False, name=None))
    again = pd.read_csv(tmp_path / "m.csv", dtype=str, keep_default_na=False)  # a person edits it, and adds a row
    again = pd.concat([again, pd.DataFrame([{"id": "'-x", "text": "'=hers", MARKS: ""}])])
    again.to_csv(tmp_path / "m.csv", index=False, quoting=csv.QUOTE_ALL)
    rows = [tuple(row.values()) for _, row in read_sheet(tmp_path / "m.csv", ("id", "text"), ()).rows]
    assert rows == [*table.itertuples(index=False, name=None), ("'-x", "'=hers")]


def test_a_persons_csv_without_formulas_is_unchanged(tmp_path: Path):
    table = pd.DataFrame({"id": ["a", "-1.5"], "text": ["'tis", "b"]})
    assert list(mark_rows(table).columns) == ["id", "text"]
    (tmp_path / "m.csv").write_text("id,text\na,'=1\n")
    assert read_sheet(tmp_path / "m.csv", ("id", "text"), ()).rows == ((2, {"id": "a", "text": "'=1"}),)
