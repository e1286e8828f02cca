"""Rows of a manifest."""

from pathlib import Path, PurePosixPath

from pipeline.ingest.folder.rows import draft, merged_rows, relative, utterance_names
from pipeline.ingest.folder.transcripts import Transcript
from pipeline.ingest.timed_text.base import TimedText
from tests.pipeline.ingest.folder.made import found, recording

A = PurePosixPath("a.mp4")


def test_each_recording_gets_a_row_with_a_path_from_the_project(tmp_path: Path) -> None:
    made = draft(found("a.mp4", "s1/b.mp4", folder=Path("clips")), {A: [{"mood": "calm"}]}, {}, Path())
    assert made.rows == (
        {"mood": "calm", "utterance": "a", "media": "clips/a.mp4"},
        {"utterance": "s1_b", "media": "clips/s1/b.mp4"},
    )
    assert made.columns == ("media", "utterance", "mood")


def test_a_path_outside_the_project_is_absolute(tmp_path: Path) -> None:
    assert relative(tmp_path / "x" / "a.mp4", tmp_path) == "x/a.mp4"
    assert relative(tmp_path / "x" / "a.mp4", tmp_path / "y") == f"{tmp_path}/x/a.mp4"


def test_names_are_unique_and_can_be_written() -> None:
    places = [PurePosixPath(name) for name in ("a.mp4", "a.wav", "s1/b.mp4", "s2/b.mp4", "new\nline.mp4")]
    assert utterance_names(places) == ["a.mp4", "a.wav", "s1_b", "s2_b", "new_line"]


def test_several_rows_of_a_recording_are_numbered_and_get_their_part_of_the_words() -> None:
    cues = (TimedText("bin", 0.0, 1.0), TimedText("blue", 1.0, 2.0))
    transcript = Transcript(Path("a.srt"), "bin blue", "subtitles", cues, (("bin", 0.2, 0.8), ("blue", 1.2, 1.8)))
    spans = [{"start": "0", "end": "1"}, {"start": "1"}]
    made = draft(found("a.mp4"), {A: spans}, {A: transcript}, Path())
    assert [(row["utterance"], row["text"], row["text_source"]) for row in made.rows] == [
        ("a_1", "bin", "subtitles"),
        ("a_2", "blue", "subtitles"),
    ]
    assert made.words == {"a_1": (("bin", 0.2, 0.8),), "a_2": (("blue", 1.2, 1.8),)}
    assert made.rows[0]["words_source"] == "subtitles"


def test_a_text_of_the_table_takes_precedence() -> None:
    made = draft(found("a.mp4"), {A: [{"text": "mine"}]}, {A: Transcript(Path("a.txt"), "other", "subtitles")}, Path())
    assert (made.rows[0]["text"], made.rows[0]["text_source"]) == ("mine", "given")


def test_words_after_the_end_of_the_recording_are_left_out_and_said() -> None:
    transcript = Transcript(Path("a.srt"), "bin", "subtitles", (), (("bin", 7.0, 8.0),))
    made = draft(found("a.mp4"), {}, {A: transcript}, Path())
    assert made.words == {}
    assert made.rows[0]["text"] == "bin"
    assert "words after the end of the recording, such as that of a.mp4" in made.notes[0]
    timed = Transcript(Path("a.srt"), "bin", "subtitles", (TimedText("bin", 7.0, 8.0),), (("bin", 7.0, 8.0),))
    several = draft(found("a.mp4"), {A: [{"start": "0"}, {"start": "1"}]}, {A: timed}, Path())
    assert several.notes == made.notes


def test_subtitles_after_the_end_of_the_recording_are_said() -> None:
    cues = (TimedText("bin", 0.0, 1.0), TimedText("blue", 40.0, 41.0))
    made = draft(found("a.mp4", "b.mp4"), {}, {A: Transcript(Path("a.srt"), "bin blue", "subtitles", cues)}, Path())
    (note,) = made.notes
    assert "1 transcript with text that begins after the end of the recording, such as that of a.mp4" in note
    rows: list[dict[str, str]] = [{"start": "0"}, {"start": "1"}, {"start": "2", "text": "mine"}]
    several = draft(found("a.mp4"), {A: rows}, {A: Transcript(Path("a.srt"), "bin blue", "subtitles", cues)}, Path())
    assert several.notes == (note,)
    timely = Transcript(Path("a.srt"), "bin", "subtitles", cues[:1])
    assert not draft(found("a.mp4"), {}, {A: timely}, Path()).notes


def test_the_sound_in_another_file_has_a_column() -> None:
    pair = recording("a.mp4")
    made = draft(found("a.mp4"), {}, {}, Path())
    assert "sound" not in made.columns
    joined = found("a.mp4")
    object.__setattr__(joined, "recordings", (type(pair)(pair.path, pair.place, pair.info, PurePosixPath("a.wav")),))
    assert draft(joined, {}, {}, Path()).rows[0]["sound"] == "clips/a.wav"


def test_rows_of_one_recording_are_read_once_and_lose_cells_that_differ() -> None:
    notes: list[str] = []
    calm, cross = {"mood": "calm"}, {"mood": "cross"}
    assert merged_rows([calm, calm], "a", notes) == [calm]
    assert merged_rows([calm, {"mood": ""}], "a", notes) == [calm]
    assert notes == []
    assert merged_rows([calm, cross], "a", notes) == [{"mood": ""}]
    assert notes == ["a mood: calm, cross"]
    spans = [{"mood": "calm", "start": "0"}, {"mood": "cross", "start": "1"}]
    assert merged_rows(spans, "a", notes) == spans
