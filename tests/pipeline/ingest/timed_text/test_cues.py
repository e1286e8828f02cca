import pytest

from pipeline.ingest.timed_text.cues import stamped_words, times_of, unmarked


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("00:00:01,000 --> 00:00:02,500", (1, 2.5)),
        ("00:00:01.000 --> 00:00:02.500", (1, 2.5)),
        ("0:0:1,5 --> 0:0:2,05", (1.5, 2.05)),  # decimals are a fraction, as in a decimal number
        ("01:02.000 --> 01:03.000", (62, 63)),  # WebVTT: without hours
        ("123:00:00,000 --> 123:00:01,000", (442800, 442801)),
        ("00:00:01,000-->00:00:02,000", (1, 2)),
        ("00:00:01 --> 00:00:02", (1, 2)),
        ("00:00:01,000 --> 00:00:02,000  X1:40 X2:600 Y1:20 Y2:50", (1, 2)),
        ("00:01.000 --> 00:02.000 align:start position:0% line:-1", (1, 2)),
        ("00:00:01,000 --> 00:00:01,000", (1, 1)),
    ],
)
def test_times_as_programs_write_them(line: str, times: tuple[float, float]) -> None:
    assert times_of(line) == times


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("00:00:03,000 --> 00:00:02,000", "ends at 2 s, before it starts at 3 s"),
        ("00:00:03,000 --> ", "not two times"),
        (f"{'9' * 5000}:00:03,000 --> 00:00:04,000", "not two times"),
        ("00:00:03;000 --> 00:00:04;000", "not two times"),
        ("-00:00:03,000 --> 00:00:04,000", "not two times"),
        ("00:00:03,0000 --> 00:00:04,000", "not two times"),
        ("00:00:03,000 --> 00:00:04,000x", "not two times"),
        ("00:00:63,000 --> 00:01:04,000", "more than 59 minutes or seconds"),
        ("00:75:00,000 --> 01:16:00,000", "more than 59 minutes or seconds"),
    ],
)
def test_what_is_wrong_with_times_is_said(line: str, what: str) -> None:
    assert what in str(times_of(line))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<i>one</i> {\\an8}two <b>three</b>", "one two three"),
        ('<font color="#fff">one</font><br/>two', "one two"),
        ("<c.yellow.bg_blue>one</c> <v.loud Ann>two <ruby>three<rt>4</rt></ruby>", "one two three4"),
        ("a < b and b > c <3", "a < b and b > c <3"),
        ("{not a mark} {i}one{/i}", "{not a mark} one"),
        ("R&amp;B &lt;3 &#39;n&#x27; &nbsp;AT&T &copy right", "R&B <3 'n' AT&T &copy right"),
    ],
)
def test_marks_are_removed_and_words_kept(text: str, shown: str) -> None:
    assert unmarked(text) == shown


def test_words_with_their_own_times() -> None:
    text = "so<00:00:01.200><c> we</c><00:00:01.500><c> go</c>"
    assert stamped_words(text, 1, 2) == (("so", 1, 1.2), ("we", 1.2, 1.5), ("go", 1.5, 2))


@pytest.mark.parametrize("text", ["no times", "two words<00:00:01.200> then", "back<00:00:00.500> in time"])
def test_times_that_are_not_of_single_words_are_not_used(text: str) -> None:
    assert stamped_words(text, 1, 2) == ()
