"""Which tier of an annotation holds the utterances, and which of them holds their words."""

import re
from collections.abc import Sequence
from dataclasses import replace

from common.names import listed_names, suggest
from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText

Word = tuple[str, float, float]

# Names of tiers as forced aligners (Montreal Forced Aligner, P2FA, WebMAUS) and people give them.
_PHONES = re.compile(r"(?:.*[-_ ])?(?:phone?s?|phonemes?|segments?|mau|kan-mau|sounds?)", re.IGNORECASE)
_WORDS = re.compile(r"(?:.*[-_ ])?(?:words?|ort-mau|wrd)", re.IGNORECASE)
_SLACK_S = 0.005  # bounds of words and utterances are rounded differently


def utterances_of(texts: Sequence[TimedText], tier: str = "") -> tuple[TimedText, ...]:
    """Return what a file says by utterances, in order of time, with the words that another tier times.

    Parameters
    ----------
    texts
        What `read_timed_text` returned.
    tier
        Name of the tier; if empty, the only one that is neither of words nor of sounds.

    Raises
    ------
    UserError
        If there is no such tier, or several that may be meant; the message lists them.
    """
    if any(said.start is None for said in texts):
        return tuple(texts)
    names = list(dict.fromkeys(said.tier for said in texts))
    chosen = _chosen(names, tier) if names else ""
    words = _words_of(texts, _of_words(names, chosen))
    found = sorted((said for said in texts if said.tier == chosen), key=lambda said: (said.start, said.end))
    return tuple(said if said.words else replace(said, words=_within(said, words)) for said in found)


def whole(texts: Sequence[TimedText], tier: str = "") -> TimedText:
    """Return everything that a file says as one text, with all words that it times.

    A file whose only tiers are of words, and perhaps sounds, gives its words; for the others and for errors see
    `utterances_of`.
    """
    names = list(dict.fromkeys(said.tier for said in texts if said.start is not None))
    of_words = [name for name in names if _WORDS.fullmatch(name)]
    others = [name for name in names if name not in of_words and not _PHONES.fullmatch(name)]
    if not tier and len(of_words) == 1 and not others:
        words = _words_of(texts, of_words)
        return _spanned([said for said in texts if said.tier == of_words[0]], words)
    found = utterances_of(texts, tier)
    return _spanned(found, tuple(word for said in found for word in said.words))


def _spanned(found: Sequence[TimedText], words: tuple[Word, ...]) -> TimedText:
    starts = [said.start for said in found if said.start is not None]
    ends = [said.end for said in found if said.end is not None]
    speakers = {said.speaker for said in found}
    return TimedText(
        " ".join(said.text for said in found),
        min(starts, default=None),
        max(ends, default=None),
        words=words,
        speaker=speakers.pop() if len(speakers) == 1 else "",
    )


def _chosen(names: Sequence[str], tier: str) -> str:
    if tier:
        if tier not in names:
            raise UserError(f"no tier with annotations is named {tier!r}; {suggest(tier, names)}")
        return tier
    likely = [name for name in names if not (_PHONES.fullmatch(name) or _WORDS.fullmatch(name))]
    if len(likely) == 1 or len(names) == 1:
        return (likely or names)[0]
    what = "several tiers may hold the utterances" if likely else "no tier seems to hold utterances"
    raise UserError(f"{what}: name one of {listed_names(likely or names)} with --tier")


def _of_words(names: Sequence[str], chosen: str) -> list[str]:
    """Return the tier that holds the words of another one: the only tier of words, or the one with its name."""
    found = [name for name in names if name != chosen and _WORDS.fullmatch(name)]
    related = [name for name in found if name.casefold().startswith(chosen.casefold())]
    return related if len(found) > 1 else found


def _words_of(texts: Sequence[TimedText], tiers: Sequence[str]) -> tuple[Word, ...]:
    """Return the words of tiers of words, in order of time."""
    timed = [
        (said.text, said.start, said.end)
        for said in texts
        if said.tier in tiers and said.start is not None and said.end is not None
    ]
    return tuple(sorted(timed, key=lambda word: word[1:]))


def _within(said: TimedText, words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words that lie within an utterance."""
    if said.start is None or said.end is None:
        return ()
    first, last = said.start - _SLACK_S, said.end + _SLACK_S
    return tuple(word for word in words if first <= word[1] and word[2] <= last)
