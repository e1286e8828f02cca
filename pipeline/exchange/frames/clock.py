"""Find the time of each row in a table of frames, and the rows that show the same frame.

Tools write times in different ways. OpenFace 2 writes seconds. py-feat writes whole minutes and seconds, so that frames
within a second differ only in their frame numbers. OpenFace 3 writes the time of day at which it ran. LibreFace writes
seconds into a column whose name says milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.types import TimeArray
from pipeline.errors import UserError, counted
from pipeline.exchange.frames.columns import RECORDING, FrameOptions
from pipeline.tables.rules import number_of
from pipeline.tables.times import seconds_of

FASTEST = 1000  # frames per second: if times in milliseconds would mean more, they are seconds
COARSE = 0.9  # at least this share of the frames must have different times


@dataclass(frozen=True)
class Cells:
    """The name and the unparsed cells of a column; `cells` is empty if the table has no such column."""

    name: str = ""
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class Clock:
    """The f different frames of a table with n rows, in order of time.

    Attributes
    ----------
    times
        ``(f,)`` seconds from the start of the recording.
    frame
        ``(n,)`` the index of the frame that each row shows.
    notice
        A sentence if the times were read as seconds although the column's name says milliseconds; otherwise empty.
    """

    times: TimeArray
    frame: NDArray[np.intp]
    notice: str = ""


def clock_of(
    path: Path, lines: Sequence[int], time: Cells, frame: Cells, options: FrameOptions, shown: TimeArray | None = None
) -> Clock:
    """Return the frames of a table, with the time of each.

    Parameters
    ----------
    path, lines
        The table, and the line of each of its n rows, for messages.
    time, frame
        The columns of times and of frame numbers; times are not read if the options give the frames per second.
    options
        How the table is read.
    shown
        ``(m,)`` the time in seconds at which the recording shows each of its frames; needed if `options.fps` is
        `RECORDING`.

    Raises
    ------
    UserError
        If a cell is not a time or a frame number, if a frame is not in the recording, if times decrease from one frame
        to the next, or if many frames have the same time.
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
    """Return the frame numbers. If any cell is not one, return ``[]``, or raise `UserError` if they are `needed`."""
    found = []
    for line, cell in zip(lines, frame.cells, strict=False):
        try:
            found.append(number_of(cell))
        except ValueError:
            found.append(math.nan)
        if not found[-1] >= 0:
            if needed:
                raise UserError(f"{path}:{line}: {frame.name} is {cell!r}, but must be a frame number")
            return []
    return found


def _looked_up(path: Path, lines: Sequence[int], count: TimeArray, shown: TimeArray | None) -> TimeArray:
    """Return the times at which the recording shows some frames; raise `UserError` if it lacks one of them.

    `count` holds the numbers of the frames, from 0. `shown` holds the times of all frames of the recording.
    """
    there = 0 if shown is None else len(shown)
    beyond = np.flatnonzero(count >= there)
    if shown is None or len(beyond):
        raise UserError(
            f"{path}:{lines[beyond[0]]}: frame {count[beyond[0]]:g} (counted from 0) is not in the recording of "
            f"{counted(there, 'frame')}: if the table was made from a video with a different frame rate, give "
            "this rate with --fps"
        )
    return shown[count.astype(np.intp)]


def _seconds(path: Path, line: int, time: Cells, cell: str, frame: str) -> float:
    """Return a time of a table in seconds: a number, or minutes and seconds, with or without hours.

    Any other cell raises `UserError`.

    >>> _seconds(Path(), 1, Cells("approx_time"), "01:02.5", ""), _seconds(Path(), 1, Cells("time"), "40", "")
    (62.5, 40.0)
    """
    try:
        found, why = seconds_of(cell), ""
    except ValueError as error:
        found, why = math.nan, str(error)
    if math.isnan(found):
        what = "is empty, but must be a time of the recording" if not why else f"is {cell!r}, but {why}"
        instead = f", or give --fps (a number, or the word recording) to compute times from {frame}" if frame else ""
        raise UserError(f"{path}:{line}: {time.name} {what}: correct it, or name another column with --time{instead}")
    return found


def _in_seconds(path: Path, times: TimeArray, name: str, options: FrameOptions) -> tuple[TimeArray, str]:
    """Return times converted to seconds, and ``""`` or a notice.

    The notice says that they already were in seconds, although the name of their column says milliseconds.
    """
    if (options.unit or ("ms" if name.casefold().endswith("ms") else "s")) == "s":
        return times, ""
    steps = np.diff(np.unique(times))
    if not options.unit and len(steps) and np.median(steps) < 1000 / FASTEST:
        rate = 1000 / float(np.median(steps))
        return times, (
            f"{name} of {path.name} was read as seconds: as milliseconds it would mean {rate:.0f} frames per second"
        )
    return times / 1000, ""


def _check_frames(
    path: Path, lines: Sequence[int], numbers: TimeArray, times: TimeArray, names: tuple[str, str]
) -> None:
    """Raise `UserError` if times decrease while frame numbers increase, or if times are too coarse.

    They are too coarse if there are fewer than `COARSE` different times per frame number.
    """
    time, frame = names
    order = np.argsort(numbers, kind="stable")
    back = np.flatnonzero(np.diff(times[order]) < 0)
    if len(back):
        before, at = order[back[0]], order[back[0] + 1]
        raise UserError(
            f"{path}:{lines[at]}: {time} goes back from {times[before]:g} to {times[at]:g} s, while {frame} increases: "
            "write one table per recording, or give the frames per second with --fps"
        )
    distinct, frames = len(np.unique(times)), len(np.unique(numbers))
    if distinct < COARSE * frames:
        raise UserError(
            f"{path}: {time} has only {counted(distinct, 'different time')} for {frames} frames: give --fps (a number, "
            f"or the word recording) to compute times from {frame}"
        )
