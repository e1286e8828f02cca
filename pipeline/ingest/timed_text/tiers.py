"""Find the tier of an annotation that holds the utterances, and the tier that holds their words."""

import re
from collections.abc import Sequence
from dataclasses import replace

from common.names import listed_names, suggest
from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText

Word = tuple[str, float, float]

# Usual names of tiers, from forced aligners (Montreal Forced Aligner, P2FA, WebMAUS) and from people.
_PHONES = re.compile(r"(?:.*[-_ ])?(?:phone?s?|phonemes?|segments?|mau|kan-mau|sounds?)", re.IGNORECASE)
_WORDS = re.compile(r"(?:.*[-_ ])?(?:words?|ort-mau|wrd)", re.IGNORECASE)
_TEXTS = re.compile(
    r"(?:.*[-_ ])?(?:texts?|transcripts?|transcriptions?|utterances?|sentences?|orthography|ort|ipus?|default)",
    re.IGNORECASE,
)
_SLACK_S = 0.005  # bounds of words and of utterances may be rounded differently


def utterances_of(texts: Sequence[TimedText], tier: str = "") -> tuple[TimedText, ...]:
    """Return the utterances of a file in order of time, with their words if a further tier has them.

    A text without times is returned as it is.

    Parameters
    ----------
    texts
        The result of `read_timed_text`.
    tier
        The name of the tier; if empty, the only tier with a name such as ``utterances``, or else the only one that
        holds neither words nor phones.

    Raises
    ------
    UserError
        If there is no such tier, or several tiers may be meant; the message lists them.
    """
    if any(said.start is None for said in texts):
        return tuple(texts)
    names = list(dict.fromkeys(said.tier for said in texts))
    chosen = _chosen(names, tier) if names else ""
    words = _words_of(texts, _of_words(names, chosen))
    found = sorted((said for said in texts if said.tier == chosen), key=lambda said: (said.start, said.end))
    return tuple(said if said.words else replace(said, words=_within(said, words)) for said in found)


def everything(texts: Sequence[TimedText]) -> tuple[TimedText, ...]:
    """Return what is said in a file: its utterances, or its words if all its tiers are of words or phones.

    It raises the same errors as `utterances_of`.
    """
    texts = [said for said in texts if _WORDS.fullmatch(said.tier) or not _PHONES.fullmatch(said.tier)]
    names = list(dict.fromkeys(said.tier for said in texts if said.start is not None))
    of_words = [name for name in names if _WORDS.fullmatch(name)]
    others = [name for name in names if name not in of_words]
    if len(others) == 1 and not of_words and _holds_words(others[0], texts):
        of_words, others = others, []
    if others or not of_words:
        return utterances_of(texts)
    speakers = {said.tier: said.speaker for said in texts}
    singles = [(word, tier) for tier in of_words for word in _words_of(texts, [tier])]
    return tuple(
        TimedText(word[0], word[1], word[2], tier, words=(word,), speaker=speakers[tier])
        for word, tier in sorted(singles, key=lambda single: single[0][1:])
    )


def _holds_words(tier: str, texts: Sequence[TimedText]) -> bool:
    """Whether each interval of a tier is one word; False if the tier has no name, or a name such as ``utterances``."""
    held = [said.text for said in texts if said.tier == tier]
    return bool(tier) and not _TEXTS.fullmatch(tier) and len(held) > 1 and not any(" " in text for text in held)


def _chosen(names: Sequence[str], tier: str) -> str:
    if tier:
        if tier not in names:
            raise UserError(f"no tier with annotations is named {tier!r}; {suggest(tier, names)}")
        return tier
    likely = [name for name in names if not (_PHONES.fullmatch(name) or _WORDS.fullmatch(name))]
    if len(usual := [name for name in likely if _TEXTS.fullmatch(name)]) == 1:
        return usual[0]
    if len(likely) == 1 or len(names) == 1:
        return (likely or names)[0]
    what = "several tiers may hold the utterances" if likely else "no tier seems to hold utterances"
    raise UserError(f"{what}: name one of {listed_names(likely or names)} with --tier")


def _of_words(names: Sequence[str], chosen: str) -> list[str]:
    """Return the names of the tiers that hold the words of the utterances in the tier `chosen`.

    If only one tier holds words, it is that one. If several do, they are those whose names begin with `chosen`.
    """
    found = [name for name in names if name != chosen and _WORDS.fullmatch(name)]
    related = [name for name in found if name.casefold().startswith(chosen.casefold())]
    return related if len(found) > 1 else found


def _words_of(texts: Sequence[TimedText], tiers: Sequence[str]) -> tuple[Word, ...]:
    """Return the words in these tiers, in order of time."""
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
