"""Choose the frame of a recording that is shown at each wanted time."""

import numpy as np
from numpy.typing import NDArray

from features.types import TimeArray
from pipeline.streams.spans import Span

Index = NDArray[np.int64]

SAME_S = 1e-9  # times that differ by less are equal


def sample_targets(span: Span, fps: float) -> TimeArray:
    """Return the times ``(n,)`` at which a span is sampled: every 1 / fps seconds from its start, before its end."""
    count = max(int(np.ceil(span.duration_s * fps - 1e-6)), 0)
    return span.start_s + np.arange(count) / fps


def seen(stamps: TimeArray, end_s: float, targets: TimeArray, step_s: float) -> tuple[Index, TimeArray]:
    """Choose the frame that is shown at each target.

    The chosen frame is the nearest one within half a step, and each frame is chosen for at most one target. A picture
    that stays for longer than a step, as in screen recordings and slide shows, is also chosen for all further targets
    while it stays.

    Parameters
    ----------
    stamps
        Times ``(n,)`` at which frames are first shown, ascending, in seconds.
    end_s
        Time at which the last frame disappears, in seconds.
    targets
        Wanted times ``(m,)``, ascending, in seconds.
    step_s
        Time between two targets, in seconds.

    Returns
    -------
    The indices ``(k,)`` of the chosen frames in ascending order, and the times ``(k,)`` of these frames; k <= m. A
    picture that stays may occur several times. The time of a frame is its own stamp; for a further target while the
    picture stays, it is the target.

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


def nearest(stamps: TimeArray, targets: TimeArray, limit: float) -> Index:
    """Choose the nearest stamp for each target; each stamp is chosen at most once.

    Parameters
    ----------
    stamps
        Times ``(n,)``, ascending, in seconds.
    targets
        Wanted times ``(m,)``, ascending, in seconds.
    limit
        Stamps further away than this many seconds are never chosen. For a target before the first stamp, the limit is
        at most half the distance between the first two stamps. For a target after the last stamp, it is at most half
        the distance between the last two stamps.

    Returns
    -------
    Ascending indices ``(k,)`` of the chosen stamps, k <= m. If two stamps are equally near, the earlier one is chosen.

    >>> nearest(np.array([0.0, 0.19, 0.4, 0.41]), np.array([0.0, 0.2, 0.4, 0.6]), 0.1).tolist()
    [0, 1, 2]
    """
    chosen, near = nearest_to_each(stamps, targets, limit)
    return np.unique(chosen[near]).astype(np.int64)


def nearest_to_each(stamps: TimeArray, targets: TimeArray, limit: float) -> tuple[Index, NDArray[np.bool_]]:
    """Return the index of the stamp nearest to each target, and whether it is within the limit, both ``(m,)``."""
    if not len(stamps):
        return np.zeros(len(targets), np.int64), np.zeros(len(targets), np.bool_)
    after = np.searchsorted(stamps, targets).clip(1, max(len(stamps) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(stamps) - 1)
    chosen = np.where(targets - stamps[before] <= stamps[after] - targets, before, after)
    ends = np.diff(stamps)[[0, -1]] / 2 if len(stamps) > 1 else np.full(2, limit)
    allowed = np.full(len(targets), limit)
    allowed[targets < stamps[0]] = min(limit, ends[0])
    allowed[targets > stamps[-1]] = min(limit, ends[1])
    near: NDArray[np.bool_] = np.abs(stamps[chosen] - targets) <= allowed + 1e-9
    return chosen.astype(np.int64), near
