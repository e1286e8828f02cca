"""Find files that killed runs left behind, only under names and in folders that this program uses.

A user's own hidden files may be next to ours, and a corpus's folder in ``data/raw`` may be a link to a user's folder.
"""

from collections.abc import Iterator
from pathlib import Path

from common.atomic import TEMPORARY, leftovers
from pipeline.settings.paths import CACHE

_RAW = Path("data/raw")
_BY_CHANCE = r"\.[0-9a-f]{16}\.partial"
_SETTINGS = rf"\..+\.ya?ml{_BY_CHANCE}"
_TABLES = rf"\.(manifest|words)\.csv{_BY_CHANCE}"
_LOCKS = r"\.[0-9a-f]{24}\.lock"
_SCRATCH = r"\.(predict|show)-([0-9a-f]{16}|[a-z0-9_]{8})"
# Earlier versions used the number of the process instead of random digits, or nothing.
_CACHED = rf"{TEMPORARY}|\.hashes\.json\.\d+|\.\w+\.clip\.\d+"
_MADE = rf"{TEMPORARY}|{_SCRATCH}|\.[\w.+-]+\.h5\.partial"


def left_by_killed_runs() -> Iterator[Path]:
    """Yield the temporary files and folders below this working directory that no process holds."""
    yield from leftovers(Path(), _SETTINGS, deep=False)
    yield from leftovers(CACHE, _CACHED)
    yield from leftovers(CACHE / "locks", _LOCKS, deep=False)
    yield from leftovers(Path("data/work"), _MADE)
    yield from leftovers(Path("results"))
    for folder in sorted(_RAW.iterdir()) if _RAW.is_dir() and not _RAW.is_symlink() else ():
        if folder.is_dir() and not folder.is_symlink():
            yield from leftovers(folder, _TABLES, deep=False)
