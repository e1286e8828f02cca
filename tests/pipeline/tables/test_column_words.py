"""Which column a name stands for: names that other tools write, and names of other things."""

import pytest

from pipeline.tables.column_words import stands_for

NAMES = {
    "start": ("begin", "start_time", "StartTime (ms)", "t0", "tstart", "xmin", "onset_s", "utt_start_ms", "from"),
    "end": ("stop", "end time", "EndTime", "t_1", "offset", "segment_end_sec", "xmax", "until"),
    "media": ("file", "filename", "video_path", "audio file", "wav", "clip_url", "full_path"),
    "text": ("transcript", "raw_text", "sentence", "utterance_text", "ASR transcript", "captions"),
    "speaker": ("speaker_id", "spk", "SpeakerName", "subject", "participant_no", "talker"),
    "group": ("group_id", "grp"),
    "utterance": ("utt_id", "segment id", "clip_name", "id", "sample_no"),
    "split": ("partition", "subset", "data_split", "set", "set_name"),
    "sound": ("audio_file", "voice_path"),
    "sound_start": ("audio_start", "wav_offset_s"),
}


@pytest.mark.parametrize(("column", "name"), [(column, name) for column, names in NAMES.items() for name in names])
def test_names_that_stand_for_a_column(column: str, name: str) -> None:
    assert stands_for(name, column)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("start", "start_year"),
        ("start", "starting_salary"),
        ("end", "endorsement"),
        ("text", "text_length"),
        ("speaker", "speaker_age"),
        ("speaker", "loudspeaker"),
        ("split", "banana_split"),
        ("group", "age_group"),
        ("sound", "sound"),  # our own name, in which no word for a file follows
        ("media", ""),
        ("unknown", "start"),
    ],
)
def test_names_of_other_things(column: str, name: str) -> None:
    assert not stands_for(name, column)


def test_a_very_long_word_is_split_quickly() -> None:
    assert not stands_for("start" * 2000, "start")
