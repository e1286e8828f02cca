"""Which transcript belongs to which recording, and what it says."""

from pathlib import Path, PurePosixPath

import pytest

from pipeline.ingest.folder.transcripts import Transcript, transcript_of, transcripts_of
from pipeline.ingest.timed_text.base import TimedText
from tests.pipeline.ingest.folder.made import recording

SRT = "1\n00:00:00,500 --> 00:00:01,000\nbin blue\n\n2\n00:00:01,000 --> 00:00:02,000\nat f two\n"
GRID = """File type = "ooTextFile"
Object class = "TextGrid"
0 3 <exists> 2
"IntervalTier" "words" 0 3 3
0 0.5 "" 0.5 1 "bin" 1 1.5 "blue"
"IntervalTier" "phones" 0 3 2
0 0.5 "b" 0.5 1 "ih"
"""


def read(folder: Path, places: list[str], files: dict[str, str]) -> tuple[dict[str, Transcript], list[str]]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    made, notes = transcripts_of(
        [recording(place) for place in places], {PurePosixPath(name): folder / name for name in files}
    )
    return {str(place): transcript for place, transcript in made.items()}, notes


@pytest.mark.parametrize("name", ["a.srt", "s1/a.srt", "subs/a.srt", "x/y/s1/A.SRT", "s1/a.mp4.srt", "s1/a.en.srt"])
def test_a_transcript_is_found_beside_its_recording_or_in_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    found, _ = read(tmp_path, ["s1/a.mp4", "s1/b.mp4"], {name: SRT})
    assert {place: transcript.text for place, transcript in found.items()} == {"s1/a.mp4": "bin blue at f two"}
    assert found["s1/a.mp4"].source == "subtitles"


@pytest.mark.parametrize("name", ["s2/a.srt", "c.srt", "notes.txt"])
def test_another_name_or_one_beside_other_recordings_belongs_to_nobody(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, ["s1/a.mp4", "s2/b.mp4"], {name: SRT})[0] == {}


def test_one_name_in_two_folders_is_told_apart_by_the_folder(tmp_path: Path) -> None:
    found, _ = read(tmp_path, ["s1/a.mp4", "s2/a.mp4"], {"subs/s1/a.txt": "one", "subs/s2/a.txt": "two"})
    assert {place: transcript.text for place, transcript in found.items()} == {"s1/a.mp4": "one", "s2/a.mp4": "two"}


def test_the_richest_format_that_holds_text_is_read(tmp_path: Path) -> None:
    files = {
        "a.txt": "bin blue now",
        "a.TextGrid": GRID,
        "b.txt": "set",
        "b.TextGrid": GRID.replace("bin", "").replace("blue", ""),
    }
    found, notes = read(tmp_path, ["a.mp4", "b.mp4"], files)
    assert found["a.mp4"].words == (("bin", 0.5, 1.0), ("blue", 1.0, 1.5))
    assert (found["a.mp4"].text, found["a.mp4"].source) == ("bin blue", "given")
    assert (found["b.mp4"].text, found["b.mp4"].words) == ("set", ())
    assert "2 recordings have several transcripts, such as a.mp4: a.TextGrid, a.txt" in notes[0]


def test_a_transcript_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    found, notes = read(tmp_path, ["a.mp4"], {"a.json": "{"})
    assert found == {}
    assert notes[0].startswith(f"left out: {tmp_path / 'a.json'}")


def test_what_a_machine_recognised_is_marked(tmp_path: Path) -> None:
    words = '[{"word": "bin", "start": 0.1, "end": 0.5}]'
    whisper = f'{{"text": "bin", "segments": [{{"start": 0, "end": 1, "text": "bin", "words": {words}}}]}}'
    found, _ = read(tmp_path, ["a.mp4"], {"a.json": whisper})
    assert (found["a.mp4"].source, found["a.mp4"].words) == ("recognised", (("bin", 0.1, 0.5),))


def test_tiers_of_two_people_are_not_chosen_between(tmp_path: Path) -> None:
    grid = GRID.replace('"words"', '"Ann"').replace('"phones"', '"Ben"').replace('"bin"', '"bin blue"')
    found, notes = read(tmp_path, ["a.mp4"], {"a.TextGrid": grid})
    assert found == {}
    assert notes == [
        f"left out: {tmp_path / 'a.TextGrid'}: several tiers may hold the utterances: name one of Ann, Ben with --tier "
        "of `crossmodal segment`"
    ]


