"""Patterns of file names."""

from pathlib import PurePosixPath

import pytest

from pipeline.errors import UserError
from pipeline.ingest.folder.patterns import pattern


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("{emotion}_{speaker}_{take}", "happy_s1_03.mp4", {"emotion": "happy", "speaker": "s1", "take": "03"}),
        (
            "{emotion}_{speaker}_{take}",
            "x/y/happy_s1_03.mp4",
            {"emotion": "happy", "speaker": "s1", "take": "03"},
        ),
        ("{emotion}_{speaker}_{take}", "very_happy_s1_03.mp4", None),  # not emotion 'very', speaker 'happy'
        ("{emotion}_{speaker}_{take}", "happy_s1.mp4", None),
        ("{emotion}_{speaker}_{take}", "__.mp4", None),
        ("{speaker}/{emotion}_*", "x/s1/happy_1_2.wav", {"speaker": "s1", "emotion": "happy"}),
        ("{speaker}/{emotion}_*", "happy_1.wav", None),
        ("{_}-{_}-{emotion}-{_}-{_}-{_}-{actor}", "01-01-08-02-02-02-01.mp4", {"emotion": "08", "actor": "01"}),
        ("{_}-{_}-{emotion}-*-{actor}", "01-01-08-02-02-02-01.mp4", {"emotion": "08", "actor": "01"}),
        (
            "{command:1}{color:1}{rest:3}{adverb:1}",
            "bbaf2n.mpg",
            {"command": "b", "color": "b", "rest": "af2", "adverb": "n"},
        ),
        ("{command:1}*", "bbaf2n.mpg", {"command": "b"}),
        ("{name}.{version}", "a.v2.mp4", {"name": "a", "version": "v2"}),
        ("{emotion} ({speaker})", "zornig (Jürgen).mp4", {"emotion": "zornig", "speaker": "Jürgen"}),
        ("clip{number}", "clip12.mp4", {"number": "12"}),
        ("[{a}]+{b}", "[x]+y.mp4", {"a": "x", "b": "y"}),  # marks of regular expressions mean themselves
        ("{a}-{b}", "x\ny-z.mp4", {"a": "x\ny", "b": "z"}),
    ],
)
def test_a_name_is_read_by_its_pattern(text: str, place: str, expected: dict[str, str] | None) -> None:
    assert pattern(text).values(PurePosixPath(place)) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("emotion_speaker", "has no field"),
        ("*", "has no field"),
        ("", "has no field"),
        ("{emotion}_{emotion}", "has the field 'emotion' twice"),
        ("{emotion_{speaker}", "an unmatched brace"),
        ("{emotion}}", "an unmatched brace"),
        ("{my emotion}", "'my emotion', which is neither a name"),
        ("{a:0}", "'a:0', which is neither a name"),
        ("{2}", "'2', which is neither a name"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(text: str, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        pattern(text)
