"""Tables of recordings, found by their names."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.exchange.frames.matching import matched, tables_in

PLACES = ("talk", Path("out"))


def found(recordings: dict[str, str], *tables: str, match: str = "") -> dict[str, str]:
    there = {name: Path(name) for name in tables}
    return {recording: str(table) for recording, table in matched(recordings, there, match, PLACES).items()}


def test_a_table_has_the_name_of_its_recording_or_media_file_in_any_case_and_any_folder() -> None:
    recordings = {"a": "raw/a.mp4", "b": "raw/b.mov", "c": "", "d.1": "raw/d.1.mp4"}
    assert found(recordings, "A.csv", "x/y/b.mov.csv", "z.csv", "d.1.csv") == {
        "a": "A.csv",
        "b": "x/y/b.mov.csv",
        "d.1": "d.1.csv",
    }


def test_folders_tell_recordings_apart_where_their_names_do() -> None:
    recordings = {"s1/a": "", "s2/a": "", "b": ""}
    assert found(recordings, "s1/a.csv", "out/s2/a.csv", "s2/b.csv") == {
        "s1/a": "s1/a.csv",
        "s2/a": "out/s2/a.csv",
        "b": "s2/b.csv",
    }
    assert found({"a": "", "s1/a": ""}, "s1/a.csv", "a.csv") == {"a": "a.csv", "s1/a": "s1/a.csv"}
    assert found({"A": "", "a": ""}, "a.csv", "A.csv") == {"A": "A.csv", "a": "a.csv"}
    assert found({"A": "", "a": ""}, "a.csv") == {"a": "a.csv"}


def test_as_many_folders_count_as_are_needed_to_tell_recordings_apart() -> None:
    recordings = {"s1/a": "raw/s1/a.mp4", "s2/a": "raw/s2/a.mp4", "s2/b": "raw/s2/b.mp4"}
    assert found(recordings, "out/b.csv", "a.csv") == {"s2/b": "out/b.csv"}
    assert found(recordings, "out/b.mp4.csv", "s1/a.mp4.csv") == {"s1/a": "s1/a.mp4.csv", "s2/b": "out/b.mp4.csv"}
    assert found({"s1/a": "", "a": ""}, "x/a.csv") == {"a": "x/a.csv"}


def test_a_pattern_takes_the_equal_part_out_of_names() -> None:
    tables = ("face_analysis_a.csv", "s1/face_analysis_b.csv", "other.csv")
    assert found({"a": "", "s1/b": ""}, *tables, match="face_analysis_(.+)") == {"a": tables[0], "s1/b": tables[1]}
    assert found({"01-03": ""}, "02-03.csv", match=r"\d\d-(.+)") == {"01-03": "02-03.csv"}


@pytest.mark.parametrize(
    ("tables", "match", "sentence"),
    [
        (["x/a.csv", "y/a.csv"], "", "x/a.csv and y/a.csv are both tables of the recording a: remove one of them"),
        (["a.csv", "a.tsv"], "", "a.csv and a.tsv are both tables of the recording a"),
        (["a.csv", "a.mp4.csv"], "", "a.csv and a.mp4.csv are both tables of the recording a"),
        (
            ["z.csv"],
            "",
            "no table of out (such as z.csv) is named like a recording of talk (such as a): name the tables",
        ),
        (["of_B1_x.csv"], "", "(such as a): give the part that both have in common with --match 'of_(.+)_x'"),
        (["a.csv"], "(", "--match '(' is not a regular expression"),
        (["a.csv"], "a", "--match 'a' must have one group in parentheses"),
    ],
)
def test_what_cannot_be_matched_is_a_sentence(tables: list[str], match: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        found({"a": "a.mp4", "b1": ""}, *tables, match=match)
    assert sentence in str(error.value)


def test_tables_are_found_in_folders_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("a.csv", "s/b.TSV", "._a.csv", "a_details.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert tables_in(tmp_path) == {"a.csv": tmp_path / "a.csv", "s/b.TSV": tmp_path / "s/b.TSV"}
    assert tables_in(tmp_path / "a_details.txt") == {"a_details.txt": tmp_path / "a_details.txt"}
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match=r"none holds no \.csv or \.tsv tables of frames: give the folder"):
        tables_in(tmp_path / "none")
