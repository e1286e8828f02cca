"""The leak guard: detects data shared by the training and test parts of folds before any model is fitted.

`models.validation.probes` checks fitted models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import IntArray
from models.errors import LeakError
from models.validation.columns import (
    Column,
    Contents,
    cut_out,
    files_of,
    segments_of,
    text_of,
    words_of,
)
from models.validation.leak_notices import (
    empty_notices,
    feature_notices,
    ids_of,
    picture_notices,
    segment_notices,
    sound_notices,
    speaker_notices,
    text_notices,
)
from models.validation.protocol import Fold
from models.validation.speakers import alike_notices

# Rows with the same value in one of these columns come from the same source, which no fold may split.
SOURCES = ("recording", "media", "media_sha256")
_COPIES = ". They are one recording in several files: remove all but one, or give all of them the same group"
SHOWN = 200  # maximum length of a value in a message, in characters


def leak_guard(
    folds: Sequence[Fold], table: pd.DataFrame, *, by: str = "", dialogue: str = "", contents: Contents | None = None
) -> tuple[str, ...]:
    """Check that the training and test parts of folds share no data, and return notices about suspicious findings.

    Parameters
    ----------
    folds
        Folds of the rows of `table`.
    table
        Table with the column ``utterance``, and any of ``recording``, ``media``, ``media_sha256``, ``sound``,
        ``sound_sha256``, ``group``, ``speaker``, ``text``, ``start``, ``end`` and ``duration``; an empty string means
        that a value is not given.
    by
        The column by which the protocol groups, if any.
    dialogue
        The column of dialogues, if models read the features of neighbouring utterances.
    contents
        Hashes of the contents of the recordings, if known.

    Returns
    -------
    tuple of str
        Notices about what both parts of a fold share, where this is suspicious but not an error: texts, speakers, sound
        files, files from which nothing could be read, the same words at the same times in recordings with different
        content, and equal features, voices or pictures without further signs of a copy.

    Raises
    ------
    LeakError
        If the table holds an utterance twice, or if both parts of a fold share one of the following:

        - an utterance or a group;
        - a recording or file, with the same name or the same content, unless nothing could be read from it;
        - the same pictures with the same voice;
        - the same voice where pictures are unknown, if models read audio;
        - the same moving pictures where a voice is unknown and the words do not differ;
        - the same words with the same start and end inside their recordings (one segmentation used twice), unless the
          recordings are known to have different content.
    """
    _check_unique(table)
    contents = contents if contents is not None else Contents.unknown(np.zeros(len(table), bool))
    compared = _Compared.of(table, (by, dialogue, "group"), contents)
    for fold in folds:
        _check_fold(fold, table, compared, by)
    return _notices(folds, table, compared, by)


@dataclass(frozen=True)
class _Compared:
    """The columns by which the training and test parts of folds are compared.

    Attributes
    ----------
    whole
        Columns that no fold may divide, keyed by name: groups, then names and contents of recordings from which
        something is read.
    segments, read_segments
        For each row that is cut out of a longer recording, one text: all its words, with its start and end in the
        recording. In `read_segments`, it is left out for recordings from which nothing is read.
    texts
        The words of each row.
    pictures, voices, read_voices, features
        Hashes of pictures, voices and features; `read_voices` is empty unless models read audio.
    files
        Hashes of each row's files.
    contents
        Hashes and properties of the contents of the recordings.
    """

    whole: dict[str, Column]
    segments: Column
    read_segments: Column
    texts: Column
    pictures: Column
    voices: Column
    read_voices: Column
    features: Column
    files: Column
    contents: Contents

    @classmethod
    def of(cls, table: pd.DataFrame, groups: Sequence[str], contents: Contents) -> "_Compared":
        """Return the columns of a table that are compared; `groups` names columns that no fold may divide."""
        segments = Column(np.where(cut_out(table), segments_of(table), ""))
        voices = Column(contents.voices)
        return cls(
            whole=_group_and_source_columns(table, groups, contents.empty),
            segments=segments,
            read_segments=segments.without(contents.empty),
            texts=Column(words_of(table) if "text" in table else segments.texts),
            pictures=Column(contents.pictures),
            voices=voices,
            read_voices=voices.without(np.full(len(table), not contents.reads_voice)),
            features=Column(contents.digests),
            files=files_of(table),
            contents=contents,
        )


def _check_fold(fold: Fold, table: pd.DataFrame, compared: _Compared, by: str) -> None:
    _check_overlap(fold, table)
    for name, column in compared.whole.items():
        _check_column(fold, table, name, column, by)
    pictures, voices = compared.pictures, compared.read_voices
    still, texts = compared.contents.still, compared.texts
    samples = {
        "the same pictures are": (pictures, _filmed_twice(fold, pictures, still, compared.voices, texts)),
        "the same voice, sample by sample, is": (voices, _indistinguishable(fold, voices, (pictures,))),
    }
    _check_samples(fold, table, samples)
    _check_segments(fold, table, compared.read_segments, (compared.files, compared.features))


def _notices(folds: Sequence[Fold], table: pd.DataFrame, compared: _Compared, by: str) -> tuple[str, ...]:
    distinctive = compared.features.without(~compared.contents.distinctive)
    empty = compared.contents.empty
    notices = (
        text_notices(folds, table),
        segment_notices(folds, table, compared.segments),
        feature_notices(folds, table, distinctive),
        empty_notices(folds, table, empty),
        sound_notices(folds, table, empty, compared.read_voices),
        picture_notices(folds, table, compared.pictures),
        speaker_notices(folds, table, by),
        alike_notices(folds, table, by),
    )
    return tuple(chain(*notices))


def _group_and_source_columns(
    table: pd.DataFrame, groups: Sequence[str], empty: NDArray[np.bool_]
) -> dict[str, Column]:
    """Return columns that no fold may divide: groups, then names and contents of recordings.

    The names and contents of recordings from which nothing is read (`empty`) are left blank.
    """
    together = [c for c in dict.fromkeys(groups) if c and c in table]
    columns = {c: Column(text_of(table, c)) for c in together}
    sources = [c for c in SOURCES if c in table and c not in together]
    return columns | {c: Column(text_of(table, c)).without(empty) for c in sources}


def _check_unique(table: pd.DataFrame) -> None:
    repeated = np.flatnonzero(table["utterance"].duplicated().to_numpy())
    if len(repeated):
        raise LeakError(f"the table holds an utterance more than once: {ids_of(table, repeated)}")


def _check_overlap(fold: Fold, table: pd.DataFrame) -> None:
    both = np.intersect1d(fold.train, fold.test)
    if len(both):
        raise LeakError(f"{fold.name} has utterances in both its training and its test part: {ids_of(table, both)}")


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
            _in_both_parts(fold, table, f"the same {what} ({shown!r}) is", column, shared) + _whole(what, by)
        )


def _whole(what: str, by: str) -> str:
    """Return what the user can do if both parts of a fold share a value of the column `what`; ``""`` for nothing.

    `by` is the column by which the protocol groups.
    """
    if what not in ("group", "recording") or by in ("", what):
        return _COPIES if what == "media_sha256" else ""
    return (
        f". A {what} must stay together, but protocol.group is {by}: set it to group (the recording if no group is"
        " given), or to a column that has one value per recording"
    )


def _in_both_parts(fold: Fold, table: pd.DataFrame, what: str, column: Column, shared: IntArray) -> str:
    train, test = (side[column.codes[side] == shared[0]] for side in (fold.train, fold.test))
    return f"{fold.name}: {what} in both parts: trained on {ids_of(table, train)}; tested on {ids_of(table, test)}" + (
        f"; {len(shared)} cases in all" if len(shared) > 1 else ""
    )


def _check_samples(fold: Fold, table: pd.DataFrame, found: Mapping[str, tuple[Column, IntArray]]) -> None:
    """Raise `LeakError` if the same recording is in both parts of a fold, whatever its files are called.

    Parameters
    ----------
    fold, table
        As for `leak_guard`.
    found
        A column and the codes in it that both parts of the fold share, keyed by the beginning of the message, such as
        "the same pictures are".
    """
    for what, (column, wrong) in found.items():
        if len(wrong):
            raise LeakError(_in_both_parts(fold, table, what, column, wrong) + _COPIES)


def _filmed_twice(fold: Fold, pictures: Column, still: NDArray[np.bool_], voices: Column, words: Column) -> IntArray:
    """Return the codes in `pictures` of the pictures that show that one recording is in both parts of the fold.

    A training row and a test row with the same pictures show it if they also have the same voice. If the voice of one
    of the two is unknown, they show it if the pictures move (are not `still`) and the words are not known to differ.
    """
    both = pictures.paired_with(voices)
    found = [np.unique(pictures.codes[fold.train[np.isin(both.codes[fold.train], both.shared(fold))]])]
    moving, unheard = pictures.without(still), voices.codes < 0
    for train, test in ((fold.train[unheard[fold.train]], fold.test), (fold.train, fold.test[unheard[fold.test]])):
        wrong = _indistinguishable(replace(fold, train=train, test=test), moving, (words,))
        found.append(pictures.codes[fold.train[np.isin(moving.codes[fold.train], wrong)]])
    return np.unique(np.concatenate(found))


def _check_segments(fold: Fold, table: pd.DataFrame, segments: Column, contents: Sequence[Column]) -> None:
    """Raise `LeakError` if both parts have the same words and times in recordings whose contents may be the same."""
    wrong = _indistinguishable(fold, segments, contents)
    if len(wrong):
        raise LeakError(
            _in_both_parts(fold, table, "the same words and times are", segments, wrong)
            + ". If these are different recordings, name their files in the column media, so that their contents can be"
            " compared"
        )


def _indistinguishable(fold: Fold, column: Column, contents: Sequence[Column]) -> IntArray:
    """Return the codes of `column` that both parts of a fold share, except those whose rows have different `contents`.

    A shared code is returned if a training row and a test row that have it agree in one of the columns `contents`, or
    if a row that has it is empty in all of these columns. Otherwise, it is left out.
    """
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
