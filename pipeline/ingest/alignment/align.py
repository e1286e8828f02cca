"""Find when each word of a known English text is spoken: forced alignment with pocketsphinx.

The text becomes a sequence of words with their pronunciations and optional silence between them. The most probable path
of the acoustic model through this sequence gives the times (L. R. Rabiner, 1989, "A tutorial on hidden Markov models
and selected applications in speech recognition"). The model divides a second into 100 frames.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from features.errors import EmptyInput
from features.types import FloatArray
from pipeline.errors import counted
from pipeline.ingest.alignment.pronunciations import pronunciations
from pipeline.ingest.alignment.readings import Unit, units_of
from pipeline.ingest.extra import extra_missing
from pipeline.ingest.words import Spoken, Word

VERSION = 1  # raised whenever the same sound and words would give different times
PACKAGES = ("pocketsphinx", "numpy")
LANGUAGE = "en"
RATE_HZ = 16000

FRAMES_PER_S = 100
_SHORTEST_PHONE = 3  # frames: the model has three states per phone
_SILENT = 1e-4  # a sound whose samples are all smaller is silent
_PEAK = 0.5  # the sound is scaled to this peak, so that 16 bits are enough for a quiet recording
_NOISE_DB = (
    -70.0
)  # level of the noise that is added, relative to the peak; the model was not trained on digital silence
_NOISY_DB = 30.0  # if the levels of a sound span less than this, noise is first subtracted from its spectrum
_BEAM, _WIDE_BEAM = 1e-60, 1e-300  # the second is tried if the first leaves no path
_SEARCHED = 300_000  # up to this product of words and frames all paths may be searched; more would take too much memory
_LANGUAGE_WEIGHT = 1.0  # of no effect, since there is only one text
_PAUSE = 0.1  # probability of a silence between two words
_SCORE_UNIT = 1024  # pocketsphinx returns the scores of a path without their last 10 binary digits
_EXTRA = {"z": "Z EH D"}  # British English, in addition to the dictionary

SLACK_S = 1.0  # words may lie this far outside the time of their subtitle
APART_S = 1.0  # the sound is divided at gaps of this length between subtitles
LONGEST_S = 30.0  # subtitles are aligned together up to this total length

DOUBTFUL = 0.3  # a text with a lower mean confidence hardly fits the sound
_EVEN_ODDS, _SCALE = -3.5, 0.7  # log-likelihood per frame at which the confidence is 0.5, and the scale


class Placed(NamedTuple):
    """The place of a unit in the sound: first frame, frame after the last, and total score (see `_confidence`)."""

    first: int
    end: int
    score: float


def align(samples: FloatArray, known: Spoken) -> Spoken:
    """Return the words of an utterance with their times and confidence.

    Parameters
    ----------
    samples
        Mono sound at 16 kHz in [-1, 1], shape (n,).
    known
        The utterance's text and words; if there are fewer words than in the text, the text is split at spaces instead.
        If all words already have times, as in subtitles, each word is searched for only near its times (`SLACK_S`).

    Returns
    -------
    Spoken
        The same text and words, in order. The times of a word that is not spoken (``--``, ``[laughs]``) are NaN.
        `note` is set if the words hardly fit the sound.

    Raises
    ------
    EmptyInput
        If the words cannot be aligned: the text has no spoken words, most of its words are in another script, or the
        sound is silent, too short or does not fit.
    UserError
        If pocketsphinx is not installed.
    """
    words = _in_order(known)
    units = units_of([word.text for word in words])
    _refuse_others([unit for of_word in units for unit in of_word])
    if not len(samples) or np.abs(samples).max() < _SILENT:
        raise EmptyInput("the sound is silent")
    placed: list[Word] = []
    for first, last, start_s, end_s in _parts(words, len(samples) / RATE_HZ):
        part = samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
        placed += _aligned(part, words[first:last], units[first:last], round(start_s * RATE_HZ) / RATE_HZ)
    mean = _mean(placed)
    note = f"the words hardly fit the sound (mean confidence {mean:.2f})" if mean < DOUBTFUL else ""
    return Spoken(known.text, tuple(placed), note)


def _in_order(known: Spoken) -> Sequence[Word]:
    """Return `known.words`, sorted by time if all of them have times.

    If the text has more words than that list, return the words of the text instead.
    """
    written = known.text.split()
    if len(known.words) < len(written):
        return [Word(word) for word in written]
    return sorted(known.words, key=lambda word: word.start_s) if all(w.timed for w in known.words) else known.words


def doubtful(found: Mapping[str, Spoken]) -> list[str]:
    """Return a sentence about utterances whose words hardly fit their sound; an empty list if there are none."""
    names = [name for name, spoken in found.items() if _mean(spoken.words) < DOUBTFUL]
    if not names:
        return []
    return [
        f"the words of {counted(len(names), 'utterance')} hardly fit the sound (for example {names[0]}: mean "
        f"confidence {_mean(found[names[0]].words):.2f}): is this their transcript, and is it in English?"
    ]


def _mean(words: Sequence[Word]) -> float:
    return float(np.mean([word.confidence for word in words if word.timed]))


def _refuse_others(spoken: Sequence[Unit]) -> None:
    """Raise `EmptyInput` if a text has no spoken words, or if most of its words are in another script."""
    if not spoken:
        raise EmptyInput("the text contains no spoken words")
    if 2 * sum(not unit.ways for unit in spoken) > len(spoken):
        raise EmptyInput("only English words can be aligned, and most words of this text are in another script")


def _parts(words: Sequence[Word], duration_s: float) -> list[tuple[int, int, float, float]]:
    """Return parts of words and sound: index of the first word, index after the last one, start and end in seconds.

    If all words have (coarse) times, the sound is divided where they are far apart, or where a part would become too
    long. A part reaches `SLACK_S` beyond its words on both sides, but at most to the middle of a pause.

    >>> _parts([Word("a", 1, 3), Word("b", 1, 3), Word("c", 6, 7)], 8.0)
    [(0, 2, 0.0, 4.0), (2, 3, 5.0, 8.0)]
    >>> _parts([Word("a"), Word("b")], 8.0)
    [(0, 2, 0.0, 8.0)]
    """
    if not all(word.timed for word in words):
        return [(0, len(words), 0.0, duration_s)]
    cuts, begun_s = [0], words[0].start_s
    for place in range(1, len(words)):
        gap_s = words[place].start_s - words[place - 1].end_s
        if gap_s >= APART_S or (gap_s >= 0 and words[place].end_s - begun_s > LONGEST_S):
            cuts.append(place)
            begun_s = words[place].start_s
    parts = []
    for first, last in pairwise([*cuts, len(words)]):
        before_s = words[first - 1].end_s if first else -math.inf
        after_s = words[last].start_s if last < len(words) else math.inf
        start_s = max(0.0, words[first].start_s - SLACK_S, (before_s + words[first].start_s) / 2)
        end_s = min(duration_s, words[last - 1].end_s + SLACK_S, (after_s + words[last - 1].end_s) / 2)
        parts.append((first, last, start_s, end_s))
    return parts


def _aligned(
    samples: FloatArray, words: Sequence[Word], units: Sequence[Sequence[Unit]], offset_s: float
) -> list[Word]:
    """Return words with times in seconds from the utterance's start; `offset_s` is the time of the first sample."""
    line = [unit for of_word in units for unit in of_word]
    if not line:
        return [Word(word.text) for word in words]
    placed = iter(_placed(samples, line))
    return [
        _word(word.text, [next(placed) for _ in of_word], offset_s) for word, of_word in zip(words, units, strict=True)
    ]


