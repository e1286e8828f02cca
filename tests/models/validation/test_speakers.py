"""Whether speakers are kept apart: a group that is only the recording's own name says nothing about them."""

import numpy as np
import pandas as pd
import pytest

from models.validation.leaks import leak_guard
from models.validation.protocol import Fold
from models.validation.speakers import alike_notices, scattered_speakers, speakers_note, unknown_speakers

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


@pytest.mark.parametrize(
    ("groups", "speakers", "by", "scattered"),
    [
        (["1", "1", "2", "3"], ["ann", "ann", "ann", "ben"], "group", [1, 1, 1, 0]),
        (["1", "1", "2", "3"], ["ann", "ben", "ann", "ben"], "group", [1, 1, 1, 1]),
        (list("uvwx"), ["ann", "ann", "ben", ""], "group", [1, 1, 0, 0]),
        (["s", "s", "t", "t"], ["ann", "ben", "ann", "ben"], "group", [0, 0, 0, 0]),  # the user's own groups
        (["ann", "ann", "2", "3"], ["ann", "ann", "ann", "ben"], "group", [0, 0, 1, 0]),
        (["1", "1", "2", "3"], ["ann", "ann", "ben", "cid"], "group", [0, 0, 0, 0]),
        (["1", "1", "2", "3"], ["ann"] * 4, "group", [0, 0, 0, 0]),  # with one speaker there is nothing to keep apart
        (["1", "1", "2", "3"], ["ann", "ann", "", np.nan], "group", [0, 0, 0, 0]),
        (["1", "1", "2", "3"], ["ann", "ann", "ann", "ben"], "speaker", [0, 0, 0, 0]),
        (["1", "1", "2", "3"], ["ann", "ann", "ann", "ben"], "recording", [0, 0, 0, 0]),
    ],
)
def test_speakers_in_several_groups_that_nobody_chose_are_found(groups, speakers, by, scattered) -> None:
    table = pd.DataFrame(NAMES | {"group": groups, "speaker": speakers})
    assert scattered_speakers(table, by).tolist() == [bool(one) for one in scattered]


def test_the_sentence_counts_the_utterances() -> None:
    rest = ": the same person may be in both training and test"
    none = np.zeros(3, bool)
    assert speakers_note(np.ones(3, bool), none) == f"it is not known who speaks{rest}"
    unknown = "it is not known who speaks in 2 of 3 utterances"
    assert speakers_note(np.array([True, False, True]), none) == f"{unknown}{rest}"
    both = speakers_note(np.array([True, False, True]), np.array([False, True, False]))
    assert both == f"{unknown} and speakers are in several groups (1 of 3 utterances){rest}"
    assert speakers_note(none, none) == ""


def people(*names: str, group: str = "speaker") -> tuple[pd.DataFrame, list[Fold]]:
    table = pd.DataFrame({"utterance": [f"u{i}" for i in range(len(names))], group: names})
    rows = np.arange(len(names))
    return table, [Fold(str(i), np.setdiff1d(rows, [i]), rows[[i]], ()) for i in rows]


def test_spellings_of_one_name_in_training_and_test_are_listed() -> None:
    table, folds = people("Bob_1", "Bob-1", "Mueller", "Müller", "ann", "Ann", "José", "Jose")
    (sentence,) = alike_notices(folds, table, "speaker")
    assert "('Ann', 'ann'; 'Bob-1', 'Bob_1'; 'Jose', 'José'; and 1 more)" in sentence
    assert "the column 'speaker' in training and in test differ only in case, punctuation, accents or zeros" in sentence
    assert sentence in leak_guard(folds, table, by="speaker")


@pytest.mark.parametrize(
    "names",
    [
        *(("s1_11", "s11_1"), ("1.10", "1.1"), ("Ann", "Anna"), ("か", "が"), ("", "-")),
        *(("Joe", "Jo"), ("Sue", "Su"), ("Zoe", "Zo"), ("Joey", "Joy"), ("+1", "-1")),
    ],
)
def test_different_names_are_not_alike(names: tuple[str, ...]) -> None:
    table, folds = people(*names)
    assert not list(alike_notices(folds, table, "speaker"))


def test_names_that_only_name_recordings_or_are_on_one_side_are_not_compared() -> None:
    table, folds = people("clip 1", "clip_1", group="group")
    assert list(alike_notices(folds, table, "group"))
    assert not list(alike_notices(folds, table.assign(recording=table["group"]), "group"))
    one_side = [Fold("x", np.array([0, 1]), np.array([2]), ())]
    assert not list(alike_notices(one_side, people("Ann", "ann", "Ben")[0], "speaker"))
