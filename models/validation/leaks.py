"""The leak guard: what stands on both sides of a fold is named before any model is fitted.

Afterwards it looks at the fitted: answers that depend on other test rows, and features that know the training labels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import IntArray
from models.errors import LeakError
from models.validation.columns import Column, Contents, cut_out, files_of, repeated, segments_of, text_of, words_of
from models.validation.protocol import Fold

SOURCES = ("recording", "media", "media_sha256")  # one value of these is one source, that no fold may split
EXAMPLES = 3
SHOWN = 200  # letters of a value in a message


def leak_guard(
    folds: Sequence[Fold], table: pd.DataFrame, *, by: str = "", dialogue: str = "", contents: Contents | None = None
) -> tuple[str, ...]:
    """Check that nothing is trained on and tested on, and return what is merely suspect.

    Parameters
    ----------
    folds
        Of the rows of `table`.
    table
        Columns ``utterance``, and those that are there of ``recording``, ``media``, ``media_sha256``, ``sound``,
        ``sound_sha256``, ``group``, ``speaker``, ``text``, ``start``, ``end``, ``duration``; an empty string is "not
        given".
    by
        The column that the protocol groups by, if any.
    dialogue
        The column within whose values utterances read their neighbours' features, if they do.
    contents
        What is read from the recordings, where that is known.

    Returns
    -------
    tuple of str
        Notices: equal texts, or the same speaker, on both sides; the same words at the same times in recordings of
        different content; equal features where nothing else is known to be equal; files of equal content from which
        nothing is read; one sound file, the same voice beside other pictures, or the same pictures under other voices,
        on both sides.

    Raises
    ------
    LeakError
        If an utterance occurs twice in the table or on both sides; if both sides share a group, or a recording or a
        file (by name or by content) from which something is read; if an utterance of one side has the pictures of one
        of the other together with its voice, or moving ones where a voice is not known and the words do not differ, or
        its voice without other pictures, whatever files these come from; or if the same words with the same start and
        end inside their recordings are on both sides (one segmentation used twice), unless the recordings are known to
        differ in content. The message names examples.
    """
    _check_unique(table)
    contents = contents if contents is not None else Contents.unknown(np.zeros(len(table), bool))
    empty = contents.empty
    together = [c for c in dict.fromkeys((by, dialogue, "group")) if c and c in table]
    sources = [c for c in SOURCES if c in table and c not in together]
    columns = {c: Column(text_of(table, c)) for c in together}
    columns |= {c: Column(text_of(table, c)).without(empty) for c in sources}
    segments, voices = Column(np.where(cut_out(table), segments_of(table), "")), Column(contents.voices)
    read, pictures, features = segments.without(empty), Column(contents.pictures), Column(contents.digests)
    heard = voices.without(np.full(len(table), not contents.heard))
    known, words = (files_of(table), features), Column(words_of(table) if "text" in table else segments.texts)
    for fold in folds:
        _check_overlap(fold, table)
        for name, column in columns.items():
            _check_column(fold, table, name, column, by)
        _check_samples(
            fold,
            table,
            {
                "the same pictures are": (pictures, _filmed_twice(fold, pictures, contents.still, voices, words)),
                "the same voice, sample by sample, is": (heard, _not_told_apart(fold, heard, (pictures,))),
            },
        )
        _check_segments(fold, table, read, known)
    equal = _feature_notices(folds, table, features.without(~contents.telling))
    notices = (_text_notices(folds, table), _segment_notices(folds, table, segments), equal)
    files = (_empty_notices(folds, table, empty), _sound_notices(folds, table, empty, heard))
    seen = _picture_notices(folds, table, pictures)
    return tuple(chain(*notices, *files, seen, _speaker_notices(folds, table, by)))


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


def _check_column(fold: Fold, table: pd.DataFrame, what: str, column: Column, by: str) -> None:
    if len(shared := column.shared(fold)):
        rows = column.codes == shared[0]
        shown = str(column.texts[rows][0]).replace("\x1f", " / ")
        shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}..."
        filled_in = (
            what == "group" and "recording" in table and (text_of(table, "recording") == column.texts)[rows].all()
        )
        what = "recording" if filled_in else what
        raise LeakError(
            _on_both_sides(fold, table, f"the same {what} ({shown!r}) is", column, shared) + _whole(what, by)
        )


def _whole(what: str, by: str) -> str:
    """Return what to do where the protocol's groups divide what is kept whole."""
    if what not in ("group", "recording") or by in ("", what):
        return ""
    return (
        f". A {what} is kept whole, but protocol.group is {by}: let it be group (where no group is given, the"
        " recording), or a column that has one value throughout it"
    )


