"""Notices on utterances without timed words, for models that were fitted on timed ones."""

import pandas as pd
import pytest

from pipeline.settings.blocks import SequenceParams, TrainParams
from pipeline.training.word_times import notices_of_untimed

WORDS = TrainParams(sequences=SequenceParams("word"))
OVER_TIME = {"strategy": "transformer", "classifier": "", "features": {}, "timed_words": 9}
RATE = {
    "strategy": "concat",
    "classifier": "svm",
    "features": {"audio": [{"columns": ["prosody.rate_from_words"]}]},
    "timed_words": 9,
}


def clips(*rows):
    return pd.DataFrame(rows, columns=["words", "timed", "sound"])


def test_nothing_is_remarked_on_where_words_are_timed_or_steps_are_windows():
    assert notices_of_untimed(OVER_TIME, WORDS, clips((True, True, True)), "m") == []
    assert notices_of_untimed(OVER_TIME, TrainParams(), clips((True, False, True)), "m") == []
    assert notices_of_untimed(RATE | {"timed_words": 0}, TrainParams(), clips((True, False, True)), "m") == []


@pytest.mark.parametrize(
    ("row", "cause"),
    [((True, False, False), "the words of the recording have no times"), ((False, False, False), "no words of the")],
)
def test_a_lone_recording_without_timed_words_is_one_step(row, cause):
    (notice,) = notices_of_untimed(OVER_TIME, WORDS, clips(row), "m")
    assert notice.startswith("the model in m was fitted on timed words, but ")
    assert cause in notice
    assert "the whole utterance is one step" in notice


def test_the_rate_of_speech_is_estimated_only_where_there_is_sound():
    some = clips((True, False, True), (True, False, False), (True, True, True), (False, False, True))
    notices = notices_of_untimed(RATE, TrainParams(), some, "m")
    assert len(notices) == 2
    assert "1 of 4 clips have none: the rate of speech is estimated from the sound" in notices[0]
    assert "1 of 4 clips have no words" in notices[1]
