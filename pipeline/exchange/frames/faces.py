"""Choose one face per frame where a table has several: the same person throughout an utterance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def comes_again(frame: NDArray[np.intp], face: NDArray[np.intp]) -> int | None:
    """Return the first row that goes back to an earlier frame of the same face; None if there is no such row.

    Such a row shows that the table holds two recordings, or one twice.

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
    """Choose at most one row for each frame of an utterance, and return the positions of these rows in the table.

    The main face is the one with the most good rows. A face that shares any frame with the main face is a different
    person, and is left out of all frames. Other faces are kept, since they may be the same person under a new id, or in
    another shot. If a frame still has several rows, a good row is chosen before others, then the most confident row.

    Parameters
    ----------
    rows
        The positions of the utterance's rows in the table.
    frame, face, confidence, good
        ``(n,)`` for all rows of the table: the frame, the face, the tool's confidence, and whether the row is usable.
    """
    leader = _most_seen(face[rows], confidence[rows], good[rows])
    beside = np.unique(face[np.isin(frame, frame[face == leader])])
    rivals = beside[beside != leader]
    mine = rows[~np.isin(face[rows], rivals)]
    order = mine[np.lexsort((-confidence[mine], ~good[mine], frame[mine]))]
    first = np.diff(frame[order], prepend=-1) > 0
    return order[first]


def _most_seen(face: NDArray[np.intp], confidence: NDArray[np.float64], good: Mask) -> int:
    """Return the face with the most good rows; ties go to the highest sum of confidences, then to the lowest id."""
    found: Sequence[int] = np.unique(face).tolist()
    return max(found, key=lambda one: (good[face == one].sum(), confidence[good & (face == one)].sum(), -one))
