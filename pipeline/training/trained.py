"""The inputs that training depends on, and the record of the inputs from which the predictions were made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from features.base import Modality
from features.store import Status, is_imported, open_store
from features.text import fitted
from models.registry import strategy
from models.validation.protocol import Fold
from pipeline.corpora.utterances import read_utterances, write_tables
from pipeline.errors import Changed, UserError
from pipeline.hashing import sha256_of
from pipeline.run.keys.results import predictions_key, training_inputs
from pipeline.run.plans import feature_clips, require_current, stream_clips
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import plugin_keys
from pipeline.tables.bound import TRAINED, command_of
from pipeline.tables.bound import read_record as read_bound
from pipeline.training.inputs import positions, settings_of, stores_of
from pipeline.training.matching import differences, require_same_places


def inputs_of(params: Params, name: str) -> dict[str, str]:
    """Return what training depends on: each settings block and each file -> the key of its content.

    Missing files are left out. The metrics and the note of a corpus are not included, since no prediction depends on
    them.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    vectors = params.train.word2vec.get("vectors")
    files = [paths.utterances, *([Path(vectors)] if vectors else [])]
    stores = {}
    for _, extractor in _stores_read(params, name):
        if (path := paths.features(extractor)).exists():
            with open_store(path) as store:
                stores[str(path)] = store.digest
    contents = {str(path): sha256_of(path) for path in files if path.is_file()} | stores
    train, plugins = asdict(settings_of(params, name)), plugin_keys(params.run.plugins)
    return training_inputs(name, asdict(corpus), train, plugins, contents)


def devices_of(params: Params, name: str) -> dict[str, str]:
    """Return the devices on which encoders computed the features that training reads, keyed by the store's name."""
    found = {}
    for _, extractor in _stores_read(params, name):
        with open_store(CorpusPaths(name).features(extractor)) as store:
            if "device" in store.file.attrs:
                found[extractor] = str(store.attribute("device"))
    return found


def statuses_of(params: Params, name: str, table: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, dict[Status, int]]:
    """Return how many of the tested utterances have each status, for each modality.

    If a modality has several extractors, the best status of an utterance counts. From best to worst, the statuses are
    ``ok``, ``failed``, ``empty`` and ``absent``. In an imported store, every status other than ``ok`` counts as
    ``absent``.
    """
    settings, tested = settings_of(params, name), np.unique(np.concatenate([fold.test for fold in folds]))
    found: dict[str, dict[Status, int]] = {}
    for modality in params.corpus(name).modalities:
        ranks = [_statuses(CorpusPaths(name).features(store), table) for store in stores_of(settings, modality)]
        if not ranks:  # features that are fitted inside the folds, on the transcripts
            ranks = [np.where(table["text"] != "", _RANKS.index("ok"), _RANKS.index("absent"))]
        best = np.min(ranks, axis=0)[tested]
        found[modality] = {status: int(np.sum(best == rank)) for rank, status in enumerate(_RANKS)}
    return found


_RANKS: tuple[Status, ...] = (
    "ok",
    "failed",
    "empty",
    "absent",
)  # from best to worst; if a modality has several extractors, the best counts


def _statuses(path: Path, table: pd.DataFrame) -> NDArray[np.intp]:
    """Return each utterance's status in the store `path` as a number ``(n,)``: 0 ok, 1 failed, 2 empty, 3 absent.

    An utterance that the store lacks is absent. If the store was imported, every utterance that is not ok is absent.
    """
    with open_store(path) as store:
        ranks = [_RANKS.index(status) for status in store.statuses]
        at, absent = positions(store, table, path), _RANKS.index("absent")
    found = np.where(at >= 0, np.array(ranks, np.intp)[at], absent)
    return np.where(found > 0, absent, found) if is_imported(path) else found


def require_unchanged(params: Params, name: str, before: Mapping[str, str], stage: str) -> None:
    """Raise `Changed` if what `inputs_of` returns differs from `before`."""
    now = inputs_of(params, name)
    if now != before:
        other = ", ".join(sorted(k for k in {**before, **now} if before.get(k) != now.get(k)))
        raise Changed(
            f"the features or settings of {name} changed while {stage} read them ({other}): run the same command again"
        )


def require_features(params: Params, name: str, *, missing_too: bool = False) -> None:
    """Check that every feature store that training reads exists and was made with the current settings.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    missing_too
        Whether missing stores and streams are accepted, since predictions made from them can still be used.

    Raises
    ------
    UserError
        If a store is missing or out of date (the message names the command to run), or an imported store does not match
        the utterances.
    """
    paths = CorpusPaths(name)
    if missing_too and not paths.utterances.exists():
        return
    table, checked = read_utterances(paths.utterances, params.corpus(name).label), set()
    for modality, extractor in _stores_read(params, name):
        path = paths.features(extractor)
        if is_imported(path):
            differences(path, table["utterance"].tolist())
            require_same_places(path, table)
        elif not (missing_too and not (path.exists() and paths.stream(modality).exists())):
            require_extracted(params, name, modality, extractor, stream_too=modality not in checked)
            checked.add(modality)


