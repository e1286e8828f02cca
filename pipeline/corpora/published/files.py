"""Helpers shared by the readers of published corpora: table rows, label files, folders of recordings, `.csd` files."""

import csv
import io
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from pipeline.corpora.utterances import COLUMNS, WORD_COLUMNS
from pipeline.errors import UserError, refuse_pipe
from pipeline.foreign import child, open_hdf5
from pipeline.settings.blocks import CorpusParams
from pipeline.tables.intervals import interval_of
from pipeline.tables.rules import number_of

PICTURES = (".mp4", ".avi", ".mov", ".mkv", ".webm")
SOUNDS = (".wav", ".flac")
STRAY = "._"  # prefix of files that macOS adds next to the real ones on foreign disks

EARLIEST_S = -0.5  # some labels start this long before their recording; anything earlier is a mistake

Bad = Callable[[str], None]  # function that reports what is wrong with a row


def wants_media(corpus: CorpusParams) -> bool:
    """Return whether audio or video is one of a corpus's modalities, so that its recordings are needed."""
    return bool({"audio", "video"} & set(corpus.modalities))


def check_label(title: str, corpus: CorpusParams, labels: Iterable[str]) -> None:
    """Raise `UserError` if the settings name a label column that the corpus does not have; an empty name is allowed."""
    known = list(labels)
    if corpus.label and corpus.label not in known:
        raise UserError(f"{title} has no label column {corpus.label!r}; {suggest(corpus.label, known)}")


def utterance_row(**cells: Any) -> dict[str, Any]:
    """Return a row of the utterance table; cells that are not given are empty or NaN, or 0 for `start` and `line`."""
    empty = {name: math.nan if kind == "number" else "" for name, kind in COLUMNS.items()}
    return empty | {"start": 0.0, "line": 0} | cells


def word_table(words: Iterable[tuple[str, str, float, float]]) -> pd.DataFrame:
    """Return timed words (utterance, word, start, end) as a table."""
    return pd.DataFrame(list(words), columns=list(WORD_COLUMNS))


def number(cell: str, name: str, low: float, high: float, bad: Bad) -> float:
    """Return a cell as a number from `low` to `high`; if it is not one, report it as bad and return NaN."""
    try:
        value = number_of(cell)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        limits = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        bad(f"{name} is {cell!r}, but must be a number {limits}")
        return math.nan
    return value


def interval(start: float, end: float, bad: Bad, odd: Bad) -> tuple[float, float]:
    """Return the start and end of an utterance in seconds, as corrected by `interval_of`.

    An end before the start is reported to `bad`, and a negative start or a zero length to `odd`. If a time is NaN,
    because it is unknown or was reported already, both are returned unchanged.
    """
    if math.isnan(start) or math.isnan(end):
        return start, end
    if end < start:
        bad(f"end {end:g} lies before start {start:g}")
        return start, end
    found = interval_of(start, end)
    if start < 0:
        odd(found.notice)
    if found.end == found.start:
        odd(f"the interval at {found.start:g} s has no length")
    return found.start, found.end


def folders_below(root: Path, levels: int = 3) -> Iterator[Path]:
    """Yield the root and all folders up to `levels` levels below it, the nearest first, except hidden ones."""
    level = [root]
    for _ in range(levels + 1):
        yield from level
        level = [child for folder in level for child in sorted(_children(folder))]


def _children(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(e.path) for e in entries if not e.name.startswith(".") and e.is_dir()]
    except OSError:  # missing, or not readable
        return []


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file or folder below `folder`, ignoring case where the exact name does not exist.

    Parameters
    ----------
    folder
        The folder that should contain the file or folder.
    name
        Name of the file or folder, or a relative path such as ``Audio/Full``.
    """
    at = folder
    for part in name.split("/"):
        if not (at / part).exists():
            part = min((other for other in _names(at) if other.casefold() == part.casefold()), default=part)
        at = at / part
    return at


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:  # missing, or not readable
        return []


def decoded(path: Path) -> str:
    """Return the text of a label file.

    Raises
    ------
    UserError
        If it is not UTF-8; the message names the line.
    """
    refuse_pipe(path)
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}:{line}: byte 0x{raw[error.start]:02x} is not valid UTF-8: unpack the file again"
        ) from None


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers.

    >>> list(numbered("a  b" + chr(10) * 2 + "c"))
    [(1, 'a  b'), (3, 'c')]
    """
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            yield line, content.rstrip("\r")


