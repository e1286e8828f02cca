"""Pitch tracking: the fundamental frequency of each frame, and which frames are voiced.

The difference function and its normalisation come from YIN (de Cheveigné & Kawahara 2002, "YIN, a fundamental
frequency estimator for speech and music"). The cheapest path through the minima of all frames then decides which
minimum is the pitch, and which frames are unvoiced (Boersma 1993, "Accurate short-term analysis of the fundamental
frequency").
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SMOOTHING_S = 0.0005  # length of a running mean, which keeps frequencies below 2 kHz; pitch lies there
CANDIDATES = 5  # maximum number of minima per frame that may be the pitch
OCTAVE_COST = 0.02  # per octave below the highest pitch, so that the shortest period wins among equal minima
JUMP_COST = 0.35  # per octave that the pitch jumps from one frame to the next
VOICING_COST = 0.1  # per change between voiced and unvoiced frames
NEVER = 1e6  # cost of an impossible choice

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PitchRange:
    """The range in which pitch is searched for, and how periodic a voiced frame is.

    Attributes
    ----------
    low_hz, high_hz
        The lowest and the highest pitch.
    aperiodicity
        Frames with a higher aperiodicity are usually unvoiced; 0 is perfectly periodic, 1 is aperiodic.
    """

    low_hz: float
    high_hz: float
    aperiodicity: float

    def lags(self, rate_hz: int) -> tuple[int, int]:
        """Return the shortest period (less one sample) and the longest (plus one sample), in samples."""
        return max(1, int(rate_hz / self.high_hz) - 1), int(np.ceil(rate_hz / self.low_hz)) + 1


def track_pitch(
    signal: Array, rate_hz: int, frame: int, hop: int, within: PitchRange, audible: NDArray[np.bool_]
) -> Array:
    """Return the pitch of each frame in Hz, ``(rows,)``; NaN for unvoiced frames.

    Parameters
    ----------
    signal
        ``(n,)`` samples; at least as long as one frame plus the longest period.
    rate_hz
        Samples per second.
    frame, hop
        Length of a frame, and step between frames, in samples.
    within
        The range of the pitch, and the aperiodicity above which frames are usually unvoiced.
    audible
        ``(rows,)`` False for frames that are too quiet to be voiced.
    """
    shortest, longest = within.lags(rate_hz)
    width = round(SMOOTHING_S * rate_hz) // 2 * 2 + 1
    smooth = np.convolve(signal, np.full(width, 1 / width), mode="same")
    difference = difference_function(smooth, frame, hop, longest)
    aperiodicity = cumulative_mean_normalised(difference)
    periods, cost = _candidates(difference, aperiodicity, shortest)
    pitch_hz = rate_hz / periods
    octaves = np.log2(pitch_hz)
    cost[(pitch_hz < within.low_hz * 0.99) | (pitch_hz > within.high_hz * 1.01) | ~audible[:, None]] = NEVER
    path = _cheapest_path(cost, octaves, within.aperiodicity)
    chosen = np.column_stack([pitch_hz, np.full(len(pitch_hz), np.nan)])
    return np.asarray(chosen[np.arange(len(path)), path])


def difference_function(signal: Array, frame: int, hop: int, longest: int) -> Array:
    """Return the sum of squared differences between each frame and the signal at each lag, ``(rows, longest + 1)``.

    `frame`, `hop` and the `longest` lag are in samples. At a lag of k samples, each frame is compared with the signal k
    samples later and k samples earlier, and the two results are averaged. Near the ends of the signal, only the
    direction is used in which all lags stay inside the signal.
    """
    from scipy.fft import next_fast_len

    starts = hop * np.arange(1 + (signal.size - frame) // hop)
    padded = np.pad(signal, longest)  # sample k is now at position k + longest
    pieces = sliding_window_view(padded, frame + 2 * longest)[::hop]
    size = next_fast_len(frame + 2 * longest, real=True)
    spectrum = np.fft.rfft(pieces, size) * np.conj(np.fft.rfft(pieces[:, longest : longest + frame], size))
    products = np.fft.irfft(spectrum, size)[
        :, : 2 * longest + 1
    ]  # column j: product of the frame and the signal at lag j - longest
    squares = np.concatenate([[0.0], np.cumsum(np.square(padded))])
    energies = sliding_window_view(squares[frame:] - squares[:-frame], 2 * longest + 1)[::hop]
    both = energies + energies[:, [longest]] - 2 * products
    forward, backward = both[:, longest:], both[:, longest::-1]
    fits_forward, fits_backward = starts + frame + longest <= signal.size, starts >= longest
    mean = (forward + backward) / 2
    mean[~fits_backward] = forward[~fits_backward]
    mean[~fits_forward] = backward[~fits_forward]
    return np.asarray(np.maximum(mean, 0.0))


def cumulative_mean_normalised(difference: Array) -> Array:
    """Return YIN's normalised difference in the same shape: 1 at lag 0, about 0 at the period of a periodic sound."""
    lags = np.arange(1, difference.shape[1])
    sums = np.cumsum(difference[:, 1:], axis=1)
    normalised = np.ones_like(difference)
    np.divide(difference[:, 1:] * lags, sums, out=normalised[:, 1:], where=sums > 0)
    return normalised


def _candidates(difference: Array, aperiodicity: Array, shortest: int) -> tuple[Array, Array]:
    """Return the candidates for each frame's period, in samples, and their costs, both ``(rows, CANDIDATES)``.

    The candidates are the local minima of the aperiodicity with the lowest costs. If a frame has fewer minima, other
    lags with the cost `NEVER` are added.
    """
    middle = aperiodicity[:, shortest:-1]
    minimum = (middle < aperiodicity[:, shortest - 1 : -2]) & (middle <= aperiodicity[:, shortest + 1 :])
    octaves_down = np.log2(np.arange(shortest, shortest + middle.shape[1]) / shortest)
    height = np.where(minimum, middle + OCTAVE_COST * octaves_down, NEVER)
    count = min(CANDIDATES, height.shape[1])
    columns = np.sort(np.argpartition(height, count - 1, axis=1)[:, :count], axis=1)
    rows = np.arange(len(height))[:, None]
    lag = columns + shortest
    before, here, after = (difference[rows, lag + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend > 0)
    return lag + np.clip(offset, -1, 1), height[rows, columns]


def _cheapest_path(cost: Array, octaves: Array, unvoiced_cost: float) -> NDArray[np.intp]:
    """Return which candidate period the cheapest path through all frames takes in each frame, ``(rows,)``.

    `cost` and `octaves` have a row for each frame and a column for each candidate. The result is a column number, or
    the number of columns if the frame is unvoiced.
    """
    rows, count = cost.shape
    own = np.column_stack([cost, np.full(rows, unvoiced_cost)])
    step = np.full((rows - 1, count + 1, count + 1), VOICING_COST)
    step[:, :count, :count] = JUMP_COST * np.abs(octaves[1:, None, :] - octaves[:-1, :, None])
    step[:, count, count] = 0.0
    back = np.zeros((rows, count + 1), dtype=np.intp)
    total = own[0]
    for row in range(1, rows):
        reached = total[:, None] + step[row - 1]
        back[row] = reached.argmin(axis=0)
        total = reached.min(axis=0) + own[row]
    path = np.empty(rows, dtype=np.intp)
    path[-1] = total.argmin()
    for row in range(rows - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path
