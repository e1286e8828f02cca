"""Divide a corpus into folds by its protocol, and check with the leak guard that their parts share no recording."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.store import IMPORTED, open_store
from features.video.images import read_jpeg
from models.validation.columns import Contents
from models.validation.leaks import leak_guard
from models.validation.protocol import CORPUS, PROTOCOLS, Fold, Plan, Protocol, plan
from models.validation.speakers import scattered_speakers, speakers_note, unknown_speakers
from pipeline.settings.blocks import ContextParams, CorpusParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import PUBLISHED, TABLES, read_record
from pipeline.training.inputs import dialogues_by, pooled_of, stores_of
from pipeline.training.labels import labelled

Published = bool | dict[str, bool]

# In a still picture, at most the share FEW of pixels may change by more than FAINT levels of grey (of 255).
FAINT, FEW = 16, 1e-3
TELLING = 8  # equal features with at least this many distinct values cannot be equal by chance


def plan_of(table: pd.DataFrame, corpus: CorpusParams) -> Plan:
    """Divide the labelled utterances into folds by the corpus's protocol; folds hold positions in the whole table.

    Raises
    ------
    ModelError
        If the protocol cannot divide the labelled utterances.
    UserError
        If a label is not a score in regression, or no utterance has a label.
    """
    rows = labelled(table, corpus)
    protocol = Protocol(corpus.protocol.kind, by=corpus.protocol.group, folds=corpus.protocol.folds)
    found = plan(protocol, table.iloc[rows], label=corpus.label, task=corpus.task)
    if len(rows) == len(table):
        return found
    folds = [replace(fold, train=rows[fold.train], test=rows[fold.test]) for fold in found.folds]
    return Plan(tuple(folds), (unlabelled_notice(table, corpus), *found.notices))


def unlabelled_notice(table: pd.DataFrame, corpus: CorpusParams) -> str:
    """Return the sentence that counts the utterances without a label; empty if there are none."""
    without = len(table) - len(labelled(table, corpus))
    if not without:
        return ""
    return f"{without} of {len(table)} utterances have no {corpus.label}: they are neither trained on nor tested"


def guarded(
    folds: Sequence[Fold],
    table: pd.DataFrame,
    corpus: CorpusParams,
    context: ContextParams | None = None,
    contents: Contents | None = None,
) -> tuple[str, ...]:
    """Check the folds with the leak guard; return its notices.

    Raises
    ------
    LeakError
        If the training and test parts of a fold share data or, when models read neighbouring utterances, a dialogue.
    """
    dialogue = dialogues_by(context, table) if context is not None and context.used else ""
    return leak_guard(folds, table, by=corpus.protocol.group, dialogue=dialogue, contents=contents)


def contents_of(name: str, settings: TrainParams, corpus: CorpusParams, table: pd.DataFrame) -> Contents:
    """Return what the audio and video stores reveal about the recordings, for the leak guard.

    If only text is read, the result only says which recordings cannot be read. A store that is missing, or was made for
    other utterances, counts as empty here; training checks the stores later.
    """
    stores = [e for m in corpus.modalities if m != "text" for e in stores_of(settings, m)]
    if not stores:
        unreadable = (table["media_sha256"] != "") & table["duration"].isna()
        return Contents.unknown(unreadable.to_numpy(bool))
    paths = [path for path in map(CorpusPaths(name).features, stores) if _fits(path, table)]
    pooled = [pooled_of(path, table)[:2] for path in paths]
    present = np.any([np.zeros(len(table), bool), *(there for _, there in pooled)], axis=0)
    digests, distinctive = _features(pooled, present)
    filed = ((table["media_sha256"] != "") | (table["sound_sha256"] != "")).to_numpy()
    digests = np.where(filed & ~distinctive, "", digests)  # common features identify only recordings without a file
    voices, reads_voice = _cells(name, table, "audio", "values"), "audio" in corpus.modalities
    pictures = (
        _cells(name, table, "video", "frame") if "video" in corpus.modalities else np.full(len(table), "", object)
    )
    return Contents(~present, digests, distinctive, voices, pictures, _still(name, pictures), reads_voice)


def _fits(path: Path, table: pd.DataFrame) -> bool:
    if not path.exists():
        return False
    with open_store(path) as store:
        return store.utterances == list(table["utterance"]) or bool(store.attribute("kind") == IMPORTED)


def _features(
    pooled: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]], present: NDArray[np.bool_]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return a hash ``(n,)`` of each utterance's features, and a mask ``(n,)`` of utterances that are not unique.

    The hash covers the features from all stores; it is ``""`` for an utterance that is not `present`. An utterance is
    in the mask if another one has equal features, and these hold at least `TELLING` different numbers. Features with
    fewer, such as zeros only, may be equal by chance.
    """
    digests = np.full(len(present), "", object)
    for row in np.flatnonzero(present):
        own = b"\x1f".join(values[row].tobytes() for values, there in pooled if there[row])
        digests[row] = hashlib.sha256(own).hexdigest()
    distinctive = np.zeros(len(present), bool)
    for digest, rows in pd.Series(digests).groupby(digests).indices.items():
        if digest and len(rows) > 1:
            numbers = np.concatenate([values[rows[0]] for values, there in pooled if there[rows[0]]])
            distinctive[rows] = len(np.unique(numbers[np.isfinite(numbers)])) >= TELLING
    return digests, distinctive


