"""How written English words are read aloud: ``$5`` is *five dollars*, ``no-no`` is two words, ``(!)`` is silent.

A written word becomes *units*, each of which is aligned as one word. A unit lists all ways to say it, and the sound
decides between them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.ingest.alignment.numerals import cardinal, clock, number, ordinal, plural, whole

Ways = Sequence[str]

_MAGNITUDES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"}
_LARGE = {"hundred", "thousand", "million", "billion", "trillion", "grand"}
_CURRENCIES = {
    "$": ("dollar", "dollars", "cents"),
    "£": ("pound", "pounds", "pence"),
    "€": ("euro", "euros", "cents"),
    "¥": ("yen", "yen", "sen"),
}
_SYMBOLS = {
    "&": ("and",),
    "%": ("percent",),
    "+": ("plus", "and"),
    "=": ("equals", "is"),
    "@": ("at",),
    "#": ("number", "hash", "hashtag"),
    "°": ("degrees", "degree"),
    "½": ("half", "a half", "one half"),
    "¼": ("quarter", "a quarter", "one quarter"),
    "¾": ("three quarters",),
}
_ABBREVIATIONS = {
    "mr": ("mister",),
    "mrs": ("missus",),
    "ms": ("miz", "miss"),
    "dr": ("doctor", "drive"),
    "st": ("saint", "street"),
    "prof": ("professor",),
    "sgt": ("sergeant",),
    "capt": ("captain",),
    "lt": ("lieutenant",),
    "gen": ("general",),
    "gov": ("governor",),
    "sen": ("senator",),
    "rep": ("representative",),
    "rev": ("reverend",),
    "jr": ("junior",),
    "sr": ("senior",),
    "vs": ("versus", "v s"),
    "etc": ("et cetera", "etcetera"),
    "no": ("no", "number"),
    "nos": ("numbers",),
    "ave": ("avenue",),
    "blvd": ("boulevard",),
    "rd": ("road",),
    "mt": ("mount",),
    "ft": ("feet", "foot", "fort"),
    "approx": ("approximately",),
    "dept": ("department",),
    "est": ("established", "estimated"),
    "inc": ("incorporated", "ink"),
    "co": ("company", "co"),
    "corp": ("corporation", "corp"),
    "ltd": ("limited",),
    "jan": ("january",),
    "feb": ("february",),
    "aug": ("august",),
    "sept": ("september",),
    "oct": ("october",),
    "nov": ("november",),
    "dec": ("december",),
}
_MEASURES = {
    "kg": ("kilograms", "kilos", "kilogram"),
    "g": ("grams", "g"),
    "km": ("kilometers", "kilometer"),
    "cm": ("centimeters", "centimeter"),
    "mm": ("millimeters", "millimeter"),
    "ft": ("feet", "foot"),
    "lb": ("pounds", "pound"),
    "lbs": ("pounds",),
    "oz": ("ounces", "ounce"),
    "mph": ("miles per hour", "m p h"),
    "hr": ("hours", "hour"),
    "hrs": ("hours",),
    "min": ("minutes", "minute"),
    "sec": ("seconds", "second"),
    "am": ("a m",),
    "pm": ("p m",),
    "x": ("times", "x"),
}
_ROMAN = {"ii": "two", "iii": "three", "iv": "four", "vi": "six", "vii": "seven", "viii": "eight", "ix": "nine"}


@dataclass(frozen=True)
class Unit:
    """A part of a written word that is aligned as one word.

    Attributes
    ----------
    ways
        The ways to say it, each of one or more words in lower case. Empty for a word in another script, which is spoken
        but whose pronunciation is unknown.
    """

    ways: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the unit in the aligner's dictionary: the only way to say it, or all ways joined."""
        return "|".join(self.ways).replace(" ", "_") or "|"


def units_of(words: Sequence[str]) -> list[tuple[Unit, ...]]:
    """Return the units of each written word, in order; words that are not spoken, such as ``--``, have none.

    Parameters
    ----------
    words
        A transcript, split at its spaces.

    Examples
    --------
    >>> [[unit.ways[0] for unit in units] for units in units_of(["No-no,", "$5", "million", "--", "[laughs]", "1st!"])]
    [['no', 'no'], ['five dollars'], ['million dollars'], [], [], ['first']]
    """
    units: list[tuple[Unit, ...]] = []
    inside = False
    money = ""
    for word in map(_plain, words):
        opened = inside or word.startswith(("[", "<", "{"))
        inside = opened and not re.search(r"[]>}]\W*$", word)
        ways = [] if opened else [tuple(ways) for ways in _scanned(word)]
        if money and ways and ways[0][0] in _LARGE:
            ways[0] = (f"{ways[0][0]} {money}", ways[0][0])
        money = _currency(word)
        units.append(tuple(map(Unit, ways)))
    return units


def _plain(word: str) -> str:
    """Return a word in lower case with plain characters instead of typographic ones; other scripts are kept."""
    controls = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}  # as in old MELD sheets
    text = word.translate(controls)
    text = "".join(mark if mark in _SYMBOLS else unicodedata.normalize("NFKD", mark) for mark in text)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"[\u2018\u2019\u201b\u02bc\u02b9\u00b4`]", "'", text).lower()
    return re.sub(r"(?<=[a-z])\?(?=(s|t|ve|re|ll|d|m)\b)", "'", text)  # an apostrophe that an encoding lost