def tier(name: str, *texts: str) -> list[TimedText]:
    return [TimedText(text, float(i), i + 1.0, name) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("tiers", "text", "words"),
    [
        ([*tier("words", "bin", "blue"), *tier("phones", "b", "ih")], "bin blue", ["bin", "blue"]),
        ([*tier("Anna - words", "bin"), *tier("Anna - phones", "b", "ih")], "bin", ["bin"]),
        ([*tier("ORT-MAU", "bin", "blue"), *tier("MAU", "b", "ih")], "bin blue", ["bin", "blue"]),
        ([*tier("gestures", "nods his head"), *tier("utterance", "bin blue now")], "bin blue now", []),
        ([TimedText("Bin blue.", 0.0, 2.0, "utterance"), *tier("words", "bin", "blue")], "Bin blue.", ["bin", "blue"]),
        ([*tier("utterance", "yes", "no")], "yes no", []),
        (tier("Anna", "bin", "blue"), "bin blue", ["bin", "blue"]),
        ([*tier("silences", "sounding", "silent"), *tier("text", "bin blue")], "bin blue", []),
    ],
)
def test_tiers_are_chosen_by_their_names(tiers: list[TimedText], text: str, words: list[str]) -> None:
    found = transcript_of(Path("a.TextGrid"), tiers)
    assert found.text == text
    assert [word for word, _, _ in found.words] == words


def test_a_span_gets_the_cues_and_words_whose_middle_lies_in_it() -> None:
    cues = [
        TimedText("bin", 0.0, 1.0, words=(("bin", 0.2, 0.8),)),
        TimedText("blue", 1.0, 2.2, words=(("blue", 1.1, 2.0),)),
    ]
    whole = transcript_of(Path("a.vtt"), cues)
    part = whole.within(0.9, 2.0)
    assert (part.text, part.words) == ("blue", (("blue", 1.1, 2.0),))
    assert transcript_of(Path("a.txt"), [TimedText("bin blue")]).within(0.9, 2.0).text == "bin blue"


def test_a_file_that_names_one_speaker_says_who_speaks() -> None:
    assert (
        transcript_of(Path("a.vtt"), [TimedText("bin", speaker="Anna"), TimedText("x", speaker="Anna")]).speaker
        == "Anna"
    )
    assert transcript_of(Path("a.vtt"), [TimedText("bin", speaker="Anna"), TimedText("x", speaker="Ben")]).speaker == ""
    unnamed = [TimedText("bin", speaker="Anna"), TimedText("blue")]  # a voice is often named where it begins only
    assert transcript_of(Path("a.vtt"), unnamed).speaker == "Anna"


def test_a_span_of_a_file_with_several_voices_has_the_speaker_of_its_cues() -> None:
    cues = [TimedText("bin", 0, 1, speaker="Anna"), TimedText("blue", 1, 2, speaker="Ben")]
    whole = transcript_of(Path("a.vtt"), cues)
    assert [whole.within(*span).speaker for span in ((0, 1), (1, 2), (0, 2))] == ["Anna", "Ben", ""]


def test_cues_of_only_noises_are_left_out_and_counted(tmp_path: Path) -> None:
    srt = SRT + "\n3\n00:00:02,000 --> 00:00:03,000\n[Music] ♪\n"
    noise = "1\n00:00:00,000 --> 00:00:03,000\n[Music]\n"
    found, notes = read(tmp_path, ["a.mp4", "b.mp4", "c.mp4"], {"a.srt": srt, "b.srt": SRT, "c.srt": noise})
    assert {place: one.text for place, one in found.items()} == dict.fromkeys(["a.mp4", "b.mp4"], "bin blue at f two")
    assert any("c.srt holds no words, only noises or music such as '[Music]'" in note for note in notes)
    assert f"left out: 1 cue of only noises or music, such as '[Music] ♪' in {tmp_path / 'a.srt'}" in notes


def test_the_longest_cue_that_is_taken_for_noise_is_quoted(tmp_path: Path) -> None:
    """It may be a remark in brackets, such as a translation."""
    srt = "\n3\n00:00:02,000 --> 00:00:03,000\n[Music]\n\n4\n00:00:03,000 --> 00:00:04,000\n(Ich liebe dich)\n"
    _, notes = read(tmp_path, ["a.mp4"], {"a.srt": SRT + srt})
    assert notes == [f"left out: 2 cues of only noises or music, such as '(Ich liebe dich)' in {tmp_path / 'a.srt'}"]


def test_words_of_a_tier_of_words_are_never_noises() -> None:
    words = ["so", "[laughter-yes]", "(uh)", "well"]
    found = transcript_of(Path("a.TextGrid"), tier("words", *words))
    assert (found.text, [word for word, _, _ in found.words]) == (" ".join(words), words)
    cues = transcript_of(
        Path("a.TextGrid"), [*tier("utterance", "yes", "[cough]"), *tier("words", "yes", "[cough]")[:1]]
    )
    assert (cues.text, cues.noises) == ("yes", ("[cough]",))


def test_what_several_transcripts_repeat_is_one_note_a_kind(tmp_path: Path) -> None:
    found, notes = read(tmp_path, ["a.mp4", "b.mp4"], {"a.srt": SRT + "\n" + SRT, "b.srt": SRT + "\n" + SRT})
    assert {one.text for one in found.values()} == {"bin blue at f two"}
    assert notes == [f"left out, since the file holds them twice: 4 cues, such as 'bin blue' in {tmp_path / 'a.srt'}"]
