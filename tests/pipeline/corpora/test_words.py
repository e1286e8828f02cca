"""words.csv: words without times are kept, words far outside their utterance are refused, close ones kept."""

import math
from pathlib import Path

import pytest

from pipeline.corpora.problems import Problem
from pipeline.corpora.words import read_words, within
from pipeline.errors import UserError

SPANS = {"u1": (0.0, 4.0), "u2": (4.0, 8.0), "open": (1.0, math.nan)}
HEADER = "utterance,word,start,end\n"


def words(folder: Path, rows: str, header: str = HEADER) -> tuple[list[tuple[str, float, float]], list[Problem]]:
    path = folder / "words.csv"
    path.write_text(header + rows, encoding="utf-8")
    problems: list[Problem] = []
    table = read_words(path, SPANS, problems)
    return list(table[["word", "start", "end"]].itertuples(index=False, name=None)), problems


def test_without_the_file_there_are_no_words(tmp_path: Path) -> None:
    assert read_words(tmp_path / "words.csv", SPANS, []).empty


def test_words_without_times_are_kept_and_counted(tmp_path: Path) -> None:
    found, problems = words(tmp_path, "u1,in,0.5,0.7\nu1,2024,,\nu1,hello,1.5,1.9\nu1,7,,\nu2,NaN, , \n")
    assert [word for word, _, _ in found] == ["in", "2024", "hello", "7", "NaN"]
    assert [math.isnan(start) for _, start, _ in found] == [False, True, False, True, True]
    (problem,) = problems
    assert problem.severity == "warning"
    assert problem.message == "3 words have no times: kept without (such as '2024' in line 3)"


def test_words_with_one_time_count_as_untimed(tmp_path: Path) -> None:
    found, problems = words(tmp_path, "u1,in,0.5,\nu1,so,,0.9\nu1,hello,1.5,1.9\n")
    assert [math.isnan(start) and math.isnan(end) for _, start, end in found] == [True, True, False]
    assert "2 words have only one of start and end" in problems[0].message


@pytest.mark.parametrize(
    "row", ["u1,x,4.02,4.3", "u2,x,3.5,3.98", "u1,x,4.5,5", "u1,x,-0.3,-0.1", "open,x,0.2,0.7", "u1,x,3.9,4.9"]
)
def test_words_a_little_outside_their_utterance_are_kept(row: str, tmp_path: Path) -> None:
    found, problems = words(tmp_path, row + "\n")
    assert len(found) == 1
    assert [p.severity for p in problems] == ([] if row == "u1,x,3.9,4.9" else ["warning"])


@pytest.mark.parametrize("row", ["u1,x,4.6,5", "u2,x,0.1,0.5", "open,x,0.1,0.4", "u1,x,40,41"])
def test_words_far_outside_their_utterance_are_refused(row: str, tmp_path: Path) -> None:
    _, (problem,) = words(tmp_path, row + "\n")
    assert (problem.severity, problem.line) == ("error", 2)
    assert "outside the utterance; times are in seconds from the start of the recording" in problem.message


@pytest.mark.parametrize(
    ("row", "by", "end"),
    [("u1,x,1.95,30", "26.00", 4), ("u1,x,0,5.5", "1.50", 4), ("u1,x,1.9,5.10", "1.10", 4), ("u2,x,4,30", "22.00", 8),
     ("u1,x,4.02,20", "16.00", 4.02), ("u1,x,4.5,20", "16.00", 4.5), ("u2,x,3.2,30", "22.00", 8)],
)  # fmt: skip
def test_a_word_that_begins_in_its_utterance_and_ends_far_beyond_is_cut(
    row: str, by: str, end: float, tmp_path: Path
) -> None:
    found, (problem,) = words(tmp_path, row + "\n")
    assert found[0][2] == end
    assert (problem.severity, problem.line) == ("warning", None)
    assert f"1 word is cut off, since it ends up to {by} s after the utterance" in problem.message
    assert "; for example 'x' in line 2" in problem.message


@pytest.mark.parametrize(("row", "by"), [("u2,x,-40,5", "44.00"), ("open,x,-1,2", "2.00"), ("u2,x,2.9,30", "1.10")])
def test_a_word_that_begins_far_before_its_utterance_is_refused(row: str, by: str, tmp_path: Path) -> None:
    _, (problem,) = words(tmp_path, row + "\n")
    assert (problem.severity, problem.line) == ("error", 2)
    assert f"begins {by} s before the utterance; times are in seconds from the start of" in problem.message


@pytest.mark.parametrize("unknown", ["-1,-1", "-1.0,-1.0", "-1,-1.000"])
def test_times_of_minus_one_are_missing(unknown: str, tmp_path: Path) -> None:
    found, (problem,) = words(tmp_path, f"u1,x,{unknown}\nu1,y,1,2\n")
    assert [math.isnan(start) and math.isnan(end) for _, start, end in found] == [True, False]
    assert "1 word has no times: kept without (such as 'x' in line 2)" in problem.message


def test_columns_of_aligners_are_named_as_they_are_meant(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"'word'; did you mean 'Label'.*no column 'start' either; did you mean 'Begin'"
    ):
        words(tmp_path, "u1,0,1,x\n", "utterance,Begin,End,Label\n")