def _currency(word: str) -> str:
    """Return the plural of the currency if a word is an amount that *million* may follow, as in ``$5``; else ``""``."""
    amount = re.fullmatch(r"\W*([$£€¥])\d[\d.,]*", word)
    return _CURRENCIES[amount[1]][1] if amount else ""


def _scanned(word: str) -> Iterator[Ways]:
    """Yield the ways to say each part of a word, from left to right; characters that no rule covers are silent."""
    place = 0
    while place < len(word):
        for pattern, ways_of in _RULES:
            found = pattern.match(word, place)
            ways = ways_of(found) if found else ()
            if found and (ways or pattern is _FOREIGN):
                yield tuple(dict.fromkeys(ways))
                place = found.end()
                break
        else:
            place += 1


def _amount(found: re.Match[str]) -> Ways:
    one, many, parts = _CURRENCIES[found["sign"]]
    scale = _MAGNITUDES.get(found["scale"] or "", "")
    heads = number(found["number"])
    if scale:
        return [f"{head} {scale} {many}" for head in heads]
    whole_part, _, cents = found["number"].partition(".")
    if len(cents) == 2 and int(cents):
        heads, rest = number(whole_part), cardinal(int(cents))
        unit = one if whole_part == "1" else many
        endings = (f"{unit} {rest}", f"{unit} and {rest} {parts}", rest)
        return [f"{head} {ending}" for head in heads for ending in endings]
    return [f"{head} {one if found['number'] == '1' else many}" for head in heads] + heads


def _numbered(found: re.Match[str]) -> Ways:
    """Read a number and what follows it: an ordinal, a plural, a percentage, a range, a measure, or letters."""
    heads, tail = number(found["number"]), found["tail"] or ""
    if tail in ("st", "nd", "rd", "th"):
        return [ordinal(head) for head in heads]
    if tail in ("s", "'s"):
        return [*map(plural, heads), *(f"{head} seconds" for head in heads)]
    if tail == "%":
        return [f"{head} percent" for head in heads]
    if found["range"] is not None:
        return heads + [f"{head} to" for head in heads]
    measures = (*_MEASURES.get(tail, ()), *([_MAGNITUDES[tail]] if tail in _MAGNITUDES else ()))
    tails = measures or ((" ".join(tail), tail) if tail else ("",))
    return [f"{head} {end}".strip() for head in heads for end in tails]


def _time(found: re.Match[str]) -> Ways:
    return clock(int(found["hours"]), int(found["minutes"]))


def _decade(found: re.Match[str]) -> Ways:
    heads = whole(found["number"]) if found["number"] != "00" else ["hundred"]
    return [plural(head) for head in heads] if found["plural"] else heads


def _initials(found: re.Match[str]) -> Ways:
    letters = " ".join(re.findall(r"[a-z]", found["letters"]))
    return [f"{letters}'s" if found["ending"] else letters, found["letters"].replace(".", "")]


def _address(found: re.Match[str]) -> Ways:
    text = found[0].replace("@", " at ").replace(".", " dot ")
    return [re.sub(r"[^a-z' ]+", " ", re.sub(r"\d+", lambda digits: f" {number(digits[0])[0]} ", text))]


def _word(found: re.Match[str]) -> Ways:
    word = found[0]
    return (word, _ROMAN[word], ordinal(_ROMAN[word])) if word in _ROMAN else (word,)


_FOREIGN = re.compile(r"[^\W\d_a-z]+")
_NUMBER = r"(\d{1,3}(,\d{3})+(?!\d)|\d+)(\.\d+)?"
_RULES: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Ways]]] = (
    (re.compile(r"[a-z0-9._-]*[a-z0-9]@[a-z0-9-]+(\.[a-z0-9-]+)+"), _address),
    (re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|org|net|edu|gov)\b"), _address),
    (re.compile(rf"(?P<sign>[$£€¥])(?P<number>{_NUMBER})(?P<scale>(k|mn?|bn?)\b)?"), _amount),
    (re.compile(r"(?P<hours>[01]?\d|2[0-4]):(?P<minutes>[0-5]\d)(?!\d)"), _time),
    (re.compile(r"'(?P<number>\d\d)(?P<plural>'?s\b)?(?!\d)"), _decade),
    (re.compile(rf"(?P<number>{_NUMBER}|\.\d+)(?P<tail>%|'s\b|[a-z]+)?(?P<range>(?=[-\u2013]\d))?"), _numbered),
    (re.compile(r"(?P<letters>[a-z](\.[a-z])+)(?:\.(?P<ending>'?s\b)?|(?![a-z]))"), _initials),
    (re.compile(rf"({'|'.join(_ABBREVIATIONS)})\."), lambda found: _ABBREVIATIONS[found[1]]),
    (re.compile(r"'?[a-z]+(?:'[a-z]+)*'?"), _word),
    (re.compile(f"[{''.join(_SYMBOLS)}]"), lambda found: _SYMBOLS[found[0]]),
    (_FOREIGN, lambda _: ()),
)  # fmt: skip
