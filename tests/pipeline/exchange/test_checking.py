"""Imported bundles follow the rules for names, texts and words."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, entry_of, item_of
from pipeline.exchange.checking import checked, words_cut

PATH = Path("f.csv")

TABLE = pd.DataFrame({"utterance": ["u", "v", "w"], "start": [4.0, np.nan, 1.0], "end": [8.0, 2.0, np.nan]})


def words(*rows: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame([(u, "hm", s, e) for u, s, e in rows], columns=["utterance", "word", "start", "end"])


def test_words_far_beyond_the_utterance_are_cut_off_and_counted():
    found, reported = words_cut(words(("u", 7.9, 30), ("u", 0, 5), ("v", 1, 9), ("u", 7.5, 8.9), ("w", 2, 99)), TABLE)
    assert found["start"].tolist() == [7.9, 4, 1, 7.5, 2]
    assert found["end"].tolist() == [8, 5, 2, 8.9, 99]
    assert reported == ["shortened 3 words that reached far beyond the utterance (such as 'hm' of 'u')"]


def test_words_elsewhere_or_without_times_stay():
    given = words(("u", 20, 30), ("u", np.nan, np.nan), ("u", 5, 6))
    found, reported = words_cut(given, TABLE)
    assert found is given
    assert not reported
    assert words_cut(given, TABLE[["utterance"]])[0] is given


def bundle(ids: list[str], **columns: list[object]) -> Bundle:
    items = [item_of(name, entry_of(np.ones((1, 1)))[0]) for name in ids]
    store = FeatureSet("voice", "audio", ("x",), ("x_mean", "x_std"), items)
    return Bundle(pd.DataFrame({"utterance": ids} | columns), features=(store,))


def test_names_lose_the_spaces_around_them_everywhere() -> None:
    made = bundle(["a ", "\ufeffb"], speaker=[" s", "t\u00a0"], note=[" kept ", ""])
    found = checked(replace(made, words=pd.DataFrame({"utterance": ["a "], "word": ["hm"]})), PATH)
    assert found.utterances["utterance"].tolist() == ["a", "b"]
    assert found.utterances["speaker"].tolist() == ["s", "t"]
    assert found.utterances["note"].tolist() == [" kept ", ""]
    assert [item.utterance for item in found.features[0].items] == ["a", "b"]
    assert found.words["utterance"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (bundle([]), "f.csv holds no utterances"),
        (bundle(["a", ""]), "f.csv has an utterance with an empty id"),
        (bundle(["a", "a"]), "has the id 'a' more than once: each"),
        (bundle(["a", "a "]), "has the id 'a' more than once, apart from spaces around it"),
        (bundle(["a\x1b"]), "the id 'a\\\\x1b' holds the control character"),
        (bundle(["a"], group=["g\0"]), "the group of 'a' holds a NUL character"),
        (bundle(["a"], **{"x\0": [1]}), "the column name 'x\\\\x00' holds a NUL character"),
    ],
)
def test_text_that_no_table_can_hold_is_refused(made: Bundle, message: str) -> None:
    with pytest.raises(UserError, match=message):
        checked(made, PATH)


def test_features_of_unknown_utterances_and_words_with_nul_are_refused() -> None:
    made = bundle(["a", "b"])
    with pytest.raises(UserError, match=r"the features voice hold 1 id \(such as 'b'\) that no utterance has"):
        checked(replace(made, utterances=made.utterances.head(1)), PATH)
    words = pd.DataFrame({"utterance": ["a"], "word": ["h\0m"]})
    with pytest.raises(UserError, match="a word of 'a' holds a NUL character"):
        checked(replace(made, words=words), PATH)
