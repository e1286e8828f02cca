from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.segments.finding import Request, utterances_in
from pipeline.ingest.timed_text.base import TimedText
from pipeline.streams.container.opening import MediaError
from tests.pipeline.ingest.segments.speaking import recording
from tests.pipeline.ingest.timed_text.test_eaf import EAF
from tests.pipeline.streams.recordings import flashing

CUES = "1\n00:00:00,500 --> 00:00:01,000\nWe went\n\n2\n00:00:01,100 --> 00:00:09,000\nto sea.\n"


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Three seconds with sound and picture, and nothing beside them."""
    path = tmp_path / "talk.mp4"
    flashing(path, 3.0, 1.0, video="libx264", audio="aac")
    return path


def test_where_nothing_lies_beside_it_the_voice_decides(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    places = recording(path)
    found = utterances_in(path, Request())
    assert found.by == "by voice activity"
    assert found.source == ""
    assert len(found.utterances) == len(places)
    for said, (start, end) in zip(found.utterances, places, strict=True):
        assert said.start is not None
        assert said.end is not None
        assert start - 0.15 < said.start < said.end < end + 0.15


def test_a_tone_has_no_utterances(talk: Path) -> None:
    found = utterances_in(talk, Request())
    assert (found.utterances, found.notes) == ((), ("nobody speaks in it",))


def test_subtitles_beside_it_are_used_and_end_with_the_recording(talk: Path) -> None:
    talk.with_suffix(".srt").write_text(CUES)
    found = utterances_in(talk, Request())
    assert (found.by, found.source) == ("by talk.srt", "subtitles")
    assert found.utterances[0] == TimedText("We went", 0.5, 1)
    assert found.utterances[1].end == pytest.approx(3, abs=0.1)
    joined = utterances_in(talk, Request(sentences=True)).utterances
    assert [said.text for said in joined] == ["We went to sea."]
    assert utterances_in(talk, Request(by="voice")).by == "by voice activity"


def test_noises_and_overlaps_are_reported(talk: Path) -> None:
    more = "\n3\n00:00:01,500 --> 00:00:02,000\n[door]\n\n4\n00:00:02,000 --> 00:00:02,500\nYes\n"
    talk.with_suffix(".srt").write_text(CUES + more)
    notes = utterances_in(talk, Request()).notes
    assert (
        notes[0] == "left out, since they have no duration or hold only noises or music: 1 of 4 cues, such as '[door]'"
    )
    assert notes[1].startswith("cues that begin before the preceding one ends, and are kept as they are: 1")


def test_what_subtitles_repeat_is_reported(talk: Path) -> None:
    again = "\n3\n00:00:01,100 --> 00:00:09,000\nto sea.\n\n4\n00:00:02,000 --> 00:00:09,000\nto sea.\nYes\n"
    talk.with_suffix(".srt").write_text(CUES + again)
    found = utterances_in(talk, Request())
    assert [said.text for said in found.utterances] == ["We went", "to sea.", "to sea. Yes"]
    assert found.notes[:2] == (
        "left out, since the file holds them twice: 1 cue, such as 'to sea.'",
        "words kept, although they may be shown again and not said again: at the beginning of 1 cue, such as 'to sea.'",
    )


def test_tiers_of_an_annotation_in_another_folder(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "talk.eaf").write_text(EAF)
    found = utterances_in(talk, Request(source=tmp_path / "notes", tiers=("Ann",)))
    assert found.source == "given"
    words = (("Kids", 1.0, 1.5), ("are", 1.5, 2.0), ("talking", 2.0, 2.5))
    assert found.utterances == (TimedText("Kids are talking & café", 1, 2.5, "Ann", words, "Ann Lee"),)
    both = utterances_in(talk, Request(source=tmp_path / "notes" / "talk.eaf", tiers=("Ann-de", "Ann")))
    assert [said.speaker for said in both.utterances] == ["Ann-de", "Ann Lee"]


@pytest.mark.parametrize(
    ("beside", "request_", "fault"),
    [
        ({}, {"by": "subtitles"}, r"talk\.mp4 has no talk\.json or talk\.vtt or talk\.srt beside it: put the file"),
        ({}, {"by": "tier"}, r"has no talk\.textgrid or talk\.eaf beside it"),
        ({"talk.eaf": EAF}, {}, r"talk\.eaf: several tiers may hold the utterances: name one of Ann-de, Ann, Ann-mor"),
        ({"talk.eaf": EAF}, {"tiers": ("Anna",)}, r"talk\.eaf: no tier with annotations is named 'Anna'; did you mean"),
        ({"talk.srt": ""}, {}, r"talk\.srt has no cue or annotation with words and a duration"),
        (
            {"talk.srt": CUES.replace("00:00:0", "00:01:0")},
            {},
            r"'We went' begins at 60\.50 s, but .*talk\.mp4 ends at 3\.\d\d s: does the file belong",
        ),
        ({"x.docx": ""}, {"source": "x.docx"}, r"x\.docx does not end with \.json or \.vtt or \.srt"),
    ],
)
def test_what_cannot_be_cut_by_is_named(
    talk: Path, beside: dict[str, str], request_: dict[str, object], fault: str
) -> None:
    for name, content in beside.items():
        (talk.parent / name).write_text(content)
    if "source" in request_:
        request_ = {**request_, "by": "subtitles", "source": talk.parent / str(request_["source"])}
    with pytest.raises(UserError, match=fault):
        utterances_in(talk, Request(**request_))  # type: ignore[arg-type]


def test_a_recording_without_sound_is_refused_where_the_voice_decides(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    flashing(path, 2.0, 1.0, video="libx264")
    with pytest.raises(MediaError, match=r"mute\.mp4 has no sound"):
        utterances_in(path, Request())
