from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.vtt import read

# The parts of a file that the specification shows in its introduction: notes, styles, regions, names, settings, voices.
WHOLE = """WEBVTT - a talk
Kind: captions
Language: en

NOTE two lines
of a note --

STYLE
::cue(b) { color: red; }

REGION
id:fred
width:40%

intro
00:11.000 --> 00:13.000 vertical:rl align:start position:10%,line-left
<v Roger Bingham>We are in <b>New York</b> City

00:13.000 --> 01:00:16.500
<v.loud Neil &amp; Co>Yes</v> indeed
<v Roger Bingham>No &lt;3

NOTE

00:20.000 --> 00:21.000
- plain
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "talk.vtt"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_of_the_format(tmp_path: Path) -> None:
    assert read(written(tmp_path, WHOLE)) == (
        TimedText("We are in New York City", 11, 13, speaker="Roger Bingham"),
        TimedText("Yes", 13, 3616.5, speaker="Neil & Co"),
        TimedText("indeed", 13, 3616.5),
        TimedText("No <3", 13, 3616.5, speaker="Roger Bingham"),
        TimedText("- plain", 20, 21),
    )


def test_automatic_captions_give_every_line_once_with_the_times_of_its_words(tmp_path: Path) -> None:
    """As YouTube writes them: each line rolls up while the next is spoken."""
    path = written(
        tmp_path,
        """WEBVTT
Kind: captions

00:00:00.500 --> 00:00:02.000 align:start position:0%
 \nso<00:00:00.900><c> we</c><00:00:01.300><c> go</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
so we go
\x20

00:00:02.010 --> 00:00:03.000 align:start position:0%
so we go
to<00:00:02.500><c> sea</c>

00:00:03.000 --> 00:00:03.010 align:start position:0%
to sea
\x20
""",
    )
    assert read(path) == (
        TimedText("so we go", 0.5, 2, words=(("so", 0.5, 0.9), ("we", 0.9, 1.3), ("go", 1.3, 2))),
        TimedText("to sea", 2.01, 3, words=(("to", 2.01, 2.5), ("sea", 2.5, 3))),
    )


def test_an_empty_line_between_cues_may_be_missing(tmp_path: Path) -> None:
    """The standard's own algorithm for parsing ends a cue at a line with an arrow."""
    path = written(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:02.000 --> 00:03.000\nb\n")
    assert read(path) == (TimedText("a", 1, 2), TimedText("b", 2, 3))


def test_a_line_of_spaces_may_divide_blocks(tmp_path: Path) -> None:
    path = written(tmp_path, "WEBVTT\n\n \nNOTE a note\n\n00:01.000 --> 00:02.000\na\n \n00:02.000 --> 00:03.000\nb\n")
    assert [said.text for said in read(path)] == ["a", "b"]


def test_a_file_without_cues_says_nothing(tmp_path: Path) -> None:
    assert read(written(tmp_path, "WEBVTT")) == ()
    assert read(written(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("1\n00:01.000 --> 00:02.000\na\n", ":1: found '1': the first line of a .vtt file must be WEBVTT"),
        ("WEBVTTX\n", ":1: found 'WEBVTTX'"),
        ("WEBVTT\n\n00:01.000 --> bad\na\n", ":3: '00:01.000 --> bad' is not two times"),
        ("WEBVTT\n\nname\n00:03.000 --> 00:02.000\na\n", ":4: the cue ends at 2 s, before it starts at 3 s"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n\nlost words\nof a cue\n", ":6: 'lost words' does not begin a cue"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:02.000 --> 00:01.000\nb\n", ":5: the cue ends at 1 s, before"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(UserError) as error:
        read(written(tmp_path, text))
    assert where in str(error.value)
    assert "\n" not in str(error.value)


def test_voices_of_a_cue_keep_their_order_and_what_they_say_twice(tmp_path: Path) -> None:
    path = written(
        tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Stop it.</v> <v Bob>Why?</v> <v Ann>Stop it.</v>\n"
    )
    assert [(said.speaker, said.text) for said in read(path)] == [
        *(("Ann", "Stop it."), ("Bob", "Why?"), ("Ann", "Stop it."))
    ]


def test_captions_with_times_of_words_show_a_line_again_without_them(tmp_path: Path) -> None:
    """Without the brief cues that YouTube puts between; the last word has no time of its own."""
    path = written(
        tmp_path,
        "WEBVTT\n\n00:00.000 --> 00:01.000\nso<00:00:00.500><c> we</c>\n\n"
        "00:01.000 --> 00:02.000\nso we\ngo<00:00:01.500><c> on</c>\n\n00:02.000 --> 00:03.000\ngo on\nyes\n",
    )
    assert [said.text for said in read(path)] == ["so we", "go on", "yes"]
    assert [len(said.words) for said in read(path)] == [2, 2, 0]
