"""Estimate the cost of many clips from a few measured ones: so much per clip, and so much per second of recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.planning.measuring import Measured, Sample

HEAD_MB = 200  # memory of the main process without the table: Python and the libraries that it imports

NOTHING = Measured(0.0, {}, {}, 0, 0.0)


@dataclass(frozen=True)
class Work:
    """What a step still has to compute.

    Attributes
    ----------
    step
        The step's stage and name, as in ``extract mfcc``.
    light
        Whether the step runs in the main process and keeps nothing in the cache.
    clips, cached
        Number of all clips, and of the clips that are already in the cache.
    pending, seconds
        Number of the clips still to be computed, and their total length in seconds.
    """

    step: str
    light: bool
    clips: int
    cached: int
    pending: int
    seconds: float

    @property
    def stage(self) -> str:
        """The step's stage: ``preprocess`` or ``extract``."""
        return self.step.partition(" ")[0]


@dataclass(frozen=True)
class StepCost:
    """The estimated cost of a step.

    Attributes
    ----------
    step
        The step's stage and name, as in ``extract mfcc``.
    clips, cached, pending
        Number of all clips, of those in the cache, and of those still to be computed.
    clip_ms, second_ms
        Fixed processor time per clip, and additional processor time per second of recording, in ms.
    cpu_s
        Processor time of all clips that are still to be computed, in s.
    loading_s
        Processor time that each worker takes to load what the step needs, mostly a model, in s.
    disk_mb
        Size of what the step writes to the cache and its store, in MB; a light step writes only a store.
    """

    step: str
    clips: int
    cached: int
    pending: int
    clip_ms: float
    second_ms: float
    cpu_s: float
    loading_s: float
    disk_mb: float


@dataclass(frozen=True)
class Cost:
    """The estimated cost of all steps.

    Attributes
    ----------
    workers
        Number of workers that share the work; 0 if the main process does it.
    steps
        The cost of each step.
    start_s
        Processor time for starting the main process and each stage's workers, and for loading models, in s.
    cpu_s
        Total processor time, including `start_s`, in s.
    wall_s
        Time until all is done, if every worker has a core of its own, in s.
    disk_mb, memory_mb
        Size of what all steps write (see `StepCost`), and memory of all processes together, in MB.
    """

    workers: int
    steps: tuple[StepCost, ...]
    start_s: float
    cpu_s: float
    wall_s: float
    disk_mb: float
    memory_mb: float


def line(samples: Sequence[Sample], value: str) -> tuple[float, float]:
    """Return the fixed cost of a clip, and the additional cost of each second of recording; neither is negative.

    `value` is the kind of cost, ``cpu_s`` or ``size``. The two costs are fitted by nonnegative least
    squares (Lawson and Hanson, Solving least squares problems, 1974), and scaled to give the samples' total.

    >>> line([Sample(1, 2.0, 0.5, 0), Sample(1, 4.0, 0.9, 0), Sample(2, 6.0, 1.4, 0)], "cpu_s")
    (0.1, 0.2)
    """
    from scipy.optimize import nnls

    values = np.array([getattr(sample, value) for sample in samples], float)
    if not values.sum():
        return 0.0, 0.0
    design = np.array([(sample.clips, sample.seconds) for sample in samples], float)
    found, _ = nnls(design, values)
    found = found * values.sum() / (design @ found).sum()
    return round(float(found[0]), 9), round(float(found[1]), 9)


def cost(works: Sequence[Work], stages: Mapping[str, Measured], workers: int, head_s: float) -> Cost:
    """Return the estimated cost of all steps together.

    Parameters
    ----------
    works
        What each step still has to compute.
    stages
        What a worker measured on a few clips, keyed by stage.
    workers
        Number of workers; 0 if the main process does the work.
    head_s
        Processor time of starting the main process, in s.
    """
    steps = tuple(_step(work, stages.get(work.stage, NOTHING)) for work in works)
    start_s = wall_s = 0.0
    for stage in dict.fromkeys(work.stage for work in works):
        own = [(work, step) for work, step in zip(works, steps, strict=True) if work.stage == stage]
        light_s = sum(step.cpu_s + step.loading_s * bool(step.pending) for work, step in own if work.light)
        heavy = [step for work, step in own if not work.light and step.pending]
        loading_s = sum(step.loading_s for step in heavy)
        crew = max(1, min(workers, max((step.pending for step in heavy), default=1)))
        ready_s = (stages.get(stage, NOTHING).start_s * bool(workers) + loading_s) if heavy else 0.0
        start_s += head_s + crew * ready_s
        wall_s += head_s + light_s + ready_s + sum(step.cpu_s for step in heavy) / crew
    computed_s = sum(step.cpu_s for step in steps)
    loaded_s = sum(step.loading_s for work, step in zip(works, steps, strict=True) if work.light and step.pending)
    memory_mb = HEAD_MB + max(1, workers) * max((one.peak_mb for one in stages.values()), default=0.0)
    disk_mb = sum(step.disk_mb for step in steps)
    return Cost(workers, steps, start_s + loaded_s, computed_s + start_s + loaded_s, wall_s, disk_mb, memory_mb)


def _step(work: Work, measured: Measured) -> StepCost:
    samples: Sequence[Sample] = measured.samples.get(work.step, ())
    clip_s, second_s = line(samples, "cpu_s") if samples else (0.0, 0.0)
    clip_bytes, second_bytes = line(samples, "size") if samples else (0.0, 0.0)
    written = clip_bytes * work.pending + second_bytes * work.seconds
    return StepCost(
        work.step,
        work.clips,
        work.cached,
        work.pending,
        1000 * clip_s,
        1000 * second_s,
        clip_s * work.pending + second_s * work.seconds,
        _loading(measured.loading_s, work),
        (1 if work.light else 2) * written / 1e6,
    )


def _loading(loading_s: Mapping[str, float], work: Work) -> float:
    return loading_s.get(work.step, 0.0) if work.pending else 0.0
