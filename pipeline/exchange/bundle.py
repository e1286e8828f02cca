"""A bundle: utterances, their words and their features, whatever file they come from or go to."""

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


@dataclass(frozen=True)
class FeatureSet:
    """The features of one store.

    Attributes
    ----------
    name, modality
        The store's name (``face_au``), and what it was measured on.
    feature_names, pooled_names
        Names of the d columns of a row, and of the p numbers of an utterance.
    items
        One an utterance, in the bundle's order; an `Entry` as `entry_of` makes it.
    details
        What is written into the store's attributes beside these: where the numbers come from.
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
        A column ``utterance`` of unique names, and what the file knows of ``recording``, ``text``, ``speaker``,
        ``group``, ``order``, ``split`` (train, valid, test), ``start``, ``end``, and labels. All cells are as
        `pipeline.corpora.utterances` has them: empty text or NaN where nothing is known.
    words
        ``utterance, word, start, end``, in seconds of the recording; may be empty.
    features
        The stores.
    notices
        What was odd, a sentence each: masked numbers, rows that were left out.
    """

    utterances: pd.DataFrame
    words: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(WORD_COLUMNS)))
    features: tuple[FeatureSet, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportOptions:
    """How a file is to be read; a format uses those that mean something to it and refuses the others.

    Attributes
    ----------
    arrays
        ``(modality, names)`` pairs: which arrays (npz) or columns (csv, parquet; names may hold ``*``) are features of
        which modality. Several arrays become one store each, columns of one pair one store.
    id, text, speaker, group, split, start, end, label
        Which array or column holds what; empty: the format's own, or not there.
    splits
        The file's name of a split -> train, valid or test.
    labels, words
        Further files: a `.csd` of labels, a `.csd` of words.
    align
        ``""`` or ``word``: rows are averaged over words.
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
    """Return the entry of one utterance, and how many numbers were masked because they are not finite.

    Parameters
    ----------
    values
        ``(rows, d)``; NaN and infinite numbers become NaN, which means undefined.
    times
        ``(rows, 2)`` seconds from the utterance's start; NaN where they are not known (the default).
    pooled
        ``(p,)``; by default mean and deviation of each column over the rows, undefined ones left out.
        An utterance without rows, or without one finite number, is ``empty``.
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
    """Return ``(2 d,)``: mean and deviation of each column of ``(rows, d)``, NaN left out; of a single row, the row."""
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
    """Return the names of what `pooled_of` gives."""
    return tuple(f"{n}_{part}" for part in ("mean", "std") for n in feature_names)


def item_of(utterance: str, entry: Entry, key: str = "") -> Item:
    """Return an entry that is in memory already as an item for `features.store.write_store`."""
    return Item(utterance, key, entry.length, partial(_same, entry))


def _same(entry: Entry) -> Entry:
    return entry
