"""Where utterances lie in their recordings, as other people's files say it: cut to what can be."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.foreign import one_line
from pipeline.tables.rules import REACH_S, interval_of

DIGITS = 6  # after the point of a second, as the utterance table keeps them
_SHOWN = 3

Seconds = NDArray[np.float64]


def proper(
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
    >>> proper(np.array([-0.5, 1.5]), np.array([1.0, 1.5]), "ab")[2]  # doctest: +NORMALIZE_WHITESPACE
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


def within(words: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return words of which none reaches far beyond its utterance, and a notice of how many were cut off there.

    Parameters
    ----------
    words
        ``utterance, word, start, end``.
    table
        The utterances; without `start` or `end` nothing is known to reach beyond them.
    """
    if not len(words) or not {"start", "end"} <= {*table.columns}:
        return words, []
    spans = table.set_index("utterance")[["start", "end"]].astype(float)
    first, last = (words["utterance"].map(spans[side]) for side in ("start", "end"))
    first = first.fillna(0.0)
    start, end = words["start"].astype(float), words["end"].astype(float)
    inside = (start < last) & (end > first)
    late, early = inside & (end - last > REACH_S), inside & (first - start > REACH_S)
    if not (late | early).any():
        return words, []
    count = int((late | early).sum())
    said = f"{count} words reach far beyond their utterances ({_named(words, late | early)}): they are cut off there"
    return words.assign(start=start.mask(early, first), end=end.mask(late, last)), [said]


def _named(words: pd.DataFrame, rows: pd.Series) -> str:
    row = words[rows].iloc[0]
    return f"such as {one_line(row['word'], 40)!r} of {one_line(row['utterance'], 40)!r}"


def _listed(rows: NDArray[np.bool_], names: Sequence[str], begin: str, then: str) -> list[str]:
    found = [one_line(names[i], 40) for i in np.flatnonzero(rows)[:_SHOWN]]
    more = ", ..." if rows.sum() > _SHOWN else ""
    return [f"{int(rows.sum())} utterances {begin} ({', '.join(found)}{more}): {then}"] if found else []
