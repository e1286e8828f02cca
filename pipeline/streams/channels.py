"""Choose the channel of a recording that carries the voice, or mix the channels."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from features.types import FloatArray
from pipeline.settings.streams import MIX
from pipeline.streams.container.tracks import channel_index

CENTRE_DB = -20.0  # a centre channel this far below the other channels carries no voice
SILENT_DB = -70.0  # a channel below this level is silent
OFFSET = 0.03  # a mean above this share of the standard deviation is a constant offset; that of speech is smaller
CANCELLED = 0.1  # channels cancel if their mean keeps less than this share of the power (1/2 if they are independent)
MOST = 0.6  # the mean is not used if octaves that cancel hold more than this share of the power
NEARLY_ALL = 0.9  # the same share for the octaves of speech, and for sound that rises above the steady sound
OCTAVES_HZ = tuple(62.5 * 2**k for k in range(8))
SPEECH = slice(2, 6)  # the octaves from 250 to 4000 Hz
STEADY = 0.1  # this quantile of an octave's power over time counts as steady sound: hum, hiss, rumble
RISEN = 2.0  # power above this multiple of the steady power is not steady sound
BLOCK = 4096  # samples
AT_ONCE = 8  # number of blocks that are transformed at once: more of them leave the processor's cache
PART_S = 0.5  # channels that cancel for this long in an audible part are not averaged, in seconds
AUDIBLE_DB = -30.0  # a part counts as audible down to this level below the loudest one
LOUD_DB = -10.0  # the same limit after steady sound was subtracted
WORTH_HEARING = 0.05  # octaves with more than this share of a part's power must all cancel in it

Powers = NDArray[np.float64]


def voice_of(
    rows: FloatArray, names: Sequence[str], channel: str, rate_hz: int, where: object
) -> tuple[FloatArray, str]:
    """Choose the channel that carries the voice, or mix the channels.

    If a channel is named, it is used. Otherwise, a centre channel is used alone unless it is silent or much quieter
    than the rest, because films keep dialogue there. In all other cases, the mean of the channels without the
    subwoofer is used. If one channel was inverted, channels may cancel in their mean. If they do so for half a second,
    or if the voice cancels while a hum stays, the loudest channel alone is used for the whole utterance.

    Parameters
    ----------
    rows
        Samples ``(channels, n)``; 1.0 is full scale.
    names
        FFmpeg's names for the channels.
    channel
        ``mix``, ``left``, ``right``, a number from 1, or a name.
    rate_hz
        Samples per second.
    where
        Name of the recording in messages.

    Returns
    -------
    Samples ``(n,)``, and a note, which is empty unless something is odd.

    Raises
    ------
    MediaError
        If the recording lacks the named channel.
    """
    if channel.strip().casefold() != MIX:
        return rows[channel_index(names, channel, where)], ""
    mains = _mains(names)
    mean: FloatArray = rows[mains].mean(axis=0)
    if len(names) > 1 and "FC" in names:
        centre = rows[names.index("FC")]
        if _level_db(centre) > max(SILENT_DB, _level_db(mean) + CENTRE_DB):
            return centre, ""
    if len(mains) == 1:
        return mean, ""
    levels_db = [_level_db(rows[main]) for main in mains]
    loudest = mains[int(np.argmax(levels_db))]
    if _cancels(rows[mains], rate_hz):
        return rows[loudest], f"the channels cancel when averaged: only channel {loudest + 1} is used"
    silent = [main + 1 for main, level_db in zip(mains, levels_db, strict=True) if level_db < SILENT_DB]
    if silent and max(levels_db) >= SILENT_DB and len(mains) == 2:
        return mean, f"channel {silent[0]} is silent"
    return mean, ""


def offsets_of(rows: FloatArray) -> FloatArray:
    """Return the offset of each channel, ``(channels, 1)``: its mean, or 0 if the mean is as small as in speech.

    >>> offsets_of(np.array([[0.3, 0.5], [-0.1, 0.1]], np.float32)).ravel().tolist()
    [0.4000000059604645, 0.0]
    """
    if not rows.shape[1]:
        return np.zeros((len(rows), 1), np.float32)
    mean = rows.mean(axis=1, dtype=np.float64)
    deviation = np.sqrt(np.maximum([_power(row) for row in rows] - mean**2, 0.0))
    offset: FloatArray = np.where(np.abs(mean) > OFFSET * deviation, mean, 0.0).astype(np.float32)[:, None]
    return offset


def _mains(names: Sequence[str]) -> list[int]:
    """Return the rows of the channels to mix, which are all channels except subwoofers.

    For ambisonic sound, return only the row of the omnidirectional channel.
    """
    if "AMBI0" in names:
        return [list(names).index("AMBI0")]
    return [row for row, name in enumerate(names) if not name.startswith("LFE")] or list(range(len(names)))


def _level_db(row: FloatArray) -> float:
    return float(10 * np.log10(_power(row) + 1e-20)) if row.size else -200.0


def _power(row: FloatArray) -> float:
    wide = row.astype(np.float64)
    return float(wide @ wide) / row.size


def _cancels(rows: FloatArray, rate_hz: int) -> bool:
    """Whether the channels, or the voice in them, nearly cancel in their mean, in all or in any audible half second.

    Hum, hiss and rumble that all channels share stay in the mean even if the voice cancels. So the whole sound is
    checked, then only the octaves of speech, and then only what rises above the steady sound.
    """
    kept, whole = _octave_powers(rows, rate_hz)
    if not whole.size or whole.max() <= 0:
        return False
    count = max(1, min(round(PART_S * rate_hz / BLOCK), len(whole)))
    risen = whole > RISEN * _steady(whole)
    moving_kept, moving = (np.where(risen, np.maximum(p - _steady(p), 0.0), 0.0) for p in (kept, whole))
    return (
        _cancel_in_all(kept, whole, MOST)
        or _cancel_in_all(kept[:, SPEECH], whole[:, SPEECH], NEARLY_ALL)
        or _cancel_in_all(moving_kept, moving, NEARLY_ALL)
        or _cancel_in_a_part(kept, whole, count, AUDIBLE_DB)
        or _cancel_in_a_part(moving_kept, moving, count, LOUD_DB)
    )


def _cancel_in_all(kept: Powers, whole: Powers, most: float) -> bool:
    """Whether the octaves in which the channels cancel hold more than the share `most` of the power.

    `kept` is the power of the channels' mean, and `whole` the power to compare it with, both ``(blocks, octaves)``.
    """
    kept_in_all, in_all = kept.sum(axis=0), whole.sum(axis=0)
    return bool(in_all[kept_in_all < CANCELLED * in_all].sum() > most * in_all.sum())


def _cancel_in_a_part(kept: Powers, whole: Powers, count: int, quietest_db: float) -> bool:
    """Whether, in some audible stretch of `count` blocks, the channels cancel in every octave that matters.

    An octave matters if it has a relevant share of the power. `kept` and `whole` are as in `_cancel_in_all`. Channels
    that merely receive the voice at different times never cancel in all these octaves for half a second.
    """
    kept, whole = (np.lib.stride_tricks.sliding_window_view(p, count, axis=0).sum(axis=-1) for p in (kept, whole))
    powers = whole.sum(axis=1)
    audible = powers > powers.max() * 10 ** (quietest_db / 10)
    left = (kept >= CANCELLED * whole) & (whole > WORTH_HEARING * powers[:, None])
    return bool((audible & ~left.any(axis=1)).any())


def _steady(powers: Powers) -> Powers:
    """Return the power of the steady sound in each octave, ``(octaves,)``."""
    steady: Powers = np.quantile(powers, STEADY, axis=0)
    return steady


def _octave_powers(rows: FloatArray, rate_hz: int) -> tuple[Powers, Powers]:
    """Return the power of the channels' mean in each block and octave, and a power to compare it with.

    Returns
    -------
    Two arrays ``(blocks, octaves)``. The second is twice the power that the mean of independent channels would have.
    """
    size = min(BLOCK, rows.shape[1])
    if not size:
        return np.zeros((0, 0)), np.zeros((0, 0))
    edges = np.searchsorted(np.fft.rfftfreq(size, 1 / rate_hz), OCTAVES_HZ)
    window = np.hanning(size)  # without a window, a loud hum spills into all octaves
    heard = slice(edges[0], edges[-1])
    spans = [slice(first - heard.start, last - heard.start) for first, last in pairwise(edges) if last > first]
    blocks = rows[:, : rows.shape[1] // size * size].reshape(len(rows), -1, size)
    kept, whole = [], []
    for first in range(0, blocks.shape[1], AT_ONCE):
        spectra = np.fft.rfft(window * blocks[:, first : first + AT_ONCE])[..., heard]
        mean, powers = _squared(spectra.mean(axis=0)), _squared(spectra).mean(axis=0) * 2 / len(rows)
        kept.append([mean[:, span].sum(axis=1) for span in spans])
        whole.append([powers[:, span].sum(axis=1) for span in spans])
    return np.hstack(kept).T, np.hstack(whole).T


def _squared(spectra: NDArray[np.complex128]) -> Powers:
    power: Powers = spectra.real**2 + spectra.imag**2
    return power
