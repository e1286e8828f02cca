"""The stores of a corpus during an export; the values of an utterance are read only when they are needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.base import Modality
from features.store import Entry, Item, Status, open_store
from models.data.align import align_to_words
from pipeline.errors import Changed
from pipeline.exchange.bundle import FeatureSet, entry_of, pooled_names_of

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ExportStore:
    """A store of the corpus; its values stay in the file until they are needed.

    `utterances` are those of the utterance table, in its order. `at` is the position of each utterance in the store; it
    is -1 for an utterance that the store lacks, which can happen with imported features.
    """

    path: Path
    digest: str
    name: str
    modality: Modality
    feature_names: tuple[str, ...]
    pooled_names: tuple[str, ...]
    details: Mapping[str, Any]
    utterances: Sequence[str]
    at: NDArray[np.intp]
    statuses: Sequence[Status]
    notes: Sequence[str]
    offsets: NDArray[np.int64]
    timed: bool

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of rows of each utterance of the table."""
        rows = np.append(np.diff(self.offsets), 0)  # the last one is for utterances at -1, which the store lacks
        found: NDArray[np.int64] = rows[self.at]
        return found

    def features(self) -> FeatureSet:
        """Return the store's features with their own rows, not averaged over words."""
        items = [
            Item(utterance, "", int(length), partial(self.entry, i))
            for i, (utterance, length) in enumerate(zip(self.utterances, self.lengths, strict=True))
        ]
        return FeatureSet(self.name, self.modality, self.feature_names, self.pooled_names, items, self.details)

    def entry(self, i: int) -> Entry:
        """Open the file and read utterance i; raise `Changed` if the file has changed since the export began."""
        j = int(self.at[i])
        if j < 0:
            return Entry("absent", f"not in {self.path.name}")
        if self.statuses[j] != "ok":
            return Entry(self.statuses[j], self.notes[j])
        with open_store(self.path) as store:
            if store.digest != self.digest:
                raise Changed(f"{self.path} was changed while it was exported: run the same command again")
            values, times, pooled = store.rows(j), store.rows(j, "times"), store.clip(j, "pooled")
        return Entry("ok", self.notes[j], {"values": values, "times": times}, {"pooled": pooled})


def joined(sources: Sequence[ExportStore], modality: Modality, timed: Sequence[Numbers]) -> FeatureSet:
    """Join the stores of a modality into one store that has one row per word.

    Parameters
    ----------
    sources
        The stores.
    modality
        The modality of all stores, which is also the name of the new store.
    timed
        For each utterance, the start and end of its words ``(words, 2)`` in seconds from the utterance's start.
    """
    columns = tuple(f"{source.name}.{column}" for source in sources for column in source.feature_names)
    items = []
    for i, utterance in enumerate(sources[0].utterances):
        load = partial(_word_entry, tuple(sources), i, timed[i])
        items.append(Item(utterance, "", load().length, load))  # the values must be read to know if any row has a word
    details = {"align": "word", "stores": {source.name: dict(source.details) for source in sources}}
    return FeatureSet(modality, modality, columns, pooled_names_of(columns), items, details)


def _word_entry(sources: Sequence[ExportStore], i: int, words: Numbers) -> Entry:
    """Return utterance i with one row per word and the columns of all stores; NaN where a store has no value.

    `words` are the times of the utterance's words; if there are none, the entry is empty. If no store has values for
    the utterance, its entry in the first store is returned.
    """
    entries = [source.entry(i) for source in sources]
    if all(entry.status != "ok" for entry in entries):
        return entries[0]
    if not len(words):
        return Entry("empty", "no word times")
    parts = []
    for source, entry in zip(sources, entries, strict=True):
        if entry.status == "ok":
            parts.append(align_to_words(np.asarray(entry.rows["values"]), np.asarray(entry.rows["times"]), words)[0])
        else:
            parts.append(np.full((len(words), len(source.feature_names)), np.nan, np.float32))
    return entry_of(np.concatenate(parts, axis=1), words)[0]
