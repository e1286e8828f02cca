"""import frames: other tools' tables of frames beside what a corpus has, matched by recording and time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from features.base import Modality
from features.store import Entry, Item
from pipeline.corpora.adding import add_features
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.exchange.bundle import FeatureSet, entry_of, item_of, pooled_names_of
from pipeline.exchange.frames import FrameColumns, Track, read_track, rows_of
from pipeline.exchange.import_ids import unmatched
from pipeline.exchange.imported_stores import renamed, written
from pipeline.hashing import sha256_of
from pipeline.run.locks import writing
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

SUFFIXES = (".csv", ".tsv", ".txt")


def import_frames(
    params: Params, path: Path, name: str, modality: Modality, columns: FrameColumns, store: str
) -> list[str]:
    """Add the frames of a folder of tables, one per recording, to the utterances of a corpus.

    Parameters
    ----------
    params
        All settings.
    path
        The folder (or one table), whose tables are named like the recordings, in either case.
    name
        Of the corpus; it has been prepared.
    modality
        What the frames were measured on.
    columns
        What the tables' columns mean.
    store
        What the features are called.

    Returns
    -------
    What to tell the user: what was matched, and what was left out.

    Raises
    ------
    UserError
        If no table is named like a recording, two are named alike, or tables have different columns; nothing is
        written then.
    """
    with writing(CorpusPaths(name).utterances):
        table = read_utterances(CorpusPaths(name).utterances, params.corpus(name).label)
        tables = _tables(path)
        recordings = {r.casefold(): r for r in table["recording"] if r}
        matched = _matched(path, name, recordings, tables)
        features, notices = _features(table, tables, modality, columns, store)
        (features,) = renamed([features], notices)
        with written(name, [features], _origin(path, columns, [tables[stem] for stem in matched])):
            lines = add_features(params.path, name, {modality: [features.name]})
    return [*_counts(path, name, recordings, tables), *notices, *lines]


def _matched(path: Path, name: str, recordings: Mapping[str, str], tables: Mapping[str, Path]) -> list[str]:
    """Return the names that a recording and a table share."""
    matched = sorted(recordings.keys() & tables.keys())
    if not matched:
        raise UserError(
            f"no table of {path} (such as {next(iter(tables.values())).name}) is named like a recording of {name} "
            f"(such as {next(iter(recordings.values()), 'none')})"
        )
    return matched


def _origin(path: Path, columns: FrameColumns, used: Sequence[Path]) -> dict[str, Any]:
    """Return what the store says of where it is from."""
    return {
        "origin": path.name,
        "format": "frames",
        "sha256": {file.name: sha256_of(file) for file in used},
        "options": {key: value for key, value in asdict(columns).items() if value},
    }


def _counts(path: Path, name: str, recordings: Mapping[str, str], tables: Mapping[str, Path]) -> list[str]:
    """Return how many recordings have a table, which have none, and which tables belong to no recording."""
    without = sorted(recordings[stem] for stem in recordings.keys() - tables.keys())
    unused = sorted(tables[stem].name for stem in tables.keys() - recordings.keys())
    return [
        f"{len(recordings.keys() & tables.keys())} of {len(recordings)} recordings of {name} matched by name",
        *unmatched(without, f"recordings of {name} have no table in {path}: their utterances count as absent"),
        *unmatched(unused, f"tables of {path} are not named like a recording of {name}: they were left out"),
    ]


def _tables(path: Path) -> dict[str, Path]:
    """Return the tables of a folder, by their names in small letters without suffix."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [f for f in files if f.suffix.lower() in SUFFIXES and not f.name.startswith(".") and f.is_file()]
    if not files:
        raise UserError(f"{path} holds no table of frames ({', '.join(SUFFIXES)}), one per recording")
    found: dict[str, Path] = {}
    for file in files:
        other = found.setdefault(file.stem.casefold(), file)
        if other != file:
            raise UserError(f"{other} and {file} are named like one recording: keep one of them")
    return found


def _features(
    table: pd.DataFrame, tables: Mapping[str, Path], modality: Modality, columns: FrameColumns, store: str
) -> tuple[FeatureSet, list[str]]:
    """Return the features of all utterances in their order, and what was odd. One table is open at a time."""
    names: tuple[str, ...] = ()
    items: dict[int, Item] = {}
    failed = used = 0
    utterances = list(zip(table["utterance"], table["recording"], table["start"], table["end"], strict=True))
    order = sorted(range(len(utterances)), key=lambda i: utterances[i][1])
    for recording, rows in groupby(order, key=lambda i: utterances[i][1]):
        file = tables.get(recording.casefold())
        track = read_track(file, columns) if file else None
        if file and track:
            _require_same(names, track, file)
            names = track.names
        for i in rows:
            utterance, _, start, end = utterances[i]
            entry, bad = _entry(track, start, end, recording)
            failed, used = failed + bad, used + entry.length
            items[i] = item_of(utterance, entry)
    notices = [f"{used} frames lie in utterances; {failed} more were left out: the face was lost, or too unsure"]
    ordered: Sequence[Item] = [items[i] for i in range(len(utterances))]
    return FeatureSet(store, modality, names, pooled_names_of(names), ordered), notices


def _require_same(names: Sequence[str], track: Track, file: Path) -> None:
    if names and names != track.names:
        other = sorted(set(names) ^ set(track.names)) or list(track.names)
        raise UserError(
            f"{file} has other columns than the tables before it ({', '.join(other[:5])}): name those that all have "
            "with --prefix"
        )


def _entry(track: Track | None, start: float, end: float, recording: str) -> tuple[Entry, int]:
    """Return the entry of one utterance and how many of its frames were left out."""
    if track is None:
        return Entry("absent", f"no table of frames for {recording}" if recording else "no recording"), 0
    values, times, bad = rows_of(track, start, end)
    if not len(values):
        why = f"none of its {bad} frames has a sure face" if bad else "no frame of the table lies in it"
        return Entry("empty", why), bad
    return entry_of(values, times)[0], bad
