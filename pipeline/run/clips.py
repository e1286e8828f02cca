"""Run one step over many clips: take results from the cache, compute the rest on workers, store each immediately.

A light step, whose work takes less time than reading a file, keeps no files: this process computes all of its clips,
every time, and holds the results until they are in the store.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from common.threads import pin_to_one_thread
from features.errors import EmptyInput, ExtractorError, NoStream, StoreError
from features.store import Entry, Item, Schema
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.run.plans import Clip, Outcome
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.shift import WorkerLost
from pipeline.run.progress import Progress
from pipeline.settings.plugins import load_plugins


class Step(Protocol):
    """One kind of work on clips. It is sent to workers, so it holds only settings."""

    @property
    def stage(self) -> str:
        """The stage to which the step belongs."""

    @property
    def name(self) -> str:
        """The name of the step: a modality, an extractor, or a kind of work on words."""

    @property
    def light(self) -> bool:
        """Whether the step is so cheap that no workers and no cache are used."""

    @property
    def plugins(self) -> tuple[str, ...]:
        """The plugins that workers import first."""

    def ready(self) -> "Step":
        """Return the step to compute with, including properties that are slow to find out, such as the device.

        This method is called only if there is something to compute.
        """

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Divide the clips into tasks for the given number of workers."""

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield (position in `clips`, entry or error) for each clip as soon as it is known."""


_FEW_PER_WORKER = 2  # so few clips do not need workers


class Damaged(UserError):
    """A cache entry on which this run relied is damaged or missing."""


@dataclass(frozen=True)
class StepReport:
    """The results of running a step.

    Attributes
    ----------
    outcomes
        All outcomes, in the order of the clips.
    computed
        The utterances that were computed in this run.
    damaged
        The number of computed utterances whose file in the cache was damaged.
    entries
        The entries of a light step, which keeps no files, by key; empty for other steps.
    """

    outcomes: Sequence[Outcome]
    computed: Sequence[str]
    damaged: int
    entries: Mapping[str, Entry] = field(default_factory=dict)


def run_step(step: Step, clips: Sequence[Clip], pool: Pool, cache_root: Path) -> StepReport:
    """Compute all clips or read them from the cache, and return a report; a clip that fails does not end the run.

    Raises
    ------
    UserError
        If results cannot be stored (disk full, folder not writable), or the extractor cannot work with its settings.
    """
    return start_step(step, clips, pool, cache_root)()


def start_step(
    step: Step, clips: Sequence[Clip], pool: Pool, cache_root: Path, *, checked: bool = True
) -> Callable[[], StepReport]:
    """Send clips that are not in the cache to workers; return a function that waits for them and returns the report.

    This function and the returned one raise what `run_step` raises. The clips of a light step are computed by the
    returned function. If `checked` is false, only the header of each cached entry with status ok is read, which is
    quicker; whoever uses such an entry later must check that it is undamaged.
    """
    if step.light:
        return partial(run_light, step, clips, quiet=pool.workers == 0)
    cache = ClipCache(cache_root, step.name)
    done: dict[int, Outcome] = {}
    damaged = 0
    for i, clip in enumerate(clips):
        pool.advance()
        outcome = None if checked else _outlined(cache, clip)
        if outcome is None and (entry := cache.get(clip.key)) is not None:
            outcome = _outcome(clip, entry)
        if outcome is not None:
            done[i] = outcome
        else:
            damaged += cache.exists(clip.key)
    pending = [clip for i, clip in enumerate(clips) if i not in done]
    coming = _compute(step, pending, pool, cache_root)

    def finish() -> StepReport:
        found = {}
        shown = Progress(f"{step.stage} {step.name}", len(clips), len(done), quiet=pool.workers == 0)
        with shown as progress, _settings_as_user_errors():
            for outcome in coming:
                found[outcome.utterance] = outcome
                progress.step(failed=outcome.status == "failed")
        outcomes = [done[i] if i in done else found[clip.utterance] for i, clip in enumerate(clips)]
        return StepReport(outcomes, [clip.utterance for clip in pending], damaged)

    return finish


def run_light(step: Step, clips: Sequence[Clip], *, quiet: bool) -> StepReport:
    """Compute all clips of a light step in this process, without the cache."""
    outcomes: dict[int, Outcome] = {}
    entries: dict[str, Entry] = {}
    with (
        _ONE_AT_A_TIME,
        _settings_as_user_errors(),
        Progress(f"{step.stage} {step.name}", len(clips), quiet=quiet) as progress,
    ):
        pin_to_one_thread()
        load_plugins(step.plugins)
        for position, result in _guarded(step, clips):
            outcome, entry = _settled(clips[position], result)
            outcomes[position] = outcome
            if entry is not None:
                entries[outcome.key] = entry
            progress.step(failed=entry is None)
    return StepReport([outcomes[i] for i in range(len(clips))], [clip.utterance for clip in clips], 0, entries)


@contextmanager
def _settings_as_user_errors() -> Iterator[None]:
    """Turn the error of an extractor that cannot work with its settings into a `UserError`."""
    try:
        yield
    except ExtractorError as error:
        raise UserError(str(error)) from error


def _compute(step: Step, pending: Sequence[Clip], pool: Pool, cache_root: Path) -> Iterator[Outcome]:
    """Give clips to the workers, and return an iterator over their outcomes."""
    if not pending:
        return iter(())
    few = len(pending) <= _FEW_PER_WORKER * pool.workers and pool.can_copy
    with _settings_as_user_errors():
        step = step if few else step.ready()  # which may load a library that prevents copies
        batches = [[clip] for clip in pending] if few else step.batches(pending, pool.size())
        return _on_workers(partial(work, step, cache_root.resolve(), ready=not few), batches, pool, few)


def _on_workers(
    task: Callable[[list[Clip]], list[Outcome]], batches: list[list[Clip]], pool: Pool, few: bool
) -> Iterator[Outcome]:
    coming = pool.run(task, batches, few=few)

    def outcomes() -> Iterator[Outcome]:
        alone: list[list[Clip]] = []
        for batch, result in coming:
            if not isinstance(result, WorkerLost):
                for clip, outcome in zip(batch, result, strict=True):  # the strings of the plan, not a worker's copies
                    yield replace(outcome, utterance=clip.utterance, key=clip.key)
            elif len(batch) == 1:
                yield Outcome(batch[0].utterance, batch[0].key, "failed", note=str(result), error="WorkerLost")
            else:  # to find the clip that kills the worker, each clip of the batch is run again, alone
                alone += [[clip] for clip in batch]
        if alone:
            yield from _on_workers(task, alone, pool, few=False)

    return outcomes()


_ONE_AT_A_TIME = threading.Lock()  # models are not shared between the threads of a worker


def work(step: Step, cache_root: Path, clips: list[Clip], *, ready: bool = True) -> list[Outcome]:
    """Compute a batch on a worker: store each result in the cache immediately, and return the outcome of each clip.

    If `ready` is false, `step.ready()` is called first.
    """
    with _ONE_AT_A_TIME:
        pin_to_one_thread()
        load_plugins(step.plugins)
        step = step if ready else step.ready()
        cache = ClipCache(cache_root, step.name)
        outcomes: dict[int, Outcome] = {}
        missing = []
        for i, clip in enumerate(clips):  # some are in the cache already if a worker died in the middle of this batch
            with _naming(cache_root):
                entry = cache.get(clip.key)
            if entry is None:
                missing.append(i)
            else:
                outcomes[i] = _outcome(clip, entry)
        for position, result in _guarded(step, [clips[i] for i in missing]):
            clip = clips[missing[position]]
            with _naming(cache_root):
                outcomes[missing[position]] = _keep(cache, clip, result)
        return [outcomes[i] for i in range(len(clips))]


@contextmanager
def _naming(cache_root: Path) -> Iterator[None]:
    """Turn an `OSError` of the cache into a `UserError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write to {error.filename or cache_root}: {error.strerror or error}. What was computed before is "
            "kept: free disk space or make the folder writable, then run the same command again"
        ) from error


def _guarded(step: Step, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
    """Yield the position and result of each clip; an exception becomes the result of all remaining clips.

    `ExtractorError`, `StoreError` and `UserError` are raised instead, since they are not about a clip.
    """
    left = set(range(len(clips)))
    try:
        for position, result in step.compute(clips):
            left.discard(position)
            yield position, result
    except (ExtractorError, StoreError, UserError):
        raise
    except Exception as error:  # any error of a codec or a model is a failure of the clip, not of the run
        for position in sorted(left):
            yield position, error
    else:
        for position in sorted(left):
            yield position, RuntimeError(f"the step {step.name} gave no result for this clip")


def _keep(cache: ClipCache, clip: Clip, result: Entry | Exception) -> Outcome:
    outcome, entry = _settled(clip, result)
    if entry is not None:
        cache.put(clip.key, entry)
    return outcome


def _settled(clip: Clip, result: Entry | Exception) -> tuple[Outcome, Entry | None]:
    """Return the outcome of a clip, and the entry to store; the entry is None if the clip failed."""
    if isinstance(result, NoStream):
        result = Entry("absent", str(result))
    elif isinstance(result, EmptyInput):
        result = Entry("empty", str(result))
    if isinstance(result, Exception):
        message = " ".join(str(result).split()) or "no message"
        return Outcome(clip.utterance, clip.key, "failed", note=message, error=type(result).__name__), None
    return _outcome(clip, result), result


def _outlined(cache: ClipCache, clip: Clip) -> Outcome | None:
    """Return a clip's outcome, read from the header of its cached entry; None if there is no entry with status ok."""
    found = cache.outline(clip.key)
    if found is None or found.status != "ok":
        return None
    return Outcome(clip.utterance, clip.key, "ok", found.length, found.note, device=found.device)


def _outcome(clip: Clip, entry: Entry) -> Outcome:
    return Outcome(clip.utterance, clip.key, entry.status, entry.length, entry.note, device=entry.device)


def store_items(
    report: StepReport, step: str, cache_root: Path, schema: Schema, pool: Pool | None = None
) -> list[Item]:
    """Return the outcomes as items for `features.store.write_store`; entries are read from the report or the cache.

    Reading an item raises `Damaged` if its entry is damaged or missing, and `UserError` if a column does not have the
    width in the schema. While items are read, waiting tasks are sent to `pool`'s workers.
    """
    cache = ClipCache(cache_root, step)

    def load(outcome: Outcome) -> Entry:
        if pool is not None:
            pool.advance()
        if outcome.status != "ok":
            return Entry(outcome.status, outcome.note)
        entry = report.entries.get(outcome.key) or cache.written(outcome.key)
        if entry is None:
            raise Damaged(
                f"the cache file {cache.path(outcome.key)} was damaged or deleted during this run: "
                "run the same command again"
            )
        _check_widths(entry, step, schema)
        return entry

    return [Item(o.utterance, o.key, o.length, partial(load, o)) for o in report.outcomes]


def _check_widths(entry: Entry, step: str, schema: Schema) -> None:
    """Raise `UserError` if an entry's widths differ from the schema's; the message says what to do."""
    for columns, cells, rows in ((schema.rows, entry.rows, entry.length), (schema.clips, entry.clips, 1)):
        for column in columns:
            if column.width and np.size(cells[column.name]) != rows * column.width:
                raise UserError(
                    f"{step} now gives {column.width} {column.name}, but clips in the cache were computed when it gave "
                    f"{np.size(cells[column.name]) // max(rows, 1)}: raise the version of {step} whenever its features "
                    "or their values change, then run the same command again"
                )
