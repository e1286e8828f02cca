"""Decide where a recording is cut into utterances: at cues or annotations, or where nobody speaks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.timed_text.base import TimedText, is_noise
from pipeline.ingest.voice import RATE_HZ, WINDOW, SpeechSettings, spans_of

WINDOW_S = WINDOW / RATE_HZ
_ENDS = re.compile(r"[.?!…。？！][\"'”’»)\]]*\Z")


@dataclass(frozen=True)
class Limits:
    """Limits on utterances, in seconds.

    All of them apply if a recording is cut by voice activity. If cues are joined into sentences, `shortest_s` does not
    apply.

    Attributes
    ----------
    pause_s
        Silence that separates two utterances; a shorter silence is part of an utterance.
    shortest_s
        Shorter utterances are left out, since they are usually clicks or coughs.
    longest_s
        Longer utterances are cut at their longest pause, or where speech is least probable. Cues are not joined beyond
        this length.
    """

    pause_s: float = 0.5
    shortest_s: float = 0.3
    longest_s: float = 30.0


DEFAULT_LIMITS = Limits()


def by_voice(
    probabilities: NDArray[np.float32], limits: Limits = DEFAULT_LIMITS, duration_s: float = float("inf")
) -> NDArray[np.float64]:
    """Return the spans of utterances, given the probability of speech in each window of 32 ms.

    Parameters
    ----------
    probabilities
        Shape (windows,).
    limits
        How long utterances may be.
    duration_s
        Length of the sound in seconds; no span ends later.

    Returns
    -------
    array, shape (spans, 2)
        Starts and ends in seconds, in order, without overlap.

    Examples
    --------
    >>> sure = np.repeat(np.float32([0, 1, 0, 1, 0]), [20, 60, 30, 60, 20])
    >>> np.round(by_voice(sure), 2).tolist()
    [[0.54, 2.66], [3.42, 5.54]]
    """
    settings = SpeechSettings(pause_s=limits.pause_s, shortest_s=limits.shortest_s)
    spans = [
        part
        for start, end in spans_of(probabilities, settings, duration_s).tolist()
        for part in _parts(probabilities, start, end, limits)
    ]
    return np.array(spans, float).reshape(-1, 2)


def _parts(
    probabilities: NDArray[np.float32], start_s: float, end_s: float, limits: Limits
) -> list[tuple[float, float]]:
    """Return a span as it is if it is not too long, else the parts into which it is cut.

    A cut is at the longest pause or, without a pause, where speech is least probable. No cut is closer to the ends of
    the span than `shortest_s` or a quarter of `longest_s`, whichever is more. In a span that is too short for this, the
    cut is in the middle.
    """
    if end_s - start_s <= limits.longest_s:
        return [(start_s, end_s)]
    margin_s = min(max(limits.shortest_s, limits.longest_s / 4), (end_s - start_s) / 2 - WINDOW_S)
    first, last = round((start_s + margin_s) / WINDOW_S), round((end_s - margin_s) / WINDOW_S)
    inside = probabilities[first:last]
    quiet = np.flatnonzero(np.diff(np.concatenate([[0], (inside < SpeechSettings().threshold).astype(int), [0]])))
    runs = [(end - begin, begin, end) for begin, end in zip(quiet[::2], quiet[1::2], strict=True)]
    if runs:
        _, begin, end = max(runs, key=lambda run: (run[0], -run[1]))
        cut_s = (first + (begin + end) / 2) * WINDOW_S
    else:
        cut_s = (first + float(np.argmin(inside)) + 0.5) * WINDOW_S
    return [*_parts(probabilities, start_s, cut_s, limits), *_parts(probabilities, cut_s, end_s, limits)]


def spoken(texts: Sequence[TimedText]) -> tuple[TimedText, ...]:
    """Return the cues in which somebody speaks: those that have a duration and contain more than noises or music.

    >>> [said.text for said in spoken([TimedText("[applause]", 0, 1), TimedText("(laughs) Yes", 1, 2)])]
    ['(laughs) Yes']
    """
    return tuple(
        said
        for said in texts
        if said.start is not None and said.end is not None and said.end > said.start and not is_noise(said.text)
    )


def sentences(texts: Sequence[TimedText], limits: Limits = DEFAULT_LIMITS) -> tuple[TimedText, ...]:
    """Join cues until a sentence ends, a long pause follows, the speaker changes, or the result would be too long.

    Cues that overlap, or belong to different tiers, are not joined.

    Parameters
    ----------
    texts
        Timed cues, in order of time.
    limits
        Only `pause_s` and `longest_s` are used.
    """
    joined: list[TimedText] = []
    for cue in texts:
        if joined and _goes_on(joined[-1], cue, limits):
            before = joined[-1]
            words = before.words + cue.words
            joined[-1] = replace(before, text=f"{before.text} {cue.text}", end=cue.end, words=words)
        else:
            joined.append(cue)
    return tuple(joined)


def _goes_on(before: TimedText, cue: TimedText, limits: Limits) -> bool:
    assert before.start is not None
    assert before.end is not None
    assert cue.start is not None
    assert cue.end is not None
    same = (before.speaker, before.tier) == (cue.speaker, cue.tier)
    near = before.end <= cue.start + WINDOW_S and cue.start - before.end < limits.pause_s
    return same and near and cue.end - before.start <= limits.longest_s and not _ENDS.search(before.text)


def overlapping(texts: Sequence[TimedText]) -> int:
    """Return the number of utterances that begin before the preceding one ends."""
    spans = [(said.start, said.end) for said in texts if said.start is not None and said.end is not None]
    return sum(later[0] < before[1] for before, later in pairwise(spans))
