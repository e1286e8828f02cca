"""The bundle: the utterances, words and features that an import reads or an export writes, whatever the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import Modality
from features.store import Entry, Item
from pipeline.corpora.utterances import WORD_COLUMNS
from pipeline.errors import counted


@dataclass(frozen=True)
class FeatureSet:
    """The features of one store.

    Attributes
    ----------
    name, modality
        The name of the store, such as ``face_au``, and its modality: text, audio or video.
    feature_names, pooled_names
        Names of the d numbers in each row, and of the p pooled numbers of each utterance.
    items
        One item per utterance, in the order of the utterance table; ``item.load()`` returns an `Entry`.
    details
        Further attributes of the store, which say where its numbers come from.
    """

    name: str
    modality: Modality
    feature_names: tuple[str, ...]
    pooled_names: tuple[str, ...]
    items: Sequence[Item]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """Utterances with features.

    Attributes
    ----------
    utterances
        The column ``utterance`` holds unique names. The columns ``recording``, ``text``, ``speaker``, ``group``,
        ``order``, ``split`` (train, valid, test), ``start``, ``end`` and label columns are present if the file has
        them. As in `pipeline.corpora.utterances`, an unknown value is empty text or NaN.
    words
        The columns ``utterance``, ``word``, ``start`` and ``end`` (in seconds from the start of the recording); may be
        empty.
    features
        The stores.
    label
        The label column that the corpus is trained on; only an export sets it.
    notices
        Sentences about what was changed, such as numbers that were masked or rows that were left out.
    """

    utterances: pd.DataFrame
    words: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(WORD_COLUMNS)))
    features: tuple[FeatureSet, ...] = ()
    notices: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class ImportOptions:
    """How to read a file; a format refuses the options that it does not use, except `label`.

    Attributes
    ----------
    arrays
        ``(modality, names)`` pairs that give the features of each modality: names of arrays (npz), or of columns (csv
        and parquet, where names may contain ``*``). Each array becomes a store; all columns of a pair become one store.
    id, text, speaker, group, split, start, end, label
        Names of the arrays or columns that hold the id, the text and so on of each utterance. If a name is empty, that
        information is not read, unless the format itself says where it is.
    splits
        Maps the name of a split in the file to train, valid or test.
    labels, words
        For the format csd: a further `.csd` file that holds the labels, and another that holds the words.
    align
        For the format csd, ``word`` averages rows over words; ``""`` keeps them.
    """

    arrays: tuple[tuple[Modality, tuple[str, ...]], ...] = ()
    id: str = ""
    text: str = ""
    speaker: str = ""
    group: str = ""
    split: str = ""
    start: str = ""
    end: str = ""
    label: str = ""
    splits: Mapping[str, str] = field(default_factory=dict)
    labels: Path | None = None
    words: Path | None = None
    align: str = ""


def entry_of(
    values: NDArray[Any], times: NDArray[np.float64] | None = None, pooled: NDArray[Any] | None = None
) -> tuple[Entry, int]:
    """Return the store entry of one utterance, and how many numbers were masked because they are not finite.

    Parameters
    ----------
    values
        ``(rows, d)``; NaN and infinite numbers become NaN, which means undefined. An utterance without rows, or without
        any finite number, is ``empty``.
    times
        ``(rows, 2)`` seconds from the utterance's start; NaN where they are not known (the default).
    pooled
        ``(p,)``; by default the mean and standard deviation of each column, ignoring undefined numbers.
    """
    values = np.asarray(values, np.float32)
    masked = int(values.size - np.isfinite(values).sum())
    if not values.size or masked == values.size:
        return Entry("empty", "no number in it" if values.size else "no rows"), masked
    values = np.where(np.isfinite(values), values, np.float32("nan"))
    times = np.full((len(values), 2), np.nan) if times is None else np.asarray(times, np.float64)
    if pooled is None:
        pooled = pooled_of(values)
    else:
        pooled = np.asarray(pooled, np.float32)
        pooled = np.where(np.isfinite(pooled), pooled, np.float32("nan"))
    return Entry("ok", rows={"values": values, "times": times}, clips={"pooled": pooled}), masked


def pooled_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``(2 d,)``, the mean and standard deviation of each column of ``(rows, d)``, ignoring NaN.

    A single row is returned as it is, followed by zeros.
    """
    if len(values) == 1:
        return np.concatenate([values[0], np.zeros_like(values[0])])
    known = np.isfinite(values)
    count = known.sum(axis=0)
    wide = np.where(known, values, 0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = wide.sum(axis=0) / count
        deviation = np.sqrt(np.where(known, (wide - mean) ** 2, 0).sum(axis=0) / count)
    return np.concatenate([mean, deviation]).astype(np.float32)


def pooled_names_of(feature_names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the values that `pooled_of` returns."""
    return tuple(f"{n}_{part}" for part in ("mean", "std") for n in feature_names)


def item_of(utterance: str, entry: Entry, key: str = "") -> Item:
    """Make the item that will be written into a store for an utterance; its function `load` returns the given entry."""
    return Item(utterance, key, entry.length, partial(_same, entry))


def _same(entry: Entry) -> Entry:
    return entry


def masked_notices(store: str, numbers: int, utterances: int) -> list[str]:
    """Return a notice of how many numbers of a store are not finite and were masked; an empty list for none."""
    what = f"{counted(numbers, 'number')} of {counted(utterances, 'utterance')}"
    verbs = "is not finite and counts" if numbers == 1 else "are not finite and count"
    return [f"{store}: {what} {verbs} as undefined"] if numbers else []
