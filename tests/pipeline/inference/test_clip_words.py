"""What `predict` says of the words of clips without a transcript."""

from pathlib import Path

import pandas as pd

from pipeline.corpora.problems import Problem
from pipeline.inference.clip_words import notices_of, without_text

TABLE = pd.DataFrame(
    {
        "utterance": ["a", "b"],
        "text": ["Oh, no.", "yes"],
        "text_source": ["recognised", "given"],
        "words_source": ["", ""],
    }
)


def test_recognised_words_are_shown_and_marked() -> None:
    assert notices_of([], TABLE[:1], {"a": Path("a.mp4")}) == [
        "a.mp4: the words were recognised by a machine, not given: Oh, no."
    ]
    assert notices_of([], TABLE[1:], {"b": Path("b.mp4")}) == []
    warnings = [Problem("warning", Path("m"), None, f"row {i} is odd") for i in range(12)]
    found = notices_of([*warnings, Problem("failed", Path("m"), None, "gone")], TABLE, {})
    assert found[-2:] == [
        "... and 2 more warnings",
        "the words of 1 of 2 utterances with words (50%) were recognised by a machine, not given",
    ]


def test_of_several_recordings_each_one_that_was_listened_to_is_named() -> None:
    unheard = Problem("warning", Path("m"), None, "1 utterance without words (such as b): nobody speaks")
    found = notices_of([unheard], TABLE, {"a": Path("x/a.mp4"), "b": Path("x/b.mp4")})
    assert found == ["x/a.mp4: the words were recognised by a machine, not given: Oh, no.", unheard.message]


def test_a_recording_without_words_says_why_or_what_to_do() -> None:
    said = "1 utterance without words (such as a): nobody speaks"
    assert without_text([Problem("warning", Path("m"), None, said)], Path("a.mp4")) == (
        "no transcript, and no words were recognised: nobody speaks"
    )
    remedy = without_text([], Path("a.mp4"))
    assert "--text WORDS" in remedy
    assert "a.txt" in remedy
    assert "streams.text.transcribe" in remedy
    several = without_text([], Path("a.mp4"), alone=False)
    assert "--text" not in several  # of several recordings, it could be the words of any
    assert "a.txt" in several