def _stores_read(params: Params, name: str) -> Iterator[tuple[Modality, str]]:
    """Yield the modality and name of each feature store that training reads, even if only for unimodal models."""
    corpus = params.corpus(name)
    for modality in corpus.modalities:
        for extractor in params.features_of(name, modality):
            if extractor not in fitted.fitted_names():
                yield modality, extractor
    for read in map(strategy, params.train.unimodal_models):
        if read.store and read.modality in corpus.modalities and CorpusPaths(name).features(read.store).exists():
            yield params.modality(read.store), read.store


def require_extracted(
    params: Params, name: str, modality: Modality, extractor: str, *, stream_too: bool = True
) -> None:
    """Check that a store was made from its stream, and the stream from the recordings, with the current settings.

    With `stream_too` false, the stream is not checked again, because it was checked for another store just before.

    Raises
    ------
    UserError
        If the store or the stream is missing or out of date; the message names the command to run.
    """
    path = CorpusPaths(name).features(extractor)
    if extractor not in params.features:
        raise UserError(
            f"{path} does not exist, and {extractor!r} is not a known extractor: import it with `crossmodal import ... "
            f"--into {name}`, or take it out of the corpus's features; {suggest(extractor, params.features)}"
        )
    command = f"crossmodal extract --corpus {name} --extractor {extractor}"
    if not path.exists():
        where = f"the features of {modality} in {params.path}"
        raise UserError(f"{path} does not exist: run `{command}`, or take {extractor} out of {where}")
    planned = feature_clips(name, params.extractor(extractor))
    require_current(planned, path, command)
    if stream_too:
        clips, stream = stream_clips(params, name, modality, trust_missing=True), CorpusPaths(name).stream(modality)
        require_current(clips, stream, f"crossmodal preprocess --corpus {name} --modality {modality}")


def write_untrained(params: Params, name: str, why: str) -> None:
    """Write tables without rows for a corpus from which nothing can be learnt; their record says why.

    Otherwise DVC would count the stage as failed, because it did not write every file that it declares.
    """
    who = ["strategy", "modalities", "model"]
    columns = {
        "predictions.csv": ["utterance", *who, "fold", "truth", "prediction"],
        "dropped.csv": ["utterance", *who, "dropped", "prediction"],
        "attention.csv": ["utterance", "strategy", "modalities"],
        "parameters.csv": [*who, "parameters"],
        "presence.csv": ["utterance"],
    }
    tables = {file: pd.DataFrame(columns=names) for file, names in columns.items()}
    record = {"inputs": inputs_of(params, name), "normalise": "standard", "notices": [why], "fits": []}
    command = f"crossmodal train --corpus {name}"
    write_tables(tables, CorpusPaths(name).results, TRAINED, command, record | {"untrained": why})


@dataclass(frozen=True)
class Record:
    """What train.json records about the predictions next to it.

    Attributes
    ----------
    inputs
        Everything that the predictions were made from, as `inputs_of` returned it.
    notices
        What the user should know about the predictions.
    normalise
        How features were normalised.
    fits
        The cache keys of all fits; a failed fit has no entry under its key.
    content
        The key of the predictions and the notices, on which evaluation depends.
    devices
        Each encoder whose features were used -> the device on which it computed them.
    statuses
        Modality -> number of predicted utterances with each status, as `statuses_of` returned them.
    speakers
        A sentence if a speaker may be in both training and test parts; empty otherwise.
    untrained
        Why there are no predictions, for example because there are no labels; empty if there are predictions.
    """

    inputs: Mapping[str, str]
    notices: tuple[str, ...]
    normalise: str
    fits: tuple[str, ...]
    content: str
    devices: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    speakers: str = ""
    untrained: str = ""

    def changes(self, now: Mapping[str, str]) -> list[str]:
        """Return the names of inputs that changed since the predictions were made; missing files count as unchanged."""
        either = {**self.inputs, **now}
        other = [what for what in either if self.inputs.get(what) != now.get(what)]
        return sorted(what for what in other if what in now or Path(what).exists())


def record_in(path: Path) -> Record:
    """Read a train.json.

    Raises
    ------
    UserError
        If the file is damaged or was written by an earlier version.
    """
    found = read_bound(path)
    try:
        return Record(
            {str(what): str(key) for what, key in found["inputs"].items()},
            tuple(found["notices"]),
            str(found["normalise"]),
            tuple(map(str, found["fits"])),
            predictions_key(found),
            {str(encoder): str(device) for encoder, device in found.get("devices", {}).items()},
            {str(m): {str(s): int(n) for s, n in counts.items()} for m, counts in found.get("statuses", {}).items()},
            str(found.get("speakers", "")),
            str(found.get("untrained", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({error}): run `{command_of(path)}` again") from error


def read_record(name: str) -> Record | None:
    """Return the record of a corpus's predictions; None if the record or the predictions do not exist."""
    path = CorpusPaths(name).results / TRAINED
    return record_in(path) if path.exists() and CorpusPaths(name).predictions.exists() else None