def _on_both_sides(fold: Fold, table: pd.DataFrame, what: str, column: Column, shared: IntArray) -> str:
    train, test = (side[column.codes[side] == shared[0]] for side in (fold.train, fold.test))
    return f"{fold.name}: {what} on both sides: trained on {_ids(table, train)}; tested on {_ids(table, test)}" + (
        f"; {len(shared) - 1} more such" if len(shared) > 1 else ""
    )


def _check_samples(fold: Fold, table: pd.DataFrame, found: Mapping[str, tuple[Column, IntArray]]) -> None:
    """Refuse an utterance that both sides hold, sample by sample, whatever its files are called and look like.

    Parameters
    ----------
    fold, table
        As of `leak_guard`.
    found
        What is the same -> the column that shows it, and the codes in it that are one recording.
    """
    for what, (column, wrong) in found.items():
        if len(wrong):
            raise LeakError(
                _on_both_sides(fold, table, what, column, wrong)
                + ". They are one recording in several files: take all but one out, or give all the same group"
            )


def _filmed_twice(fold: Fold, pictures: Column, still: NDArray[np.bool_], voices: Column, words: Column) -> IntArray:
    """Return the codes of pictures on both sides that show one recording twice.

    They do with the same voice. Where a voice is not known, they do if they move and the words do not differ either.
    """
    both = pictures.beside(voices)
    found = [np.unique(pictures.codes[fold.train[np.isin(both.codes[fold.train], both.shared(fold))]])]
    moving, unheard = pictures.without(still), voices.codes < 0
    for train, test in ((fold.train[unheard[fold.train]], fold.test), (fold.train, fold.test[unheard[fold.test]])):
        wrong = _not_told_apart(replace(fold, train=train, test=test), moving, (words,))
        found.append(pictures.codes[fold.train[np.isin(moving.codes[fold.train], wrong)]])
    return np.unique(np.concatenate(found))


def _check_segments(fold: Fold, table: pd.DataFrame, segments: Column, contents: Sequence[Column]) -> None:
    """Refuse the same words and times on both sides, where the recordings are not known to differ in content."""
    wrong = _not_told_apart(fold, segments, contents)
    if len(wrong):
        raise LeakError(
            _on_both_sides(fold, table, "the same words and times are", segments, wrong)
            + ". If these are different recordings, name their files in the column media, so that their contents can be"
            " compared"
        )


def _not_told_apart(fold: Fold, column: Column, contents: Sequence[Column]) -> IntArray:
    """Return the codes on both sides of a fold for which one of the contents is the same, or none is known of a row."""
    shared = column.shared(fold)
    if not len(shared):
        return shared
    rows = np.concatenate([fold.train, fold.test])
    unknown = np.all([content.codes[rows] < 0 for content in contents], axis=0)
    doubtful = [column.codes[rows[unknown]]]
    for content in contents:
        both = np.where(content.codes >= 0, column.codes * (content.codes.max() + 1) + content.codes, -1)
        both = np.where(column.codes >= 0, both, -1)
        doubtful.append(column.codes[fold.train[np.isin(both[fold.train], both[fold.test]) & (both[fold.train] >= 0)]])
    return np.intersect1d(shared, np.concatenate(doubtful))


