"""Tables of frames that other tools wrote, one per recording: their columns, and which rows belong to an utterance.

For example OpenFace (Baltrusaitis et al. 2018), py-feat (Cheong et al. 2023) and LibreFace (Chang et al. 2024). A row
belongs to an utterance by its time alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.names import suggest
from features.types import FloatArray, TimeArray
from pipeline.errors import UserError
from pipeline.tables.csv_files import records

TIMES = ("timestamp", "time", "time_s", "approx_time", "frame_time_in_ms", "time_ms")
CONFIDENCES = ("confidence", "FaceScore", "face_score", "score")
SUCCESS = "success"  # OpenFace: 0 where the tracker lost the face
NOT_FEATURES = ("frame", "frame_idx", "face_id", SUCCESS, "input", "FaceRect*", *TIMES, *CONFIDENCES)


@dataclass(frozen=True)
class FrameColumns:
    """Which columns mean what.

    Attributes
    ----------
    time
        The column of times, in seconds, ``minutes:seconds``, or milliseconds if its name ends in ``ms``; empty: one of
        `TIMES`.
    prefixes
        What the names of features begin with; empty: every other column of numbers is one.
    confidence
        The column of the tracker's confidence; empty: one of `CONFIDENCES` if there is one.
    least
        Frames of less confidence are left out.
    """

    time: str = ""
    prefixes: tuple[str, ...] = ()
    confidence: str = ""
    least: float = 0.5


@dataclass(frozen=True)
class Track:
    """The frames of one recording, in order of time.

    Attributes
    ----------
    names
        Of the d features.
    times
        ``(n,)`` seconds of the recording.
    values
        ``(n, d)``; NaN where the table has no number.
    kept
        ``(n,)`` whether the tracker found the face: no failed, unsure or empty row.
    """

    names: tuple[str, ...]
    times: TimeArray
    values: FloatArray
    kept: NDArray[np.bool_]


def read_track(path: Path, columns: FrameColumns) -> Track:
    """Read a table of frames.

    Of several rows at one time (several faces) that of the highest confidence counts.

    Raises
    ------
    UserError
        If it is no CSV, a column that is asked for is missing, a time is none, or there are no features.
    """
    rows = records(path, ())
    _, header = next(rows, (0, []))
    there = [name.strip() for name in header]
    lines, cells = [], []
    for line, row in rows:
        if any(row):
            lines.append(line)
            cells.append(dict(zip(there, [*row, *[""] * len(there)], strict=False)))
    if not cells:
        raise UserError(f"{path} holds no frames: get the table again")
    time = _one_of(path, there, columns.time, TIMES, "time")
    times = np.array([_seconds(row[time], time, path, line) for line, row in zip(lines, cells, strict=True)])
    sure = _confidence(path, there, columns, cells)
    names, values = _features(path, there, columns, cells, (time, columns.confidence))
    kept = (sure >= columns.least) & np.isfinite(values).any(axis=1)
    if SUCCESS in there:
        kept &= _numbers(cells, SUCCESS) != 0
    order = np.lexsort((-np.where(kept, sure, -1.0), times))
    order = order[np.diff(times[order], prepend=-np.inf) > 0]
    return Track(names, times[order], values[order], kept[order])


def rows_of(track: Track, start: float, end: float) -> tuple[FloatArray, TimeArray, int]:
    """Return the rows of an utterance, their times from its start, and how many of its rows were left out.

    Parameters
    ----------
    track
        Of its recording.
    start, end
        Of the utterance in seconds of the recording; a row at `start` is in it, one at `end` is not.

    Returns
    -------
    ``(rows, d)``, ``(rows, 2)`` and a count. A row lasts to the next frame's time, no longer than frames usually do.
    """
    inside = (track.times >= start - 1e-6) & (track.times < end - 1e-6)
    usual = float(np.median(np.diff(track.times))) if len(track.times) > 1 else 0.0
    ends = np.minimum(np.append(track.times[1:], np.inf), track.times + usual)
    rows = inside & track.kept
    times = np.stack([track.times[rows], np.minimum(ends[rows], end)], axis=1) - start
    return track.values[rows], times, int((inside & ~track.kept).sum())


def _one_of(path: Path, there: Sequence[str], asked: str, usual: Sequence[str], what: str) -> str:
    if asked and asked not in there:
        raise UserError(f"--{what}: {path} has no column {asked!r}; {suggest(asked, there)}")
    found = asked or next((name for name in usual if name in there), "")
    if not found:
        raise UserError(f"{path} has no column of {what}s ({', '.join(usual)}): name it with --{what}")
    return found


def _seconds(cell: str, name: str, path: Path, line: int) -> float:
    """Return a time in seconds.

    >>> _seconds("01:02.5", "approx_time", Path(), 1), _seconds("40", "frame_time_in_ms", Path(), 1)
    (62.5, 0.04)
    """
    try:
        minutes, _, seconds = cell.rpartition(":")
        found = 60 * float(minutes or 0) + float(seconds)
    except ValueError:
        found = float("nan")
    if not np.isfinite(found):
        raise UserError(f"{path}:{line}: {name} is {cell!r}, but must be a time in seconds")
    return found / 1000 if name.lower().endswith("ms") else found


def _confidence(
    path: Path, there: Sequence[str], columns: FrameColumns, cells: Sequence[Mapping[str, str]]
) -> NDArray[np.float64]:
    if not columns.confidence and not any(name in there for name in CONFIDENCES):
        return np.ones(len(cells))
    found = _numbers(cells, _one_of(path, there, columns.confidence, CONFIDENCES, "confidence"))
    return np.where(np.isfinite(found), found, -1.0)


def _features(
    path: Path,
    there: Sequence[str],
    columns: FrameColumns,
    cells: Sequence[Mapping[str, str]],
    others: Sequence[str],
) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names and the numbers of all columns that are features."""
    chosen = [
        name
        for name in there
        if name
        and name not in others
        and not any(fnmatchcase(name, pattern) for pattern in NOT_FEATURES)
        and (not columns.prefixes or name.startswith(columns.prefixes))
    ]
    numbers = {name: _numbers(cells, name) for name in chosen}
    filled = {n: any(row[n] not in ("", "nan", "NaN") for row in cells) for n in chosen}
    names = tuple(n for n in chosen if np.isfinite(numbers[n]).any() or not filled[n])
    if not names:
        asked = f" that begin with {' or '.join(columns.prefixes)}" if columns.prefixes else ""
        raise UserError(
            f"{path} has no columns of numbers{asked}: name others with --prefix; there are {', '.join(there)}"
        )
    return names, np.stack([numbers[name] for name in names], axis=1).astype(np.float32)


def _numbers(cells: Sequence[Mapping[str, str]], name: str) -> NDArray[np.float64]:
    """Return a column; NaN for what is no finite number."""
    return np.array([_number(row[name]) for row in cells])


def _number(cell: str) -> float:
    try:
        found = float(cell)
    except ValueError:
        return float("nan")
    return found if np.isfinite(found) else float("nan")
