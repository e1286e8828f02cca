"""Words of other people's files that reach far beyond their utterances are cut off there, and counted."""

import numpy as np
import pandas as pd

from pipeline.exchange.checking import words_cut as within

TABLE = pd.DataFrame({"utterance": ["u", "v", "w"], "start": [4.0, np.nan, 1.0], "end": [8.0, 2.0, np.nan]})


def words(*rows: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame([(u, "hm", s, e) for u, s, e in rows], columns=["utterance", "word", "start", "end"])


def test_what_reaches_far_beyond_is_cut_off_and_counted():
    found, said = within(words(("u", 7.9, 30), ("u", 0, 5), ("v", 1, 9), ("u", 7.5, 8.9), ("w", 2, 99)), TABLE)
    assert found["start"].tolist() == [7.9, 4, 1, 7.5, 2]
    assert found["end"].tolist() == [8, 5, 2, 8.9, 99]
    assert said == ["3 words reach far beyond their utterances (such as 'hm' of 'u'): they are cut off there"]


def test_what_lies_elsewhere_or_has_no_times_stays():
    given = words(("u", 20, 30), ("u", np.nan, np.nan), ("u", 5, 6))
    found, said = within(given, TABLE)
    assert found is given
    assert not said
    assert within(given, TABLE[["utterance"]])[0] is given
