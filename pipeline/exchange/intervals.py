"""Where utterances lie in their recordings, as other people's files say it: cut to what can be."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIGITS = 6  # after the point of a second, as the utterance table keeps them
_SHOWN = 3

Seconds = NDArray[np.float64]


def proper(starts: Seconds, ends: Seconds, names: Sequence[str]) -> tuple[Seconds, Seconds, list[str]]:
    """Return starts and ends as the utterance table takes them, and notices of what had to be changed.

    A recording begins at 0, and nothing ends before it starts: published labels (CMU-MOSI's, CMU-MOSEI's) have some of
    either. An utterance that is left without length stays, as one without anything in it.

    Parameters
    ----------
    starts, ends
        ``(n,)`` seconds of the recording; NaN where it is not known.
    names
        Of the n utterances, for the notices.

    Examples
    --------
    >>> proper(np.array([-0.5, 1.5, 3.0]), np.array([1.0, 1.5, 2.0]), "abc")[2]  # doctest: +NORMALIZE_WHITESPACE
    ['1 utterances begin before 0 s (a): they begin at 0 here',
     '2 utterances have no length (b, c): they are kept, and what is cut to them is empty']
    """
    starts, ends = (np.where(np.isfinite(t), np.round(t, DIGITS), np.nan) + 0.0 for t in (starts, ends))
    early = starts < 0
    starts = np.where(early, 0.0, starts)
    first = np.where(np.isnan(starts), 0.0, starts)  # a start that is not known is the recording's
    short = ends <= first
    ends = np.where(short, first, ends)
    notices = []
    for rows, begin, then in (
        (early, "begin before 0 s", "they begin at 0 here"),
        (short, "have no length", "they are kept, and what is cut to them is empty"),
    ):
        if rows.any():
            listed = [names[i] for i in np.flatnonzero(rows)[:_SHOWN]]
            more = ", ..." if rows.sum() > _SHOWN else ""
            notices.append(f"{int(rows.sum())} utterances {begin} ({', '.join(listed)}{more}): {then}")
    return starts, ends, notices