def _word(text: str, parts: Sequence[Placed], offset_s: float) -> Word:
    """Return a written word with the times and the mean confidence of its units; without times if it has no units."""
    if not parts:
        return Word(text)
    frames = sum(part.end - part.first for part in parts)
    score = sum(part.score for part in parts) / max(frames, 1)
    start_s, end_s = (round(offset_s + frame / FRAMES_PER_S, 3) for frame in (parts[0].first, parts[-1].end))
    return Word(text, start_s, end_s, round(_confidence(score), 3))


def _confidence(score: float) -> float:
    """Return the confidence that a word is said where it was found, given its log-likelihood per frame.

    This score compares the states of the word with the best states that the search considered at the same time. It is
    about -1.5 for words that are said, and -5 for words of a wrong text (``benchmarks/ingest/alignment.py``).
    """
    return 1 / (1 + math.exp(min(50.0, (_EVEN_ODDS - score) / _SCALE)))


def _placed(samples: FloatArray, line: Sequence[Unit]) -> list[Placed]:
    """Return where each of the units is; raise `EmptyInput` if they cannot be found."""
    decoder = _decoder()
    needed = sum(_pronounced(decoder, unit) for unit in line) * _SHORTEST_PHONE
    available = len(samples) * FRAMES_PER_S // RATE_HZ
    if needed > available:
        raise EmptyInput(
            f"{counted(len(line), 'word')} cannot be said in {len(samples) / RATE_HZ:.2f} s: does the text belong to "
            "this sound?"
        )
    pcm = _pcm(samples)
    for beam in (_BEAM, 0.0 if len(line) * available <= _SEARCHED else _WIDE_BEAM):
        _prepare(decoder, beam, noisy=_range_db(samples) < _NOISY_DB)
        decoder.set_align_text(" ".join(unit.name for unit in line))
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        found = [
            Placed(part.start_frame, part.end_frame + 1, _SCORE_UNIT * math.log(part.ascore))
            for part in decoder.seg() or ()
            if not part.word.startswith(("<", "[", "("))
        ]
        if len(found) == len(line):
            return found
    raise EmptyInput("the words cannot be found in the sound: does the text belong to it?")


