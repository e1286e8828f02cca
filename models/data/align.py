"""Average sequences of any modality over the words of their utterance, or over windows of equal length."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

TOUCH_S = 1e-6  # smaller overlaps are ignored, because neighbours share an endpoint


def align_to_words(
    values: NDArray[np.float32], times: NDArray[np.float64], words: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Average the rows that overlap each word.

    Parameters
    ----------
    values
        ``(rows, d)``; NaN means undefined and is left out of means.
    times
        ``(rows, 2)`` start and end of each row in seconds; a row whose times are NaN overlaps no word.
    words
        ``(words, 2)`` start and end of each word in seconds, on the same time axis. A word of length 0 is a point in
        time, which overlaps the rows that contain it.

    Returns
    -------
    aligned
        ``(words, d)``; NaN where no row overlaps the word, or where all overlapping rows are undefined.
    there
        ``(words,)`` whether any row overlaps the word; other words are to be masked, not set to zero.

    Raises
    ------
    ValueError
        If the shapes do not match, or a word ends before it starts.

    Examples
    --------
    >>> rows = np.array([[1.0], [3.0], [8.0]], np.float32)
    >>> times = np.array([[0.0, 0.1], [0.1, 0.2], [0.2, 0.3]])
    >>> aligned, there = align_to_words(rows, times, np.array([[0.0, 0.2], [0.5, 0.6]]))
    >>> aligned.tolist(), there.tolist()
    ([[2.0], [nan]], [True, False])
    """
    _check_shapes(values, times, words)
    aligned = np.full((len(words), values.shape[1]), np.nan, np.float32)
    there = np.zeros(len(words), bool)
    for i, (start, end) in enumerate(words):
        if end - start > TOUCH_S:
            over = np.minimum(times[:, 1], end) - np.maximum(times[:, 0], start) > TOUCH_S
        else:
            over = (times[:, 0] <= start) & (start < times[:, 1])
        there[i] = over.any()
        if there[i]:
            aligned[i] = _mean(values[over])
    return aligned, there


def _check_shapes(values: NDArray[np.float32], times: NDArray[np.float64], words: NDArray[np.float64]) -> None:
    if values.ndim != 2 or times.shape != (len(values), 2) or words.ndim != 2 or words.shape[1] != 2:
        shapes = (values.shape, times.shape, words.shape)
        raise ValueError(f"values, times and words must have shapes (rows, d), (rows, 2), (words, 2), not {shapes}")
    if (words[:, 1] < words[:, 0]).any():
        raise ValueError(f"word {int(np.argmax(words[:, 1] < words[:, 0]))} ends before it starts")


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    known = np.isfinite(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, rows, 0).sum(axis=0, dtype=np.float64) / known.sum(axis=0)
    averaged: NDArray[np.float32] = mean.astype(np.float32)
    return averaged


def average_over_windows(
    values: Sequence[NDArray[np.float32]], times: Sequence[NDArray[np.float64]], window_s: float
) -> list[NDArray[np.float32]]:
    """Average the rows in each window of an utterance; a row belongs to the window that contains its midpoint.

    Parameters
    ----------
    values
        One ``(rows, d)`` per utterance; NaN means undefined and is left out of means.
    times
        One ``(rows, 2)`` per utterance: start and end of each row in seconds, without NaN. Rows before 0 belong to the
        first window.
    window_s
        Length of a window in seconds.

    Returns
    -------
    list of ndarray
        One ``(windows, d)`` per utterance, up to the last window that has a row; NaN where a window has no defined
        value.

    Examples
    --------
    >>> rows, clock = np.array([[1.0], [3.0], [8.0]], np.float32), np.array([[0.0, 0.1], [0.1, 0.2], [0.4, 0.5]])
    >>> average_over_windows([rows], [clock], 0.2)[0].tolist()
    [[2.0], [nan], [8.0]]
    """
    from scipy.sparse import csr_matrix

    window = [np.floor(np.maximum(t.mean(axis=1), 0) / window_s).astype(np.intp) for t in times]
    counts = [int(w.max()) + 1 if len(w) else 0 for w in window]
    firsts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    rows = np.concatenate(values)
    at = np.concatenate([w + first for w, first in zip(window, firsts, strict=False)])
    chooser = csr_matrix((np.ones(len(at)), (at, np.arange(len(at)))), shape=(int(firsts[-1]), len(at)))
    known = np.isfinite(rows)
    total, there = chooser @ np.where(known, rows, 0).astype(np.float64), chooser @ known.astype(np.float64)
    mean = np.where(there > 0, total / np.maximum(there, 1), np.nan).astype(np.float32)
    return [mean[a:b] for a, b in pairwise(firsts)]
