"""`crossmodal import frames`: add features per frame from other tools' tables to a corpus's utterances, by time."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from features.base import Modality
from features.errors import StoreError
from features.store import Entry, Item, open_store
from features.types import TimeArray
from pipeline.corpora.adding import add_features
from pipeline.corpora.utterances import place_of, read_utterances
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import FeatureSet, entry_of, item_of, pooled_names_of
from pipeline.exchange.frames.columns import RECORDING, FrameOptions
from pipeline.exchange.frames.matching import matched, tables_in
from pipeline.exchange.frames.notices import Seen, some
from pipeline.exchange.frames.tracks import Track, read_track, rows_of
from pipeline.exchange.imported_stores import renamed, written
from pipeline.exchange.registry import FRAMES
from pipeline.hashing import sha256_of
from pipeline.run.keys.description import key_of
from pipeline.run.keys.utterance import frames_key
from pipeline.run.locks import writing
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.streams import DEFAULT


@dataclass(frozen=True)
class Place:
    """The place of an utterance: the recording, its file and video track, and start and end in seconds.

    `duration` is the length of the recording in seconds, or NaN if it is not known.
    """

    utterance: str
    recording: str
    media: str
    start: float
    end: float
    duration: float
    track: str


def import_frames(
    params: Params, path: Path, name: str, modality: Modality, options: FrameOptions, store: str = ""
) -> list[str]:
    """Add the frames in a folder of tables, one per recording, to the utterances of a corpus.

    The function waits while another command writes the corpus.

    Parameters
    ----------
    params
        All settings.
    path
        The folder, or one table.
    name
        The corpus, which has been prepared.
    modality
        The modality of the features.
    options
        How the tables are read.
    store
        The name of the new store; if empty, the name of the folder or table.

    Returns
    -------
    Lines that say what was matched, what was left out and what was added to the settings.

    Raises
    ------
    UserError
        If no table belongs to a recording, if a table cannot be read or is clearly of another recording, if tables have
        different columns, or if no utterance has a usable frame. Nothing is written then.
    """
    with writing(CorpusPaths(name).utterances):
        table = read_utterances(CorpusPaths(name).utterances, params.corpus(name).label)
        places = [_place(row, modality) for row in table.itertuples()]
        tables = tables_in(path)
        recordings = {place.recording: place.media for place in places if place.recording}
        found = matched(recordings, tables, options.match, (name, path))
        seen = Seen(path, name, options.min_confidence)
        features = _features(places, found, options, seen)
        notices = [*seen.matches(recordings, found, tables), *seen.frames()]
        features = replace(features, name=store or _name_of(path), modality=modality)
        (features,) = renamed([features], params.features, notices)
        origin = _origin(path, options, {n: file for n, file in tables.items() if file in found.values()})
        notices += _replaced(CorpusPaths(name).features(features.name), origin)
        with written(name, [_keyed(features, table, origin)], origin):
            lines = add_features(params.path, name, {modality: [features.name]})
    return [*notices, *lines]


def _place(row: Any, modality: Modality) -> Place:
    media, start, end = place_of(row, modality)
    elsewhere = media != row.media  # the sound has a file of its own
    return Place(
        row.utterance,
        Path(media).stem if elsewhere else row.recording,
        media,
        start if math.isfinite(start) else 0.0,
        end if math.isfinite(end) else math.inf,
        math.nan if elsewhere else float(row.duration),
        row.video_track or DEFAULT,
    )


def _features(places: Sequence[Place], tables: Mapping[str, Path], options: FrameOptions, seen: Seen) -> FeatureSet:
    """Return the features of all utterances, in the order of `places`; only one table is in memory at a time."""
    names: tuple[str, ...] = ()
    items: dict[str, Item] = {}
    for recording, group in groupby(sorted(places, key=lambda p: p.recording), key=lambda p: p.recording):
        utterances, file = list(group), tables.get(recording)
        if file is None:
            note = f"no table of frames for {recording}" if recording else "no recording"
            items |= {p.utterance: item_of(p.utterance, Entry("absent", note)) for p in utterances}
            continue
        shown = _shown(utterances[0]) if options.fps == RECORDING else None
        track = read_track(file, options, shown)
        _refuse_other_clock(file, track, utterances[0], options)
        if track.good.any():  # without good rows, columns of text may look like columns of numbers
            _require_same(names, track, file)
            names = track.names
        seen.track(recording, file, track, utterances[0].duration)
        for place in utterances:
            entry = _entry(track, place, seen)
            items[place.utterance] = item_of(place.utterance, entry)
    if not seen.used:
        raise UserError(seen.nothing())
    return FeatureSet("", "video", names, pooled_names_of(names), [items[place.utterance] for place in places])


def _shown(place: Place) -> TimeArray:
    """Return ``(m,)``: the time in seconds at which the recording of an utterance shows each of its m frames."""
    from pipeline.streams.container.opening import MediaError
    from pipeline.streams.frames import survey

    if not place.media:
        raise UserError(
            f"the corpus has no file of the recording {place.recording}: give --fps as a number of frames per second"
        )
    try:
        found = survey(Path(place.media), place.track)
    except (MediaError, OSError) as error:
        raise UserError(f"{error}: give --fps as a number of frames per second") from error
    if found is None:
        raise UserError(f"{place.media} has no video: give --fps as a number of frames per second")
    return found.times


def _refuse_other_clock(file: Path, track: Track, place: Place, options: FrameOptions) -> None:
    """Raise `UserError` if the last frame is later than twice the recording's duration plus one second."""
    last = float(track.times[-1])
    if last > 2 * place.duration + 1:
        meant = (
            "check the value of --fps"
            if options.fps
            else (
                "if they are milliseconds, give --unit ms; if they are frame numbers, give the frames per second "
                "with --fps"
            )
        )
        raise UserError(
            f"{file}: the times go up to {last:.1f} s, but the recording {place.recording} lasts {place.duration:.1f} "
            f"s: {meant}; if the table is of another recording, move it out of the folder"
        )


