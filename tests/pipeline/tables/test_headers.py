"""Names of columns: our names in another spelling, and names similar to ours."""

import pytest

from pipeline.errors import UserError
from pipeline.tables.headers import column_names, near_notices, nearly_ours

OURS = ("utterance", "media", "start", "end", "text", "speaker", "group", "split", "sound", "sound_start")


@pytest.mark.parametrize("name", ["start", " start", "start ", "Start", "START", "\ufeffstart", "\u00a0Start\t"])
def test_ours_in_any_spelling(name: str) -> None:
    assert column_names(["media", name], OURS, [], "m.csv") == ["media", "start"]


def test_names_that_settings_ask_for_keep_their_spelling() -> None:
    assert column_names([" Emotion", "Age"], OURS, ["emotion"], "m.csv") == ["emotion", "Age"]
    assert column_names(["Emotion", "emotion"], OURS, ["Emotion"], "m.csv") == ["Emotion", "emotion"]
    assert column_names(["Group", "media"], OURS, ["Group"], "m.csv") == ["Group", "media"]
    assert column_names(["Text", "text"], OURS, [], "m.csv") == ["Text", "text"]
    assert column_names(["gefu\u0308hl"], OURS, ["gef\u00fchl"], "m.csv") == ["gef\u00fchl"]


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="'Start' and 'START', and each could be 'start'"):
        column_names(["Start", "START"], OURS, [], "m.csv")
    with pytest.raises(UserError, match="'start' twice"):
        column_names(["start", " start"], OURS, [], "m.csv")
    assert column_names(["", ""], OURS, [], "m.csv") == ["", ""]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("start_time", "start"), ("StartTime", "start"), ("Start (s)", "start"), ("begin", "start"), ("Begin", "start"),
        ("begin_sec", "start"), ("onset", "start"), ("start-time", "start"), ("start_ms", "start"), ("strat", "start"),
        ("end_time", "end"), ("End Time", "end"), ("stop", "end"), ("offset", "end"), ("xmax", "end"), ("ends", "end"),
        ("file", "media"), ("filename", "media"), ("File Name", "media"), ("video_path", "media"), ("path", "media"),
        ("transcript", "text"), ("Transcription", "text"), ("sentence", "text"),
        ("speaker_id", "speaker"), ("SpeakerID", "speaker"), ("spk", "speaker"), ("speakers", "speaker"),
        ("utt_id", "utterance"), ("id", "utterance"), ("utterance_id", "utterance"),
        ("partition", "split"), ("splits", "split"), ("sound start", "sound_start"), ("group_id", "group"),
    ],
)  # fmt: skip
def test_similar_names_are_found(name: str, meant: str) -> None:
    near = nearly_ours([name, "emotion", "age"], OURS, ["emotion"])
    assert near == {name: meant}
    assert f"did you mean {meant!r}" in near_notices(near)[0]


def test_present_requested_and_different_names_are_not_similar_ones() -> None:
    assert not nearly_ours(["media", "file"], ["media"])
    assert not nearly_ours(["speaker_id"], OURS, ["speaker_id"])
    ordinary = (
        "start_year text_length text_emotion speaker_age speaker_gender start_label topic_start end_date endReason"
    )
    assert not nearly_ours([*ordinary.split(), "n_words", "stop_words", "dataset", "sample_rate", "timestamp"], OURS)
    ordinary = "weekend statement question_id reply_to start_emotion date time fold name item_no video_fps group_size"
    assert not nearly_ours([*ordinary.split(), "t" * 5000, "ts" * 5000, "x" * 5000], OURS)
    assert not nearly_ours(["age", "gender", "actor", "valence", "session", "dialogue", "intensity", "", "s"], OURS)
