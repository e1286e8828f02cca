import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.codec import STREAM_SCHEMAS, text_entry
from features.codec import read_text as stored_text
from features.errors import EmptyInput, NoStream
from features.store import Item, open_store, write_store
from pipeline.settings.streams import TextConfig
from pipeline.streams.text import read_text, tokenise

PLAIN = TextConfig()
WORD = st.text(alphabet="abcdeé'-ß3.", min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=12)


def timed(words, step=0.5, start=0.0):
    return [(word, start + step * i, start + step * (i + 0.8)) for i, word in enumerate(words)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello,   WORLD!", ("hello", "world")),
        ("I don\u2019t; he\u2018s \u2018quoted\u2019.", ("i", "don't", "he's", "quoted")),
        ("'cause the dogs' tails", ("cause", "the", "dogs", "tails")),
        (
            "well-known\u2014or un\u2011known \u2013 in-law",
            ("well", "known", "or", "un", "known", "in", "law"),
        ),
        ("It's 3.5, no 1,000; $20 at 10:30.", ("it's", "3.5", "no", "1,000", "20", "at", "10", "30")),
        ("Cafe\u0301 cr\u00e8me", ("caf\u00e9", "cr\u00e8me")),
        ("Это — ХОРОШО!", ("это", "хорошо")),
        ("मैं नहीं जानता।", ("मैं", "नहीं", "जानता")),
        ("كتاب‌ها، خوب", ("كتاب‌ها", "خوب")),
        ("我喜欢 OK", ("我", "喜", "欢", "ok")),
        ("snake_case <b>bold</b> so\u2026 good \U0001f600", ("snake", "case", "b", "bold", "b", "so", "good")),
        ("e.g. U.S.A.", ("e", "g", "u", "s", "a")),
    ],
)
def test_cleaning(text, tokens):
    assert tokenise(text, PLAIN) == tuple(tokens)


def test_cleaning_can_be_switched_off():
    assert tokenise("Oh, No!", TextConfig(lowercase=False)) == ("Oh", "No")
    assert tokenise("Oh, No!", TextConfig(strip_punctuation=False)) == ("oh", ",", "no", "!")


def test_times_count_from_the_utterances_start_and_the_transcript_is_kept():
    text = "  Oh, HELLO there. "
    stream = read_text(text, timed(["oh", "hello", "there"], start=7.0), 7.0, PLAIN)
    assert stream.text == text
    assert stream.tokens == ("oh", "hello", "there")
    np.testing.assert_allclose(stream.times, [[0, 0.4], [0.5, 0.9], [1.0, 1.4]])


def test_without_times_all_are_nan():
    stream = read_text("Oh, hello.", [], 3.0, PLAIN)
    assert stream.times.shape == (2, 2)
    assert np.isnan(stream.times).all()


def test_without_transcript_the_words_are_the_transcript():
    stream = read_text("", timed(["Oh", "hello"]), 0.0, PLAIN)
    assert stream.text == "Oh hello"
    assert np.isfinite(stream.times).all()


def test_no_text_is_absent_and_punctuation_alone_is_empty():
    for text in ("", " \n"):
        with pytest.raises(NoStream, match="no transcript"):
            read_text(text, [], 0.0, PLAIN)
    for text in ("...", "\u2014 !?", "\U0001f600"):
        with pytest.raises(EmptyInput, match="no word"):
            read_text(text, [], 0.0, PLAIN)


def test_a_hyphenated_word_shares_its_time_by_length():
    stream = read_text("a well-known one", [("a", 0, 1), ("well-known", 1, 10), ("one", 10, 11)], 0.0, PLAIN)
    np.testing.assert_allclose(stream.times, [[0, 1], [1, 5], [5, 10], [10, 11]])


def test_words_joined_or_divided_differently_are_timed_letter_by_letter():
    joined = read_text("some ice cream", [("some", 0, 1), ("icecream", 1, 9)], 0.0, PLAIN)
    np.testing.assert_allclose(joined.times, [[0, 1], [1, 4], [4, 9]])
    parted = read_text("some icecream", [("some", 0, 1), ("ice", 1, 4), ("cream", 5, 10)], 0.0, PLAIN)
    np.testing.assert_allclose(parted.times, [[0, 1], [1, 10]])


def test_slips_between_transcript_and_words_cost_only_the_words_concerned():
    text = "I really like this colour, you know, and the music"
    words = timed(["uh", "i", "like", "this", "color", "and", "um", "the", "muzic"])
    stream = read_text(text, words, 0.0, PLAIN)
    starts = dict(zip(stream.tokens, stream.times[:, 0], strict=True))
    for token, place in (("i", 1), ("like", 2), ("this", 3), ("colour", 4), ("and", 5), ("the", 7), ("music", 8)):
        assert starts[token] == 0.5 * place
    assert np.isnan([starts["really"], starts["you"], starts["know"]]).all()


