"""A plan as text that fits a terminal of 80 columns."""

from collections.abc import Iterator

from pipeline.errors import counted
from pipeline.foreign import one_line
from pipeline.planning.estimating import Cost, StepCost
from pipeline.planning.planning import Plan
from pipeline.run.progress import duration


def page_of(plan: Plan) -> Iterator[str]:
    """Yield lines of text that show a plan: a table of the steps with their costs, then a summary."""
    cost = plan.cost
    yield f"{one_line(plan.corpus)}: {counted(plan.utterances, 'utterance')}, {_time(3600 * plan.hours)} of recording"
    yield ""
    yield f"{'step':30}{'clips':>9}{'cached':>9}{'ms a clip':>11}{'CPU time':>13}{'disk':>8}"
    for step in cost.steps:
        yield _line(step)
    yield f"{'start-up and loading models':59}{_time(cost.start_s):>13}" if cost.start_s else ""
    yield f"{'all':59}{_time(cost.cpu_s):>13}{_size(cost.disk_mb):>8}"
    yield ""
    yield from _summary(plan, cost)


def _line(step: StepCost) -> str:
    ms = f"{1000 * step.cpu_s / step.pending:.3g}" if step.pending else ""
    used = _time(step.cpu_s) if step.pending else ""
    written = _size(step.disk_mb) if step.pending else ""
    counts = f"{step.clips:>9,}{step.cached:>9,}" if step.cached else f"{step.clips:>9,}{'':>9}"
    return f"{one_line(step.step, 29):30}{counts}{ms:>11}{used:>13}{written:>8}".rstrip()


def _summary(plan: Plan, cost: Cost) -> Iterator[str]:
    if not plan.measured_clips:
        yield "Everything is in the cache: the stages only have to write their stores."
        return
    who = f"With {counted(cost.workers, 'worker')}, one core each" if cost.workers else "In one process"
    yield f"{who}: about {_time(cost.wall_s)}."
    yield f"Memory: about {_size(cost.memory_mb)} for all processes, not counting the table of utterances."
    yield (
        f"Measured: {counted(plan.measured_clips, 'clip')} ({_time(plan.measured_s)} of recording) in every step with"
    )
    yield "something to compute, on one core of this machine. Training is not included."
    if plan.failed:
        yield f"{counted(plan.failed, 'measured result')} failed, so the estimate may be too low."


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _size(mb: float) -> str:
    return f"{mb / 1000:.1f} GB" if mb >= 1000 else f"{mb:.0f} MB" if mb >= 1 else "< 1 MB"