def _require_same(names: Sequence[str], track: Track, file: Path) -> None:
    if names and names != track.names:
        other = sorted(set(names) ^ set(track.names)) or list(track.names)
        raise UserError(
            f"{file} and the tables before it have different columns ({some(other)}): with --prefix, choose "
            "columns that all tables have"
        )


def _entry(track: Track, place: Place, seen: Seen) -> Entry:
    """Return the store entry of one utterance, and add its frames to the counts of `seen`."""
    values, times, failed = rows_of(track, place.start, place.end)
    seen.count(len(values), failed)
    if not len(values):
        why = (
            f"all of its {counted(failed, 'frame')} failed"
            if failed
            else "the table has no frame between its start and end"
        )
        return Entry("empty", why)
    entry, _ = entry_of(values, times)
    return replace(entry, note=f"{failed} of {counted(failed + len(values), 'frame')} failed") if failed else entry


def _name_of(path: Path) -> str:
    """Return the name of a folder or table as a valid store name, in lower case."""
    path = path.resolve()
    return re.sub(r"[^\w+-]+", "_", path.name if path.is_dir() else path.stem).strip("_-").lower() or FRAMES


def _origin(path: Path, options: FrameOptions, used: Mapping[str, Path]) -> dict[str, Any]:
    """Return the origin that the store records: name of the folder, format, hash of each table, and options."""
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(options).items() if value}
    return {
        "origin": path.resolve().name,
        "format": FRAMES,
        "sha256": {name: sha256_of(file) for name, file in used.items()},
        "options": given,
    }


def _keyed(features: FeatureSet, table: pd.DataFrame, origin: Mapping[str, Any]) -> FeatureSet:
    """Return the features with a key for each utterance, by which `train` notices if its recording or times changed."""
    source = key_of(dict(origin))
    rows = zip(features.items, table.itertuples(), strict=True)
    keyed = [
        replace(item, key=frames_key(source, features.name, row, place_of(row, features.modality)[1:]))
        for item, row in rows
    ]
    return replace(features, items=keyed)


def _replaced(target: Path, origin: Mapping[str, Any]) -> list[str]:
    """Return a notice if the import replaces a store that was imported from elsewhere; an empty list otherwise."""
    if not target.exists():
        return []
    try:
        with open_store(target) as store:
            before = store.attribute("config")
    except StoreError:
        return []
    where = before.get("origin", "elsewhere") if isinstance(before, dict) else "elsewhere"
    same = isinstance(before, dict) and (before.get("origin"), before.get("format")) == (origin["origin"], FRAMES)
    return [] if same else [f"the store {target.stem}, which was imported from {where}, is replaced"]
