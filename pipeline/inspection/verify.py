"""`crossmodal status --verify`: read all written files, and list those that are damaged or were edited."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from features.errors import StoreError
from features.store import open_store
from models.errors import ModelError
from models.saving.saving import load
from pipeline.errors import UserError, counted
from pipeline.inference.fit import FOLDER
from pipeline.run.cache import ClipCache
from pipeline.run.ledger import read_failures
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.settings.plugins import module_names
from pipeline.tables.bound import BOUND, TABLES, TRAINED, read_record, require_named, without_record

Checked = tuple[Path, str]  # a file and its problem, which is empty if the file is intact


def verify(params: Params, names: Sequence[str]) -> Iterator[Checked]:
    """Yield every file that was read, with a sentence that says what is wrong with it, or ``""`` if nothing is.

    The files are the stores, tables, predictions, saved models and failures.csv of each corpus, and all cache entries.

    Parameters
    ----------
    params
        All settings.
    names
        The corpora to check.
    """
    trusted = module_names(params.run.plugins)
    for name in names:
        paths = CorpusPaths(name)
        for path in sorted(paths.work.glob("*/*.h5")):
            yield path, _fault_of_store(path)
        for folder in (paths.work, paths.results, *sorted(p for p in paths.results.glob("*/") if p.is_dir())):
            yield from _bound_files(folder)
        if paths.failures.exists():
            yield paths.failures, _fault(read_failures, paths.failures)
        for model in sorted((paths.results / FOLDER).glob("*/model.json")):
            yield model.parent, _fault(partial(load, trusted=trusted), model.parent)
    yield from _entries()


def _fault_of_store(path: Path) -> str:
    try:
        with open_store(path) as store:
            if not store.checked:
                return (
                    f"{path} holds features that an earlier version imported without checksums, so damage cannot be "
                    "detected: import them again"
                )
            found = list(store.damage())
    except StoreError as error:
        return str(error)
    return (
        found[0] + (f" (and {counted(len(found) - 1, 'other part')} of it)" if len(found) > 1 else "") if found else ""
    )


def _bound_files(folder: Path) -> Iterator[Checked]:
    named = set()
    for record in (folder / TABLES, folder / TRAINED):
        if not record.exists():
            continue
        fault = _fault(read_record, record)
        yield record, fault
        content = {"files": {}} if fault else read_record(record)
        for name in content["files"]:
            path = folder / name
            named.add(path)
            yield path, _fault(partial(require_named, content=content), path)
        if fault:  # the record's list of files cannot be trusted
            return
    for path in (folder / name for name in BOUND):
        if path not in named and path.exists():
            yield path, without_record(path)


def _fault(check: Callable[[Path], object], path: Path) -> str:
    try:
        check(path)
    except (UserError, ModelError) as error:
        return str(error)
    return ""


def _entries() -> Iterator[Checked]:
    for path in sorted(CACHE.glob("*/??/*.clip")):
        sound = ClipCache(CACHE, path.parents[1].name).get(path.stem) is not None
        fault = "" if sound else f"{path} is damaged: the stage that needs it will write it again"
        yield path, fault
