"""A manifest that is there: what is new is added, and what a person wrote stays."""

from pathlib import Path

from pipeline.ingest.existing import Tables, add, add_groups, save, tables_of
from pipeline.ingest.folder.rows import Cells, Draft, columns_of


def draft(*rows: Cells, words: dict[str, tuple[tuple[str, float, float], ...]] | None = None) -> Draft:
    made = tuple({"utterance": Path(row["media"]).stem, **row} for row in rows)
    return Draft(columns_of(made), made, words or {})


def added(root: Path, new: Draft, *, anew: bool = False) -> Tables:
    tables = tables_of(root, anew=anew)
    add(tables, new, root)
    return tables


def test_a_new_manifest_has_our_columns_first(tmp_path: Path) -> None:
    words = {"a": (("bin", 0.5, 1.25),)}
    tables = added(tmp_path, draft({"mood": "calm", "media": "a.mp4"}, {"media": "b.mp4"}, words=words))
    assert tables.rows() == [
        {"media": "a.mp4", "utterance": "a", "mood": "calm"},
        {"media": "b.mp4", "utterance": "b", "mood": ""},
    ]
    assert not list(tmp_path.iterdir())  # nothing is written before it is saved
    assert save(tables) == [tmp_path / "manifest.csv", tmp_path / "words.csv"]
    assert (tmp_path / "manifest.csv").read_text() == "media,utterance,mood\na.mp4,a,calm\nb.mp4,b,\n"
    assert (tmp_path / "words.csv").read_text() == "utterance,word,start,end\na,bin,0.500,1.250\n"


def test_the_same_again_writes_nothing(tmp_path: Path) -> None:
    new = draft({"media": "a.mp4", "text": "bin", "text_source": "given"}, words={"a": (("bin", 0.0, 1.0),)})
    save(added(tmp_path, new))
    again = added(tmp_path, new)
    assert save(again) == []
    assert again.notes[0] == "manifest.csv: no new recording"


def test_new_recordings_are_added_and_edited_cells_stay(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("Mood;media;comment\ncross;a.mp4;mine\n;b.mp4;\n", encoding="utf-8-sig")
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    new = draft(*({"media": f"{name}.mp4", "Mood": "calm"} for name in "abc"))
    tables = added(tmp_path, new)
    save(tables)
    text = (tmp_path / "manifest.csv").read_bytes().decode("utf-8-sig")
    assert text == "Mood;media;comment;utterance\ncross;a.mp4;mine;\ncalm;b.mp4;;\ncalm;c.mp4;;c\n"
    assert tables.notes == [
        "manifest.csv: 1 new recording",
        "manifest.csv: 1 empty cell filled",
        "manifest.csv: kept 1 cell that differs from what the folder gives now; --force overwrites the manifest",
    ]


def test_it_is_written_anew_when_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media,mood\na.mp4,cross\ngone.mp4,cross\n")
    save(added(tmp_path, draft({"media": "a.mp4", "mood": "calm"}), anew=True))
    assert (tmp_path / "manifest.csv").read_text() == "media,utterance,mood\na.mp4,a,calm\n"


def test_one_recording_is_known_however_its_path_is_written(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(f"media,start,end\n{tmp_path}/a.mp4,0,1\n./a.mp4,1,2\n")
    (tmp_path / "a.mp4").touch()
    tables = added(tmp_path, draft({"media": "a.mp4", "text": "all of it"}))
    assert save(tables) == []  # its rows are parts of it, and get nothing of the whole


def test_a_text_brings_its_source_and_an_edited_text_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media,utterance,text\na.mp4,a,mine\nb.mp4,b,\n")
    new = draft(*({"media": f"{name}.mp4", "text": "made", "text_source": "subtitles"} for name in "ab"))
    rows = added(tmp_path, new).rows()
    assert [(row["text"], row["text_source"]) for row in rows] == [("mine", ""), ("made", "subtitles")]


def test_a_name_that_is_taken_gets_a_number_with_its_words(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media,utterance\nx/a.mp4,a\n")
    tables = added(tmp_path, draft({"media": "a.mp4"}, words={"a": (("bin", 0.0, 1.0),)}))
    save(tables)
    assert [row["utterance"] for row in tables.rows()] == ["a", "a_2"]
    assert "a_2,bin" in (tmp_path / "words.csv").read_text()


def test_a_row_without_a_name_gets_one_for_its_words(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media\na.mp4\nb.mp4\n")
    words = {"a": (("made", 0.0, 1.0),)}
    tables = added(tmp_path, draft({"media": "a.mp4"}, {"media": "b.mp4"}, words=words))
    save(tables)
    assert [row["utterance"] for row in tables.rows()] == ["a", ""]
    assert "a,made" in (tmp_path / "words.csv").read_text()


def test_words_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media,utterance\na.mp4,a\nb.mp4,b\n")
    (tmp_path / "words.csv").write_text("utterance,word,start,end\na,mine,0,1\n")
    words = {"a": (("made", 0.0, 1.0),), "b": (("made", 0.0, 1.0),)}
    save(added(tmp_path, draft({"media": "a.mp4"}, {"media": "b.mp4"}, words=words)))
    lines = (tmp_path / "words.csv").read_text().splitlines()
    assert lines == ["utterance,word,start,end", "a,mine,0,1", "b,made,0.000,1.000"]


def test_recordings_that_are_gone_are_said(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media\ngone.mp4\n")
    assert f"1 recording no longer exists, such as {tmp_path}/gone.mp4" in added(tmp_path, draft()).notes[-1]


def test_odd_cells_are_read_back_as_they_are(tmp_path: Path) -> None:
    odd = ["-a.mp4", 'it\'s "quoted", or not.mp4', "new\nline.mp4", "#x.mp4", "=1+1.mp4", "ünïcode 漢字.mp4"]
    new = draft(*({"media": name, "text": f"- {name}"} for name in odd))
    save(added(tmp_path, new))
    assert [row["media"] for row in tables_of(tmp_path, anew=False).rows()] == odd
    assert save(added(tmp_path, new)) == []


def test_the_speaker_is_the_group_where_some_rows_have_none(tmp_path: Path) -> None:
    tables = added(tmp_path, draft({"media": "a.mp4", "speaker": "s1"}, {"media": "b.mp4"}))
    add_groups(tables)
    assert [row["group"] for row in tables.rows()] == ["s1", ""]
    for rows in (
        [{"media": "a.mp4", "speaker": "s1"}, {"media": "b.mp4", "speaker": "s2"}],
        [{"media": "a.mp4"}],
        [{"media": "a.mp4", "speaker": "s1"}, {"media": "b.mp4", "group": "g"}],
    ):
        tables = added(tmp_path, draft(*rows))
        before = tables.rows()
        add_groups(tables)
        assert tables.rows() == before
