"""What `cache gc` deletes: cached clips that are not used, and unfinished files of killed runs."""

from dataclasses import dataclass
from pathlib import Path

from common.atomic import discard
from pipeline.inspection.overview import used_keys
from pipeline.run.cache import garbage
from pipeline.run.leftovers import left_by_killed_runs
from pipeline.settings.paths import CACHE


@dataclass(frozen=True)
class Garbage:
    """Files that can be deleted.

    Attributes
    ----------
    clips
        Files of the cache that no store and no fit uses.
    size
        Their size in bytes.
    unfinished
        Unfinished files and folders of killed runs.
    """

    clips: list[Path]
    size: int
    unfinished: list[Path]

    def __bool__(self) -> bool:
        return bool(self.clips or self.unfinished)

    def lines(self) -> list[str]:
        """Return the preview shown before deletion: one line for the cached files, one per unfinished file."""
        return [
            f"{len(self.clips)} cached files ({self.size / 1e6:.1f} MB) are not used by any store under data/work",
            *(
                f"{path}{'/ and all in it' if path.is_dir() else ''}: left unfinished by a run that was killed"
                for path in self.unfinished
            ),
        ]


def found_garbage() -> Garbage:
    """Return what `cache gc` would delete."""
    clips = garbage(CACHE, used_keys())
    return Garbage(clips, sum(path.stat().st_size for path in clips), list(left_by_killed_runs()))


def clean(found: Garbage) -> str:
    """Delete the files, except those that a run has begun to use meanwhile; return what was done."""
    for path in found.clips:
        path.unlink(missing_ok=True)
    deleted = sum(discard(path) for path in found.unfinished)
    kept = len(found.unfinished) - deleted
    parts = [
        f"{len(found.clips)} files deleted, {found.size / 1e6:.1f} MB freed",
        f"{deleted} unfinished files of killed runs deleted" if deleted else "",
        f"{kept} could not be deleted" if kept else "",
    ]
    return "; ".join(filter(None, parts))