@pytest.mark.parametrize("written", ["U1", "u1.wav", "u01", "s/u1", "u_1"])
def test_the_utterance_that_is_meant_is_named(written: str, tmp_path: Path) -> None:
    _, (problem,) = words(tmp_path, f"{written},x,0,1\nu2,y,5,6\n")
    assert problem.message == f"utterance {written!r} is not in manifest.csv; did you mean 'u1'?"
    _, (problem,) = words(tmp_path, f"{written},x,0,1\nu1,y,1,2\n")
    assert problem.message == f"utterance {written!r} is not in manifest.csv"


def test_rows_that_are_there_twice_are_read_once(tmp_path: Path) -> None:
    rows = "u1,no,0.5,0.7\nu1,no,0.8,1\nu1,so,,\nu1,so,,\n"
    found, problems = words(tmp_path, rows + rows.replace("u1,so,,\n", ""))
    assert [word for word, _, _ in found] == ["no", "no", "so", "so"]
    assert "2 rows repeat an earlier row's word and times (such as line 6): read once" in problems[0].message


@pytest.mark.parametrize("empty", ["", '""', " ", '"  "', "\u00a0", "\u200b"])
def test_a_row_without_a_word_is_a_pause(empty: str, tmp_path: Path) -> None:
    found, problems = words(tmp_path, f"u1,in,0,1\nu1,{empty},1,1.5\nu1,so,1.5,2\nu1,{empty},2,30\n")
    assert [word for word, _, _ in found] == ["in", "so"]
    (problem,) = problems
    assert (problem.severity, problem.message) == (
        "warning",
        "2 rows have no word (such as line 3): read as pauses and left out",
    )


def test_words_outside_are_counted(tmp_path: Path) -> None:
    _, (problem,) = words(tmp_path, "u1,a,4.02,4.3\nu1,b,4.2,4.4\nu2,c,5,6\n")
    assert problem.message.startswith("2 words are kept, although they lie up to 0.20 s outside the utterance")


def test_columns_and_ids_follow_the_rules(tmp_path: Path) -> None:
    found, problems = words(tmp_path, " u1 ,hello,0,1\n\n,,,\n", "Utterance, WORD, Start ,end\n")
    assert found == [("hello", 0, 1)]
    assert not problems
    assert len(words(tmp_path, "u1;hello;0;1\n", "utterance;word;start;end\n")[0]) == 1
    with pytest.raises(UserError, match="no column 'start'; did you mean 'begin'"):
        words(tmp_path, "u1,x,0,1\n", "utterance,word,begin,end\n")
    with pytest.raises(UserError, match="no column 'word'; did you mean 'token'"):
        words(tmp_path, "u1,x,0,1\n", "utterance,token,start,end\n")


@pytest.mark.parametrize("unknown", ["nan", "NaN", "None", "N/A", "null"])
def test_cells_such_as_nan_are_missing_times(unknown: str, tmp_path: Path) -> None:
    found, problems = words(tmp_path, f"u1,x,{unknown},{unknown}\n")
    assert not [p for p in problems if p.severity == "error"]
    assert [math.isnan(start) and math.isnan(end) for _, start, end in found] == [True]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("u1,a\0b,0,1", "the word holds a NUL character"),
        ("u3,x,0,1", "utterance 'u3' is not in manifest.csv"),
        ("u1,x,0:1,1", "start is '0:1', but a clock shows minutes and seconds with two digits each: write 0:01"),
        ("u1,x,soon,1", "start is 'soon', but must be a time: seconds (75.5)"),
        ("u1,x,2,1", "ends at 1, before its start 2"),
    ],
)
def test_bad_words_are_named(row: str, message: str, tmp_path: Path) -> None:
    _, problems = words(tmp_path, row + "\n")
    errors = [p for p in problems if p.severity == "error"]
    assert [p.line for p in errors] == [2]
    assert message in errors[0].message


def test_times_by_the_clock_are_read_and_the_notice_says_how(tmp_path: Path) -> None:
    found, problems = words(tmp_path, "u1,x,0:00.5,00:00:01\n")
    assert found == [("x", 0.5, 1.0)]
    (notice,) = problems
    assert "start, end: 2 times with colons are read by the clock: '0:00.5' as 0.5 s" in notice.message


def test_spans_that_become_known_later(tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text(HEADER + "open,kids,99,100\nopen,are,3,3.2\nopen,2024,,\n")
    table = read_words(tmp_path / "words.csv", SPANS, [])
    of = (tmp_path / "words.csv", "the utterance")
    _, (problem,) = within(table, {"open": (1.0, 3.285)}, *of)
    assert (problem.severity, problem.line) == ("error", 2)
    assert "'kids' at 99 s lies 95.72 s outside" in problem.message
    cut, (problem,) = within(table.assign(start=2.0), {"open": (1.0, 3.285)}, *of)
    assert "1 word is cut off, since it ends up to 96.72 s after the utterance" in problem.message
    assert cut["end"].iloc[0] == 3.285
