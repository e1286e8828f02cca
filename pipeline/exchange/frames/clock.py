"""When each row of a table of frames was filmed, and which rows are of one frame.

Tools write times in several ways: OpenFace 2 in seconds; py-feat in whole minutes and seconds, so that only the number
of the frame says when in a second it was; OpenFace 3 the time of day at which it ran; LibreFace 0.2 seconds in a column
that is named after milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.types import TimeArray
from pipeline.errors import UserError
from pipeline.exchange.frames.columns import RECORDING, FrameOptions
from pipeline.tables.rules import number_of
from pipeline.tables.times import seconds_of

FASTEST = 1000  # frames per second: times that would mean more are in another unit
COARSE = 0.9  # of all frames, this share at least must have times of their own


@dataclass(frozen=True)
class Cells:
    """A column of cells as they are written, with its name; `cells` is empty if the table has no such column."""

    name: str = ""
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class Clock:
    """The frames of a table in order of time.

    Attributes
    ----------
    times
        ``(f,)`` seconds of the recording.
    frame
        ``(n,)`` which frame each row shows.
    notice
        A sentence on how the times were read, if that is not as the column's name says.
    """

    times: TimeArray
    frame: NDArray[np.intp]
    notice: str = ""


def clock_of(
    path: Path, lines: Sequence[int], time: Cells, frame: Cells, options: FrameOptions, shown: TimeArray | None = None
) -> Clock:
    """Return when the rows of a table were filmed.

    Parameters
    ----------
    path, lines
        The table, and the line of each of its n rows, for messages.
    time, frame
        The columns of times and of numbers of frames; the first is not read if the options give the frames per second.
    options
        How the table is read.
    shown
        ``(m,)`` when the recording shows each of its frames, seconds; needed if the options ask for that.

    Raises
    ------
    UserError
        If a cell is neither a time nor a number of a frame, times go back from one frame to the next, or many frames
        share one time.
    """
    numbers = _numbers(path, lines, frame, needed=bool(options.fps))
    if options.fps:
        first = 1 if min(numbers) == 1 else 0  # OpenFace counts from 1, the others from 0
        count = np.array(numbers) - first
        times = _looked_up(path, lines, count, shown) if options.fps == RECORDING else count / options.fps
        notice = ""
    else:
        seconds = [_seconds(path, line, time, cell, frame.name) for line, cell in zip(lines, time.cells, strict=True)]
        times, notice = _in_seconds(path, np.array(seconds), time.name, options)
    found, of_frame = np.unique(np.stack([times, np.array(numbers or times)], axis=1), axis=0, return_inverse=True)
    if numbers and not options.fps and len(set(numbers)) == len(found):
        _check_frames(path, lines, np.array(numbers), times, (time.name, frame.name))
    return Clock(found[:, 0].copy(), of_frame.reshape(-1).astype(np.intp), notice)


def _numbers(path: Path, lines: Sequence[int], frame: Cells, *, needed: bool) -> list[float]:
    """Return the numbers of the frames; none if some cells are not numbers and they are not needed."""
    found = []
    for line, cell in zip(lines, frame.cells, strict=False):
        try:
            found.append(number_of(cell))
        except ValueError:
            found.append(math.nan)
        if not found[-1] >= 0:
            if needed:
                raise UserError(f"{path}:{line}: {frame.name} is {cell!r}, but must be the number of a frame")
            return []
    return found


def _looked_up(path: Path, lines: Sequence[int], count: TimeArray, shown: TimeArray | None) -> TimeArray:
    """Return when a recording shows frames of these numbers, counted from 0."""
    there = 0 if shown is None else len(shown)
    beyond = np.flatnonzero(count >= there)
    if shown is None or len(beyond):
        raise UserError(
            f"{path}:{lines[beyond[0]]}: frame {count[beyond[0]]:g} (from 0) is not in the recording, which shows "
            f"{there} frames: if the table is of a film with another rate, give its frames per second with --fps"
        )
    return shown[count.astype(np.intp)]


def _seconds(path: Path, line: int, time: Cells, cell: str, frame: str) -> float:
    """Return a time in seconds, or milliseconds if that is the unit.

    >>> _seconds(Path(), 1, Cells("approx_time"), "01:02.5", ""), _seconds(Path(), 1, Cells("time"), "40", "")
    (62.5, 40.0)
    """
    try:
        found, why = seconds_of(cell), ""
    except ValueError as error:
        found, why = math.nan, str(error)
    if math.isnan(found):
        what = "is empty, but must be a time of the recording" if not why else f"is {cell!r}, but {why}"
        instead = f", or give --fps (a number, or recording), so that times follow from {frame}" if frame else ""
        raise UserError(f"{path}:{line}: {time.name} {what}: correct it, or name another column with --time{instead}")
    return found


def _in_seconds(path: Path, times: TimeArray, name: str, options: FrameOptions) -> tuple[TimeArray, str]:
    """Return times in seconds, and a notice if the name of their column says otherwise."""
    if (options.unit or ("ms" if name.casefold().endswith("ms") else "s")) == "s":
        return times, ""
    steps = np.diff(np.unique(times))
    if not options.unit and len(steps) and np.median(steps) < 1000 / FASTEST:
        rate = 1000 / float(np.median(steps))
        return times, (
            f"{name} of {path.name} holds seconds, since as milliseconds it would mean {rate:.0f} frames per second"
        )
    return times / 1000, ""


def _check_frames(
    path: Path, lines: Sequence[int], numbers: TimeArray, times: TimeArray, names: tuple[str, str]
) -> None:
    """Raise `UserError` if times do not follow the numbers of frames: each frame is later than the one before."""
    time, frame = names
    order = np.argsort(numbers, kind="stable")
    back = np.flatnonzero(np.diff(times[order]) < 0)
    if len(back):
        before, at = order[back[0]], order[back[0] + 1]
        raise UserError(
            f"{path}:{lines[at]}: {time} goes back from {times[before]:g} to {times[at]:g} s, while {frame} goes on: "
            "write one table per recording, or give the frames per second with --fps"
        )
    distinct, frames = len(np.unique(times)), len(np.unique(numbers))
    if distinct < COARSE * frames:
        raise UserError(
            f"{path}: {time} gives only {distinct} different times to {frames} frames: give --fps (a number, or "
            f"recording), so that times follow from {frame}"
        )
