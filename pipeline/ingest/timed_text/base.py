"""What readers of transcripts, subtitles and annotations share: the class of their results, text files, and errors."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError, refuse_pipe
from pipeline.tables.encodings import encoding_of

_LATEST_S = 1e9  # no recording lasts longer, in seconds
_WESTERN = "cp1252"  # the encoding in which older Windows programs save subtitles in Western languages
_PUNCTUATION = "‘’“”‚„–—…•«»¡¿£€°´©®™§½¼¾\u00a0\u00ad"  # characters other than letters that texts in it contain


@dataclass(frozen=True)
class TimedText:
    """What was said in one part of a recording (a cue, a segment, an annotation), or a whole transcript without times.

    Attributes
    ----------
    text
        The words, without the markup of the format, and with white space reduced to single spaces.
    start, end
        Seconds on the recording's clock; equal for a point, None if the file has no times.
    tier
        The name of the annotation tier; empty if the format has no tiers.
    words
        The words of the text that have times in the file, in order, each with start and end in seconds.
    speaker
        The speaker, if the file names one; else empty.
    """

    text: str
    start: float | None = None
    end: float | None = None
    tier: str = ""
    words: tuple[tuple[str, float, float], ...] = ()
    speaker: str = ""


def fault(path: Path, line: int, what: str) -> UserError:
    """Return the error for a fault in a line of a file; lines are counted from 1."""
    return UserError(f"{path}:{line}: {what}")


def plain(text: str) -> str:
    r"""Return a text with white space reduced to single spaces, and without invisible characters.

    >>> plain("  two\n lines\u200b ")
    'two lines'
    """
    shown = "".join(" " if char.isspace() else char for char in text if unicodedata.category(char) != "Cf")
    return " ".join(shown.split())


_NO_SPEECH = re.compile(r"(?:\s|♪|♫|\[[^\[\]]*\]|\([^()]*\)|[-–—.*#>])*")  # [applause], (laughs), notes of music


def is_noise(text: str) -> bool:
    """Whether a text only describes noises or music.

    >>> is_noise("[applause] ♪"), is_noise("(laughs) Yes"), is_noise("")
    (True, False, True)
    """
    return _NO_SPEECH.fullmatch(text) is not None


def checked_times(start: object, end: object) -> tuple[float, float] | None:
    """Return a start and an end in seconds; None unless they are finite numbers, not negative, and in order.

    >>> checked_times(1, 2.5), checked_times(2, 1), checked_times(None, 1)
    ((1.0, 2.5), None, None)
    """
    numbers = [value for value in (start, end) if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < 2 or not 0 <= numbers[0] <= numbers[1] <= _LATEST_S:
        return None
    return float(numbers[0]), float(numbers[1])


def read_text(path: Path) -> str:
    """Read a text file; the byte order mark is removed, and line endings are normalised.

    The encoding is UTF-16 or UTF-32 if the byte order mark or the NUL bytes show this; otherwise, it is UTF-8. A file
    that is not UTF-8 is read as Windows-1252 if the result looks like a Western language.

    Raises
    ------
    UserError
        If the path is not a regular file, if none of these encodings fits, or if the text contains NUL characters.
    """
    refuse_pipe(path)
    raw = path.read_bytes()
    encoding = encoding_of(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        if encoding != "utf-8-sig":
            name = encoding.upper()
            raise fault(path, line, f"the file is not {name} throughout: save it as UTF-8") from None
        text = _western(raw)
        if not text:
            why = "the file is neither UTF-8 nor Windows-1252: save it as UTF-8"
            raise fault(path, line, why) from None
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise fault(path, line, "there is a NUL character: the file is not text, or was not copied completely")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _western(raw: bytes) -> str:
    """Return bytes decoded as Windows-1252; empty if the result does not look like a Western language."""
    try:
        text = raw.decode(_WESTERN)
    except UnicodeDecodeError:
        return ""
    beyond = [char for char in text if char > "\x7f"]
    accented = sum(char.isalpha() for char in beyond)
    words = re.findall(r"[^\W\d_](?:\W?[^\W\d_])*", text)
    known = all(char.isalpha() or char in _PUNCTUATION for char in beyond)
    inside = any(re.search(r"[^\W\d_][¡¿£°§½¼¾©®][^\W\d_]", word) for word in words)
    return text if known and not inside and 3 * accented < sum(char.isalpha() for char in text) else ""
