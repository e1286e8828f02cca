"""`crossmodal status`: the progress of each corpus, stage by stage, with the current settings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from features.base import MODALITIES
from features.errors import StoreError
from features.store import open_store
from pipeline.corpora.sources import current
from pipeline.corpora.utterances import read_utterances
from pipeline.corpora.word_sources import machine_made
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.run.plans import Clip, Outcome, feature_clips, is_current, stream_clips
from pipeline.run.streaming import LIGHT
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.tables.bound import TRAINED, require_all_there
from pipeline.training.current import require_evaluated, require_reported
from pipeline.training.trained import inputs_of, read_record, require_features


@dataclass(frozen=True)
class Counts:
    """How many of a step's clips are up to date (`done`), in the cache, failed, or out of date (`stale`).

    A stage that does not work on clips, such as ``train``, counts as a single clip.
    """

    corpus: str
    stage: str
    total: int
    done: int
    cached: int
    failed: int
    stale: int
    note: str = ""


def status(params: Params, names: Sequence[str]) -> list[Counts]:
    """Return the counts of every stage of every corpus."""
    return [row for name in names for row in _rows(params, name)]


def table_of(rows: Sequence[Counts]) -> str:
    """Return a table with one line per corpus and stage."""
    lines = [f"{'corpus':16}{'stage':26}{'done':>12}{'cached':>8}{'failed':>8}{'stale':>7}"]
    for row in rows:
        done = f"{row.done}/{row.total}"
        counts = f"{done:>12}{row.cached:>8}{row.failed:>8}{row.stale:>7}"
        lines.append(f"{row.corpus:16}{row.stage:26}{counts}  {row.note}".rstrip())
    return "\n".join(lines)


def _rows(params: Params, name: str) -> Iterator[Counts]:
    paths = CorpusPaths(name)
    yield _prepare(params, name)
    for modality in MODALITIES:
        plan = partial(stream_clips, params, name, modality, trust_missing=True)
        cache = None if modality in LIGHT else ClipCache(CACHE, modality)
        yield _step(name, f"preprocess {modality}", plan, paths.stream(modality), cache)
    for extractor in params.extract:
        built = params.extractor(extractor)
        cache = None if built.light else ClipCache(CACHE, extractor)
        yield _step(name, f"extract {extractor}", partial(feature_clips, name, built), paths.features(extractor), cache)
    if not params.corpus(name).label:
        yield from (Counts(name, stage, 0, 0, 0, 0, 0, "no labels: features only") for stage in _LEARNT)
        return
    yield _train(params, name)
    table, page = paths.results / "table.csv", paths.results / "report.html"
    stale = _fault(require_evaluated, params, name) if table.exists() else "there is no table"
    yield _file(name, "evaluate", table, stale)
    yield _file(name, "report", page, stale or (_fault(require_reported, params, name) if page.exists() else ""))


_LEARNT = ("train", "evaluate", "report")


def _step(
    name: str, stage: str, plan: Callable[[], Sequence[Clip | Outcome]], path: Path, cache: ClipCache | None
) -> Counts:
    """Count the clips of a step that are up to date, in its cache (if it has one), failed, or out of date."""
    try:
        planned = plan()
    except (UserError, StoreError) as error:
        return Counts(name, stage, 0, 0, 0, 0, 0, f"waits: {error}")
    stored, note = _stored(path)
    done = cached = failed = stale = 0
    for item in planned:
        key, status = stored.get(item.utterance, ("", ""))
        current = is_current(item, key, status)
        failed += current and status == "failed"
        done += current and status != "failed"
        stale += bool(status) and not current
        cached += cache is not None and isinstance(item, Clip) and cache.exists(item.key)
    return Counts(name, stage, len(planned), done, cached, failed, stale, note)


def _stored(path: Path) -> tuple[dict[str, tuple[str, str]], str]:
    """Return the key and status of each utterance in a store, and what is wrong with the store or ``""``."""
    if not path.exists():
        return {}, ""
    try:
        with open_store(path) as store:
            found = zip(store.utterances, store.keys, store.statuses, strict=True)
            return {u: (k, s) for u, k, s in found}, ""
    except StoreError as error:
        return {}, str(error)


def _prepare(params: Params, name: str) -> Counts:
    path = CorpusPaths(name).utterances
    there = path.exists()
    try:
        fresh = there and current(params, name)
        made = machine_made(read_utterances(path, "")) if there else ""
    except UserError as error:
        return Counts(name, "prepare", 1, 0, 0, 0, int(there), f"waits: {error}")
    return Counts(name, "prepare", 1, int(fresh), 0, 0, int(there and not fresh), made)


def _file(name: str, stage: str, path: Path, stale: str) -> Counts:
    """Count a stage that writes one file as a single clip; `stale` says why the file is out of date, or is empty."""
    there = path.exists()
    return Counts(name, stage, 1, int(there and not stale), 0, 0, int(there and bool(stale)), stale if there else "")


def _fault(check: Callable[[Params, str], object], params: Params, name: str) -> str:
    try:
        check(params, name)
    except (UserError, StoreError) as error:
        return str(error)
    return ""


def _train(params: Params, name: str) -> Counts:
    try:
        record = read_record(name)
        if record is None:
            return Counts(name, "train", 1, 0, 0, 0, 0)
        require_all_there(CorpusPaths(name).results / TRAINED)
        require_features(params, name)
        fresh = record.inputs == inputs_of(params, name)
    except (UserError, StoreError) as error:
        return Counts(name, "train", 1, 0, 0, 0, 1, f"waits: {error}")
    return Counts(name, "train", 1, int(fresh), 0, 0, int(not fresh))