def _text_notices(folds: Sequence[Fold], table: pd.DataFrame) -> Iterator[str]:
    if "text" not in table:
        return
    tested = sum(len(fold.test) for fold in folds)
    rows = repeated(folds, Column(words_of(table)))
    counted = f"{len(rows)} of {tested} tested utterances ({len(rows) / max(tested, 1):.1%})"
    yield from _noticed(
        table,
        rows,
        "have a text that occurs word for word in training",
        "what text tells may be overestimated",
        counted,
    )
    whole = repeated(folds, Column(np.where(cut_out(table), "", segments_of(table))))
    yield from _noticed(
        table, whole, "have the text and the length of a clip in training", "look whether it is the same clip twice"
    )


def _segment_notices(folds: Sequence[Fold], table: pd.DataFrame, segments: Column) -> Iterator[str]:
    what = "have the words, the start and the end of one in training, in another recording"
    yield from _noticed(table, repeated(folds, segments), what, "look whether one is the other encoded anew")


def _feature_notices(folds: Sequence[Fold], table: pd.DataFrame, features: Column) -> Iterator[str]:
    what = "have exactly the features of voice and face of one in training"
    yield from _noticed(table, repeated(folds, features), what, "look whether these are copies of one recording")


def _empty_notices(folds: Sequence[Fold], table: pd.DataFrame, empty: NDArray[np.bool_]) -> Iterator[str]:
    rows = _both_sides(folds, table, ("media_sha256", "sound_sha256"), ~empty)
    what = "have a file of the same content as one in training"
    yield from _noticed(table, rows, what, "nothing is read from it; look whether these files are whole")


def _sound_notices(
    folds: Sequence[Fold], table: pd.DataFrame, empty: NDArray[np.bool_], voices: Column
) -> Iterator[str]:
    advice = "what a voice tells may be overestimated"
    rows = _both_sides(folds, table, ("sound", "sound_sha256"), empty)
    yield from _noticed(table, rows, "are heard in a sound file in which training utterances are heard too", advice)
    what = "have, under other pictures, the voice of one in training sample by sample"
    yield from _noticed(table, repeated(folds, voices), what, advice)


def _picture_notices(folds: Sequence[Fold], table: pd.DataFrame, pictures: Column) -> Iterator[str]:
    what = "have, with another voice or other words, or without moving, the pictures of one in training"
    yield from _noticed(table, repeated(folds, pictures), what, "what a face tells may be overestimated")


def _noticed(table: pd.DataFrame, rows: IntArray, what: str, advice: str, counted: str = "") -> Iterator[str]:
    """Yield one sentence on tested rows, with examples, if there are any."""
    if len(rows):
        yield f"{counted or f'{len(rows)} tested utterances'} {what}, such as {_ids(table, rows)}: {advice}"


def _both_sides(
    folds: Sequence[Fold], table: pd.DataFrame, columns: Sequence[str], passed_over: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the tested rows that share a value of one of the columns with training, some rows passed over."""
    found = [repeated(folds, Column(text_of(table, c)).without(passed_over)) for c in columns if c in table]
    return np.unique(np.concatenate([*found, np.empty(0, np.intp)])).astype(np.intp)


def _speaker_notices(folds: Sequence[Fold], table: pd.DataFrame, by: str) -> Iterator[str]:
    if by == "speaker" or "speaker" not in table:
        return
    speakers = Column(text_of(table, "speaker"))
    rows = repeated(folds, speakers)
    found = sorted(set(speakers.texts[rows]))
    if found:
        names = ", ".join(found[:EXAMPLES]) + (f" and {len(found) - EXAMPLES} more" if len(found) > EXAMPLES else "")
        yield f"speakers on both sides of a fold: {names}; the figures say how well known voices and faces are read"
