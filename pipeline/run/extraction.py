"""Compute the features of a corpus on workers, in batches of clips."""

import atexit
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any

from features.base import Extractor
from features.codec import READERS, feature_entry
from features.devices import CPU
from features.encoder import Encoder
from features.errors import EmptyInput, ExtractorError, StoreError, names_setting
from features.registry import build
from features.store import Entry, Store, feature_schema, is_imported, open_store
from features.types import Features
from pipeline.errors import Changed, UserError
from pipeline.hashing import stamp_of
from pipeline.run.clips import StepReport
from pipeline.run.dividing import evenly
from pipeline.run.keys.description import described, key_of
from pipeline.run.keys.utterance import extractor_program, feature_key
from pipeline.run.plans import Clip, Outcome, feature_clips, require_current, stream_clips
from pipeline.run.pool.cluster import Pool
from pipeline.run.stores import finish, require_planned, start_ahead, start_storing
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

_MOST_IN_A_BATCH = 16


@lru_cache(maxsize=16)
def _built(name: str, settings: str, depends: str, device: str) -> Extractor[Any]:
    """Return the extractor `name` with these settings, built once per process; its model is loaded on first use.

    Raises
    ------
    Changed
        If its version, weights or libraries differ from those in the process that planned the run.
    """
    extractor = build(name, json.loads(settings))
    require_planned(f"the extractor {name}", json.loads(depends), extractor_program(extractor))
    if isinstance(extractor, Encoder):
        extractor.device = extractor.device_for(device)
    return extractor


class _OpenStore:
    """The only store that this process has open; it is closed before a different or changed store is opened."""

    def __init__(self) -> None:
        self._which: tuple[Path, str] | None = None
        self._closing = ExitStack()
        self._store: Store | None = None

    def get(self, path: Path) -> Store:
        """Return the store at `path`, opened again if it has changed."""
        which = (path, stamp_of(path))
        if self._store is None or which != self._which:
            self.close()
            self._store = self._closing.enter_context(open_store(path))
            self._which = which
        return self._store

    def close(self) -> None:
        """Close the store, so that its file can be removed."""
        self._closing.close()
        self._store = self._which = None


_extracted_from = _OpenStore()


def close_store() -> None:
    """Close the store that this process has open, so that its file can be removed."""
    _extracted_from.close()


atexit.register(close_store)  # before HDF5 itself ends


