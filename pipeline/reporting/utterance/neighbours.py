"""Find the most similar utterances in a space of features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAREST = 3  # neighbours that are shown
_AT_ONCE = 1000  # utterances that are compared with all others at once


def nearest(features: NDArray[Any], present: NDArray[np.bool_], count: int = NEAREST) -> list[list[tuple[int, float]]]:
    """Return the other utterances that are most similar to each utterance, the most similar first.

    Similarity is the cosine of the angle between two rows after standardising each column to mean 0 and standard
    deviation 1 over the utterances with features. An undefined value counts as the mean of its column.

    Parameters
    ----------
    features
        ``(n, p)``; NaN where undefined.
    present
        ``(n,)`` mask of the utterances that have features.
    count
        The maximum number of neighbours.

    Returns
    -------
    For each utterance, the positions of its neighbours and their similarities from -1 to 1; an empty list if it has no
    features.
    """
    rows = np.flatnonzero(present)
    found: list[list[tuple[int, float]]] = [[] for _ in range(len(present))]
    if len(rows) < 2 or not features.shape[1]:
        return found
    unit = _unit(features[rows].astype(np.float64))
    count = min(count, len(rows) - 1)
    for first in range(0, len(rows), _AT_ONCE):
        part = unit[first : first + _AT_ONCE] @ unit.T
        own = np.arange(len(part))
        part[own, own + first] = -np.inf
        near = np.argpartition(-part, count - 1, axis=1)[:, :count]
        for i, places in enumerate(near):
            order = sorted(places.tolist(), key=lambda place: (-part[i, place], place))
            found[rows[first + i]] = [(int(rows[place]), round(float(part[i, place]), 3)) for place in order]
    return found


def _unit(features: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the rows with standardised columns, scaled to length 1; a row that equals the means becomes 0."""
    known = np.isfinite(features)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, features, 0).sum(axis=0) / counts
    centred = np.where(known, features - means, 0)
    spread = np.sqrt(np.square(centred).sum(axis=0) / counts)
    scaled = centred / np.where(spread > 0, spread, 1)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (scaled / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit
