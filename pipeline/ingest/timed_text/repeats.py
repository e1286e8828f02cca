"""Leave out what subtitles say twice: cues that are in a file twice, and words that captions show again.

Automatic and live captions show lines again: above a new line, or as the beginning of a longer line. People say words
again, too, so words are left out only where something else shows that they are not spoken again. What is left out, and
what is kept although it looks repeated, is counted with an example.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from pipeline.errors import counted
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.cues import Cue, Line

_TOUCH_S = 0.05  # longest gap between two captions that roll up, and longest cue in which no word can be spoken
_LEAST = 5  # a file has captions that roll up or grow if at least so many cues show words of the preceding cue again,
_SHARE = 2 / 3  # and at least this share of those that follow another cue
_SHOWN = 40  # letters of an example

TWICE = "left out, since the file holds them twice: {}"
AGAIN = "words left out, since captions that roll up or grow show them again: at the beginning of {}"
KEPT = "words kept, although they may be shown again and not said again: at the beginning of {}"


@dataclass(frozen=True)
class Repeat:
    """One kind of repetition in a file: which kind it is, in how many cues it was found, and an example.

    The kind is `TWICE`, `AGAIN` or `KEPT`. The example is the repeated words of the first of these cues.
    """

    kind: str
    cues: int
    example: str


@dataclass(frozen=True)
class _Again:
    """What a cue shows again of the preceding cue.

    Attributes
    ----------
    kind
        ``flash``: the cue shows nothing new, and is too short for speech. ``all``: it shows nothing new, and is not
        ``flash``. ``lines``: it shows whole lines again, above new ones. ``growth``: it begins with all words of the
        preceding cue while that is still shown. ``beginning``: it begins with all words of the preceding cue after
        that has ended.
    shown
        The lines or parts of lines that are shown again.
    fresh
        The lines or parts of lines that are new.
    """

    kind: Literal["flash", "all", "lines", "growth", "beginning"]
    shown: tuple[Line, ...]
    fresh: tuple[Line, ...]

    @property
    def words(self) -> str:
        return " ".join(line.text for line in self.shown)


def without_repeats(cues: Sequence[Cue], repeats: list[Repeat] | None = None) -> tuple[TimedText, ...]:
    """Return what is said in a file, without whole cues that it holds twice, and without words that are shown again.

    Of cues with the same times, speakers and words, the first one is kept. A cue shows words again if it touches or
    overlaps the preceding one, has the same speaker, and begins with that cue's last lines or with all of its words.
    The words that a cue shows again are left out in three cases:

    - The cue shows nothing else, and lasts at most 0.05 s, while the preceding cue lasts longer. If the next cue shows
      whole lines again above new ones, these are left out, too.
    - They are whole lines above new ones, and have no times of words, although at least half of the file's cues have
      such times, as in captions from YouTube.
    - They are whole lines above new ones, or all words of the preceding cue while that is still shown, and this is
      usual in the file: at least five cues, and two thirds of those that follow another cue, show words again.

    Parameters
    ----------
    cues
        The cues in the order of the file.
    repeats
        A list to which a `Repeat` is appended for each kind of repetition: for what was left out, and for what was
        kept although it looks repeated.
    """
    by_content: dict[object, list[Cue]] = {}
    for cue in cues:
        if cue.voices:
            spoken = tuple((said.speaker, said.text) for said in cue.texts())
            by_content.setdefault((cue.start, cue.end, spoken), []).append(cue)
    once = [same[0] for same in by_content.values()]
    again = [None, *(_again(before, cue) for before, cue in pairwise(once))][: len(once)]
    left_out = _left_out(once, again)
    if repeats is not None:
        twice = [_text(cue) for same in by_content.values() for cue in same[1:]]
        kept = [found.words for found, out in zip(again, left_out, strict=True) if found and not out]
        gone = [found.words for found, out in zip(again, left_out, strict=True) if found and out]
        several = [words for words in kept if " " in words]  # a single word is often said again
        for kind, examples in ((TWICE, twice), (AGAIN, gone), (KEPT, several)):
            if examples:
                repeats.append(Repeat(kind, len(examples), examples[0]))
    return tuple(
        said
        for cue, found, out in zip(once, again, left_out, strict=True)
        for said in (_with(cue, found.fresh) if found and out else cue).texts()
    )


def _text(cue: Cue) -> str:
    return " ".join(said.text for said in cue.texts())


def _with(cue: Cue, lines: tuple[Line, ...]) -> Cue:
    return replace(cue, voices=((cue.voices[0][0], lines),) if lines else ())


def _again(before: Cue, cue: Cue) -> _Again | None:
    """Return what `cue` shows again of `before`, the preceding cue; None if there is nothing."""
    if len(before.voices) > 1 or len(cue.voices) > 1 or not before.start <= cue.start <= before.end + _TOUCH_S:
        return None
    (speaker, earlier), (other, lines) = before.voices[0], cue.voices[0]
    if speaker != other:
        return None
    old, new = [line.text for line in earlier], [line.text for line in lines]
    for many in range(min(len(old), len(new)), 0, -1):
        if old[-many:] == new[:many]:
            if many < len(new):
                return _Again("lines", lines[:many], lines[many:])
            flash = _is_short(cue) and not _is_short(before)
            return _Again("flash" if flash else "all", lines, ())
    words, shown = " ".join(new).split(), " ".join(old).split()
    if len(words) <= len(shown) or words[: len(shown)] != shown:
        return None
    parts = _divided(lines, len(shown))
    return parts and _Again("growth" if cue.start < before.end else "beginning", *parts)


def _is_short(cue: Cue) -> bool:
    return cue.end - cue.start <= _TOUCH_S


def _divided(lines: Sequence[Line], count: int) -> tuple[tuple[Line, ...], tuple[Line, ...]] | None:
    """Divide lines after their first `count` words; None if it is unclear which times belong to which words."""
    first, rest = [], []
    for line in lines:
        words = line.text.split()
        if 0 < count < len(words) and line.words and len(line.words) != len(words):
            return None
        if taken := words[:count]:
            first.append(Line(" ".join(taken), line.words[:count] if count < len(words) else line.words))
        if left := words[count:]:
            rest.append(Line(" ".join(left), line.words[count:]))
        count = max(0, count - len(words))
    return tuple(first), tuple(rest)


def _left_out(cues: Sequence[Cue], again: Sequence[_Again | None]) -> list[bool]:
    """Return for each cue whether the words that it shows again are left out."""
    sure = sum(found is not None and found.kind in ("flash", "lines", "growth") for found in again)
    rolling = sure >= max(_LEAST, _SHARE * (len(cues) - 1))
    long = [cue for cue in cues if not _is_short(cue)]
    timed = 2 * sum(any(said.words for said in cue.texts()) for cue in long) >= max(1, len(long))
    left_out = []
    for at, found in enumerate(again):
        if found is None or found.kind in ("all", "beginning"):
            left_out.append(False)
            continue
        before = again[at - 1]
        flashed = before is not None and before.kind == "flash"
        shown_only = timed and not any(line.words for line in found.shown)
        left_out.append(rolling or found.kind == "flash" or (found.kind == "lines" and (flashed or shown_only)))
    return left_out


def repeat_notes(found: Iterable[tuple[str, Repeat]]) -> list[str]:
    """Return one sentence for each kind of repetition.

    Parameters
    ----------
    found
        Pairs of a place and what is repeated there. The place is worded as the end of a sentence, such as
        `` in talk.srt``, and may be empty.

    Examples
    --------
    >>> repeat_notes([(" in a.srt", Repeat(TWICE, 2, "we go")), (" in b.srt", Repeat(TWICE, 1, "yes"))])
    ["left out, since the file holds them twice: 3 cues, such as 'we go' in a.srt"]
    """
    by_kind: dict[str, list[tuple[str, Repeat]]] = {}
    for where, repeat in found:
        by_kind.setdefault(repeat.kind, []).append((where, repeat))
    return [
        f"{kind.format(counted(sum(one.cues for _, one in same), 'cue'))}, such as "
        f"{same[0][1].example[:_SHOWN]!r}{same[0][0]}"
        for kind, same in by_kind.items()
    ]
