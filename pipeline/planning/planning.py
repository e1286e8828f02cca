"""Estimate what computing the streams and features of a corpus will cost: look into the cache, measure a few clips."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.base import MODALITIES, Modality
from features.errors import StoreError
from pipeline.errors import UserError
from pipeline.planning.estimating import Cost, Work, cost
from pipeline.planning.measuring import Measured, Probe, Unit, measure_features, measure_streams
from pipeline.run.cache import ClipCache
from pipeline.run.extraction import ExtractStep, extract_step
from pipeline.run.plans import Clip, Outcome, feature_clips, require_current
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.recordings import by_recording
from pipeline.run.streaming import StreamStep, plan_stream, stream_attributes
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths

UNITS = 8  # how many recordings are measured, of evenly spread lengths
_MOST = 3  # clips of one recording that are measured together


@dataclass(frozen=True)
class Plan:
    """An estimate of what computing the streams and features of a corpus will cost.

    Attributes
    ----------
    corpus
        Name of the corpus.
    utterances, hours
        Number of its utterances that have a clip in any modality, and their total length in hours.
    measured_clips, measured_s
        Number of utterances whose clips were computed to measure the cost, and their total length in seconds; 0 if
        everything is in the cache.
    failed
        How many of the computations failed; there is one for each of these utterances and each step.
    cost
        The estimated cost.
    """

    corpus: str
    utterances: int
    hours: float
    measured_clips: int
    measured_s: float
    failed: int
    cost: Cost


@dataclass(frozen=True)
class _Part:
    """A modality of a corpus: the step and attributes of its stream, its clips, and what each step has to compute."""

    stream: StreamStep
    attributes: Mapping[str, Any]
    clips: Sequence[Clip]
    works: Sequence[Work]

    @property
    def due(self) -> bool:
        """Whether any step of this modality still has clips to compute."""
        return any(work.pending for work in self.works)


def plan(params: Params, name: str, workers: int, new_pool: Callable[[], Pool]) -> Plan:
    """Measure a few clips of a prepared corpus, and return what computing the rest will cost.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    workers
        Number of workers that will share the work.
    new_pool
        Function that returns a new pool. Each stage is measured on its own pool, since each stage of a run starts its
        own workers.

    Raises
    ------
    UserError
        If the corpus is not prepared, if a recording has changed since `prepare`, or if a measuring worker died.
    """
    parts = [_part(params, name, modality) for modality in MODALITIES if modality in params.corpus(name).modalities]
    probes = [_probe(params, name, part) for part in parts if part.due]
    stages = _measured(probes, new_pool) if probes else {}
    head_s = time.process_time()
    works = [
        work for stage in ("preprocess", "extract") for part in parts for work in part.works if work.stage == stage
    ]
    seconds = {clip.utterance: seconds_of(clip) for part in parts for clip in part.clips}
    chosen = {clip.utterance for probe in probes for unit in probe.units for clip in unit.clips}
    return Plan(
        name,
        len(seconds),
        sum(seconds.values()) / 3600,
        len(chosen),
        sum(seconds[utterance] for utterance in chosen),
        sum(one.failed for one in stages.values()),
        cost(works, stages, workers, head_s),
    )


def _part(params: Params, name: str, modality: Modality) -> _Part:
    program, stream, planned = plan_stream(params, name, modality)
    clips = [one for one in planned if isinstance(one, Clip)]
    cache = ClipCache(CACHE, modality)
    works = [_work("preprocess", stream, clips, {clip.utterance for clip in clips if cache.exists(clip.key)})]
    for instance in params.extract:
        if params.modality(instance) == modality:
            step = extract_step(params, name, instance)
            works.append(_work("extract", step, clips, _features_there(params, name, instance, planned)))
    return _Part(stream, stream_attributes(params, modality, program), clips, works)


def _features_there(params: Params, name: str, instance: str, planned: Sequence[Clip | Outcome]) -> set[str]:
    """Return the utterances whose features are in the cache; none if the stream is missing or out of date."""
    extractor, cache = params.extractor(instance), ClipCache(CACHE, instance)
    try:
        require_current(planned, CorpusPaths(name).stream(extractor.modality), "crossmodal preprocess")
        clips = feature_clips(name, extractor)
    except (UserError, StoreError):
        return set()
    return {clip.utterance for clip in clips if isinstance(clip, Clip) and cache.exists(clip.key)}


def _work(stage: str, step: StreamStep | ExtractStep, clips: Sequence[Clip], there: set[str]) -> Work:
    pending = [clip for clip in clips if step.light or clip.utterance not in there]
    cached = 0 if step.light else len(clips) - len(pending)
    return Work(f"{stage} {step.name}", step.light, len(clips), cached, len(pending), sum(map(seconds_of, pending)))


def _probe(params: Params, name: str, part: _Part) -> Probe:
    due = [work.step.removeprefix("extract ") for work in part.works if work.stage == "extract" and work.pending]
    steps = tuple(extract_step(params, name, instance) for instance in due)
    return Probe(part.stream, part.attributes, units_of(part.clips), steps)


def units_of(clips: Sequence[Clip]) -> tuple[Unit, ...]:
    """Return the clips to measure: the first clips of up to `UNITS` recordings, chosen so that lengths vary.

    A recording's first clips are taken, since it is decoded from its start. A corpus without recordings (text alone)
    gives single clips of evenly spread lengths.
    """
    by_length = sorted(clips, key=lambda clip: (seconds_of(clip), clip.utterance))
    at = [int((i + 0.5) * len(by_length) / UNITS) for i in range(UNITS)] if by_length else []
    recordings = by_recording(clips)
    chosen = dict.fromkeys(by_length[i].payload.path or by_length[i].utterance for i in at)
    if not all(path in recordings for path in chosen):  # text alone, without recordings: clips of every length
        return tuple(_unit([by_length[i]]) for i in dict.fromkeys(at))
    return tuple(_unit(recordings[path][:_MOST]) for path in chosen)


def _unit(clips: Sequence[Clip]) -> Unit:
    return Unit(tuple(clips), tuple(map(seconds_of, clips)))


def seconds_of(clip: Clip) -> float:
    """Return the length of a clip in seconds; 0 if it is unknown."""
    found = float(clip.payload.span.duration_s)
    return found if math.isfinite(found) else 0.0


def _measured(probes: Sequence[Probe], new_pool: Callable[[], Pool]) -> dict[str, Measured]:
    """Measure the probes, each stage on a pool of its own, and return the measurements keyed by stage."""
    with new_pool() as pool:
        streams = _result(pool.run(measure_streams, [tuple(probes)]))
    found = {"preprocess": streams}
    if due := tuple(probe for probe in probes if probe.extractors):
        with new_pool() as pool:
            found["extract"] = _result(pool.run(measure_features, [(due, streams.streams)]))
    return found


def _result(results: Iterator[tuple[Any, Measured | WorkerLost]]) -> Measured:
    ((_, found),) = results
    if isinstance(found, WorkerLost):
        raise UserError(f"plan: {found} while measuring a few clips: run `crossmodal extract` to see which one fails")
    return found
