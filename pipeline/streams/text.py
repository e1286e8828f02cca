"""Text streams: a transcript as clean tokens, each with the time of its word."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np

from features.errors import EmptyInput, NoStream
from features.types import TextStream, TimeArray
from pipeline.settings.streams import TextConfig

VERSION = 1
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u02b9\uff07\u00b4`"), "'")
JOINERS = "\u200c\u200d"  # invisible, but part of the spelling in Persian and in Indian scripts
SIMILAR = 0.6  # spellings whose similarity (difflib's ratio) is at least this count as the same word

Timed = tuple[str, float, float]  # word, start, end in seconds


def read_text(text: str, words: Sequence[Timed], start_s: float, config: TextConfig) -> TextStream:
    """Clean a transcript and give each token the time at which it is spoken.

    Parameters
    ----------
    text
        The transcript as written; if it is empty, the timed words are the transcript.
    words
        Word, start and end in seconds from the start of the recording; may be empty, and may differ slightly from
        `text`. A word with NaN times is assumed to follow the word before it.
    start_s
        Start of the utterance in the recording, in seconds; the times of tokens are relative to it.
    config
        Settings of cleaning.

    Returns
    -------
    TextStream
        Tokens in the order of the transcript. A token without a timed word has times NaN. If one timed word becomes
        several tokens (``well-known``), its time is divided in proportion to their lengths. Starts never decrease.

    Raises
    ------
    NoStream
        If there is neither transcript nor timed words.
    EmptyInput
        If cleaning leaves no tokens.

    Examples
    --------
    >>> stream = read_text("A well-known fact.", [("well-known", 1.0, 1.9)], 1.0, TextConfig())
    >>> stream.tokens, stream.times.round(2).tolist()
    (('a', 'well', 'known', 'fact'), [[nan, nan], [0.0, 0.4], [0.4, 0.9], [nan, nan]])
    """
    if not text.strip():
        text = " ".join(word for word, _, _ in words)
    if not text.strip():
        raise NoStream("no transcript")
    text = text.encode("utf-8", "replace").decode().replace("\0", " ")  # no store can hold these
    tokens = tokenise(text, config)
    if not tokens:
        raise EmptyInput("the transcript contains no words")
    spoken = [
        piece
        for word, start, end in _in_order(words)
        for piece in _divided(tokenise(word, config), start - start_s, end - start_s)
    ]
    return TextStream(text, tokens, _matched(tokens, spoken))


def tokenise(text: str, config: TextConfig) -> tuple[str, ...]:
    """Split a text into words, which consist of letters, digits and marks of any script.

    An apostrophe between letters (``don't``) and a point or comma between digits (``3.5``) are part of a word. A hyphen
    separates two words. A Han character is a word by itself, because scripts with Han characters have no spaces.
    Punctuation is left out or, if `config` says so, kept as separate tokens.

    >>> tokenise("Don\u2019t  pay \u20ac3.50 \u2014 it's a well-known trick!", TextConfig())
    ("don't", 'pay', '3.50', "it's", 'a', 'well', 'known', 'trick')
    """
    clean = unicodedata.normalize("NFC", text).translate(APOSTROPHES)
    clean = unicodedata.normalize("NFC", clean.lower()) if config.lowercase else clean
    tokens, word = [], ""
    for place, char in enumerate(clean):
        if _inside(clean, place, bool(word)) and not _han(char):
            word += char
            continue
        tokens.append(word)
        mark = not config.strip_punctuation and unicodedata.category(char)[0] in "PS"
        tokens.append(char if mark or _han(char) else "")
        word = ""
    return tuple(token for token in [*tokens, word] if token)


def _inside(text: str, place: int, begun: bool) -> bool:
    """Whether the character at `place` belongs to a word; `begun` says whether the character before it does."""
    char = text[place]
    kind = unicodedata.category(char)[0]
    if kind in "LN":
        return True
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if kind == "M" or char in JOINERS:
        return begun
    if char == "'":
        return begun and before.isalnum() and after.isalnum()
    return char in ".," and begun and before.isdecimal() and after.isdecimal()


def _han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\U00020000" <= char <= "\U0003ffff"


def _in_order(words: Sequence[Timed]) -> list[Timed]:
    """Return words sorted by their starts; a word without times stays after the word before it."""
    starts, latest = [], -np.inf
    for _, start, _ in words:
        latest = start if np.isfinite(start) else latest
        starts.append(latest)
    return [words[i] for i in np.argsort(starts, kind="stable")]


def _divided(tokens: Sequence[str], start: float, end: float) -> list[Timed]:
    """Return tokens with times that divide the interval in proportion to the tokens' lengths."""
    lengths = np.cumsum([0, *map(len, tokens)])
    edges = start + (max(end, start) - start) * lengths / max(int(lengths[-1]), 1)
    return [(token, float(edges[i]), float(edges[i + 1])) for i, token in enumerate(tokens)]


def _matched(tokens: Sequence[str], spoken: Sequence[Timed]) -> TimeArray:
    """Align tokens and spoken words in order; return ``(n, 2)`` times, NaN for unmatched tokens."""
    times = np.full((len(tokens), 2), np.nan)
    heard = [word for word, _, _ in spoken]
    for tag, a, b, c, d in SequenceMatcher(None, tokens, heard, autojunk=False).get_opcodes():
        if tag == "equal":
            times[a:b] = [spoken[place][1:] for place in range(c, d)]
        elif tag == "replace":
            times[a:b] = _replaced(tokens[a:b], spoken[c:d])
    times[~np.isfinite(times).all(axis=1)] = np.nan  # a token joined from words of which one has no times
    known = np.flatnonzero(np.isfinite(times).all(axis=1))
    times[known, 0] = np.maximum.accumulate(times[known, 0])
    times[known, 1] = np.maximum(times[known, 1], times[known, 0])
    return times


def _replaced(tokens: Sequence[str], spoken: Sequence[Timed]) -> TimeArray:
    """Return times ``(n, 2)`` of tokens that equal no spoken word.

    If the tokens have the same letters as the spoken words, divided differently, they take the times of their letters.
    Otherwise, tokens are paired with similarly spelt words, and the times of unpaired tokens are NaN.
    """
    if "".join(tokens) == "".join(word for word, _, _ in spoken):
        return _respelled(tokens, spoken)
    times = np.full((len(tokens), 2), np.nan)
    for i, j in _similar_pairs(tokens, [word for word, _, _ in spoken]):
        times[i] = spoken[j][1:]
    return times


def _respelled(tokens: Sequence[str], spoken: Sequence[Timed]) -> TimeArray:
    """Return times ``(n, 2)`` of tokens with the same letters as the spoken words: ``icecream`` for ``ice``, ``cream``.

    The time of a word is divided evenly among its letters; a token lasts from its first letter to its last one.
    """
    starts, ends = [], []
    for word, start, end in spoken:
        edges = np.linspace(start, end, len(word) + 1)
        starts += edges[:-1].tolist()
        ends += edges[1:].tolist()
    places = np.cumsum([0, *map(len, tokens)])
    return np.array([[starts[a], ends[b - 1]] for a, b in pairwise(places)])


def _similar_pairs(tokens: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Return the index pairs, in order, with the largest total similarity in spelling (Needleman and Wunsch, 1970)."""
    likeness = np.array([[SequenceMatcher(None, a, b).ratio() for b in heard] for a in tokens])
    likeness[likeness < SIMILAR] = 0
    best = np.zeros((len(tokens) + 1, len(heard) + 1))
    for i in range(len(tokens)):
        for j in range(len(heard)):
            best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], best[i, j] + likeness[i, j])
    pairs, i, j = [], len(tokens), len(heard)
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs
