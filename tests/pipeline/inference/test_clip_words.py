"""What `predict` says of the words of clips without a transcript."""

from pathlib import Path

import pandas as pd

from pipeline.corpora.problems import Problem
from pipeline.inference.clip_words import notices_of, without_text

TABLE = pd.DataFrame({"text": ["Oh, no.", "yes"], "text_source": ["recognised", "given"], "words_source": ["", ""]})


def test_recognised_words_are_shown_and_marked() -> None:
    assert notices_of([], TABLE[:1], Path("a.mp4")) == [
        "a.mp4: the words were recognised by a machine, not given: Oh, no."
    ]
    assert notices_of([], TABLE[1:], Path("b.mp4")) == []
    warnings = [Problem("warning", Path("m"), None, f"row {i} is odd") for i in range(12)]
    found = notices_of([*warnings, Problem("failed", Path("m"), None, "gone")], TABLE, None)
    assert found[-2:] == [
        "... and 2 more warnings",
        "the words of 1 of 2 utterances with words (50%) were recognised by a machine, not given",
    ]


def test_a_recording_without_words_says_why_or_what_to_do() -> None:
    said = "1 utterance without words (such as a): nobody speaks"
    assert without_text([Problem("warning", Path("m"), None, said)], Path("a.mp4")) == (
        "no transcript, and no words were recognised: nobody speaks"
    )
    remedy = without_text([], Path("a.mp4"))
    assert "--text WORDS" in remedy
    assert "a.txt" in remedy
    assert "streams.text.transcribe" in remedy