def _pronounced(decoder: Any, unit: Unit) -> int:
    """Add a unit to the decoder's dictionary if it is new; return the number of phones of its shortest pronunciation.

    The name of a unit determines its pronunciations, so the order of the clips does not matter.
    """
    known = decoder.lookup_word(unit.name)
    if known is None:
        for number, phones in enumerate(pronunciations(unit, decoder.lookup_word), start=1):
            decoder.add_word(unit.name if number == 1 else f"{unit.name}({number})", phones, update=False)
        known = decoder.lookup_word(unit.name)
    others = [decoder.lookup_word(f"{unit.name}({number})") for number in range(2, 10)]
    return min(len(phones.split()) for phones in (known, *others) if phones)


def _prepare(decoder: Any, beam: float, noisy: bool) -> None:
    """Set up the decoder for an utterance, and make it forget earlier utterances (their mean spectrum)."""
    for name in ("beam", "wbeam", "pbeam"):
        decoder.config[name] = beam
    decoder.config["remove_noise"] = noisy
    decoder.reinit_feat()


def _pcm(samples: FloatArray) -> bytes:
    """Return the sound as 16-bit integers, scaled to a fixed peak, with soft noise added."""
    noise = np.random.default_rng(0).normal(0, 10 ** (_NOISE_DB / 20), len(samples))
    sound = _PEAK * 32767 * (samples / np.abs(samples).max() + noise)
    return bytes(sound.astype("<i2").tobytes())


def _range_db(samples: FloatArray) -> float:
    """Return the range of a sound's levels in dB: their 95th percentile minus their 5th, over parts of 25 ms.

    >>> round(_range_db(np.r_[np.full(8000, 0.1), np.full(8000, 0.001)]))
    40
    """
    size = RATE_HZ // 40
    parts = samples[: max(len(samples) // size, 1) * size].reshape(-1, min(size, len(samples))).astype(float)
    quiet, loud = np.quantile(10 * np.log10(np.mean(parts**2, axis=1) + 1e-10), (0.05, 0.95))
    return float(loud - quiet)


@cache
def _decoder() -> Any:
    """Return the decoder of this process: pocketsphinx with its American English model, without log output."""
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise extra_missing("pocketsphinx", "words are aligned") from error
    decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL", lm=None, bestpath=False, lw=_LANGUAGE_WEIGHT, silprob=_PAUSE)
    for word, phones in _EXTRA.items():
        decoder.add_word(f"{word}(2)", phones, update=False)
    return decoder