def _cells(name: str, table: pd.DataFrame, modality: str, column: str) -> NDArray[np.object_]:
    """Return a digest ``(n,)`` of each utterance's data in one column of a stream's store; ``""`` if there are none."""
    found = np.full(len(table), "", object)
    path = CorpusPaths(name).stream(modality)
    if _fits(path, table):
        with open_store(path) as store:
            ok = np.array([status == "ok" for status in store.statuses], bool)
            found[ok] = np.array(store.cells(column), object)[ok]
    return found


def _still(name: str, pictures: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return a mask ``(n,)`` of the utterances whose pictures also occur in another utterance and show no motion."""
    still = np.zeros(len(pictures), bool)
    twice = [rows for digest, rows in pd.Series(pictures).groupby(pictures).indices.items() if digest and len(rows) > 1]
    if twice:
        with open_store(CorpusPaths(name).stream("video")) as store:
            for rows in twice:
                still[rows] = _nothing_moves(store.rows(rows[0], "frame"))
    return still


def published(name: str) -> Published:
    """Return whether a corpus (or each part of a union) is a published one, as recorded by `prepare`."""
    path = CorpusPaths(name).work / TABLES
    found: Published = read_record(path).get(PUBLISHED, False) if path.is_file() else False
    return found


def speakers_note_of(table: pd.DataFrame, corpus: CorpusParams, published: Published) -> str:
    """Return a sentence if a speaker may be in both training and test parts; otherwise an empty string.

    This is so if speakers are unknown, or occur in several groups. Published corpora are exempt, since their
    descriptions say how speakers are kept apart. A union that is grouped by corpus is exempt, too. Speakers in several
    groups are accepted if the protocol uses given splits, since somebody chose them.

    Parameters
    ----------
    table, corpus
        The utterances and the settings of the corpus.
    published
        Whether the corpus is a published one; for a union, a mapping from the name of each part to whether it is one.
    """
    by = corpus.protocol.group
    if CORPUS in (PROTOCOLS[corpus.protocol.kind].column, by):
        return ""
    if isinstance(published, dict):
        own = ~table[CORPUS].map(lambda part: published.get(part, False)).to_numpy(bool)
    else:
        own = np.full(len(table), not published)
    chosen = PROTOCOLS[corpus.protocol.kind].needs_splits
    return speakers_note(unknown_speakers(table, by) & own, scattered_speakers(table, by) & own & (not chosen))


def told_of_speakers(note: str, params: Params, name: str) -> list[str]:
    """Return the note on speakers as `train` and `validate` print it.

    It includes the remedy unless the settings accept unknown speakers. The list is empty for an empty note.
    """
    if not note:
        return []
    if params.corpus(name).speakers_unknown:
        return [f"{note}, which corpora.{name}.speakers_unknown accepts"]
    return [
        f"{note}, so no row is called best. Fill the column speaker, and set corpora.{name}.protocol.group to speaker; "
        f"to rank rows anyway, set corpora.{name}.speakers_unknown to true"
    ]


def _nothing_moves(frames: Sequence[bytes]) -> bool:
    """Whether frames show the same picture except for a few faint traces of compression.

    Even the frames of a still picture differ in their bytes, because a codec predicts one frame from another.
    """
    first = None
    for data in dict.fromkeys(filter(None, frames)):
        grey = read_jpeg(data).mean(axis=2)
        first = grey if first is None else first
        if grey.shape != first.shape or (np.abs(grey - first) > FAINT).mean() > FEW:
            return False
    return True


def split(
    table: pd.DataFrame, corpus: CorpusParams, context: ContextParams | None = None
) -> tuple[tuple[Fold, ...], list[str]]:
    """Divide the utterances by the corpus's protocol and check for leaks; return the folds and the notices.

    Raises
    ------
    ModelError
        If the protocol cannot divide the utterances.
    LeakError
        If the training and test parts of a fold share data or, when models read neighbouring utterances, a dialogue.
    """
    plan = plan_of(table, corpus)
    return plan.folds, [*plan.notices, *guarded(plan.folds, table, corpus, context)]
