"""The protocol and the leak guard on a corpus: its folds, and what its stores tell about its recordings."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.store import IMPORTED, open_store
from models.columns import Contents
from models.leaks import leak_guard
from models.protocol import Fold, Plan, Protocol, plan
from pipeline.params import ContextParams, CorpusParams, TrainParams
from pipeline.paths import CorpusPaths
from pipeline.stages.inputs import dialogues_by, pooled_of, stores_of


def plan_of(table: pd.DataFrame, corpus: CorpusParams) -> Plan:
    """Divide the utterances by the corpus's protocol; one that cannot be carried out raises `ModelError`."""
    protocol = Protocol(corpus.protocol.kind, by=corpus.protocol.group, folds=corpus.protocol.folds)
    return plan(protocol, table, label=corpus.label, task=corpus.task)


def guarded(
    folds: Sequence[Fold],
    table: pd.DataFrame,
    corpus: CorpusParams,
    context: ContextParams | None = None,
    contents: Contents | None = None,
) -> tuple[str, ...]:
    """Let the leak guard look at the folds; return what it remarks on.

    Raises
    ------
    LeakError
        If something is on both sides of a fold: where neighbours are read, a dialogue too.
    """
    dialogue = dialogues_by(context, table) if context is not None and context.used else ""
    return leak_guard(folds, table, by=corpus.protocol.group, dialogue=dialogue, contents=contents)


def contents_of(name: str, settings: TrainParams, corpus: CorpusParams, table: pd.DataFrame) -> Contents:
    """Return what the stores of voice and face tell of the recordings; where only text is read, which have a length.

    A store that is not there, or is of other utterances, holds nothing: training asks for it afterwards.
    """
    stores = [e for m in corpus.modalities if m != "text" for e in stores_of(settings, m)]
    if not stores:
        unreadable = (table["media_sha256"] != "") & table["duration"].isna()
        return Contents(unreadable.to_numpy(bool), np.full(len(table), "", object))
    paths = [path for path in map(CorpusPaths(name).features, stores) if _fits(path, table)]
    pooled = [pooled_of(path, table)[:2] for path in paths]
    present = np.any([np.zeros(len(table), bool), *(there for _, there in pooled)], axis=0)
    unknown = ((table["media_sha256"] == "") & (table["sound_sha256"] == "")).to_numpy() & present
    digests = np.full(len(table), "", object)
    for row in np.flatnonzero(unknown):
        digests[row] = _digest([values[row] for values, there in pooled if there[row]])
    return Contents(~present, digests)


def _fits(path: Path, table: pd.DataFrame) -> bool:
    if not path.exists():
        return False
    with open_store(path) as store:
        return store.utterances == list(table["utterance"]) or bool(store.attribute("kind") == IMPORTED)


def _digest(parts: Sequence[NDArray[np.float32]]) -> str:
    return hashlib.sha256(b"\x1f".join(part.tobytes() for part in parts)).hexdigest()
