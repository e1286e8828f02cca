"""What SubRip and WebVTT share: lines with times, markup in the text, and roll-up captions.

Sources: the WebVTT specification (W3C, 2019), sections 3 and 4; for SubRip, the behaviour of players and converters.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.ingest.timed_text.base import TimedText, plain

ARROW = "-->"
_TIME = r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*{ARROW}\s*{_TIME}(?P<settings>(?:\s.*)?)", re.ASCII)
_STAMP = re.compile(rf"<{_TIME}>", re.ASCII)
_TAG = re.compile(r"</?(?:i|b|u|s|c|v|font|ruby|rt|lang|strong|em)(?:[.\s][^<>]*)?/?>|<br ?/?>", re.IGNORECASE)
_STYLED = re.compile(r"\{\\[^{}]*\}|\{/?[ibus]\}", re.IGNORECASE)  # {\an8}, {i}: markup of other subtitle programs
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|lrm|rlm|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_ROLLED_S = 0.05  # longest gap between two roll-up captions, in seconds
_ROLLED_SHARE = 0.5  # a file has roll-up captions if at least this share of its cues repeat a line


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


def without_repeats(cues: Sequence[tuple[TimedText, Sequence[str]]]) -> list[TimedText]:
    """Return the cues without those that are in the file twice, and without lines that are shown again.

    A cue with the times, speaker and text of an earlier one is left out. Automatic and live captions show lines again:
    as upper lines above a new one, or as the beginning of a longer line. Lines at the beginning of a cue count as shown
    again if the preceding cue ends with them.

    Lines shown again are removed only from files of such captions, so that words said twice are kept in other files. A
    file has such captions if it has at least four cues, and half of the cues begin with lines shown again. A single cue
    is enough if it holds only such lines and lasts at most `_ROLLED_S`, since no word is spoken in so short a time.

    Parameters
    ----------
    cues
        The cues in order, each with its lines.

    Returns
    -------
    list of TimedText
        The cues that still have text.
    """
    cues = list({(cue.start, cue.end, cue.speaker, cue.text): (cue, lines) for cue, lines in reversed(cues)}.values())
    cues.reverse()
    again = [_shown_again(*cues[at - 1], *cues[at]) if at else 0 for at in range(len(cues))]
    flashes = any(
        0 < count == len(cue.text.split()) and _is_short(cue) for (cue, _), count in zip(cues, again, strict=True)
    )
    if not flashes and (len(cues) < 4 or sum(map(bool, again)) < _ROLLED_SHARE * (len(cues) - 1)):
        return [cue for cue, _ in cues if cue.text]
    fresh = [
        replace(cue, text=" ".join(" ".join(lines).split()[count:]))
        for (cue, lines), count in zip(cues, again, strict=True)
    ]
    return [cue for cue in fresh if cue.text]


def _is_short(cue: TimedText) -> bool:
    return cue.start is not None and cue.end is not None and cue.end - cue.start <= _ROLLED_S


def _shown_again(before: TimedText, earlier: Sequence[str], cue: TimedText, lines: Sequence[str]) -> int:
    """Return how many words at the beginning of `cue` were already at the end of `before`, the preceding cue.

    The words are whole lines of both cues, or all words of the preceding cue. If they are the whole text of `cue`, they
    count only if `cue` is short. The result is 0 if there is a gap between the two cues.
    """
    if before.end is None or cue.start is None or cue.start - before.end > _ROLLED_S:
        return 0
    words, shown = " ".join(lines).split(), " ".join(earlier).split()
    for many in range(min(len(earlier), len(lines)), 0, -1):
        if list(earlier[-many:]) == list(lines[:many]) and (many < len(lines) or _is_short(cue)):
            return len(" ".join(lines[:many]).split())
    return len(shown) if len(shown) > 1 and len(words) > len(shown) and words[: len(shown)] == shown else 0
