"""Which frame of a recording is seen at each wanted time."""

import numpy as np

from features.types import TimeArray
from pipeline.streams.frames import Index, nearest_to_each

SAME_S = 1e-9  # times that differ by less are one


def seen(stamps: TimeArray, end_s: float, targets: TimeArray, step_s: float) -> tuple[Index, TimeArray]:
    """Choose the frame that is seen at each target.

    That is the frame nearest to it within half a step; each serves one target. A picture that stays for longer than a
    step, as in recordings of screens and in slide shows, also serves every other target while it stays.

    Parameters
    ----------
    stamps
        ``(n,)`` when each frame begins to be shown, ascending, in seconds.
    end_s
        When the last one ceases to be shown.
    targets
        ``(m,)`` ascending.
    step_s
        Time between two targets.

    Returns
    -------
    ``(k,)`` ascending indices of frames, one that stays several times, and ``(k,)`` when they are seen: a frame's own
    stamp, or the target while a picture stays; k <= m.

    >>> numbers, times = seen(np.array([0.0, 0.2, 1.1]), 1.3, np.arange(7) / 5, 0.2)
    >>> numbers.tolist(), times.tolist()
    ([0, 1, 1, 1, 1, 2], [0.0, 0.2, 0.4, 0.6, 0.8, 1.1])
    """
    if not len(stamps):
        return np.empty(0, np.int64), np.empty(0)
    nearest, near = nearest_to_each(stamps, targets, step_s / 2)
    chosen, first = np.unique(nearest[near], return_index=True)
    other = np.delete(np.arange(len(targets)), np.flatnonzero(near)[first])
    shown = np.searchsorted(stamps, targets[other] + SAME_S, side="right") - 1
    until = np.append(stamps[1:], max(end_s, stamps[-1]))
    stays = (shown >= 0) & (until[shown] - stamps[shown] > step_s + SAME_S) & (targets[other] < until[shown] - SAME_S)
    numbers = np.concatenate([chosen, shown[stays]]).astype(np.int64)
    times = np.concatenate([stamps[chosen], targets[other][stays]])
    order = np.lexsort((times, numbers))
    return numbers[order], times[order]
