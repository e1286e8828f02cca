"""Clean the voice of one utterance: band-pass filter, trim, and bring to a common level."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.errors import EmptyInput
from features.types import AudioStream
from pipeline.settings.streams import AudioConfig
from pipeline.streams.channels import SILENT_DB

FRAME_S = 0.01  # length of the frames whose level decides what is trimmed
SILENCE_DB = SILENT_DB  # a span is silent if its loudest frame is below this level (dB of full scale)
SHORTEST_S = 0.05  # an utterance with less sound than this counts as empty

Samples = NDArray[np.float64]


def clean(samples: ArrayLike, config: AudioConfig, duration_s: float | None = None) -> AudioStream:
    """Band-pass, trim and level one utterance.

    Parameters
    ----------
    samples
        Mono samples ``(n,)`` at ``config.rate_hz``; 1.0 is full scale.
    config
        The settings.
    duration_s
        Length of the utterance in seconds; by default that of `samples`.

    Returns
    -------
    AudioStream
        Its ``start_s`` is the length that trimming removed at the beginning, in seconds.

    Raises
    ------
    EmptyInput
        If the samples are silent, or trimming leaves less than 50 ms.
    """
    signal = np.asarray(samples, dtype=np.float64)
    voice = band_pass(signal, config.rate_hz, config.low_hz, config.high_hz, config.order)
    loudest = float(frame_levels_db(voice, config.rate_hz).max(initial=-math.inf))
    if loudest < SILENCE_DB:
        raise EmptyInput(f"silence: the loudest 10 ms reach {loudest:.0f} dB of full scale")
    first, last = trim_bounds(voice, config.rate_hz, config.trim_db)
    if last - first < SHORTEST_S * config.rate_hz:
        raise EmptyInput(f"trimming leaves only {1000 * (last - first) / config.rate_hz:.0f} ms of sound")
    levelled, gain_db = normalise(voice[first:last], config.level_db)
    return AudioStream(
        samples=np.round(levelled * 32768).astype(np.int16),
        rate_hz=config.rate_hz,
        start_s=first / config.rate_hz,
        duration_s=signal.size / config.rate_hz if duration_s is None else duration_s,
        gain_db=gain_db,
    )


def band_pass(samples: Samples, rate_hz: int, low_hz: float, high_hz: float, order: int) -> Samples:
    """Return `samples` after a zero-phase band-pass filter, which shifts nothing in time.

    A Butterworth filter in second-order sections runs forwards and backwards (`scipy.signal.sosfiltfilt`). Together,
    the two passes have zero phase and the squared magnitude of the filter, -6 dB at both corner frequencies. Both ends
    are extended by their mirror image, which adds no step. The extension lasts three periods of the low corner
    frequency, or as long as the samples if these are shorter.

    Parameters
    ----------
    samples
        Mono samples ``(n,)``, for any n.
    rate_hz, low_hz, high_hz
        Sampling rate and corner frequencies in Hz.
    order
        Order of the filter, which runs twice.
    """
    from scipy.signal import sosfiltfilt

    if samples.size < 2:
        return np.zeros(samples.shape)
    sections = _sections(rate_hz, low_hz, high_hz, order)
    reach = min(samples.size - 1, math.ceil(3 * rate_hz / low_hz))
    filtered: Samples = sosfiltfilt(sections, samples, padtype="even", padlen=reach)
    return filtered


@lru_cache(maxsize=8)
def _sections(rate_hz: int, low_hz: float, high_hz: float, order: int) -> NDArray[np.float64]:
    """Return the second-order sections of a Butterworth band-pass filter."""
    from scipy.signal import butter

    return np.asarray(butter(order, (low_hz, high_hz), btype="bandpass", fs=rate_hz, output="sos"))


def frame_levels_db(samples: Samples, rate_hz: int) -> Samples:
    """Return the level of each 10 ms frame in dB of full scale, ``(ceil(n / frame),)``; -inf for digital silence."""
    size = round(FRAME_S * rate_hz)
    starts = np.arange(0, samples.size, size)
    if not starts.size:
        return np.empty(0)
    sizes = np.minimum(size, samples.size - starts)
    with np.errstate(divide="ignore"):
        levels: Samples = 10 * np.log10(np.add.reduceat(np.square(samples), starts) / sizes)
    return levels


def trim_bounds(samples: Samples, rate_hz: int, trim_db: float) -> tuple[int, int]:
    """Return ``(first, last)`` such that ``samples[first:last]`` extends from the first to the last loud frame.

    Frames are 10 ms long and do not overlap. A frame is loud if it is at most `trim_db` below the loudest one.
    Digital silence gives ``(0, 0)``.
    """
    levels = frame_levels_db(samples, rate_hz)
    if not np.isfinite(levels).any():
        return 0, 0
    loud = np.flatnonzero(levels >= levels.max() - trim_db)
    size = round(FRAME_S * rate_hz)
    return int(loud[0] * size), int(min((loud[-1] + 1) * size, samples.size))


def normalise(samples: Samples, level_db: float) -> tuple[Samples, float]:
    """Return `samples` scaled to a root mean square of `level_db` (dB of full scale), and the gain in dB.

    The gain is smaller if peaks would otherwise leave the range of 16-bit samples, [-1, 1).
    """
    rms, peak = float(np.sqrt(np.mean(np.square(samples)))), float(np.abs(samples).max())
    gain = min(10 ** (level_db / 20) / rms, (1 - 2**-15) / peak)
    return samples * gain, 20 * math.log10(gain)
