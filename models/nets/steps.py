"""Prepare sequences for a network: scale, shorten, pad and align their steps, and drop modalities at random."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import BoolArray, FloatArray, IntArray, Ragged, require_columns
from models.data.scaling import LIMIT

MAX_STEPS = 64  # maximum length of a sequence, in steps; in a longer sequence, neighbouring steps are averaged

CHUNK = 1 << 16  # number of steps that are read at once to learn their scale

Floats = NDArray[np.float32]


class StepScaler:
    """Standardise each column of a sequence by its mean and standard deviation in training; NaN becomes 0."""

    def fit(self, sequence: Ragged) -> "StepScaler":
        """Learn the mean and standard deviation of each column, ignoring NaN, in chunks of steps."""
        rows, values = sequence.rows(), sequence.steps.values
        parts = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
        count = np.maximum(sum(np.isfinite(values[part]).sum(axis=0) for part in parts), 1)
        mean = sum(np.nansum(values[part], axis=0, dtype=np.float64) for part in parts) / count
        square = sum(np.nansum((values[part] - mean) ** 2, axis=0) for part in parts)
        deviation = np.sqrt(square / count)
        varies = deviation > 1e-6 * np.maximum(np.abs(mean), 1e-6)
        self.mean_ = mean.astype(np.float32)
        self.scale_ = np.where(varies, 1 / np.where(varies, deviation, 1), 0).astype(np.float32)
        return self

    def transform(self, values: Floats) -> Floats:
        """Return ``(steps, d)`` standardised values, clipped at `models.data.scaling.LIMIT` standard deviations."""
        require_columns(values, self.mean_)
        scaled: Floats = np.nan_to_num((values - self.mean_) * self.scale_, nan=0.0)
        return np.clip(scaled, -LIMIT, LIMIT)


def drop_modalities(available: BoolArray, share: float) -> BoolArray:
    """Drop modalities at random, each with probability `share`, but keep at least one modality of each row.

    The random numbers come from torch's global random state, which training has seeded.

    Parameters
    ----------
    available
        ``(n, modalities)`` mask of the modalities that each row has.
    share
        The probability of dropping a modality.

    References
    ----------
    N. Neverova et al., ModDrop: adaptive multi-modal gesture recognition, 2016.
    """
    if share == 0:
        return available
    import torch

    drawn = torch.rand(available.shape).numpy()
    kept = available & (drawn >= share)
    luckiest = np.where(available, drawn, -1).argmax(axis=1)
    kept[np.arange(len(available)), luckiest] |= available.any(axis=1)
    return kept


def middles_s(sequence: Ragged, positions: IntArray) -> FloatArray:
    """Return the midpoint of each step in seconds, or its position if its times are unknown."""
    middle = sequence.steps.times[positions].mean(axis=1)
    return np.where(np.isfinite(middle), middle, within(sequence.lengths))


def within(lengths: IntArray) -> IntArray:
    """Return the position of each step in its sequence."""
    ends = np.cumsum(lengths)
    positions: IntArray = np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
    return positions


def parts_of(lengths: IntArray) -> IntArray:
    """Return the index of each step's part when each sequence is cut into at most `MAX_STEPS` parts of similar size."""
    whole = np.repeat(lengths, lengths)
    place = within(lengths)
    return np.where(whole > MAX_STEPS, place * MAX_STEPS // np.maximum(whole, 1), place)


def shortened(values: NDArray[Any], lengths: IntArray) -> tuple[NDArray[Any], IntArray]:
    """Average neighbouring steps of sequences longer than `MAX_STEPS`.

    Parameters
    ----------
    values
        ``(total, d)`` steps, sequence by sequence.
    lengths
        ``(n,)`` lengths of the sequences.

    Returns
    -------
    tuple
        Values and lengths of the shortened sequences, of at most `MAX_STEPS` steps.
    """
    if not len(values) or lengths.max() <= MAX_STEPS:
        return values, lengths
    owner = np.repeat(np.arange(len(lengths)), lengths)
    part = owner * MAX_STEPS + parts_of(lengths)
    firsts = np.flatnonzero(np.diff(part, prepend=-1))
    counts = np.diff(firsts, append=len(values))
    means = np.add.reduceat(values, firsts, axis=0) / counts[:, None].astype(values.dtype)
    return means, np.minimum(lengths, MAX_STEPS)


def padded(values: NDArray[Any], lengths: IntArray) -> tuple[NDArray[Any], BoolArray]:
    """Return ``(n, longest, d)`` sequences, padded with zeros to the longest one, and a mask of real steps.

    If all sequences are empty, they are padded to one step.
    """
    mask = np.arange(max(int(lengths.max(initial=0)), 1)) < lengths[:, None]
    full = np.zeros((*mask.shape, values.shape[1]), values.dtype)
    full[mask] = values
    return full, mask


def aligned(lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Return which steps to read so that, in each row, every modality's sequence becomes as long as the longest.

    Steps of shorter sequences are read several times. If a sequence has l steps, and the longest sequence of
    its row has L, then position j reads step ``(j + .5) * l // L``.

    Parameters
    ----------
    lengths
        ``(modalities, n)`` lengths l of the sequences.

    Returns
    -------
    tuple
        ``(modalities, total)`` positions of steps within their sequences, row by row (0 for a sequence without steps),
        and the ``(n,)`` lengths L.

    Examples
    --------
    >>> places, longest = aligned(np.array([[4], [2]]))
    >>> places.tolist(), longest.tolist()
    ([[0, 1, 2, 3], [0, 0, 1, 1]], [4])
    """
    longest: IntArray = lengths.max(axis=0)
    middle = (within(longest) + 0.5) / np.repeat(longest, longest)
    own = np.repeat(lengths, longest, axis=1)
    return np.clip((middle * own).astype(np.intp), 0, np.maximum(own - 1, 0)), longest