@dataclass(frozen=True)
class ExtractStep:
    """Runs one extractor; a clip's payload is its position in the stream's store."""

    name: str
    settings: str  # JSON
    depends: str  # what its features depend on, as planned; JSON
    store: str
    light: bool
    device: str = CPU  # the setting; once `ready`, the device
    at_once: int = 1  # number of clips that an encoder processes at once
    plugins: tuple[str, ...] = ()
    stage: str = "extract"

    def ready(self) -> "ExtractStep":
        """Return this step with the device on which its encoder runs; on the CPU, an encoder reads one clip at a time.

        For a setting such as ``auto``, the encoder's library must be imported to find the device.
        """
        with names_setting(self.name):
            extractor = build(self.name, json.loads(self.settings))
            device = extractor.device_for(self.device) if isinstance(extractor, Encoder) else CPU
        return replace(self, device=device, at_once=1 if device == CPU else self.at_once)

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Divide clips into batches small enough that all workers stay busy until the end."""
        most = max(min(_MOST_IN_A_BATCH, ceil(len(clips) / (8 * workers))), self.at_once)
        return evenly(clips, most, workers)

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield each clip's features as a store entry.

        Raises
        ------
        Changed
            If the stream, the extractor or its weights have changed since the clip's key was made.
        ExtractorError
            If the extractor cannot work with its settings.
        """
        with names_setting(self.name):
            yield from self._computed(clips)

    def _computed(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        extractor = _built(self.name, self.settings, self.depends, self.device)
        read, depends = READERS[extractor.modality], json.loads(self.depends)
        store = _extracted_from.get(Path(self.store))
        for first in range(0, len(clips), self.at_once):
            streams = []
            for clip in clips[first : first + self.at_once]:
                if not clip.payload < len(store) or feature_key(depends, store, clip.payload) != clip.key:
                    raise Changed(
                        f"{self.store} changed while {self.name} was extracted from it: run the same command again"
                    )
                streams.append(read(store, clip.payload))
            yield from enumerate(self._entries(extractor, streams), first)

    def _entries(self, extractor: Extractor[Any], streams: Sequence[Any]) -> list[Entry | Exception]:
        if isinstance(extractor, Encoder) and len(streams) > 1:
            try:
                found = extractor.extract_batch(streams, self.at_once)
                return [one if isinstance(one, EmptyInput) else _entry(one, extractor) for one in found]
            except ExtractorError:
                raise
            except Exception:  # encoding each clip alone shows which of them fails
                return [self._one(extractor, stream) for stream in streams]
        return [self._one(extractor, stream) for stream in streams]

    @staticmethod
    def _one(extractor: Extractor[Any], stream: Any) -> Entry | Exception:
        try:
            return _entry(extractor.extract(stream), extractor)
        except ExtractorError:
            raise
        except Exception as error:  # any error of a model is a failure of this clip
            return error


def _entry(found: Features, extractor: Extractor[Any]) -> Entry:
    entry = feature_entry(found, extractor)
    return replace(entry, device=extractor.device) if isinstance(extractor, Encoder) else entry


def write_features(params: Params, name: str, extractor_name: str, pool: Pool) -> StepReport:
    """Compute an extractor's features, write their store features/<extractor>.h5, and return a report of all clips.

    The errors are those of the stage `extract`.
    """
    return start_features(params, name, extractor_name, pool)()


def start_features(
    params: Params, name: str, extractor_name: str, pool: Pool, current: set[Path] | None = None
) -> Callable[[], StepReport]:
    """Start to compute an extractor's features, and return a function that writes their store and returns a report.

    The store is features/<extractor>.h5.

    Parameters
    ----------
    params, name, extractor_name, pool
        The settings, the corpus, the extractor, and the workers.
    current
        Streams that this run has found to be up to date. They are not checked again. This extractor's stream is added
        to them.
    """
    with names_setting(extractor_name):
        finished = _started(params, name, extractor_name, pool, set() if current is None else current)

    def named() -> StepReport:
        with names_setting(extractor_name):
            return finished()

    return named


def extract_ahead(params: Params, name: str, extractor_name: str, pool: Pool, current: set[Path]) -> Callable[[], int]:
    """Start to compute the missing features of an extractor before the stage that writes its store begins.

    Return a function that waits until that is done, and returns the number of clips that were missing.

    Raises
    ------
    StoreError
        If the stream does not exist yet.
    UserError
        If the extractor cannot work with its settings, or its stream is out of date.
    """
    with names_setting(extractor_name):
        _, step, planned = _planned(params, name, extractor_name, current)
        return start_ahead(step, planned, pool)


def _planned(
    params: Params, name: str, extractor_name: str, current: set[Path]
) -> tuple[dict[str, Any], ExtractStep, list[Clip | Outcome]]:
    """Return what an extractor's features depend on, the step that computes them, and the planned clips.

    The streams in `current` are known to be up to date. Any other stream is checked, and then added to `current`.
    """
    extractor, paths = params.extractor(extractor_name), CorpusPaths(name)
    _require_not_imported(paths.features(extractor_name), params)
    stream = paths.stream(extractor.modality)
    if stream not in current:
        require_current(
            stream_clips(params, name, extractor.modality, trust_missing=True),
            stream,
            f"crossmodal preprocess --corpus {name} --modality {extractor.modality}",
        )
        current.add(stream)
    program = extractor_program(extractor)
    return program, extract_step(params, name, extractor_name), feature_clips(name, extractor)


def extract_step(params: Params, name: str, extractor_name: str) -> ExtractStep:
    """Return the step that computes an extractor's features from the stream of a corpus."""
    extractor = params.extractor(extractor_name)
    depends, stream = described(extractor_program(extractor)), CorpusPaths(name).stream(extractor.modality).resolve()
    return _step(params, extractor_name, extractor, depends, stream)


def _started(
    params: Params, name: str, extractor_name: str, pool: Pool, current: set[Path]
) -> Callable[[], StepReport]:
    extractor, paths = params.extractor(extractor_name), CorpusPaths(name)
    program, step, planned = _planned(params, name, extractor_name, current)
    attributes = program | {
        "kind": "features",
        "modality": extractor.modality,
        "config_hash": key_of(program["config"]),
        "feature_names": list(extractor.feature_names),
        "pooled_names": list(extractor.pooled_names),
    }
    schema = feature_schema(len(extractor.feature_names), len(extractor.pooled_names))
    further = devices if isinstance(extractor, Encoder) else lambda _: {}
    stored = start_storing(step, planned, pool, (paths.features(extractor_name), schema, attributes), further)

    def finished() -> StepReport:
        report = stored()
        finish(report, params, paths, step)
        return report

    return finished


def devices(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return the attribute `device` of a store: the devices on which an encoder computed its clips.

    Cache entries without a device were written by versions that ran on the CPU only.

    >>> devices([Outcome("a", "k", "ok", 3, device="cuda:0"), Outcome("b", "k", "ok", 3)])
    {'device': 'cpu (1 of 2 utterances), cuda:0 (1 of 2 utterances)'}
    """
    found = Counter(outcome.device or CPU for outcome in outcomes if outcome.status == "ok")
    several = len(found) > 1
    parts = [device + f" ({found[device]} of {found.total()} utterances)" * several for device in sorted(found)]
    return {"device": ", ".join(parts)} if parts else {}


def _step(params: Params, name: str, extractor: Extractor[Any], depends: str, store: Path) -> ExtractStep:
    settings, run = json.dumps(params.features[name]), params.run
    return ExtractStep(name, settings, depends, str(store), extractor.light, run.device, run.batch, run.plugins)


def _require_not_imported(path: Path, params: Params) -> None:
    try:
        imported = is_imported(path)
    except StoreError:  # a damaged store is written again
        return
    if imported:
        raise UserError(
            f"{path} holds imported features, which would be overwritten: give the extractor {path.stem} another name "
            f"in {params.path}, or move that file away"
        )
