"""Validate the start and end of utterances: correct them where that is safe, and refuse them otherwise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError, counted
from pipeline.foreign import one_line

REACH_S = 1.0  # a word may end this much later than its utterance; hardly any word lasts longer
DIGITS = 6  # decimal places of seconds in the utterance table
_SHOWN = 3

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """The start and end of an utterance in its recording, in seconds, corrected where that is safe.

    `end` is NaN if it is not known yet. `notice` says what was corrected, or that the utterance is empty; otherwise it
    is ``""``.
    """

    start: float
    end: float
    notice: str = ""


def interval_of(start: float, end: float) -> Interval:
    """Validate a start and an end, and return the interval. All readers use this rule.

    Negative times become 0, with a notice, since a recording begins at 0. An interval of zero length is kept, with a
    notice, and its utterance counts as empty. Both cases occur in CMU-MOSI and CMU-MOSEI.

    Parameters
    ----------
    start
        Start in seconds; NaN stands for 0.
    end
        End in seconds; NaN stands for the end of the recording.

    Raises
    ------
    ValueError
        If the end is before the start.

    Examples
    --------
    >>> interval_of(-0.5, 2.0)
    Interval(start=0.0, end=2.0, notice='start is -0.5 s, but a recording begins at 0: it is read as 0')
    """
    start = 0.0 if math.isnan(start) else start
    if end < start:
        raise ValueError(f"end {end:g} is before start {start:g}")
    if start < 0:
        kept, rest = max(end, 0.0), "it is read as 0" if not end <= 0 else "the utterance is empty"
        return Interval(0.0, kept, f"start is {start:g} s, but a recording begins at 0: {rest}")
    if end == start:
        return Interval(start, end, f"start and end are both {start:g} s: the utterance is empty")
    return Interval(start, end)


def intervals_of(
    starts: Seconds, ends: Seconds, names: Sequence[str], *, reversed_too: bool = False
) -> tuple[Seconds, Seconds, list[str]]:
    """Return starts and ends for the utterance table, and notices about what was corrected.

    An utterance of zero length is kept and counts as empty.

    Parameters
    ----------
    starts, ends
        Times ``(n,)`` in seconds from the start of the recording; NaN if unknown. Infinite times become NaN.
    names
        The names of the n utterances, for messages.
    reversed_too
        Whether an interval that ends before it starts is taken for one of zero length, as published labels require.

    Raises
    ------
    UserError
        If an interval ends before it starts and `reversed_too` is false.

    Examples
    --------
    >>> intervals_of(np.array([-0.5, 1.5]), np.array([1.0, 1.5]), "ab")[2]  # doctest: +NORMALIZE_WHITESPACE
    ['1 utterance starting before 0 s (a): taken to start at 0',
     '1 utterance without length (b): kept, with empty features']
    """
    unknown = np.isinf(starts) | np.isinf(ends)
    starts, ends = (np.where(np.isfinite(t), np.round(t, DIGITS), np.nan) + 0.0 for t in (starts, ends))
    if reversed_too:
        ends = np.where(ends < starts, starts, ends)
    early = starts < 0
    for i, name in enumerate(names):
        try:
            kept = interval_of(float(starts[i]), float(ends[i]))
        except ValueError as error:
            raise UserError(
                f"utterance {one_line(name, 40)!r}: {error}: give both in seconds from the start of the recording"
            ) from None
        starts[i], ends[i] = kept.start if np.isfinite(starts[i]) else starts[i], kept.end
    short = ends == np.where(np.isnan(starts), 0.0, starts)
    notices = [
        *_listed(unknown, names, "without a number as start or end", "taken as unknown"),
        *_listed(early, names, "starting before 0 s", "taken to start at 0"),
        *_listed(short, names, "without length", "kept, with empty features"),
    ]
    return starts, ends, notices


def _listed(rows: NDArray[np.bool_], names: Sequence[str], begin: str, then: str) -> list[str]:
    found = [one_line(names[i], 40) for i in np.flatnonzero(rows)[:_SHOWN]]
    more = ", ..." if rows.sum() > _SHOWN else ""
    return [f"{counted(int(rows.sum()), 'utterance')} {begin} ({', '.join(found)}{more}): {then}"] if found else []
