"""What is known of recordings from patterns, tables and folders."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.folder.known import Sources, known_cells, label_in
from pipeline.ingest.folder.recordings import Found
from tests.pipeline.ingest.folder.made import found


def cells(place: Found, sources: Sources) -> tuple[dict[str, list[dict[str, str]]], str]:
    known = known_cells(place, sources)
    return {str(name): rows for name, rows in known.cells.items()}, "\n".join(known.notes)


def test_fields_of_a_pattern_become_columns_and_roles() -> None:
    clips = found("happy_s1_1.mp4", "sad_s2_2.mp4", "other.mp4")
    made, notes = cells(clips, Sources("{emotion}_{actor}_{take}"))
    assert made == {
        "happy_s1_1.mp4": [{"emotion": "happy", "speaker": "s1", "take": "1"}],
        "sad_s2_2.mp4": [{"emotion": "sad", "speaker": "s2", "take": "2"}],
    }
    assert "pattern: 2 of 3 names fit; fields: emotion, actor as speaker, take" in notes
    assert "the pattern does not fit other.mp4: their cells are empty" in notes


def test_a_pattern_that_fits_nothing_is_refused() -> None:
    with pytest.raises(UserError, match=r"--pattern '\{emotion\}_\{speaker\}' does not fit the names, such as a\.mp4"):
        known_cells(found("a.mp4"), Sources("{emotion}_{speaker}"))
    with pytest.raises(UserError, match="two fields with the same meaning"):
        known_cells(found("a_b.mp4"), Sources("{speaker}_{actor}"))


def test_a_field_that_would_be_misread_by_the_manifest_gets_another_name() -> None:
    made, _ = cells(found("a_b.mp4"), Sources("{media}_{text}"))
    assert made == {"a_b.mp4": [{"media_given": "a", "text": "b"}]}


def test_folders_complete_what_the_pattern_does_not_say() -> None:
    made, notes = cells(found("s1/happy_1.mp4", "s2/sad_1.mp4"), Sources("{emotion}_{take}"))
    assert made["s2/sad_1.mp4"] == [{"speaker": "s2", "emotion": "sad", "take": "1"}]
    assert "folders: their names are taken as speaker" in notes


def test_folders_give_labels_only_where_nothing_else_does() -> None:
    clips = found(*(f"{mood}/{i}.mp4" for mood in ("happy", "sad") for i in range(3)))
    assert cells(clips, Sources())[0]["sad/0.mp4"] == [{"label": "sad"}]
    assert "label" not in cells(clips, Sources("{take}"))[0]["sad/0.mp4"][0]
    assert cells(clips, Sources(folder_labels=False))[0] == {}
    assert (
        "their names are not used, since their meaning is unclear"
        in cells(found("s1/a.mp4", "misc/b.mp4"), Sources())[1]
    )


def test_a_table_among_the_files_is_read_unless_it_belongs_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("clip;mood\na;calm\nb;cross\n", encoding="utf-8-sig")
    (tmp_path / "notes.csv").write_text("x,y\n1,2\n")
    clips = found("a.mp4", "b.mp4", "c.mp4", folder=tmp_path, others=["labels.csv", "notes.csv", "~$labels.xlsx"])
    made, notes = cells(clips, Sources())
    assert made == {"a.mp4": [{"mood": "calm"}], "b.mp4": [{"mood": "cross"}]}
    assert f"table: {tmp_path}/labels.csv, whose column clip holds the names of 2 recordings; columns: mood" in notes
    assert "labels.csv does not name 1 recording, such as c.mp4" in notes
    assert f"not read as a table of labels: {tmp_path}/notes.csv" in notes.replace("no column of ", "")
    assert cells(clips, Sources(not_tables=[tmp_path / "labels.csv"]))[0] == {}
    assert cells(clips, Sources("{mood}"))[0]["a.mp4"] == [{"mood": "a"}]  # a pattern needs no table


def test_two_tables_that_name_recordings_are_not_chosen_between(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("clip,mood\na,calm\n")
    clips = found("a.mp4", folder=tmp_path, others=["one.csv", "two.csv"])
    with pytest.raises(UserError, match=r"several tables name recordings \(.*one\.csv, .*two\.csv\): choose one with"):
        known_cells(clips, Sources())
    assert cells(clips, Sources(labels=tmp_path / "two.csv"))[0] == {"a.mp4": [{"mood": "calm"}]}


def test_rows_of_a_table_that_repeat_or_differ_are_said(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("clip,mood\na,calm\na,calm\nb,calm\nb,cross\nlost,calm\n")
    made, notes = cells(found("a.mp4", "b.mp4"), Sources(labels=tmp_path / "x.csv"))
    assert made == {"a.mp4": [{"mood": "calm"}], "b.mp4": [{"mood": ""}]}
    assert "merged 2 rows with another row of the same recording and times" in notes
    assert "rows of one recording differ, so these cells are left empty: b.mp4 mood: calm, cross" in notes
    assert "1 row does not name exactly one recording: line 6 'lost'" in notes


def test_a_table_and_a_pattern_complete_each_other(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("clip,mood\ns1_1,calm\n")
    made, _ = cells(found("s1_1.mp4", "s2_1.mp4"), Sources("{speaker}_{take}", tmp_path / "x.csv"))
    assert made["s1_1.mp4"] == [{"speaker": "s1", "take": "1", "mood": "calm"}]
    assert made["s2_1.mp4"] == [{"speaker": "s2", "take": "1"}]


def test_the_label_is_none_of_the_columns_of_the_manifest() -> None:
    rows = [{"media": "a", "speaker": "s1", "mood": "calm"}, {"media": "b", "speaker": "s1", "mood": "calm"}]
    rows += [{"media": "c", "speaker": "s2", "mood": "cross"}, {"media": "d", "speaker": "s2", "mood": "cross"}]
    assert label_in(rows, "").name == "mood"
    assert label_in(rows, "speaker").name == "speaker"
