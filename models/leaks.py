"""The leak guard: what stands on both sides of a fold is named before any model is fitted.

Afterwards it looks at the fitted: answers that depend on other test rows, and features that know the training labels.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data import IntArray, Modalities, Task
from models.errors import LeakError
from models.metrics import metric
from models.protocol import Fold
from models.stats import group_bootstrap, resample

SOURCES = ("group", "recording", "media", "media_sha256")  # one value of these is one source, that no fold may split
EXAMPLES = 3
PROBED = 16  # test rows whose answers are asked for a second time, in other company
SAME = 1e-4  # how far two answers of float32 networks to the same row may lie apart
FAR = 0.1  # a figure inside training that lies so far above the one on unseen groups is no accident of folds
WHOLE_S = 0.05  # a span that ends so little before its recording does is the whole of it


def leak_guard(folds: Sequence[Fold], table: pd.DataFrame, *, by: str = "", dialogue: str = "") -> tuple[str, ...]:
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
    dialogue
        The column within whose values utterances read their neighbours' features, if they do.

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
    columns = list(dict.fromkeys(c for c in (by, dialogue, *SOURCES) if c and c in table))
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


def probe(model: Any, x: Modalities, test: IntArray, others: IntArray, *, name: str) -> None:
    """Check that the answer for a test row does not depend on which other rows are answered with it.

    Some test rows are asked about a second time, in the company of other rows: a model that normalises, centres or
    clusters what it is asked about would answer differently.

    Parameters
    ----------
    model
        Fitted.
    x
        All utterances.
    test, others
        Positions of the rows that were tested, and of rows to put beside them.
    name
        Of the model, for the message.

    Raises
    ------
    LeakError
        If an answer changes.
    """
    asked = test[:PROBED]
    alone = _answers(model, x[asked])
    beside = _answers(model, x[np.concatenate([asked, others[: 2 * PROBED]])])[: len(asked)]
    moved = np.flatnonzero(np.abs(alone - beside).max(axis=1) > SAME * np.maximum(1, np.abs(alone).max()))
    if len(moved):
        raise LeakError(
            f"{name}: {len(moved)} of {len(asked)} answers change with the other rows that are asked about at the same"
            f" time (by up to {np.abs(alone - beside).max():.3g}): something in it is fitted on test rows"
        )


def _answers(model: Any, x: Modalities) -> NDArray[np.float64]:
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(x), np.float64)
    return np.asarray(model.predict(x), np.float64)[:, None]


def knows_labels(
    modality: str,
    model: str,
    inner: float,
    truth: NDArray[Any],
    said: NDArray[Any],
    groups: NDArray[Any],
    *,
    task: Task,
    figure: str,
) -> str:
    """Return a sentence if a modality's features seem to have been made with the training labels in sight, else "".

    Inside the training part, groups that were held out are as new to a model as the test groups are. If it does far
    better on them, it is not the model that has seen them, but whoever made the features.

    Parameters
    ----------
    modality, model
        Which features, and which model on them alone.
    inner
        The figure on held-out groups of the training part.
    truth, said, groups
        ``(n,)`` labels, answers and groups of the test part.
    task, figure
        Which figure.
    """
    found = metric(task, figure)
    tested = group_bootstrap(found.function, truth, said, resample(groups, draws=200))
    sign = 1 if found.higher_is_better else -1
    edge = tested.high if found.higher_is_better else tested.low
    scale = 1.0 if found.higher_is_better else max(abs(tested.value), 1e-9)  # an error: in parts of itself
    if not np.isfinite(inner) or not np.isfinite(edge):
        return ""
    floor = found.function(truth, _commonest(truth, task))
    if np.isfinite(floor) and sign * (inner - floor) / scale <= FAR:  # no better than an answer without looking
        return ""
    if sign * (inner - tested.value) / scale <= FAR or sign * (inner - edge) <= 0:
        return ""
    return (
        f"the {modality} features seem to know the labels of the training part: {model} on them alone has {figure}"
        f" {inner:.3f} on groups held out inside training, but {tested.value:.3f} on the groups tested, which nobody"
        " had seen; settings and weights that were chosen inside training may mislead"
    )


def _commonest(truth: NDArray[Any], task: Task) -> NDArray[Any]:
    """Return the commonest class, or the median score, for every row."""
    if task == "regression":
        return np.full(len(truth), np.median(truth))
    names, counts = np.unique(truth, return_counts=True)
    return np.full(len(truth), names[counts.argmax()])
