"""One face of each frame where a table has several: always the same one within an utterance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def comes_again(frame: NDArray[np.intp], face: NDArray[np.intp]) -> int | None:
    """Return the first row whose frame and face an earlier row had, with other frames of this face in between.

    Rows may be in any order, but a table that holds two recordings, or one twice, returns to frames that it had left.

    >>> comes_again(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), comes_again(np.array([0, 1, 0]), np.zeros(3, int))
    (None, 2)
    """
    seen: set[tuple[int, int]] = set()
    last: dict[int, int] = {}
    for row, (at, who) in enumerate(zip(frame.tolist(), face.tolist(), strict=True)):
        if (at, who) in seen and last[who] != at:
            return row
        seen.add((at, who))
        last[who] = at
    return None


def one_face(
    rows: NDArray[np.intp],
    frame: NDArray[np.intp],
    face: NDArray[np.intp],
    confidence: NDArray[np.float64],
    good: Mask,
) -> NDArray[np.intp]:
    """Return one row per frame.

    The face with the most good rows counts: in all frames, the rows of those that are ever seen beside it are left out.
    A face that is never beside it may be the same one under a new id, or another shot, and is kept. Where a frame still
    has several rows, the good one of the highest confidence counts.

    Parameters
    ----------
    rows
        Which rows of the table belong to the utterance.
    frame, face, confidence, good
        ``(n,)``, of all rows of the table: its frame, its face, the tool's confidence, whether it is usable.
    """
    leader = _most_seen(face[rows], confidence[rows], good[rows])
    beside = np.unique(face[np.isin(frame, frame[face == leader])])
    rivals = beside[beside != leader]
    mine = rows[~np.isin(face[rows], rivals)]
    order = mine[np.lexsort((-confidence[mine], ~good[mine], frame[mine]))]
    first = np.diff(frame[order], prepend=-1) > 0
    return order[first]


def _most_seen(face: NDArray[np.intp], confidence: NDArray[np.float64], good: Mask) -> int:
    """Return the face with the most good rows; if several tie, the one with the highest confidence, then the first."""
    found: Sequence[int] = np.unique(face).tolist()
    return max(found, key=lambda one: (good[face == one].sum(), confidence[good & (face == one)].sum(), -one))
