"""What is known about utterances without opening recordings: tables, stores, failures, and which ones are similar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from features.base import MODALITIES
from features.errors import StoreError
from features.store import open_store
from pipeline.corpora.utterances import Word, read_utterances, read_words
from pipeline.errors import UserError
from pipeline.reporting.utterance.neighbours import nearest
from pipeline.run.ledger import Failure, read_failures
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.inputs import pooled_of, settings_of, stores_of

NOT_THERE = "absent"
WHITHER = "not made yet: `crossmodal preprocess` makes it"


@dataclass(frozen=True)
class Held:
    """The status of each utterance in a store, and its note."""

    modality: str
    statuses: Mapping[str, str]
    notes: Mapping[str, str]

    def of(self, utterance: str) -> tuple[str, str]:
        """Return the status and note of an utterance: ``absent`` and no note if the store does not list it."""
        return self.statuses.get(utterance, NOT_THERE), self.notes.get(utterance, "")


@dataclass(frozen=True)
class Space:
    """The neighbours of each utterance in one space of features: positions in the table, and similarities."""

    name: str
    near: Sequence[Sequence[tuple[int, float]]]


@dataclass(frozen=True)
class Known:
    """What is known about the utterances of a corpus.

    Attributes
    ----------
    name, label, modalities
        The name of the corpus, its label column (empty if it has no labels), and its modalities.
    table
        The utterance table.
    words
        The words of each utterance, with times in seconds from the start of the recording.
    streams
        The statuses in the stream of each modality; streams that do not exist are left out.
    features
        The statuses in each feature store, keyed by its name.
    failures
        The rows of failures.csv, grouped by utterance.
    spaces
        For each modality, the neighbours of utterances in its first feature store.
    by
        The column of the table that holds the protocol's groups.
    root
        The folder of the corpus; empty for a union of corpora.
    """

    name: str
    label: str
    modalities: tuple[str, ...]
    table: pd.DataFrame
    words: Mapping[str, Sequence[Word]]
    streams: Mapping[str, Held]
    features: Mapping[str, Held]
    failures: Mapping[str, Sequence[Failure]] = field(default_factory=dict)
    spaces: Mapping[str, Space] = field(default_factory=dict)
    by: str = "group"
    root: str = ""

    @property
    def groups(self) -> pd.Series:
        """The protocol's group of each utterance, as text."""
        return self.table[self.by if self.by in self.table else "group"].astype(str)

    def label_at(self, place: int) -> str:
        """Return the label of the utterance at a position in the table, as text; empty if it has none."""
        value = self.table[self.label].iloc[place] if self.label else None
        return "" if value is None or pd.isna(value) else str(value)

    def status(self, utterance: str, modality: str) -> tuple[str, str]:
        """Return the status and note of an utterance in one modality.

        They come from the modality's stream, or from its first feature store if there is no stream. Imported features
        have no stream.
        """
        if modality in self.streams:
            return self.streams[modality].of(utterance)
        held = [one for one in self.features.values() if one.modality == modality]
        return held[0].of(utterance) if held else (NOT_THERE, WHITHER)


def known_of(params: Params, name: str) -> Known:
    """Read what is known about a corpus; stores that do not exist are left out.

    Raises
    ------
    UserError
        If the corpus is not prepared.
    StoreError
        If a store cannot be read.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    stores = {path.stem: path for path in sorted((paths.work / "features").glob("*.h5"))}
    own = [m for m in MODALITIES if m in corpus.modalities]
    features = {stem: held for stem, path in stores.items() if (held := _held(path, ""))}
    failures: dict[str, list[Failure]] = {}
    for failure in read_failures(paths.failures):
        failures.setdefault(failure.utterance, []).append(failure)
    return Known(
        name=name,
        label=corpus.label,
        modalities=tuple(own),
        table=table,
        words=read_words(paths.words) if paths.words.exists() else {},
        streams={m: held for m in own if (held := _held(paths.stream(m), m))},
        features=features,
        failures=failures,
        spaces=_spaces(params, name, table),
        by=corpus.protocol.group,
        root=corpus.root,
    )


def _held(path: Path, modality: str) -> Held | None:
    if not path.exists():
        return None
    with open_store(path) as store:
        of = str(store.attribute("modality")) if not modality and "modality" in store.file.attrs else modality
        names = store.utterances
        return Held(of, dict(zip(names, store.statuses, strict=True)), dict(zip(names, store.notes, strict=True)))


def _spaces(params: Params, name: str, table: pd.DataFrame) -> dict[str, Space]:
    """Return for each modality which utterances are most similar to each one, by the modality's first feature store.

    A modality whose first store is missing, or would be refused by training, is left out.
    """
    settings = settings_of(params, name)
    found: dict[str, Space] = {}
    for modality in params.corpus(name).modalities:
        for store in stores_of(settings, modality)[:1]:
            path = CorpusPaths(name).features(store)
            if not path.exists():
                continue
            try:
                values, present, _ = pooled_of(path, table)
            except (UserError, StoreError):  # training reports it
                continue
            found[modality] = Space(store, nearest(values, present))
    return found