def csv_rows(path: Path, text: str | None = None) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV that are not empty, each with the number of its last line; cells are stripped.

    Parameters
    ----------
    path
        The file.
    text
        The decoded content of the file, if it is not plain UTF-8.
    """
    reader = csv.reader(io.StringIO(decoded(path) if text is None else text, newline=""), strict=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: not a readable CSV ({error}): get the file again") from None


@dataclass(frozen=True)
class Folder:
    """A folder of recordings.

    Attributes
    ----------
    path
        The path of the folder.
    files
        The recordings, keyed by name without suffix.
    stray
        Other files, which are not part of the corpus.
    pattern
        Where a missing recording should be: its path relative to `path`, with ``{name}`` for its name.
    """

    path: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    stray: tuple[Path, ...] = ()
    pattern: str = "{name}.mp4"

    def __bool__(self) -> bool:
        return bool(self.files)

    def file(self, name: str, **parts: object) -> Path:
        """Return the path of the recording with that name or, if it is missing, the path at which it should be."""
        return self.files.get(name) or self.path / self.pattern.format(name=name, **parts)


def recordings(path: Path, suffixes: tuple[str, ...]) -> Folder:
    """Return the recordings of a folder.

    If several files differ only in suffix, only the one whose suffix comes first in `suffixes` is returned.
    """
    files, stray = files_in(path)
    found = [file for file in files if file.suffix.lower() in suffixes]
    found.sort(key=lambda file: suffixes.index(file.suffix.lower()), reverse=True)
    return Folder(path, {file.stem: file for file in found}, tuple(stray), "{name}" + suffixes[0])


def files_in(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the sorted files of a folder, and separately its stray files; both are empty for a missing folder."""
    if not path.is_dir():
        return [], []
    files = sorted(file for file in path.iterdir() if not file.is_dir())
    return [f for f in files if not f.name.startswith(STRAY)], [f for f in files if f.name.startswith(STRAY)]


@dataclass(frozen=True)
class Computed:
    """One video of a `.csd` file: `features` ``(n, k)`` and `intervals` ``(n, 2)`` in seconds."""

    features: NDArray[Any]
    intervals: NDArray[np.float64]


def read_csd(path: Path) -> dict[str, Computed]:
    """Read a computational sequence of the CMU multimodal SDK: ``<root>/data/<video>/{features,intervals}``.

    Raises
    ------
    UserError
        If the file is not HDF5, if a group is missing, if shapes disagree, or if anything in it links to another file.
    """
    with open_hdf5(path) as file:
        if not len(file):
            raise UserError(f"{path} is empty: get the .csd file again")
        data = child(path, child(path, file, next(iter(file)), dataset=False), "data", dataset=False)
        return {str(video): _video(child(path, data, video, dataset=False), path) for video in data}


def _video(group: Any, path: Path) -> Computed:
    import h5py

    features = child(path, group, "features", dataset=True)
    intervals = child(path, group, "intervals", dataset=True)
    if features.ndim < 2 or intervals.shape != (len(features), 2) or intervals.dtype.kind not in "fiu":
        shapes = f"features {features.shape} and intervals {intervals.shape}"
        raise UserError(
            f"{path}: {group.name} has {shapes}, where features (n, k) and numeric intervals (n, 2) are expected"
        )
    if features.dtype.kind not in "fiuS" and h5py.check_string_dtype(features.dtype) is None:
        raise UserError(f"{path}: {group.name}/features holds neither numbers nor words ({features.dtype})")
    return Computed(np.asarray(features[()]), np.asarray(intervals[()], np.float64))


def named_cells(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return cells keyed by column; missing cells are empty, and the key ``""`` says if there are too few or too many.

    >>> named_cells(["a", "b"], ["1"])
    {'a': '1', 'b': '', '': '1 cells instead of 2'}
    """
    named = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    return named if len(cells) == len(header) else named | {"": f"{len(cells)} cells instead of {len(header)}"}


def counts_by_split(table: pd.DataFrame, split: str, groups: str) -> dict[str, int]:
    """Return how many utterances and groups each split has, keyed like the counts of a `Description`.

    Parameters
    ----------
    table
        The utterances.
    split
        The column with the release's names of the splits.
    groups
        What the groups are called, for example ``dialogues``.
    """
    by_split = table.groupby(split)
    found = {f"{name} utterances": int(n) for name, n in by_split["utterance"].size().items()}
    return found | {f"{name} {groups}": int(n) for name, n in by_split["group"].nunique().items()}
