from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.segments.finding import Found
from pipeline.ingest.segments.rows import Written, write_segments
from pipeline.ingest.timed_text.base import TimedText

SAID = (
    TimedText("We went", 0.5, 1, words=(("We", 0.5, 0.7), ("went", 0.7, 1))),
    TimedText("- To sea!", 1.25, 3.1234),
)
FOUND = Found(SAID, "subtitles", "by talk.srt")
VOICE = Found((TimedText("", 0.5, 1), TimedText("", 1.25, 3)), "", "by voice activity")
NAMES = ["talk_0000500-0001000", "talk_0001250-0003123"]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"not read here")
    return path


def test_a_new_manifest_and_its_words(talk: Path) -> None:
    manifest = talk.parent / "manifest.csv"
    assert write_segments([(talk, FOUND)], manifest) == [Written(2, instead=False)]
    lines = manifest.read_text().splitlines()
    assert lines[0] == "utterance,media,start,end,text,text_source,words_source,crossmodal_marks"
    assert lines[1] == f"{NAMES[0]},talk.mp4,0.500,1.000,We went,subtitles,subtitles,"
    assert lines[2].startswith(f"{NAMES[1]},talk.mp4,1.250,3.123,'- To sea!,subtitles,,")
    assert (talk.parent / "words.csv").read_text().splitlines() == [
        "utterance,word,start,end",
        f"{NAMES[0]},We,0.500,0.700",
        f"{NAMES[0]},went,0.700,1.000",
    ]


def test_by_voice_there_are_spans_alone(talk: Path) -> None:
    manifest = talk.parent / "manifest.csv"
    write_segments([(talk, VOICE)], manifest)
    assert manifest.read_text().splitlines()[:2] == ["utterance,media,start,end", f"{NAMES[0]},talk.mp4,0.500,1.000"]
    assert not (talk.parent / "words.csv").exists()


def test_the_same_again_changes_nothing(talk: Path) -> None:
    manifest = talk.parent / "manifest.csv"
    write_segments([(talk, FOUND)], manifest)
    edited = manifest.read_text().replace("We went", "We all went")
    manifest.write_text(edited)
    assert write_segments([(talk, FOUND)], manifest) == [Written(0, instead=False)]
    assert manifest.read_text() == edited


def test_a_row_of_the_whole_recording_is_replaced_by_utterances_that_take_over_its_cells(talk: Path) -> None:
    manifest = talk.parent / "manifest.csv"
    manifest.write_text("media,mood,speaker\nother.mp4,sad,Bob\n./talk.mp4,glad,Ann\nlast.mp4,sad,Cid\n")
    assert write_segments([(talk, VOICE)], manifest) == [Written(2, instead=True)]
    assert manifest.read_text().splitlines() == [
        "media,mood,speaker,utterance,start,end",
        "other.mp4,sad,Bob,,,",
        f"./talk.mp4,glad,Ann,{NAMES[0]},0.500,1.000",
        "./talk.mp4,glad,Ann,talk_0001250-0003000,1.250,3.000",
        "last.mp4,sad,Cid,,,",
    ]


def test_the_words_of_the_replaced_row_go_with_it_and_a_separate_voice_is_followed(talk: Path) -> None:
    manifest = talk.parent / "manifest.csv"
    manifest.write_text("utterance,media,sound,sound_start\ntalk,talk.mp4,voice.wav,2\n")
    (talk.parent / "words.csv").write_text("utterance,word,start,end\ntalk,We,0.5,0.7\nother,no,1,2\n")
    write_segments([(talk, FOUND)], manifest)
    assert [line.split(",")[3] for line in manifest.read_text().splitlines()] == ["sound_start", "2.500", "3.250"]
    assert [line.split(",")[0] for line in (talk.parent / "words.csv").read_text().splitlines()[1:]] == [
        "other",
        NAMES[0],
        NAMES[0],
    ]


@pytest.mark.parametrize(
    ("rows", "found", "fault"),
    [
        ("media,start,end\ntalk.mp4,0,1\n", FOUND, r"manifest\.csv already has 1 row of .*talk\.mp4: remove them"),
        ("media,start\ntalk.mp4,\ntalk.mp4,\n", FOUND, r"already has 2 rows of .*talk\.mp4"),
        ("media,text\ntalk.mp4,all of it\n", VOICE, r"has text without times, which voice activity cannot divide"),
    ],
)
def test_rows_of_a_person_are_never_changed(talk: Path, rows: str, found: Found, fault: str) -> None:
    manifest = talk.parent / "manifest.csv"
    manifest.write_text(rows)
    with pytest.raises(UserError, match=fault):
        write_segments([(talk, found)], manifest)
    assert manifest.read_text() == rows
    assert not (talk.parent / "words.csv").exists()


def test_names_are_unique_over_folders_and_over_two_who_speak_at_once(talk: Path) -> None:
    other = talk.parent / "b" / "talk.mp4"
    other.parent.mkdir()
    other.write_bytes(b"another")
    at_once = Found((*SAID, TimedText("no", 0.5, 1, speaker="Bob")), "subtitles", "by talk.vtt")
    manifest = talk.parent / "manifest.csv"
    write_segments([(talk, at_once), (other, FOUND)], manifest)
    names = [line.split(",")[0] for line in manifest.read_text().splitlines()[1:]]
    assert names == [*NAMES, f"{NAMES[0]}_2", f"b_{NAMES[0]}", f"b_{NAMES[1]}"]
