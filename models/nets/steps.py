"""Steps of sequences as a network reads them: scaled, shortened, padded, taken away at random."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import BoolArray, FloatArray, IntArray, Ragged, require_columns
from models.data.scaling import LIMIT

LONGEST = 64  # steps; of a longer sequence, neighbouring steps are averaged

CHUNK = 1 << 16  # steps that are read at a time to learn their scale

Floats = NDArray[np.float32]


class StepScaler:
    """Columns of steps to mean 0 and deviation 1 over the training steps; undefined entries to 0, the mean."""

    def fit(self, sequence: Ragged) -> "StepScaler":
        """Learn mean and deviation of each column, ignoring NaN, a part of the steps at a time."""
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
        """Return ``(steps, d)`` standardised values, cut at `models.data.scaling.LIMIT` deviations."""
        require_columns(values, self.mean_)
        scaled: Floats = np.nan_to_num((values - self.mean_) * self.scale_, nan=0.0)
        return np.clip(scaled, -LIMIT, LIMIT)


def dropped(there: BoolArray, share: float) -> BoolArray:
    """Take modalities away at random, each with probability `share`, but never the last one of a row.

    Draws from torch's random state, which training has seeded.

    Parameters
    ----------
    there
        ``(n, modalities)``.
    share
        Probability of each.

    References
    ----------
    N. Neverova et al., ModDrop: adaptive multi-modal gesture recognition, 2016.
    """
    if share == 0:
        return there
    import torch

    drawn = torch.rand(there.shape).numpy()
    kept = there & (drawn >= share)
    luckiest = np.where(there, drawn, -1).argmax(axis=1)
    kept[np.arange(len(there)), luckiest] |= there.any(axis=1)
    return kept


def middles_s(sequence: Ragged, positions: IntArray) -> FloatArray:
    """Return the middle of each step in seconds; its position where nobody timed it."""
    middle = sequence.steps.times[positions].mean(axis=1)
    return np.where(np.isfinite(middle), middle, within(sequence.lengths))


def within(lengths: IntArray) -> IntArray:
    """Return each step's position in its own sequence."""
    ends = np.cumsum(lengths)
    positions: IntArray = np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
    return positions


def parts_of(lengths: IntArray) -> IntArray:
    """Return which of at most `LONGEST` equal parts of its sequence each step falls into."""
    whole = np.repeat(lengths, lengths)
    place = within(lengths)
    return np.where(whole > LONGEST, place * LONGEST // np.maximum(whole, 1), place)


def shortened(values: NDArray[Any], lengths: IntArray) -> tuple[NDArray[Any], IntArray]:
    """Average neighbouring steps of sequences longer than `LONGEST`.

    Parameters
    ----------
    values
        ``(total steps, d)``, one sequence after another.
    lengths
        ``(n,)`` of the sequences.

    Returns
    -------
    tuple
        The same of sequences of at most `LONGEST` steps.
    """
    if not len(values) or lengths.max() <= LONGEST:
        return values, lengths
    owner = np.repeat(np.arange(len(lengths)), lengths)
    part = owner * LONGEST + parts_of(lengths)
    firsts = np.flatnonzero(np.diff(part, prepend=-1))
    counts = np.diff(firsts, append=len(values))
    means = np.add.reduceat(values, firsts, axis=0) / counts[:, None].astype(values.dtype)
    return means, np.minimum(lengths, LONGEST)


def padded(values: NDArray[Any], lengths: IntArray) -> tuple[NDArray[Any], BoolArray]:
    """Return ``(n, longest, d)``, zeros beyond each sequence's end, and where its steps are; at least 1 long."""
    mask = np.arange(max(int(lengths.max(initial=0)), 1)) < lengths[:, None]
    full = np.zeros((*mask.shape, values.shape[1]), values.dtype)
    full[mask] = values
    return full, mask


def stretched(lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Bring several sequences of each row to the length of its longest: step j of L reads step ``(j + .5) * l // L``.

    Parameters
    ----------
    lengths
        ``(modalities, n)`` of the sequences.

    Returns
    -------
    tuple
        ``(modalities, total)`` which of its own steps each reads (0 where it has none), one row after another, and
        ``(n,)`` L.
    """
    longest: IntArray = lengths.max(axis=0)
    middle = (within(longest) + 0.5) / np.repeat(longest, longest)
    own = np.repeat(lengths, longest, axis=1)
    return np.clip((middle * own).astype(np.intp), 0, np.maximum(own - 1, 0)), longest
