"""Compute what is drawn of an utterance's sound: its waveform before cleaning, its pitch and its level."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import EmptyInput
from features.types import AudioStream

COLUMNS = 300  # columns of a drawn waveform
POINTS = 150  # maximum number of points in a drawn curve
HOP_S = 0.02  # seconds from one measured point to the next
FULL = 100  # samples are scaled to whole numbers with the peak of the sound at this value


def envelope(samples: NDArray[Any], columns: int = COLUMNS) -> NDArray[np.int8]:
    """Divide samples into equally long parts, and return the lowest and the highest sample of each.

    Parameters
    ----------
    samples
        ``(n,)``, in any scale.
    columns
        The number of parts; if n is smaller, there are n parts.

    Returns
    -------
    ``(columns, 2)`` whole numbers, scaled so that the largest magnitude of all samples is `FULL`.

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
        full scale, as recorded. Each has at most `POINTS` numbers, which are medians over equally long parts. The lists
        are empty if there is too little sound.
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
    """Return the medians of at most `POINTS` equally long parts; NaN where fewer than half of the values are known."""
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


def sides(edges: NDArray[np.int8]) -> Sequence[int]:
    """Return the lowest and highest samples from `envelope` as one flat list: lowest, highest, lowest, and so on."""
    found: list[int] = edges.ravel().tolist()
    return found
