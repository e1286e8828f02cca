"""Features of a corpus, computed on workers in batches of clips."""

import atexit
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any

from features.base import Extractor
from features.codec import READERS, feature_entry
from features.errors import ExtractorError
from features.registry import build
from features.store import Entry, Store, feature_schema, open_store
from pipeline.errors import Changed
from pipeline.hashing import stamp_of
from pipeline.run.clips import StepReport
from pipeline.run.keys import described, extractor_program, feature_key, key_of
from pipeline.run.plans import Clip, feature_clips, require_current, stream_clips
from pipeline.run.pool.cluster import Pool
from pipeline.run.stores import finish, require_planned, run_and_store
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

_MOST_IN_A_BATCH = 16


@lru_cache(maxsize=16)
def _built(name: str, settings: str, depends: str) -> Extractor[Any]:
    """Return this process's only extractor with these settings; its model is loaded on first use.

    Raises
    ------
    Changed
        If its numbers depend on other things here than in the process that planned the run.
    """
    extractor = build(name, json.loads(settings))
    require_planned(f"the extractor {name}", json.loads(depends), extractor_program(extractor))
    return extractor


class _OpenStore:
    """The one store that this process has open; opening another one, or a changed one, closes it."""

    def __init__(self) -> None:
        self._which: tuple[Path, list[int]] | None = None
        self._closing = ExitStack()
        self._store: Store | None = None

    def get(self, path: Path) -> Store:
        """Return the store at `path` as it is now."""
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
    depends: str  # what its numbers depend on, as planned; JSON
    store: str
    light: bool
    plugins: tuple[str, ...] = ()
    stage: str = "extract"

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Return batches small enough that all workers stay busy until the end."""
        size = len(clips) if self.light else max(1, min(_MOST_IN_A_BATCH, ceil(len(clips) / (8 * workers))))
        return [list(clips[i : i + size]) for i in range(0, len(clips), size)]

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield each clip's features as a store entry.

        Raises
        ------
        Changed
            If the stream, the extractor or its weights are not those in the clip's key.
        """
        extractor = _built(self.name, self.settings, self.depends)
        read, depends = READERS[extractor.modality], json.loads(self.depends)
        store = _extracted_from.get(Path(self.store))
        for i, clip in enumerate(clips):
            if not clip.payload < len(store) or feature_key(depends, store, clip.payload) != clip.key:
                raise Changed(
                    f"{self.store} changed while {self.name} was extracted from it: run the same command again"
                )
            yield i, self._one(extractor, read(store, clip.payload))

    @staticmethod
    def _one(extractor: Extractor[Any], stream: Any) -> Entry | Exception:
        try:
            return feature_entry(extractor.extract(stream), extractor)
        except ExtractorError:
            raise
        except Exception as error:  # any error of a model is a failure of this clip
            return error


def write_features(params: Params, name: str, extractor_name: str, pool: Pool) -> StepReport:
    """Write features/<extractor>.h5; for errors see the stage `extract`."""
    settings = params.features.get(extractor_name, {})
    extractor = build(extractor_name, settings)
    paths = CorpusPaths(name)
    require_current(
        stream_clips(params, name, extractor.modality, trust_missing=True),
        paths.stream(extractor.modality),
        f"crossmodal preprocess --corpus {name} --modality {extractor.modality}",
    )
    source = paths.stream(extractor.modality).resolve()
    program = extractor_program(extractor)
    depends = described(program)
    step = ExtractStep(extractor_name, json.dumps(settings), depends, str(source), extractor.light, params.run.plugins)
    attributes = program | {
        "kind": "features",
        "modality": extractor.modality,
        "config_hash": key_of(program["config"]),
        "feature_names": list(extractor.feature_names),
        "pooled_names": list(extractor.pooled_names),
    }
    schema = feature_schema(len(extractor.feature_names), len(extractor.pooled_names))
    planned = feature_clips(name, extractor)
    report = run_and_store(step, planned, pool, (paths.features(extractor_name), schema, attributes))
    finish(report, params, paths, step)
    return report
