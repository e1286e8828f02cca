"""Columns of an utterance table as integers, which the leak guard compares instead of long texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import BoolArray, IntArray
from models.validation.protocol import Fold

WHOLE_S = 0.05  # an utterance that ends at most this many seconds before its recording counts as reaching its end

SEVERAL = 3  # words that occur with this many different lengths were spoken several times; copies have equal lengths

Texts = NDArray[np.object_]  # (n,) of str; NumPy's own strings would make every row as wide as the longest one


class Column:
    """Texts with one integer per row, in `codes`: equal texts have equal integers, and empty texts have -1."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.codes = np.where(texts == "", -1, pd.factorize(texts)[0]).astype(np.intp)

    def without(self, rows: NDArray[np.bool_]) -> "Column":
        """Return the same column with the texts of some rows replaced by empty ones."""
        return Column(np.where(rows, "", self.texts)) if rows.any() else self

    def paired_with(self, other: "Column") -> "Column":
        """Return a column in which two rows are equal if they are equal in both columns.

        A row is empty if its text is empty in either column.
        """
        pairs = self.codes * (other.codes.max(initial=0) + 1) + other.codes
        return Column(np.where((self.codes < 0) | (other.codes < 0), "", pairs.astype(object)))

    def shared(self, fold: Fold) -> IntArray:
        """Return the codes, except -1, that occur in both the training and the test part of a fold."""
        both = np.intersect1d(self.codes[fold.train], self.codes[fold.test])
        return both[both >= 0]


def text_of(table: pd.DataFrame, column: str) -> Texts:
    """Return a column as stripped texts; undefined cells become empty texts."""
    return np.array([str(value).strip() for value in table[column].fillna("")], dtype=object)


def words_of(table: pd.DataFrame) -> Texts:
    """Return the column ``text`` in lower case, with single spaces."""
    return np.array([" ".join(text.casefold().split()) for text in text_of(table, "text")], dtype=object)


@dataclass(frozen=True, eq=False)
class Contents:
    """Content hashes of the recordings of n utterances; a hash is empty if there is nothing to compare.

    Attributes
    ----------
    empty
        ``(n,)`` whether nothing is read from the recording.
    digests
        ``(n,)`` hash of the audio and video features.
    distinctive
        ``(n,)`` whether these features have so many different values that two recordings cannot share them by chance.
    voices
        ``(n,)`` hash of the cleaned audio samples.
    pictures
        ``(n,)`` hash of the sampled pictures.
    still
        ``(n,)`` whether nothing moves in these pictures (a portrait, a slide, a covered camera), so that many
        recordings may have the same pictures.
    reads_voice
        Whether models read audio; if not, audio is only used to distinguish recordings with the same pictures.
    """

    empty: BoolArray
    digests: Texts
    distinctive: BoolArray
    voices: Texts
    pictures: Texts
    still: BoolArray
    reads_voice: bool = True

    @classmethod
    def unknown(cls, empty: BoolArray) -> "Contents":
        """Return contents of which nothing is known except whether they are empty."""
        nothing = np.full(len(empty), "", object)
        no = np.zeros(len(empty), bool)
        return cls(empty, nothing, no, nothing, nothing, no)


def files_of(table: pd.DataFrame) -> Column:
    """Return the hashes of each utterance's files as one text; empty if no hash is known."""
    files = [text_of(table, c) for c in ("media_sha256", "sound_sha256") if c in table]
    known = np.array([" ".join(filter(None, row)) for row in zip(*files, strict=True)], dtype=object)
    return Column(known if files else np.full(len(table), "", object))


def segments_of(table: pd.DataFrame) -> Texts:
    """Return the text, start and end of each utterance as one string; empty if one of them is not given."""
    if not {"text", "start", "end"} <= set(table.columns):
        return np.full(len(table), "", dtype=object)
    words = words_of(table)
    start, end = (np.round(_numbers(table, c), 3) + 0.0 for c in ("start", "end"))  # no -0.0
    joined = [f"{t}\x1f{a:.3f}\x1f{b:.3f}" for t, a, b in zip(words, start, end, strict=True)]
    return np.where((words != "") & np.isfinite(start) & np.isfinite(end), np.array(joined, dtype=object), "")


def of_several_lengths(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return a mask of utterances whose text, such as "Yeah.", occurs with at least `SEVERAL` different durations.

    Such a text was spoken several times, so two clips with the same text and duration need not be copies.
    """
    if not {"text", "start", "end"} <= set(table.columns):
        return np.zeros(len(table), bool)
    lengths = np.round(_numbers(table, "end") - _numbers(table, "start"), 3)
    several = pd.Series(lengths).groupby(words_of(table)).transform("nunique")
    return np.asarray(several, np.float64) >= SEVERAL


def cut_out(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return a mask of utterances that are only a part of their recording, which starts before or ends after them."""
    cut = np.zeros(len(table), bool)
    if "start" in table:
        cut |= _numbers(table, "start") > 0
    if "end" in table and "duration" in table:
        cut |= _numbers(table, "end") < _numbers(table, "duration") - WHOLE_S
    return cut


def _numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    return numbers


def repeated(folds: Sequence[Fold], column: Column) -> NDArray[np.intp]:
    """Return the test rows, over all folds, whose value in a column also occurs in the training part of their fold.

    Empty values do not count.
    """
    found = [fold.test[np.isin(column.codes[fold.test], column.shared(fold))] for fold in folds]
    return np.concatenate([np.empty(0, np.intp), *found])
