"""Measure how clearly a mouth moves with a voice.

The area of the mouth opening follows the envelope of the voice, mostly at the rate of syllables, 2 to 7 Hz, and the
mouth leads the sound by 0.1 to 0.2 s (Chandrasekaran et al., 2009, "The Natural Statistics of Audiovisual Speech").
Slower changes help little, because two people who talk at the same time open their mouths at the same time. Hence both
signals are compared after subtracting their local means.
"""

from collections.abc import Sequence

import numpy as np

from features.types import TimeArray
from pipeline.streams.speaker.voice import RATE_HZ

LAGS_S = np.arange(-6, 11) * 0.02  # delays of the voice relative to the mouth that are tried
LOCAL_S = 0.6  # length of the Hann window of the local mean
STILL = 0.01  # a smaller standard deviation of the lips' distance is mostly jitter of the mesh
SHORTEST_S = 0.4  # a mouth that is visible for a shorter time is ignored


def evidence(pieces: Sequence[tuple[TimeArray, TimeArray]], level: TimeArray, rate_hz: float) -> float:
    """Return how clearly a person's mouth moves with a voice; 0 if the lips are seen for less than `SHORTEST_S`.

    The evidence is a product of three factors. The first is the correlation of the lips' distance with the voice's
    level; several delays between the two are tried (`LAGS_S`), and the largest correlation counts. The second is how
    much the lips move: s / (s + `STILL`), where s is the standard deviation of their distance. The third is the square
    root of the number of seconds in which the lips are seen. Chance correlations are larger in short stretches, and the
    square root makes short and long stretches comparable.

    Parameters
    ----------
    pieces
        For each stretch without a cut: the times ``(n,)`` of its frames, ascending, in seconds from the utterance's
        start; and the distance ``(n,)`` between the lips in each frame, divided by the distance between the eyes;
        NaN if unknown.
    level
        Level ``(m,)`` of the voice, `RATE_HZ` times per second from the utterance's start.
    rate_hz
        Approximate number of frames per second.
    """
    known = [(times[ok], lips[ok]) for times, lips in pieces if (ok := np.isfinite(lips)).any()]
    seconds = sum(len(times) for times, _ in known) / rate_hz
    if seconds < SHORTEST_S or len(level) < 2:
        return 0.0
    times = np.concatenate([times for times, _ in known])
    lips = np.concatenate([quick(own, lips, rate_hz) for own, lips in known])
    clock = np.arange(len(level)) / RATE_HZ
    voice = quick(clock, level, RATE_HZ)
    best = max(correlation(lips, np.interp(times + lag_s, clock, voice)) for lag_s in LAGS_S)
    spread = float(lips.std())
    return best * spread / (spread + STILL) * float(np.sqrt(seconds))


def quick(times: TimeArray, values: TimeArray, rate_hz: float) -> TimeArray:
    """Subtract the local mean from values ``(n,)`` at ascending times, so that only fast changes are left.

    >>> quick(np.arange(100) / 50, np.arange(100.0), 50)[40:43].round(9) + 0
    array([0., 0., 0.])
    """
    half = int(LOCAL_S * rate_hz / 2)
    window = np.hanning(2 * half + 3)[1:-1]
    places = np.round((times - times[0]) * rate_hz).astype(int)
    sums, counts = (np.convolve(np.bincount(places, weights), window)[half:] for weights in (values, None))
    local: TimeArray = sums[places] / counts[places]
    return values - local


def correlation(a: TimeArray, b: TimeArray) -> float:
    """Return Pearson's correlation; 0 if either array is constant.

    >>> round(correlation(np.array([0.0, 1, 2]), np.array([1.0, 3, 5])), 9), correlation(np.zeros(3), np.ones(3))
    (1.0, 0.0)
    """
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 1e-9 else 0.0
