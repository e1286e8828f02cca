"""What SubRip and WebVTT share: cues, lines with times, and markup in the text.

Sources: the WebVTT specification (W3C, 2019), sections 3 and 4; for SubRip, the behaviour of players and converters.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.ingest.timed_text.base import TimedText, plain

ARROW = "-->"
_TIME = r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*{ARROW}\s*{_TIME}(?P<settings>(?:\s.*)?)", re.ASCII)
_STAMP = re.compile(rf"<{_TIME}>", re.ASCII)
_TAG = re.compile(r"</?(?:i|b|u|s|c|v|font|ruby|rt|lang|strong|em)(?:[.\s][^<>]*)?/?>|<br ?/?>", re.IGNORECASE)
_STYLED = re.compile(r"\{\\[^{}]*\}|\{/?[ibus]\}", re.IGNORECASE)  # {\an8}, {i}: markup of other subtitle programs
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|lrm|rlm|#\d+|#x[0-9a-f]+);", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A line of a cue without markup, and its words with start and end in seconds, if the file gives these times."""

    text: str
    words: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Cue:
    """A cue: its times, and its lines that contain words, without markup.

    Attributes
    ----------
    start, end
        Seconds.
    voices
        The turns of the cue, in order: each speaker with the lines of the turn. A speaker that the file does not name
        is ``""``.
    """

    start: float
    end: float
    voices: tuple[tuple[str, tuple[Line, ...]], ...]

    def texts(self) -> list[TimedText]:
        """Return what each voice says."""
        return [
            TimedText(
                " ".join(line.text for line in lines),
                self.start,
                self.end,
                words=tuple(word for line in lines for word in line.words),
                speaker=speaker,
            )
            for speaker, lines in self.voices
        ]


def times_of(line: str) -> tuple[float, float] | str:
    """Return the start and the end of a cue in seconds, or a message that says what is wrong with its line of times.

    >>> times_of("00:01:02,500 --> 100:00:00.000 align:start")
    (62.5, 360000.0)
    >>> times_of("00:00:03 -> 4")
    "'00:00:03 -> 4' is not two times such as 00:01:02,500 --> 00:01:04,000"
    """
    found = _TIMES.fullmatch(line)
    if not found:
        return f"{line.strip()!r} is not two times such as 00:01:02,500 --> 00:01:04,000"
    start, end = seconds_of(found.groups()[:4]), seconds_of(found.groups()[4:8])
    if start is None or end is None:
        return f"{line.strip()!r} has a time with more than 59 minutes or seconds: write hours:minutes:seconds"
    return (start, end) if start <= end else f"the cue ends at {end:g} s, before it starts at {start:g} s"


def seconds_of(parts: Sequence[str | None]) -> float | None:
    """Convert hours, minutes, seconds and fractional digits to seconds; None if minutes or seconds exceed 59.

    >>> seconds_of(("1", "02", "03", "5"))
    3723.5
    """
    hours, minutes, seconds, decimals = (part or "0" for part in parts)
    if int(minutes) > 59 or int(seconds) > 59:
        return None
    return (int(hours) * 3_600_000 + int(minutes) * 60_000 + int(seconds) * 1000 + int(decimals.ljust(3, "0"))) / 1000


def unmarked(text: str) -> str:
    r"""Return the text of a cue without tags, styles and times, and with entities decoded.

    >>> unmarked(r"{\an8}<i>Tom &amp; Ann</i> <3")
    'Tom & Ann <3'
    """
    bare = _STYLED.sub("", _TAG.sub("", _STAMP.sub("", re.sub(r"<br ?/?>", " ", text, flags=re.IGNORECASE))))
    return plain(_ENTITY.sub(lambda entity: html.unescape(entity[0]), bare))


def stamped_words(text: str, start: float, end: float) -> tuple[tuple[str, float, float], ...]:
    """Return the words of a cue, each with start and end in seconds; empty if the cue does not give these times.

    In automatic captions, a time precedes each word except the first, which begins with the cue.
    """
    pieces = _STAMP.split(text)
    if len(pieces) == 1:
        return ()
    begins = [start, *(seconds_of(pieces[at : at + 4]) for at in range(1, len(pieces), 5))]
    words = [unmarked(piece) for piece in pieces[::5]]
    if any(begin is None for begin in begins) or any(" " in word for word in words):
        return ()
    bounds = [begin for begin in begins if begin is not None] + [end]
    if sorted(bounds) != bounds:
        return ()
    return tuple((word, bounds[at], bounds[at + 1]) for at, word in enumerate(words) if word)
