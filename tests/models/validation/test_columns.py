"""Columns of an utterance table as numbers: equal cells are equal, empty ones match nothing."""

import numpy as np
import pandas as pd

from models.validation.columns import (
    Column,
    Contents,
    cut_out,
    files_of,
    of_several_lengths,
    repeated,
    segments_of,
    text_of,
    words_of,
)
from models.validation.protocol import Fold


def texts(*values):
    return np.array(values, object)


def fold(train, test):
    return Fold("test", np.array(train, np.intp), np.array(test, np.intp), ())


def test_equal_texts_have_equal_numbers_and_empty_ones_match_nothing():
    column = Column(texts("b", "", "a", "b", ""))
    assert column.codes[0] == column.codes[3] != column.codes[2]
    assert column.codes[[1, 4]].tolist() == [-1, -1]
    assert column.shared(fold([0, 1], [2, 3, 4])).tolist() == [column.codes[0]]
    assert column.shared(fold([1], [4])).tolist() == []


def test_rows_can_be_emptied():
    column = Column(texts("a", "a", "b"))
    assert column.without(np.array([True, False, False])).codes.tolist()[0] == -1
    assert column.without(np.zeros(3, bool)) is column


def test_pairs_of_two_columns_are_equal_only_if_both_are():
    pairs = Column(texts("a", "a", "b", "a", "")).paired_with(Column(texts("x", "y", "x", "x", "x")))
    assert pairs.codes[0] == pairs.codes[3]
    assert len({*pairs.codes[:3]}) == 3
    assert pairs.codes[4] == -1


def test_tested_rows_that_repeat_a_training_value_are_found_in_every_fold():
    column = Column(texts("a", "b", "a", "c", "b", ""))
    assert repeated([fold([0, 1, 5], [2, 3]), fold([0, 2], [1, 4])], column).tolist() == [2]
    assert repeated([], column).tolist() == []


def test_cells_become_stripped_texts_and_words_are_compared_without_case_or_spaces():
    table = pd.DataFrame({"text": ["  So  WHAT\tnow ", None, "Straße"]})
    assert text_of(table, "text").tolist() == ["So  WHAT\tnow", "", "Straße"]
    assert words_of(table).tolist() == ["so what now", "", "strasse"]


def test_files_are_known_by_the_hashes_of_picture_and_sound():
    table = pd.DataFrame({"media_sha256": ["p", "p", "", ""], "sound_sha256": ["s", "", "s", ""]})
    assert files_of(table).texts.tolist() == ["p s", "p", "s", ""]
    assert files_of(pd.DataFrame({"utterance": ["a"]})).texts.tolist() == [""]


def test_a_segment_is_its_words_and_times_to_a_millisecond():
    table = pd.DataFrame(
        {"text": ["Yes ", "yes", "yes", "", "no"], "start": [0, -0.0001, 0, 0, None], "end": [1.0, 1.0002, 1.002, 1, 2]}
    )
    first, second, third, wordless, untimed = segments_of(table)
    assert first == second == "yes\x1f0.000\x1f1.000"
    assert third != first
    assert wordless == untimed == ""
    assert segments_of(table[["text"]]).tolist() == [""] * 5


def test_an_utterance_is_cut_out_if_it_starts_late_or_ends_early():
    table = pd.DataFrame({"start": [0, 0.5, 0, 0], "end": [9.97, 10, 9.9, 12], "duration": [10, 10, 10, None]})
    assert cut_out(table).tolist() == [False, True, True, False]
    assert cut_out(pd.DataFrame({"utterance": ["a"]})).tolist() == [False]


def test_words_that_occur_with_three_lengths_are_found():
    table = pd.DataFrame({"text": ["Yes.", "yes.", " Yes.", "yes.", "no", "no", "no"], "start": 0.0})
    table["end"] = [1.0, 1.0, 1.5, 2.0, 3.0, 3.0, 3.5]
    assert of_several_lengths(table).tolist() == [True] * 4 + [False] * 3
    assert not of_several_lengths(table[["text"]]).any()


def test_unknown_contents_have_no_hashes():
    contents = Contents.unknown(np.array([True, False]))
    assert contents.empty.tolist() == [True, False]
    for hashes in (contents.digests, contents.voices, contents.pictures):
        assert hashes.tolist() == ["", ""]
    assert not contents.distinctive.any()
