"""Dialogue context: add the features of an utterance's neighbours to its own."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import BoolArray, FloatArray, IntArray, Modalities, Ragged
from models.validation.folds import numbered


def neighbours(dialogues: Sequence[Any], order: Sequence[float], before: int, after: int = 0) -> dict[int, IntArray]:
    """Return, for each lag, the position of every utterance's neighbour at that lag; -1 if there is no neighbour.

    Parameters
    ----------
    dialogues
        ``(n,)`` name of each utterance's dialogue; an utterance whose name is empty has no neighbours.
    order
        ``(n,)`` position of each utterance in its dialogue. Undefined positions (NaN) come last; equal positions keep
        the order of the table.
    before, after
        The number of neighbours on each side. Lag -1 is the previous utterance, 1 the next.

    Examples
    --------
    >>> neighbours(["a", "a", "b", "a"], [2, 1, 1, 3], before=1)[-1].tolist()
    [1, -1, -1, 0]
    """
    names = np.array([str(d) for d in dialogues], dtype=object)
    places = np.nan_to_num(np.asarray(order, np.float64), nan=np.inf)
    found = {lag: np.full(len(names), -1, np.intp) for lag in (*range(-before, 0), *range(1, after + 1))}
    numbers, count = numbered(names)
    for number in range(count):
        rows = np.flatnonzero((numbers == number) & (names != ""))
        rows = rows[np.argsort(places[rows], kind="stable")]
        for lag, at in found.items():
            there = np.arange(len(rows)) + lag
            inside = (there >= 0) & (there < len(rows))
            at[rows[inside]] = rows[there[inside]]
    return found


def with_context(x: Modalities, lags: dict[int, IntArray]) -> Modalities:
    """Add the neighbours' pooled features as columns, and each neighbour's sequence as one step, the mean of its steps.

    `lags` are the positions that `neighbours` returns. The columns of lag -1 are named ``<extractor>@-1.<feature>``. If
    an utterance has no neighbour at a lag, or the neighbour lacks the modality, the columns are NaN and there is no
    step. Transcripts, masks, groups and spectrogram frames do not change.
    """
    pooled, names = dict(x.pooled), dict(x.names)
    for modality, matrix in x.pooled.items():
        columns = names.get(modality) or tuple(f"{modality}.{i}" for i in range(matrix.shape[1]))
        blocks = [_of_neighbours(matrix, x.present[modality], at) for at in lags.values()]
        pooled[modality] = np.hstack([matrix, *blocks])
        names[modality] = columns + tuple(_lagged(name, lag) for lag in lags for name in columns)
    steps = {
        m: s if m not in x.present else _joined(s, x.present[m], lags)  # the spectrogram has no mask of its own
        for m, s in x.sequences.items()
    }
    return replace(x, pooled=pooled, names=names, sequences=steps)


def extractor_of(column: str) -> str:
    """Return the extractor that computed a column, also if the column belongs to a neighbour.

    Examples
    --------
    >>> extractor_of("bert.0"), extractor_of("bert@-1.0")
    ('bert', 'bert')
    """
    return re.sub(r"@[+-]\d+$", "", column.partition(".")[0])


def _of_neighbours(matrix: NDArray[np.float32], present: BoolArray, at: IntArray) -> NDArray[np.float32]:
    there = (at >= 0) & present[at]
    return np.where(there[:, None], matrix[at], np.float32("nan"))


def _lagged(name: str, lag: int) -> str:
    extractor, dot, feature = name.partition(".")
    return f"{extractor}@{lag:+d}{dot}{feature}"


def _joined(sequence: Ragged, present: BoolArray, lags: dict[int, IntArray]) -> Ragged:
    means = [_mean(sequence.values(i)) if present[i] and sequence.lengths[i] else None for i in range(len(sequence))]
    values, times = [], []
    for i in range(len(sequence)):
        near = {lag: means[at[i]] for lag, at in lags.items() if at[i] >= 0}
        timed = bool(np.isfinite(sequence.times(i)).all())
        early = [(lag, mean) for lag, mean in near.items() if lag < 0 and mean is not None]
        late = [(lag, mean) for lag, mean in near.items() if lag > 0 and mean is not None]
        own = sequence.values(i)
        values.append(np.concatenate([*(mean for _, mean in early), own, *(mean for _, mean in late)]))
        end = float(sequence.times(i)[-1, 1]) if timed and len(own) else 0.0
        clock = [*(_second(lag, 0.0, timed) for lag, _ in early), sequence.times(i)]
        times.append(np.concatenate([*clock, *(_second(lag - 1, end, timed) for lag, _ in late)]))
    return Ragged.of(values, times)


def _mean(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    known = np.isfinite(steps)
    count = known.sum(axis=0)
    mean = np.where(known, steps, 0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan).astype(np.float32)[None]


def _second(lag: int, offset: float, timed: bool) -> FloatArray:
    """Return the start and end of a neighbour's step, which lasts from `lag` + `offset` for 1 s; NaN unless `timed`."""
    return np.array([[lag, lag + 1]], np.float64) + (offset if timed else np.nan)
