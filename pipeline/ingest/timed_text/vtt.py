"""Read WebVTT subtitles (.vtt), whose blocks (cues, notes, styles and regions) are separated by empty lines.

Source: WebVTT: The Web Video Text Tracks Format (W3C, 2019), section 4, "Syntax".
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.ingest.timed_text.base import TimedText, fault, plain, read_text
from pipeline.ingest.timed_text.cues import ARROW, Cue, Line, stamped_words, times_of, unmarked
from pipeline.ingest.timed_text.repeats import Repeat, without_repeats

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]*)>", re.IGNORECASE)
_OTHERS = ("NOTE", "STYLE", "REGION")


def read(path: Path, repeats: list[Repeat] | None = None) -> tuple[TimedText, ...]:
    """Read subtitles; a voice ``<v Name>`` becomes a speaker, and times inside a cue become the times of words.

    Parameters
    ----------
    path
        The file.
    repeats
        A list to which a `Repeat` is appended for each kind of repetition in the file.

    Raises
    ------
    UserError
        If the file does not begin with ``WEBVTT``, or a time or block is faulty; the message names the line.
    """
    text = read_text(path)
    if not text.strip():
        return ()
    lines = text.split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise fault(path, 1, f"found {lines[0][:40]!r}: the first line of a .vtt file must be WEBVTT")
    cues: list[Cue] = []
    for line, block in _blocks(lines):
        cues += _cues(path, line, block)
    return without_repeats(cues, repeats)


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the blocks after the header, each with the number of its first line.

    A line of only spaces ends a cue only if the next cue follows, since automatic captions contain such lines.
    """
    block: list[str] = []
    header = True
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip() or (block and line and not any(ARROW in following for following in lines[number : number + 2])):
            block.append(line)
            continue
        if block and not header:
            yield number - len(block), block
        header = header and not block
        block = []


def _cues(path: Path, line: int, block: list[str]) -> list[Cue]:
    """Return the cues of a block; an empty list for a note, a style or a region.

    A line of times inside a cue begins the next cue, even without an empty line before it.
    """
    named = 0 if ARROW in block[0] else 1
    if len(block) <= named or ARROW not in block[named]:
        if block[0].split()[0] in _OTHERS:
            return []
        raise fault(path, line, f"{block[0].strip()[:40]!r} does not begin a cue: no line with times (-->) follows")
    times = times_of(block[named])
    if isinstance(times, str):
        raise fault(path, line + named, times)
    lines = block[named + 1 :]
    later = next((at for at, text in enumerate(lines) if ARROW in text), None)
    voices = [(speaker, _lines(text, *times)) for speaker, text in _voices("\n".join(lines[:later]))]
    cue = Cue(*times, tuple((speaker, shown) for speaker, shown in voices if shown))
    return [cue] if later is None else [cue, *_cues(path, line + named + 1 + later, lines[later:])]


def _lines(text: str, start: float, end: float) -> tuple[Line, ...]:
    return tuple(Line(shown, stamped_words(line, start, end)) for line in text.split("\n") if (shown := unmarked(line)))


def _voices(text: str) -> list[tuple[str, str]]:
    """Return speakers and what each says; text before the first voice has an empty speaker."""
    before, *rest = _VOICE.split(text)
    voices = [("", before)] if unmarked(before) or not rest else []
    for name, said in zip(rest[::2], rest[1::2], strict=True):
        inside, closed, after = said.partition("</v>")
        voices.append((plain(html.unescape(name)), inside))
        if closed and unmarked(after):
            voices.append(("", after))
    return voices
