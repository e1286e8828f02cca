import pytest

from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.cues import stamped_words, times_of, unmarked, without_repeats


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


def cue(start: float, end: float, *lines: str) -> tuple[TimedText, list[str]]:
    return TimedText(" ".join(lines), start, end), list(lines)


def test_captions_that_roll_up_say_everything_once() -> None:
    rolling = [
        cue(0, 2, "so we go"),
        cue(2, 2.01, "so we go"),
        cue(2.01, 4, "so we go", "to the sea"),
        cue(4, 4.01, "to the sea"),
        cue(4.01, 6, "to the sea", "today"),
    ]
    assert [(said.text, said.start) for said in without_repeats(rolling)] == [
        ("so we go", 0),
        ("to the sea", 2.01),
        ("today", 4.01),
    ]


def texts(cues: list[tuple[TimedText, list[str]]]) -> list[str]:
    return [said.text for said in without_repeats(cues)]


def test_a_cue_that_is_in_the_file_twice_is_given_once() -> None:
    cues = [cue(0, 1, "we go"), cue(1, 3, "to the", "sea"), cue(4, 5, "no")]
    beside = [one for one in cues for _ in range(2)]
    assert texts(cues + cues) == texts(beside) == ["we go", "to the sea", "no"]
    assert texts([cue(0, 1, "no"), cue(1, 2, "no")]) == ["no", "no"]


def test_captions_of_three_lines_that_roll_up_say_everything_once() -> None:
    lines = [f"this is line {i}" for i in range(7)]
    rolling = [cue(i, i + 1, *lines[max(0, i - 2) : i + 1]) for i in range(7)]
    assert texts(rolling) == lines


def test_live_captions_whose_line_grows_say_every_word_once() -> None:
    grown = ["so we", "so we go", "so we go to the", "so we go to the sea", "and back", "and back again"]
    assert texts([cue(i, i + 1, text) for i, text in enumerate(grown)]) == [
        *("so we", "go", "to the", "sea", "and back", "again")
    ]


def test_a_few_automatic_captions_say_everything_once() -> None:
    rolling = [cue(0, 2, "so we go"), cue(2, 2.01, "so we go"), cue(2.01, 4, "so we go", "to the sea")]
    assert texts(rolling) == ["so we go", "to the sea"]


def test_what_is_said_again_is_kept() -> None:
    chorus = [cue(at, at + 1, "no") for at in range(6)]
    assert len(without_repeats(chorus)) == 6
    once = [*(cue(at, at + 1, f"line {at}") for at in range(6)), cue(6, 7, "line 5", "and more")]
    assert without_repeats(once)[-1].text == "line 5 and more"
