"""Where an utterance, or many, lie in their recordings: put right where that is safe, and refused elsewhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.foreign import one_line

REACH_S = 1.0  # a word that an utterance's end cuts may last as long beyond it; hardly any word does
DIGITS = 6  # after the point of a second, as the utterance table keeps them
_SHOWN = 3

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An utterance's time in its recording, seconds, mended where that is safe.

    `end` may be NaN: not yet known. `notice` says what was odd, or is ``""``.
    """

    start: float
    end: float
    notice: str = ""


def interval_of(start: float, end: float) -> Interval:
    """Return an interval as every reader takes it.

    A recording begins at 0: what lies before is cut off, with a notice. An interval without length is kept, with a
    notice, and its utterance is empty. CMU-MOSI's and CMU-MOSEI's own labels have both.

    Parameters
    ----------
    start
        Seconds; NaN stands for 0.
    end
        Seconds; NaN for "the recording's end".

    Raises
    ------
    ValueError
        If the end lies before the start.

    Examples
    --------
    >>> interval_of(-0.5, 2.0)
    Interval(start=0.0, end=2.0, notice='start is -0.5 s, but a recording begins at 0: it counts from there')
    """
    start = 0.0 if math.isnan(start) else start
    if end < start:
        raise ValueError(f"end {end:g} is not after start {start:g}")
    if start < 0:
        kept, rest = max(end, 0.0), "it counts from there" if not end <= 0 else "nothing of it is left, it is empty"
        return Interval(0.0, kept, f"start is {start:g} s, but a recording begins at 0: {rest}")
    if end == start:
        return Interval(start, end, f"start and end are both {start:g} s: nothing of it is heard or seen, it is empty")
    return Interval(start, end)


def intervals_of(
    starts: Seconds, ends: Seconds, names: Sequence[str], *, reversed_too: bool = False
) -> tuple[Seconds, Seconds, list[str]]:
    """Return starts and ends as the utterance table takes them, and notices of what had to be changed.

    An utterance that is left without length stays, as one without anything in it.

    Parameters
    ----------
    starts, ends
        ``(n,)`` seconds of the recording; NaN where it is not known.
    names
        Of the n utterances, for messages.
    reversed_too
        Whether an interval that ends before it starts is taken for one without length, as in published labels.

    Raises
    ------
    UserError
        If an interval ends before it starts.

    Examples
    --------
    >>> intervals_of(np.array([-0.5, 1.5]), np.array([1.0, 1.5]), "ab")[2]  # doctest: +NORMALIZE_WHITESPACE
    ['1 utterances begin before 0 s (a): they begin at 0 here',
     '1 utterances have no length (b): they are kept, and what is cut to them is empty']
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
                f"utterance {one_line(name, 40)!r}: {error}: give both in seconds of the recording"
            ) from None
        starts[i], ends[i] = kept.start if np.isfinite(starts[i]) else starts[i], kept.end
    short = ends == np.where(np.isnan(starts), 0.0, starts)
    notices = [
        *_listed(unknown, names, "have a start or an end that is no number", "it counts as not known"),
        *_listed(early, names, "begin before 0 s", "they begin at 0 here"),
        *_listed(short, names, "have no length", "they are kept, and what is cut to them is empty"),
    ]
    return starts, ends, notices


def _listed(rows: NDArray[np.bool_], names: Sequence[str], begin: str, then: str) -> list[str]:
    found = [one_line(names[i], 40) for i in np.flatnonzero(rows)[:_SHOWN]]
    more = ", ..." if rows.sum() > _SHOWN else ""
    return [f"{int(rows.sum())} utterances {begin} ({', '.join(found)}{more}): {then}"] if found else []