def test_words_out_of_order_are_sorted_by_time():
    words = timed(["one", "two", "three"])
    stream = read_text("one two three", words[::-1], 0.0, PLAIN)
    np.testing.assert_allclose(stream.times[:, 0], [0, 0.5, 1.0])


def test_a_word_that_ends_before_it_starts_has_no_length():
    stream = read_text("one", [("one", 2.0, 1.0)], 0.0, PLAIN)
    assert stream.times.tolist() == [[2.0, 2.0]]


@given(WORDS)
def test_tokens_are_those_of_the_words_in_order(words):
    together = tokenise(" ".join(words), PLAIN)
    assert together == tuple(token for word in words for token in tokenise(word, PLAIN))


@given(WORDS, st.booleans())
def test_every_token_is_timed_if_the_words_are_those_of_the_transcript(words, composed):
    text = " ".join(words)
    heard = [unicodedata.normalize("NFD", word) for word in words] if composed else words
    if not tokenise(text, PLAIN):
        return
    stream = read_text(text, timed(heard), 0.0, PLAIN)
    assert np.isfinite(stream.times).all()
    for token, (start, _) in zip(stream.tokens, stream.times, strict=True):
        assert token in tokenise(words[int(start / 0.5 + 1e-9)], PLAIN)


@given(WORDS, WORDS, st.lists(st.floats(0, 9), min_size=24, max_size=24))
def test_times_never_decrease_and_never_end_before_they_start(spoken, written, numbers):
    words = [(word, a, a + b) for word, a, b in zip(spoken, numbers[::2], numbers[1::2], strict=False)]
    if not tokenise(" ".join(written), PLAIN):
        return
    stream = read_text(" ".join(written), words, 1.0, PLAIN)
    assert stream.tokens == tokenise(" ".join(written), PLAIN)
    known = stream.times[np.isfinite(stream.times).all(axis=1)]
    assert (np.isfinite(stream.times[:, 0]) == np.isfinite(stream.times[:, 1])).all()
    assert (np.diff(known[:, 0]) >= 0).all()
    assert (known[:, 1] >= known[:, 0]).all()


@given(WORDS, st.data())
def test_a_token_without_a_timed_word_does_not_affect_the_others(words, data):
    words = [word for word in words if tokenise(word, PLAIN)]
    if len(set(words)) < len(words) or len(words) < 2:
        return
    gone = data.draw(st.integers(0, len(words) - 1))
    distinct = [f"{word}x{i}" for i, word in enumerate(words)]
    stream = read_text(" ".join(distinct), [w for i, w in enumerate(timed(distinct)) if i != gone], 0.0, PLAIN)
    missing = len(tokenise(distinct[gone], PLAIN))
    assert np.isnan(stream.times[:, 0]).sum() <= missing


def test_characters_that_a_store_cannot_hold_are_replaced(tmp_path):
    stream = read_text("well\0then, \udcff good", [("well\0then", 0.0, 1.0)], 0.0, TextConfig())
    assert stream.tokens == ("well", "then", "good")
    assert stream.text == "well then, ? good"
    item = Item("a", "k", 3, lambda: text_entry(stream))
    write_store(tmp_path / "text.h5", STREAM_SCHEMAS["text"], {}, [item])
    with open_store(tmp_path / "text.h5") as store:
        assert stored_text(store, 0).text == stream.text


NAN = float("nan")


def test_a_word_without_times_keeps_its_place_among_timed_ones():
    words = [("no", NAN, NAN), ("no", 1.0, 1.2), ("7", NAN, NAN), ("times", 1.5, 1.9)]
    stream = read_text("No, no 7 times", words, 1.0, PLAIN)
    np.testing.assert_allclose(stream.times, [[NAN, NAN], [0, 0.2], [NAN, NAN], [0.5, 0.9]])
    later_first = [words[3], words[0], words[1], words[2]]  # then the first of these follows "times"
    stream = read_text("no 7 times no", later_first, 1.0, PLAIN)
    np.testing.assert_allclose(stream.times, [[0, 0.2], [NAN, NAN], [0.5, 0.9], [NAN, NAN]])


def test_words_without_times_alone_are_the_transcript_too():
    stream = read_text("", [("in", 1.0, 1.2), ("2024", NAN, NAN)], 1.0, PLAIN)
    assert stream.text == "in 2024"
    np.testing.assert_allclose(stream.times, [[0, 0.2], [NAN, NAN]])


def test_a_token_with_times_for_only_a_part_has_no_time():
    stream = read_text("icecream", [("ice", 1.0, 1.2), ("cream", NAN, NAN)], 1.0, PLAIN)
    assert np.isnan(stream.times).all()
