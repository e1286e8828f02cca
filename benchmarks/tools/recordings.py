"""The real recordings that benchmarks run on, if they are present."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.corpora.published.grid import timed_words
from pipeline.corpora.published.ravdess import STATEMENTS

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
ABSENT = "Skipped: the recordings `{}` are missing (expected in `shared/data` next to the repository)."

# Bytes that players skip, with a number in them: a `free` box of MP4, a padding packet of an MPEG program stream.
PADDING = {".mp4": b"\x00\x00\x00\x10free%08d", ".mpg": b"\x00\x00\x01\xbe\x00\x08%08d"}

Word = tuple[str, float, float]


@dataclass(frozen=True)
class Recording:
    """A clip that is one utterance: its file, its text, and its words with times."""

    name: str
    path: Path
    text: str
    words: tuple[Word, ...] = ()


def grid(count: int) -> list[Recording]:
    """Return up to `count` clips of GRID's first speaker: 3 s, 360x288, 25 frames per second, with timed words."""
    return [grid_recording(path) for path in sorted((DATA / "grid" / "s1").glob("*.mpg"))[:count]]


def ravdess(count: int) -> list[Recording]:
    """Return up to `count` of RAVDESS's audio-visual clips: 3 to 4 s, 1280x720, 30 frames per second."""
    paths = sorted((DATA / "ravdess" / "av").glob("*.mp4"))[:count]
    return [Recording(path.stem, path, _statement(path)) for path in paths]


def speech(count: int) -> list[Recording]:
    """Return up to `count` of RAVDESS's speech files: 3 to 5 s of sound at 16 kHz."""
    paths = sorted((DATA / "ravdess" / "speech").glob("*.flac"))[:count]
    return [Recording(path.stem, path, _statement(path)) for path in paths]


SETS = {"ravdess": ravdess, "grid": grid}


def multiplied(recordings: Sequence[Recording], count: int, folder: Path) -> list[Recording]:
    """Return `count` recordings: the given ones, then copies of them, each with a different content hash."""
    made = list(recordings[:count])
    while len(made) < count:
        made.append(_copy(recordings[len(made) % len(recordings)], len(made), folder))
    return made


def _copy(recording: Recording, number: int, folder: Path) -> Recording:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recording.name}-{number}{recording.path.suffix}"
    shutil.copyfile(recording.path, path)
    with path.open("ab") as file:
        file.write(PADDING[path.suffix] % number)
    return replace(recording, name=path.stem, path=path)


def grid_recording(path: Path) -> Recording:
    """Return a GRID clip with the words of the .align file next to it."""
    words = tuple(timed_words(path.with_suffix(".align"), []))
    return Recording(path.stem, path, " ".join(word for word, _, _ in words), words)


def _statement(path: Path) -> str:
    return STATEMENTS[path.stem.split("-")[4]]
