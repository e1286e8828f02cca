"""What is suspicious in both parts of a fold is said, but nothing is refused for it."""

import pytest

from models.errors import LeakError
from models.validation.leaks import leak_guard
from tests.models.validation.sheets import HALVES, planted, sheet


def test_one_sound_file_on_both_sides_is_noticed():
    (notice,) = leak_guard(HALVES, sheet(sound=["", "x.wav", "", "", "", "", "x.wav", ""]))
    assert "in a sound file that also contains training utterances (tested: u6" in notice


def test_equal_texts_alone_are_noticed_with_their_share():
    notices = leak_guard(HALVES, planted("text", "Well,  WELL.", rows=(1, 6, 7)))
    assert len(notices) == 1
    assert "tested utterances (2 of 4, 50.0%)" in notices[0]
    assert "u6, u7" in notices[0]


def test_equal_texts_of_whole_clips_of_one_length_are_noticed_not_refused():
    table = planted("text", "Kids are talking by the door", start=[0.0] * 8)
    table.loc[[1, 6], "end"] = 3.5
    notices = leak_guard(HALVES, table)
    assert any("the same clip occurs twice" in notice and "u6" in notice for notice in notices)


def test_clips_of_a_prompted_sentence_that_have_one_length_by_chance_are_not_called_copies():
    table = planted("text", "Kids are talking by the door", rows=range(8), start=[0.0] * 8)
    table["end"] = [3.0, 3.1, 3.2, 3.5, 3.3, 3.5, 3.4, 3.6]
    (notice,) = leak_guard(HALVES, table)
    assert "word for word" in notice


def test_texts_without_words_do_not_match():
    assert leak_guard(HALVES, planted("text", "")) == ()


def test_many_examples_are_counted():
    with pytest.raises(LeakError, match=r"trained on u0, u1, u2 and 1 more; tested on u4, u5, u6 and 1 more"):
        leak_guard(HALVES, sheet(media_sha256=["ab"] * 8))
