"""Tables of labels."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.errors import UserError
from pipeline.ingest.folder.sheets import LabelSheet, lost_notes, read_label_sheet
from tests.pipeline.ingest.folder.made import recording

CLIPS = [recording(f"s1/{name}.mp4") for name in ("a", "b", "c")]


def sheet(path: Path, text: str) -> LabelSheet:
    path.write_text(text, encoding="utf-8")
    return read_label_sheet(path, CLIPS)


def cells(found: LabelSheet) -> dict[str, dict[str, str]]:
    return {recording.place.stem: values for _, meant, values in found.rows for recording in meant}


@pytest.mark.parametrize(
    "names",
    [("a", "b"), ("a.mp4", "b.mp4"), ("s1/a", "s1/b"), ("S1\\A.MP4", "s1\\b.mp4"), ("/x/clips/s1/a.wav", "b.avi")],
)
@pytest.mark.parametrize("order", [0, 1])
def test_the_column_that_names_recordings_is_found(tmp_path: Path, names: tuple[str, str], order: int) -> None:
    lines = [("name of clip", "mood"), (names[0], "calm"), (names[1], "cross")]
    found = sheet(tmp_path / "x.csv", "\n".join(",".join(line[::-1] if order else line) for line in lines))
    assert found.named_by == "name of clip"
    assert cells(found) == {"a": {"mood": "calm"}, "b": {"mood": "cross"}}


def test_columns_get_their_roles_and_others_keep_their_names(tmp_path: Path) -> None:
    text = "Clip,Talker,Transcript,Begin (s),End (s),Mood,Duration,region\na,s1,hello there you,0.5,1.5,calm,3,north\n"
    found = sheet(tmp_path / "x.csv", text)
    expected = {"speaker": "s1", "text": "hello there you", "start": "0.5", "end": "1.5", "Mood": "calm"}
    assert cells(found)["a"] == expected | {"region_given": "north"}  # `duration` is filled in by `prepare`
    assert "Talker as speaker" in found.notes[-1]


def test_times_in_milliseconds_become_seconds_and_frames_are_not_times(tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", "clip,start_ms,end_ms,start_frame\na,500,1500,12\n")
    assert cells(found)["a"] == {"start": "0.5", "end": "1.5", "start_frame": "12"}
    assert cells(sheet(tmp_path / "x.csv", "clip,startMs,endMs\na,500,1500\n"))["a"] == {"start": "0.5", "end": "1.5"}


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *(("Duration", "1.5"), ("dur_ms", "1500"), ("duration (s)", "0:01.5"), ("utterance_length", "1.5")),
        *(("clipLengthMs", "1500"), ("length", "1.5"), ("length in ms", "1500")),
    ],
)
def test_how_long_utterances_last_gives_their_ends(name: str, cell: str, tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", f"clip,onset,{name},mood\na,1,{cell},calm\nb,,,cross\n")
    assert cells(found) == {
        "a": {"start": "1", "end": "2.500", "mood": "calm"},
        "b": {"start": "", "end": "", "mood": "cross"},
    }
    assert f"utterances end at the sum of onset and {name}" in found.notes


@pytest.mark.parametrize(
    "name",
    [
        *("text_length", "word_length", "transcript_length", "Length (words)", "head_length_cm", "duration_min"),
        *("length", "utterance_length", "length_frames", "sentence length"),
    ],
)
def test_a_length_that_is_no_time_is_an_ordinary_column(name: str, tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", f"clip,start,{name}\na,0,2\nb,1,1\n")
    assert cells(found) == {"a": {"start": "0", name: "2"}, "b": {"start": "1", name: "1"}}


@pytest.mark.parametrize("unknown", ["0", "-1"])
def test_a_duration_that_is_not_positive_is_a_code(unknown: str, tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", f"clip,start,duration\na,0,1.5\nb,1.5,{unknown}\n")
    assert cells(found) == {"a": {"start": "0"}, "b": {"start": "1.5"}}
    assert any("duration is not used" in note and "line 3" in note for note in found.notes)


def test_the_length_of_recordings_is_not_that_of_utterances(tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", "clip,start,duration\na,0,3\nb,1.5,3\n")
    assert cells(found)["a"] == {"start": "0"}
    assert any("duration is not used, since in line 3 it cannot be the length" in n for n in found.notes)


def test_several_rows_of_a_recording_are_kept_apart(tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", "clip,start,end,mood\na,0,1,calm\na,1,2,cross\n")
    assert [(line, values["mood"]) for line, _, values in found.rows] == [(2, "calm"), (3, "cross")]


def test_rows_without_a_recording_are_said_by_line(tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", "clip,mood\na,calm\nlost,cross\ns2/b,cross\n")
    assert found.lost == ((3, "lost"), (4, "s2/b"))
    assert "2 rows do not name exactly one recording: line 3 'lost', line 4 's2/b'" in lost_notes(found)[0]


def test_a_name_of_several_recordings_is_lost_and_one_of_two_suffixes_is_not(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("clip,mood\na,calm\nb,cross\n")
    clips = [recording(place) for place in ("s1/a.mp4", "s2/a.mp4", "b.mp4", "b.wav")]
    found = read_label_sheet(tmp_path / "x.csv", clips)
    assert found.lost == ((2, "a"),)
    assert [str(each.place) for each in found.rows[0][1]] == ["b.mp4", "b.wav"]


def test_a_table_without_a_header_is_read(tmp_path: Path) -> None:
    found = sheet(tmp_path / "x.csv", "a.mp4;calm\nb.mp4;cross\n")
    assert cells(found) == {"a": {"column_2": "calm"}, "b": {"column_2": "cross"}}
    assert "has no header" in found.notes[0]


def test_the_sheet_of_a_workbook_that_names_most_recordings_is_read(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["about", "these"], ["a", "x"]):
        book.active.append(row)
    labels = book.create_sheet("labels")
    for row in (["clip", "score"], ["a", 1.5], ["b", -2]):
        labels.append(row)
    book.save(tmp_path / "x.xlsx")
    assert cells(read_label_sheet(tmp_path / "x.xlsx", CLIPS)) == {"a": {"score": "1.5"}, "b": {"score": "-2"}}


def test_a_table_that_names_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no column of .*x\.csv \(who, mood\) contains names of the recordings"):
        sheet(tmp_path / "x.csv", "who,mood\nanna,calm\n")
    with pytest.raises(UserError, match="contains names of the recordings"):
        sheet(tmp_path / "x.csv", "")
    with pytest.raises(UserError, match="two columns have the same name"):
        sheet(tmp_path / "x.csv", "clip,mood,Mood\na,calm,x\n")
