r"""Read Praat annotations (.TextGrid), in the long and in the short form of its text files.

Like Praat itself, this reader uses only free-standing numbers, texts in quotation marks and flags in angle brackets, in
their order. Everything else (`xmin =`, `intervals [1]:`, comments after an exclamation mark) is for human readers. So
the long and the short form are read in the same way.

Source: the Praat manual, "TextGrid file formats" (Boersma and Weenink).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText, checked_times, fault, plain, read_text

_TOKENS = re.compile(
    r"""
    (?P<text>"(?:[^"]|"")*") | (?P<open>") | (?P<comment>![^\n]*)
    | (?<!\S)(?P<flag><\w+>)(?!\S) | (?<!\S)(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S) | (?:[^\s"!]+)
    """,
    re.VERBOSE | re.ASCII,
)
# How forced aligners mark a pause: the Montreal Forced Aligner, P2FA, WebMAUS.
_PAUSES = {"sil", "sp", "spn", "<sil>", "<eps>", "<p:>", "{sl}", "{sp}"}


class _Tokens:
    """The free-standing numbers, texts and flags of a file, one after another."""

    def __init__(self, path: Path, content: str) -> None:
        self._path, self._content = path, content
        self._found = self._search()
        self._at = 0

    def _search(self) -> Iterator[tuple[str, str]]:
        for found in _TOKENS.finditer(self._content):
            self._at = found.start()
            if found.lastgroup == "open":
                raise self.fault("this quotation mark is never closed")
            if found.lastgroup in ("text", "number", "flag"):
                yield found.lastgroup, found[0]
        self._at = len(self._content.rstrip())

    def fault(self, what: str) -> UserError:
        return fault(self._path, self._content.count("\n", 0, self._at) + 1, what)

    def _next(self, kind: str, meaning: str) -> str:
        found, value = next(self._found, ("", ""))
        if found != kind:
            given = f"found {plain(value)[:40]}" if found else "the file ends"
            raise self.fault(f"{given} where {meaning} is expected")
        return value

    def text(self, meaning: str) -> str:
        return self._next("text", meaning)[1:-1].replace('""', '"')

    def number(self, meaning: str) -> float:
        return float(self._next("number", meaning))

    def flag(self, meaning: str) -> str:
        return self._next("flag", meaning)

    def count(self, meaning: str) -> int:
        number = self.number(meaning)
        if not 0 <= number < 1e9 or number != int(number):
            raise self.fault(f"found {number:g} where {meaning}, a whole number, is expected")
        return int(number)


def read(path: Path) -> tuple[TimedText, ...]:
    """Read the labelled intervals and points of all tiers; a point starts and ends at the same time.

    Intervals without a label, and pauses that an aligner labelled, are left out.

    Raises
    ------
    UserError
        If the file is not a TextGrid in text form, or is faulty; the message names the line.
    """
    refuse_binary(path)
    tokens = _Tokens(path, read_text(path))
    if tokens.text("the kind of file").split()[:1] != ["ooTextFile"] or tokens.text("the class") != "TextGrid":
        raise tokens.fault("this is not a TextGrid: save the annotation in Praat with 'Save as text file'")
    tokens.number("the start"), tokens.number("the end")
    if tokens.flag("whether there are tiers") != "<exists>":
        return ()
    found: list[TimedText] = []
    for _ in range(tokens.count("the number of tiers")):
        found += _tier(tokens)
    return tuple(found)


def refuse_binary(path: Path) -> None:
    """Raise `UserError` for a TextGrid in Praat's binary form."""
    with path.open("rb") as file:
        if file.read(12) == b"ooBinaryFile":
            raise UserError(f"{path} is a binary TextGrid: save it in Praat with 'Save as text file'")


def _tier(tokens: _Tokens) -> Iterator[TimedText]:
    kind = tokens.text("the class of a tier")
    if kind not in ("IntervalTier", "TextTier"):
        raise tokens.fault(f"{kind!r} is not IntervalTier or TextTier")
    name = tokens.text("the name of a tier")
    tokens.number("the start of a tier"), tokens.number("the end of a tier")
    for _ in range(tokens.count("the number of intervals or points")):
        start = tokens.number("a time")
        end = tokens.number("the end of an interval") if kind == "IntervalTier" else start
        label = plain(tokens.text("a label"))
        if checked_times(start, end) is None:
            raise tokens.fault(f"the label {label!r} lasts from {start:g} to {end:g} s: correct these times")
        if label and label.lower() not in _PAUSES:
            yield TimedText(label, start, end, name)
