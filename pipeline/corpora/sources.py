"""Whether a corpus's own files are those that `prepare` read; what comes after it would not notice otherwise."""

from collections.abc import Mapping

from pipeline.corpora.gathering import SOURCES, current, label_file, sources_of
from pipeline.errors import UserError
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import TABLES, read_record


def changed_sources(params: Params, name: str) -> str:
    """Return a sentence if the manifest, or its timed words, say something else than when `prepare` read them.

    Nothing is said where they are gone: the features may have been taken elsewhere.
    """
    settings, then = params.corpus(name), _read_then(name)
    now = sources_of(settings)
    if then is None or not now or now == then or _current(params, name):
        return ""
    changed = " and ".join(sorted(file for file in {**then, **now} if then.get(file) != now.get(file)))
    return (
        f"{label_file(settings).parent}: {changed} changed since `crossmodal prepare --corpus {name}` read it: run that"
        " command again, and those after it"
    )


def _read_then(name: str) -> Mapping[str, str] | None:
    """Return what `prepare` read; None where that is not known, or whoever reads its tables will complain."""
    path = CorpusPaths(name).work / TABLES
    try:
        found = read_record(path).get(SOURCES) if path.is_file() else None
    except UserError:
        return None
    return found if isinstance(found, dict) else None


def _current(params: Params, name: str) -> bool:
    """Whether the files say the same, though their bytes changed; files that cannot be read any more do not."""
    try:
        return current(params, name)
    except UserError:
        return False
