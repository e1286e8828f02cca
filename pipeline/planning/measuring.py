"""Measure on a worker what the streams and features of a few clips cost: processor time, disk space and memory."""

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common.threads import pin_to_one_thread
from features.codec import STREAM_SCHEMAS
from features.store import open_store, write_store
from pipeline.run.cache import ClipCache
from pipeline.run.clips import Step, StepReport, run_light, store_items, work
from pipeline.run.extraction import ExtractStep, close_store
from pipeline.run.keys.utterance import feature_key
from pipeline.run.plans import Clip, Outcome
from pipeline.run.streaming import StreamStep


@dataclass(frozen=True)
class Unit:
    """Clips of one recording that are computed together, and the length of each in seconds."""

    clips: tuple[Clip, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Probe:
    """What is measured for one modality: the stream of some clips, then the extractors that read the stream.

    Attributes
    ----------
    stream
        The step that makes the stream.
    attributes
        The attributes of the stream's store, which extractors read.
    units
        The clips that are measured.
    extractors
        The steps that read the stream; they read the measured stream instead of the store that they name.
    """

    stream: StreamStep
    attributes: Mapping[str, Any]
    units: tuple[Unit, ...]
    extractors: tuple[ExtractStep, ...]


@dataclass(frozen=True)
class Sample:
    """What one step cost for some clips.

    Attributes
    ----------
    clips, seconds
        The number of clips, and their total length in seconds.
    cpu_s, size
        The processor seconds that the step used, and the size of its results in the cache's format, in bytes.
    """

    clips: int
    seconds: float
    cpu_s: float
    size: int


@dataclass(frozen=True)
class Measured:
    """What a worker measured in one stage.

    Attributes
    ----------
    start_s
        Processor seconds that the worker had used before it measured anything: to start and to import.
    samples, loading_s
        The measured costs of each step, and the additional processor seconds that its first clips took, mostly to load
        a model. Both are keyed by step, such as ``extract mfcc``.
    failed
        How many of the results failed.
    peak_mb
        Peak memory of the worker in MB.
    streams
        The computed streams, keyed by modality, which the extractors then read; empty if features were measured.
    """

    start_s: float
    samples: Mapping[str, Sequence[Sample]]
    loading_s: Mapping[str, float]
    failed: int
    peak_mb: float
    streams: Mapping[str, Sequence[StepReport]] = field(default_factory=dict)


def measure_streams(probes: Sequence[Probe]) -> Measured:
    """Compute the streams of the probes on this worker, in a temporary cache; return them and what they cost."""
    start_s = _started()
    samples: dict[str, list[Sample]] = {}
    loading_s: dict[str, float] = {}
    with TemporaryDirectory(prefix="crossmodal-plan-") as name:
        streams: dict[str, list[StepReport]] = {
            p.stream.name: list(_measured(p.stream, p.units, Path(name), samples, loading_s)) for p in probes
        }
    reports = [report for found in streams.values() for report in found]
    return Measured(start_s, samples, loading_s, _failed(reports), _peak_mb(), streams)


def measure_features(task: tuple[Sequence[Probe], Mapping[str, Sequence[StepReport]]]) -> Measured:
    """Run the extractors of the probes on this worker, on the streams of `measure_streams`; return what they cost.

    The worker must be a new one: in a real run, too, each stage starts its own workers.
    """
    start_s = _started()
    samples: dict[str, list[Sample]] = {}
    loading_s: dict[str, float] = {}
    reports: list[StepReport] = []
    with TemporaryDirectory(prefix="crossmodal-plan-") as name:
        for probe in task[0]:
            store = _stored(probe, task[1][probe.stream.name], Path(name) / probe.stream.name)
            seconds = [length for unit in probe.units for length in unit.seconds]
            for step in probe.extractors:
                own = replace(step.ready(), store=str(store))
                reports += _measured(own, _feature_units(own, store, seconds), Path(name), samples, loading_s)
            close_store()
    return Measured(start_s, samples, loading_s, _failed(reports), _peak_mb())


def _started() -> float:
    pin_to_one_thread()
    return time.process_time()


def _failed(reports: Sequence[StepReport]) -> int:
    return sum(outcome.status == "failed" for report in reports for outcome in report.outcomes)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def _measured(
    step: Step, units: Sequence[Unit], root: Path, samples: dict[str, list[Sample]], loading_s: dict[str, float]
) -> Iterator[StepReport]:
    """Yield the report of each unit, and add its cost to `samples`.

    The first unit is computed twice, and the extra cost of the first time goes to `loading_s`.
    """
    name = f"{step.stage} {step.name}"
    cost = samples.setdefault(name, [])
    for i, unit in enumerate((*units[:1], *units)):
        folder = root / step.name / str(i)
        before = time.process_time()
        report = _computed(step, unit.clips, folder)
        cpu_s = time.process_time() - before
        if i == 0:
            loading_s[name] = cpu_s
            continue
        cost.append(Sample(len(unit.clips), sum(unit.seconds), cpu_s, _size(step, report, folder)))
        yield report
    if cost:
        loading_s[name] = max(0.0, loading_s[name] - cost[0].cpu_s)


def _computed(step: Step, clips: Sequence[Clip], root: Path) -> StepReport:
    if step.light:
        return run_light(step, clips, quiet=True)
    outcomes = work(step, root, list(clips))
    cache = ClipCache(root, step.name)
    kept = ((outcome.key, cache.get(outcome.key)) for outcome in outcomes)
    return StepReport(outcomes, (), 0, {key: entry for key, entry in kept if entry is not None})


def _size(step: Step, report: StepReport, folder: Path) -> int:
    """Return how many bytes the results of a report take in the cache.

    A light step keeps nothing in the cache, so its results are first written to a cache in `folder`.
    """
    if step.light:
        cache = ClipCache(folder, step.name)
        for key, entry in report.entries.items():
            cache.put(key, entry)
    return sum(path.stat().st_size for path in folder.rglob("*.clip"))


def _stored(probe: Probe, reports: Sequence[StepReport], folder: Path) -> Path:
    """Write the computed streams to a store that extractors can read; return its path."""
    outcomes: list[Outcome] = [outcome for report in reports for outcome in report.outcomes]
    entries = {key: entry for report in reports for key, entry in report.entries.items()}
    schema, path = STREAM_SCHEMAS[probe.stream.name], folder / "stream.h5"
    items = store_items(StepReport(outcomes, (), 0, entries), probe.stream.name, folder, schema)
    write_store(path, schema, probe.attributes, items)
    return path


def _feature_units(step: ExtractStep, path: Path, seconds: Sequence[float]) -> list[Unit]:
    depends = json.loads(step.depends)
    with open_store(path) as store:
        return [
            Unit((Clip(name, feature_key(depends, store, i), i),), (seconds[i],))
            for i, name in enumerate(store.utterances)
            if store.statuses[i] == "ok"
        ]
