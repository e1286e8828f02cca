"""Sentences of the leak guard about what both parts of a fold share where this is suspicious, but not an error."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import IntArray
from models.validation.columns import Column, cut_out, of_several_lengths, repeated, segments_of, text_of, words_of
from models.validation.protocol import Fold

EXAMPLES = 3  # maximum number of utterances or speakers that a message names


def text_notices(folds: Sequence[Fold], table: pd.DataFrame) -> Iterator[str]:
    """Say which tested utterances have the words of a training utterance."""
    if "text" not in table:
        return
    tested = sum(len(fold.test) for fold in folds)
    rows = repeated(folds, Column(words_of(table)))
    counted = f"{len(rows)} of {tested}, {len(rows) / max(tested, 1):.1%}"
    what, advice = "have text that also occurs, word for word, in training", "results for text may be too good"
    yield from _noticed(table, rows, what, advice, counted)
    whole = repeated(folds, Column(np.where(cut_out(table) | of_several_lengths(table), "", segments_of(table))))
    what, advice = "have the same text and length as a clip in training", "check whether the same clip occurs twice"
    yield from _noticed(table, whole, what, advice)


def segment_notices(folds: Sequence[Fold], table: pd.DataFrame, segments: Column) -> Iterator[str]:
    """Say which tested utterances have the words and times of a training utterance in another recording."""
    what = "have the same words, start and end as a training utterance in another recording"
    yield from _noticed(
        table, repeated(folds, segments), what, "check whether one recording is a re-encoded copy of the other"
    )


def feature_notices(folds: Sequence[Fold], table: pd.DataFrame, features: Column) -> Iterator[str]:
    """Say which tested utterances have the audio and video features of a training utterance."""
    what = "have exactly the same audio and video features as a training utterance"
    yield from _noticed(table, repeated(folds, features), what, "check whether these are copies of one recording")


def empty_notices(folds: Sequence[Fold], table: pd.DataFrame, empty: NDArray[np.bool_]) -> Iterator[str]:
    """Say which tested utterances have a file of a training utterance from which nothing was read (`empty`)."""
    rows = _shared_rows(folds, table, ("media_sha256", "sound_sha256"), ~empty)
    what = "have a file with the same content as a training utterance"
    yield from _noticed(table, rows, what, "nothing can be read from these files; check whether they are complete")


def sound_notices(
    folds: Sequence[Fold], table: pd.DataFrame, empty: NDArray[np.bool_], voices: Column
) -> Iterator[str]:
    """Say which tested utterances share a sound file, or the samples of the voice, with a training utterance."""
    advice = "results for audio may be too good"
    rows = _shared_rows(folds, table, ("sound", "sound_sha256"), empty)
    yield from _noticed(table, rows, "are in a sound file that also contains training utterances", advice)
    what = "have the same voice as a training utterance, sample by sample, but different pictures"
    yield from _noticed(table, repeated(folds, voices), what, advice)


def picture_notices(folds: Sequence[Fold], table: pd.DataFrame, pictures: Column) -> Iterator[str]:
    """Say which tested utterances have the pictures of a training utterance."""
    what = "have the same pictures as a training utterance, but a different voice, different words or no movement"
    yield from _noticed(table, repeated(folds, pictures), what, "results for video may be too good")


def _noticed(table: pd.DataFrame, rows: IntArray, what: str, advice: str, counted: str = "") -> Iterator[str]:
    """Yield one sentence about the test rows `rows`, with examples; yield nothing if there are none.

    `what` says what is suspicious about the rows, and `advice` what to check. `counted`, if given, is shown instead of
    the number of rows.
    """
    if len(rows):
        yield f"tested utterances ({counted or len(rows)}) {what} (tested: {ids_of(table, rows)}): {advice}"


def _shared_rows(
    folds: Sequence[Fold], table: pd.DataFrame, columns: Sequence[str], ignored: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the test rows that share a value in any column with a training row; `ignored` rows do not count."""
    found = [repeated(folds, Column(text_of(table, c)).without(ignored)) for c in columns if c in table]
    return np.unique(np.concatenate([*found, np.empty(0, np.intp)])).astype(np.intp)


def speaker_notices(folds: Sequence[Fold], table: pd.DataFrame, by: str) -> Iterator[str]:
    """Say which speakers are in both parts of a fold, unless the protocol groups by speaker (`by`)."""
    if by == "speaker" or "speaker" not in table:
        return
    speakers = Column(text_of(table, "speaker"))
    rows = repeated(folds, speakers)
    found = sorted(set(speakers.texts[rows]))
    if found:
        names = ", ".join(found[:EXAMPLES]) + (f" and {len(found) - EXAMPLES} more" if len(found) > EXAMPLES else "")
        yield (
            f"speakers are in both training and test: {names}; results hold for known voices and faces (set "
            "protocol.group to speaker to keep speakers apart)"
        )


def ids_of(table: pd.DataFrame, rows: NDArray[np.intp]) -> str:
    """Return the names of the utterances in some rows of a table: the first `EXAMPLES`, and how many more there are."""
    names = [str(table["utterance"].iloc[row]) for row in rows[:EXAMPLES]]
    return ", ".join(names) + (f" and {len(rows) - EXAMPLES} more" if len(rows) > EXAMPLES else "")
