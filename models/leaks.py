"""The leak guard: what stands on both sides of a fold is named before any model is fitted."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import LeakError
from models.protocol import Fold

SOURCES = ("group", "recording", "media", "media_sha256")  # one value of these is one source, that no fold may split
EXAMPLES = 3
WHOLE_S = 0.05  # a span that ends so little before its recording does is the whole of it


def leak_guard(folds: Sequence[Fold], table: pd.DataFrame, *, by: str = "") -> tuple[str, ...]:
    """Check that nothing is trained on and tested on, and return what is merely suspect.

    Parameters
    ----------
    folds
        Of the rows of `table`.
    table
        Columns ``utterance``, and those that are there of ``recording``, ``media``, ``media_sha256``, ``group``,
        ``speaker``, ``text``, ``start``, ``end``, ``duration``; an empty string is "not given".
    by
        The column that the protocol groups by, if any.

    Returns
    -------
    tuple of str
        Notices: equal texts, or the same speaker, on both sides.

    Raises
    ------
    LeakError
        If an utterance occurs twice in the table or on both sides; if both sides share a group, a recording or a media
        file (by name or by content); or if the same words with the same start and end inside their recordings
        are on both sides (one segmentation used twice). The message names examples.
    """
    _check_unique(table)
    columns = list(dict.fromkeys(c for c in (by, *SOURCES) if c and c in table))
    segments = np.where(_cut_out(table), _segments(table), "")
    for fold in folds:
        _check_overlap(fold, table)
        for column in columns:
            _check_column(fold, table, column, _text_of(table, column))
        _check_column(fold, table, "words and times", segments)
    return tuple(_text_notices(folds, table)) + tuple(_speaker_notices(folds, table, by))


def _text_of(table: pd.DataFrame, column: str) -> NDArray[np.str_]:
    return np.array([str(value).strip() for value in table[column].fillna("")], dtype=str)


def _words_of(table: pd.DataFrame) -> NDArray[np.str_]:
    return np.array([" ".join(text.casefold().split()) for text in _text_of(table, "text")], dtype=str)


def _ids(table: pd.DataFrame, rows: NDArray[np.intp]) -> str:
    names = [str(table["utterance"].iloc[row]) for row in rows[:EXAMPLES]]
    return ", ".join(names) + (f" and {len(rows) - EXAMPLES} more" if len(rows) > EXAMPLES else "")


def _check_unique(table: pd.DataFrame) -> None:
    repeated = np.flatnonzero(table["utterance"].duplicated().to_numpy())
    if len(repeated):
        raise LeakError(f"the table holds the same utterance twice: {_ids(table, repeated)}")


def _check_overlap(fold: Fold, table: pd.DataFrame) -> None:
    both = np.intersect1d(fold.train, fold.test)
    if len(both):
        raise LeakError(f"{fold.name}: trained on and tested on: {_ids(table, both)}")


def _check_column(fold: Fold, table: pd.DataFrame, what: str, values: NDArray[np.str_]) -> None:
    shared = np.intersect1d(values[fold.train], values[fold.test])
    shared = shared[shared != ""]
    if len(shared):
        train = fold.train[values[fold.train] == shared[0]]
        test = fold.test[values[fold.test] == shared[0]]
        shown = shared[0].replace("\x1f", " / ")
        raise LeakError(
            f"{fold.name}: the same {what} ({shown!r}) is on both sides: trained on {_ids(table, train)};"
            f" tested on {_ids(table, test)}" + (f"; {len(shared) - 1} more such" if len(shared) > 1 else "")
        )


def _segments(table: pd.DataFrame) -> NDArray[np.str_]:
    """Return text, start and end as one string; empty where one of them is not given."""
    if not {"text", "start", "end"} <= set(table.columns):
        return np.full(len(table), "", dtype=str)
    words = _words_of(table)
    start, end = (pd.to_numeric(table[c], errors="coerce").to_numpy(np.float64) for c in ("start", "end"))
    joined = [f"{t}\x1f{a:.3f}\x1f{b:.3f}" for t, a, b in zip(words, start, end, strict=True)]
    return np.where((words != "") & np.isfinite(start) & np.isfinite(end), np.array(joined, dtype=str), "")


def _cut_out(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether an utterance was cut out of something longer: it starts after 0, or ends before its recording does."""
    cut = np.zeros(len(table), bool)
    if "start" in table:
        cut |= _numbers(table, "start") > 0
    if "end" in table and "duration" in table:
        cut |= _numbers(table, "end") < _numbers(table, "duration") - WHOLE_S
    return cut


def _numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    return numbers


def _text_notices(folds: Sequence[Fold], table: pd.DataFrame) -> Iterator[str]:
    if "text" not in table:
        return
    tested = sum(len(fold.test) for fold in folds)
    rows = _repeated(folds, _words_of(table))
    if len(rows):
        yield (
            f"{len(rows)} of {tested} tested utterances ({len(rows) / tested:.1%}) have a text that occurs word for"
            f" word in training, such as {_ids(table, rows)}: what text tells may be overestimated"
        )
    whole = _repeated(folds, np.where(_cut_out(table), "", _segments(table)))
    if len(whole):
        yield (
            f"{len(whole)} tested utterances have the text and the length of a clip in training, such as"
            f" {_ids(table, whole)}: look whether it is the same clip twice"
        )


def _repeated(folds: Sequence[Fold], values: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return the tested rows, of all folds, whose value is not empty and occurs in that fold's training part."""
    found = [fold.test[(values[fold.test] != "") & np.isin(values[fold.test], values[fold.train])] for fold in folds]
    return np.concatenate([np.empty(0, np.intp), *found])


def _speaker_notices(folds: Sequence[Fold], table: pd.DataFrame, by: str) -> Iterator[str]:
    if by == "speaker" or "speaker" not in table:
        return
    speakers = _text_of(table, "speaker")
    shared = [np.intersect1d(speakers[f.train], speakers[f.test]) for f in folds]
    found = np.unique(np.concatenate([*shared, np.empty(0, dtype=str)]))
    found = found[found != ""]
    if len(found):
        names = ", ".join(found[:EXAMPLES]) + (f" and {len(found) - EXAMPLES} more" if len(found) > EXAMPLES else "")
        yield f"speakers on both sides of a fold: {names}; the figures say how well known voices and faces are read"
