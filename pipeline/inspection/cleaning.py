"""What `cache gc` deletes: cached clips that nothing uses, and the unfinished files that killed runs left."""

from dataclasses import dataclass
from pathlib import Path

from common.atomic import discard
from pipeline.inspection.overview import used_keys
from pipeline.run.cache import garbage
from pipeline.run.leftovers import left_by_killed_runs
from pipeline.settings.paths import CACHE


@dataclass(frozen=True)
class Garbage:
    """What may be deleted.

    Attributes
    ----------
    clips
        Files of the cache that no store and no fit uses.
    size
        Bytes of these.
    unfinished
        Files and folders that killed runs left.
    """

    clips: list[Path]
    size: int
    unfinished: list[Path]

    def __bool__(self) -> bool:
        return bool(self.clips or self.unfinished)

    def lines(self) -> list[str]:
        """Return what a person must know before it is deleted."""
        return [
            f"{len(self.clips)} cached files, {self.size / 1e6:.1f} MB, are used by no store under data/work",
            *(
                f"{path}{'/ with all in it' if path.is_dir() else ''} was left unfinished by a run that was killed"
                for path in self.unfinished
            ),
        ]


def found_garbage() -> Garbage:
    """Return what `cache gc` would delete."""
    clips = garbage(CACHE, used_keys())
    return Garbage(clips, sum(path.stat().st_size for path in clips), list(left_by_killed_runs()))


def clean(found: Garbage) -> str:
    """Delete it, save for what a run has taken hold of since; return what was done."""
    for path in found.clips:
        path.unlink(missing_ok=True)
    gone = sum(discard(path) for path in found.unfinished)
    freed = f"{len(found.clips)} files deleted, {found.size / 1e6:.1f} MB freed"
    kept = len(found.unfinished) - gone
    return (
        freed
        + (f"; {gone} unfinished files of runs that were killed deleted" if gone else "")
        + (f"; {kept} could not be deleted" if kept else "")
    )
