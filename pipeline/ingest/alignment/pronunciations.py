"""Find pronunciations of words: in the dictionary, from similar words of the dictionary, or from the letters.

Every word gets a pronunciation, so that a single odd word does not prevent the others from being aligned.
"""

import re
from collections.abc import Callable, Iterator

from pipeline.ingest.alignment.readings import Unit
from pipeline.ingest.alignment.spelling import sounded, spelled

SOMETHING_SAID = "+SPN+"  # the acoustic model's phone for speech that it cannot describe
LONGEST_SPELLED = 4  # unknown words up to this length may be initials
_SHORTEST_PART = 3  # letters of each part of a compound
_VOICELESS = {"P", "T", "K", "F", "TH"}
_HISSING = {"S", "Z", "SH", "ZH", "CH", "JH"}
_ENDINGS = (
    ("ing", "IH NG"),
    ("ish", "IH SH"),
    ("ness", "N AH S"),
    ("less", "L AH S"),
    ("ly", "L IY"),
    ("er", "ER"),
    ("ers", "ER Z"),
    ("y", "IY"),
    ("able", "AH B AH L"),
)
_BEGINNINGS = (("un", "AH N"), ("re", "R IY"), ("non", "N AA N"), ("mis", "M IH S"), ("super", "S UW P ER"))

Lookup = Callable[[str], str | None]  # takes a word in lower case, and returns its phones, separated by spaces


def pronunciations(unit: Unit, lookup: Lookup) -> tuple[str, ...]:
    """Return the phones of each way to say a unit (ARPAbet, separated by spaces); there is at least one way.

    Parameters
    ----------
    unit
        A unit that is aligned as one word.
    lookup
        The dictionary; it gives further pronunciations under ``word(2)``, ``word(3)`` and so on.

    Examples
    --------
    >>> known = {"five": "F AY V", "dollars": "D AA L ER Z", "race": "R EY S", "car": "K AA R"}
    >>> pronunciations(Unit(("five dollars", "five")), known.get)
    ('F AY V D AA L ER Z', 'F AY V')
    >>> pronunciations(Unit(("racecar",)), known.get), pronunciations(Unit(("fiiive",)), known.get)
    (('R EY S K AA R',), ('F AY V',))
    """
    found = [way for words in unit.ways for way in _of_way(words.split(), lookup)]
    return tuple(dict.fromkeys(way for way in found if way)) or (SOMETHING_SAID,)


def _of_way(words: list[str], lookup: Lookup) -> list[str]:
    if len(words) == 1:
        return _of_word(words[0], lookup)
    return [" ".join(_of_word(word, lookup)[0] for word in words)]


def _of_word(word: str, lookup: Lookup) -> list[str]:
    """Return the pronunciations of one spoken word; there is at least one, which may be empty."""
    if known := _known(word, lookup) or _likened(word.strip("'"), lookup):
        return known
    letters = re.sub("[^a-z]", "", word)
    by_name = [spelled(letters)] if len(letters) <= LONGEST_SPELLED or not re.search("[aeiouy]", letters) else []
    return [sounded(word), *by_name]


def _known(word: str, lookup: Lookup) -> list[str]:
    """Return all pronunciations of a word in the dictionary."""
    first = lookup(word)
    if first is None:
        return []
    others: Iterator[str | None] = (lookup(f"{word}({number})") for number in range(2, 10))
    return [first, *(other for other in others if other is not None)]


def _likened(word: str, lookup: Lookup) -> list[str]:
    """Return pronunciations of a word that are derived from dictionary words; an empty list if there are none."""
    if known := _known(word, lookup):
        return known
    for ways in (_drawled(word, lookup), _clipped(word, lookup), _inflected(word, lookup), _derived(word, lookup)):
        if ways:
            return ways
    return [way] if (way := _compound(word, lookup)) else []


def _drawled(word: str, lookup: Lookup) -> list[str]:
    """Return pronunciations of a word like ``nooo`` or ``sweeeet``, else an empty list.

    Letters of such a word are repeated because a sound is drawn out.
    """
    twice, once = (re.sub(r"(.)\1{2,}", kept, word) for kept in (r"\1\1", r"\1"))
    shorter = (short for short in (twice, once, re.sub(r"(.)\1+$", r"\1", twice)) if short != word)
    return next((ways for short in shorter if (ways := _known(short, lookup))), [])


def _clipped(word: str, lookup: Lookup) -> list[str]:
    """Return pronunciations of a word like ``flingin``, without the g of -ing and an apostrophe; else an empty list."""
    return [f"{way[:-1]}" for way in _known(f"{word}g", lookup) if way.endswith("IH NG")] if word.endswith("in") else []


def _inflected(word: str, lookup: Lookup) -> list[str]:
    """Return pronunciations of a word like ``phoebe's`` or ``traumatised``, else an empty list.

    The sound of -s or -ed depends on the phone before it.
    """
    for ending, stems in (("'s", ("",)), ("es", ("", "e")), ("s", ("",)), ("'d", ("",)), ("ed", ("", "e"))):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        for stem_and_e in stems:
            if ways := _known(stem + stem_and_e, lookup):
                return [f"{way} {_suffix(ending, way.split()[-1])}" for way in ways]
    return []


def _suffix(ending: str, before: str) -> str:
    if ending.endswith("s"):
        return "IH Z" if before in _HISSING else "S" if before in _VOICELESS else "Z"
    return "IH D" if before in {"T", "D"} else "T" if before in _VOICELESS | _HISSING - {"Z", "ZH", "JH"} else "D"


def _derived(word: str, lookup: Lookup) -> list[str]:
    """Return pronunciations of a known word with a suffix or a prefix, such as ``judgey`` or ``unmarriable``.

    For any other word, the list is empty.
    """
    for ending, phones in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_PART:
            stems = (stem, f"{stem}e", stem[:-1] if stem[-1] == stem[-2] else "")
            if ways := next((ways for written in stems if written and (ways := _known(written, lookup))), []):
                return [f"{way} {phones}" for way in ways]
    for beginning, phones in _BEGINNINGS:
        if word.startswith(beginning) and (ways := _known(word.removeprefix(beginning), lookup)):
            return [f"{phones} {way}" for way in ways]
    return []


def _compound(word: str, lookup: Lookup) -> str:
    """Divide a compound like ``seahorse`` into known words and join their phones; empty if that is not possible.

    The compound is divided into as few words as possible, with a first word that is as long as possible.
    """
    best: dict[int, tuple[int, str]] = {len(word): (0, "")}
    for start in range(len(word) - _SHORTEST_PART, -1, -1):
        for end in range(len(word), start + _SHORTEST_PART - 1, -1):
            phones = lookup(word[start:end]) if end in best else None
            if phones is not None and (start not in best or best[end][0] + 1 < best[start][0]):
                best[start] = best[end][0] + 1, f"{phones} {best[end][1]}".strip()
    return best.get(0, (0, ""))[1]
