"""What of an utterance's sound is drawn: its waveform before cleaning, its pitch and its level."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import EmptyInput
from features.types import AudioStream

COLUMNS = 300  # columns of a drawn waveform
POINTS = 150  # most points of a drawn curve
HOP_S = 0.02  # seconds from one measured point to the next
FULL = 100  # a waveform is drawn in whole parts of this, where 1 is its own peak


def envelope(samples: NDArray[Any], columns: int = COLUMNS) -> NDArray[np.int8]:
    """Return the lowest and highest sample of each of equally long stretches.

    Parameters
    ----------
    samples
        ``(n,)``, of any scale.
    columns
        Number of stretches; fewer where there are fewer samples.

    Returns
    -------
    ``(columns, 2)`` whole parts of `FULL`, where `FULL` is the largest magnitude of all samples.

    >>> envelope(np.array([0.5, -0.25, 0.1, 0.0]), 2).tolist()
    [[-50, 100], [0, 20]]
    """
    if not len(samples):
        return np.zeros((0, 2), np.int8)
    starts = np.linspace(0, len(samples), min(columns, len(samples)), endpoint=False).astype(np.int64)
    edges = np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], axis=1)
    return np.round(FULL * edges / (np.abs(samples).max() or 1)).astype(np.int8)


def curves(stream: AudioStream) -> dict[str, Any]:
    """Return pitch and level over time, measured as the extractor `prosody` does, every `HOP_S` seconds.

    Returns
    -------
    dict
        ``times`` in seconds from the utterance's start, ``pitch`` in Hz (None where unvoiced) and ``level`` in dB of
        full scale, as recorded; each of at most `POINTS` numbers, the medians of equally long stretches. Empty lists
        where there is too little sound.
    """
    from features.audio.prosody import Prosody, ProsodyConfig

    try:
        found = Prosody(ProsodyConfig(hop_s=HOP_S)).extract(stream)
    except EmptyInput:
        return {"times": [], "pitch": [], "level": []}
    times = _medians(found.times.mean(axis=1))
    pitch, level = _medians(found.values[:, 0]), _medians(found.values[:, 2])
    return {"times": _rounded(times, 3), "pitch": _rounded(pitch, 1), "level": _rounded(level, 1)}


def _medians(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the medians of at most `POINTS` equally long stretches; NaN where fewer than half the values are known."""
    size = -(-len(values) // POINTS)
    padded = np.full(size * -(-len(values) // size), np.nan)
    padded[: len(values)] = values
    parts = padded.reshape(-1, size)
    known = np.isfinite(parts).sum(axis=1)
    medians = np.full(len(parts), np.nan)
    enough = 2 * known >= size
    medians[enough] = np.nanmedian(parts[enough], axis=1) if enough.any() else []
    return medians


def _rounded(values: NDArray[np.float64], digits: int) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in values]


def sides(wave: NDArray[np.int8]) -> Sequence[int]:
    """Return an envelope as one list: lowest, highest, lowest, highest ..."""
    found: list[int] = wave.ravel().tolist()
    return found
