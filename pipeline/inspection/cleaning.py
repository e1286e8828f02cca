"""`crossmodal cache gc`: delete cached clips that are not used, and unfinished files of killed runs."""

from dataclasses import dataclass
from pathlib import Path

from common.atomic import discard
from features.registry import extractor_class, extractor_names
from features.store import Store, open_store
from pipeline.corpora.word_sources import MADE_WORDS
from pipeline.errors import counted
from pipeline.reporting.utterance.parts import FOLDER, KEYS, read_keys
from pipeline.run.cache import garbage
from pipeline.run.leftovers import left_by_killed_runs
from pipeline.run.streaming import LIGHT
from pipeline.settings.paths import CACHE
from pipeline.tables.bound import TABLES, of_this_version, read_record
from pipeline.training.trained import record_in


@dataclass(frozen=True)
class Garbage:
    """Files that can be deleted.

    Attributes
    ----------
    clips
        Cached files from which no file under data/work or results was made.
    size
        The total size of `clips` in bytes.
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
            f"unused in the cache: {counted(len(self.clips), 'file')} ({self.size / 1e6:.1f} MB)",
            *(
                f"{path}{'/ and everything in it' if path.is_dir() else ''}: left unfinished by a run that was killed"
                for path in self.unfinished
            ),
        ]


def found_garbage() -> Garbage:
    """Return what `cache gc` would delete."""
    clips = garbage(CACHE, used_keys())
    return Garbage(clips, sum(path.stat().st_size for path in clips), list(left_by_killed_runs()))


def used_keys() -> set[str]:
    """Return the cache keys of all clips and fits from which files under data/work and results were made.

    Raises
    ------
    StoreError
        If a store cannot be read, so that the keys that it uses are unknown.
    UserError
        If a tables.json or a train.json is damaged.
    """
    keys: set[str] = set()
    for path in Path("data/work").glob("*/*/*.h5"):
        with open_store(path) as store:
            keys.update(() if _is_light(store) else store.keys)
    for path in Path("data/work").glob(f"*/{TABLES}"):
        if of_this_version(path):
            keys.update(read_record(path).get(MADE_WORDS, {}).get("keys", []))
    for path in Path("results").glob(f"*/{FOLDER}/{KEYS}"):
        keys.update(read_keys(path))
    for path in Path("results").rglob("train.json"):
        if of_this_version(path):  # fits of other versions are never used again, since their keys depend on the code
            keys.update(record_in(path).fits)
    return keys


def _is_light(store: Store) -> bool:
    """Return whether a store was computed so quickly that the cache is not used for it.

    Earlier versions used the cache for all stores, so an old store may still name cached files.
    """
    name = store.attribute("name")
    if store.attribute("kind") == "features" and name in extractor_names():
        return extractor_class(name).light
    return store.attribute("kind") == "stream" and name in LIGHT


@dataclass(frozen=True)
class Cleaned:
    """Numbers of deleted clips, bytes and unfinished files, and of unfinished files that could not be deleted."""

    clips: int
    size: int
    unfinished: int
    kept: int

    def __str__(self) -> str:
        """Return a sentence that says how many files were deleted and how many could not be."""
        parts = [
            f"{counted(self.clips, 'file')} deleted, {self.size / 1e6:.1f} MB freed",
            f"{counted(self.unfinished, 'unfinished file')} of killed runs deleted" if self.unfinished else "",
            f"{self.kept} could not be deleted" if self.kept else "",
        ]
        return "; ".join(filter(None, parts))


def clean(found: Garbage) -> Cleaned:
    """Delete the files, except unfinished ones that another run is using by now; return what was deleted."""
    for path in found.clips:
        path.unlink(missing_ok=True)
    deleted = sum(discard(path) for path in found.unfinished)
    return Cleaned(len(found.clips), found.size, deleted, len(found.unfinished) - deleted)
