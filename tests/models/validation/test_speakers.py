"""Whether a table says who speaks: a group that is only the recording's own name says nothing."""

import numpy as np
import pandas as pd
import pytest

from models.validation.speakers import speakers_note, unknown_speakers

NAMES = {"utterance": list("uvwx"), "recording": ["1", "1", "2", "3"]}


@pytest.mark.parametrize(
    ("columns", "by", "unknown"),
    [
        ({}, "group", [1, 1, 1, 1]),
        ({"group": ["1", "1", "2", "3"]}, "group", [1, 1, 1, 1]),
        ({"group": list("uvwx")}, "group", [1, 1, 1, 1]),
        ({"group": ["1", "1", "2", "3"], "speaker": ["", None, "", np.nan]}, "group", [1, 1, 1, 1]),
        ({"group": ["a", "a", "2", "b"]}, "group", [0, 0, 1, 0]),
        ({"group": ["1", "1", "2", "3"], "speaker": ["ann", "", "ben", "ben"]}, "group", [0, 1, 0, 0]),
        ({"group": ["1", "1", "2", "3"], "session": ["s", "s", "t", ""]}, "session", [0, 0, 0, 1]),
        ({"speaker": list("abcd")}, "speaker", [0, 0, 0, 0]),
        ({"speaker": list("abcd")}, "recording", [0, 0, 0, 0]),
    ],
)
def test_who_speaks_is_known_by_a_speaker_or_a_group_of_ones_own(columns, by, unknown) -> None:
    table = pd.DataFrame(NAMES | columns)
    assert unknown_speakers(table, by).tolist() == [bool(one) for one in unknown]


def test_the_sentence_counts_the_utterances() -> None:
    rest = ": the same person may stand on both sides of a fold"
    assert speakers_note(np.ones(3, bool)) == f"nobody says who speaks{rest}"
    assert speakers_note(np.array([True, False, True])) == f"nobody says who speaks in 2 of 3 utterances{rest}"
    assert speakers_note(np.zeros(3, bool)) == ""
