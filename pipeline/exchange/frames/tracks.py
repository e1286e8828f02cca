"""Read a table of frames, and select the rows that belong to an utterance."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.types import FloatArray, TimeArray
from pipeline.errors import UserError
from pipeline.exchange.frames.clock import Cells, Clock, clock_of
from pipeline.exchange.frames.columns import KNOWN, FrameOptions, Roles, roles_of
from pipeline.exchange.frames.faces import comes_again, one_face
from pipeline.exchange.frames.numbers import Numbers
from pipeline.tables.csv_files import records
from pipeline.tables.row_names import Record
from pipeline.tables.rules import folded, is_no_label, number_of

_BLOCK = 1000  # rows that are converted to numbers at a time
FULL = 1.5  # higher confidences are percentages; fractions may exceed 1 a little
EDGE_S = 1e-6  # tolerance, since the utterance table has times in whole microseconds


@dataclass(frozen=True)
class Track:
    """A table of n rows that show the f frames of one recording.

    Attributes
    ----------
    names
        The names of the d features.
    times
        ``(f,)`` seconds from the start of the recording, in ascending order.
    frame, face, confidence, good
        ``(n,)`` for each row: the index of its frame, its face as a number, its confidence, and whether it is usable.
    values
        ``(n, d)``; NaN where the table has no number.
    crowded
        Whether any frame has several rows, such as one for each face.
    texts
        The names of the text columns, which are not features.
    notice
        A sentence on how the times were read; may be empty.
    infinite
        The number of values that are infinite or too large for float32; they count as undefined.
    """

    names: tuple[str, ...]
    times: TimeArray
    frame: NDArray[np.intp]
    face: NDArray[np.intp]
    confidence: NDArray[np.float64]
    good: NDArray[np.bool_]
    values: FloatArray
    crowded: bool
    texts: tuple[str, ...]
    notice: str
    infinite: int


def read_track(path: Path, options: FrameOptions, shown: TimeArray | None = None) -> Track:
    """Read a table of frames.

    Parameters
    ----------
    path, options
        The table, and how it is read.
    shown
        ``(m,)`` the time in seconds at which the recording shows each of its frames; needed if `options.fps` is
        `RECORDING`.

    Raises
    ------
    UserError
        If the file is not a CSV or holds no rows; if a column that an option names is missing; if there are no times or
        features; if a cell cannot be read; or if the table holds more than one recording.
    """
    rows = records(path, {*KNOWN, *options.named})
    _, header = next(rows, (0, []))
    if not header:
        raise UserError(f"{path} is empty: let the tool write it again")
    roles = roles_of(path, header, options)
    numbers = Numbers(path, [header[at] for at in roles.features])
    lines, cells = _read(path, len(header), rows, roles, numbers)
    if not lines:
        raise UserError(
            f"{path} holds no frames: let the tool write it again, or move it away if the features of its utterances "
            "should count as absent"
        )
    time, frame = _named(header, roles.time, cells), _named(header, roles.frame, cells)
    clock = clock_of(path, lines, time, frame, options, shown)
    face = _codes(cells[roles.face]) if roles.face is not None else np.zeros(len(lines), np.intp)
    _refuse_several(path, lines, clock, face, _named(header, roles.source, cells))
    names, values, texts = numbers.columns()
    if not names:
        raise UserError(
            f"{path} has no columns of numbers, only of text ({', '.join(texts)}): choose other columns with --prefix"
        )
    confidence = _confidence(path, lines, _named(header, roles.confidence, cells), options.min_confidence)
    good = (confidence >= options.min_confidence) & np.isfinite(values).any(axis=1)
    if roles.success is not None:
        good &= [_succeeded(cell) for cell in cells[roles.success]]
    crowded = len(clock.times) < len(lines)
    seen = (crowded, texts, clock.notice, numbers.infinite)
    return Track(names, clock.times, clock.frame, face, confidence, good, values, *seen)


def rows_of(track: Track, start: float, end: float) -> tuple[FloatArray, TimeArray, int]:
    """Return the usable rows of an utterance, their times, and the number of its frames that failed.

    Parameters
    ----------
    track
        The frames of the recording.
    start, end
        When the utterance starts and ends, in seconds from the start of the recording. A frame at `start` belongs to
        the utterance, a frame at `end` does not.

    Returns
    -------
    Values ``(rows, d)``; start and end of each row ``(rows, 2)``, in seconds from the utterance's start; and the number
    of frames that failed, including those that show only another face. A row lasts until the next frame, but not longer
    than the median interval between frames.
    """
    first, last = np.searchsorted(track.times, [start - EDGE_S, end - EDGE_S])
    rows = np.flatnonzero((track.frame >= first) & (track.frame < last))
    if track.crowded and len(rows):
        rows = one_face(rows, track.frame, track.face, track.confidence, track.good)
    else:
        rows = rows[np.argsort(track.frame[rows])]
    kept = rows[track.good[rows]]
    steps = np.diff(track.times)
    usual = float(np.median(steps)) if len(steps) else 0.0
    ends = np.minimum(np.append(track.times[1:], np.inf), track.times + usual)
    begun, ended = track.times[track.frame[kept]], ends[track.frame[kept]]
    times = np.stack([np.maximum(begun, start), np.minimum(ended, end)], axis=1) - start
    return track.values[kept], times, int(last - first) - len(kept)


def _read(
    path: Path, width: int, rows: Iterator[Record], roles: Roles, numbers: Numbers
) -> tuple[list[int], dict[int, list[str]]]:
    """Add the feature cells of all rows to `numbers`; return the line number of each row, and the other cells in use.

    These are the cells of the other columns in `roles` (time, frame, face, ...), keyed by column position.
    """
    kept = [
        at
        for at in (roles.time, roles.frame, roles.confidence, roles.face, roles.success, roles.source)
        if at is not None
    ]
    cells: dict[int, list[str]] = {at: [] for at in kept}
    lines: list[int] = []
    filled = ((line, row) for line, row in rows if any(row))
    while block := list(islice(filled, _BLOCK)):
        found = [_whole(path, line, row, width) for line, row in block]
        for at in cells:
            cells[at] += [row[at] for row in found]
        numbers.add([line for line, _ in block], [[row[at] for at in roles.features] for row in found])
        lines += [line for line, _ in block]
    return lines, cells


def _whole(path: Path, line: int, row: list[str], width: int) -> list[str]:
    """Return a row with one cell per column, padded with ``""``; raise `UserError` if it has more cells."""
    if any(row[width:]):
        raise UserError(
            f"{path}:{line}: the row has {len(row)} cells, but the header has {width}: write numbers with a decimal "
            "point, and quote cells that contain the delimiter"
        )
    return row if len(row) >= width else row + [""] * (width - len(row))


def _named(header: Sequence[str], at: int | None, cells: dict[int, list[str]]) -> Cells:
    return Cells() if at is None else Cells(header[at], cells[at])


def _codes(cells: Iterable[str]) -> NDArray[np.intp]:
    """Return an integer for each cell: equal cells get equal integers, numbered in order of first occurrence."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(cell, len(known)) for cell in cells], np.intp)


def _refuse_several(path: Path, lines: Sequence[int], clock: Clock, face: NDArray[np.intp], source: Cells) -> None:
    """Raise `UserError` if a table holds several recordings, or one recording several times."""
    again = comes_again(clock.frame, face)
    if again is not None:
        at = clock.times[clock.frame[again]]
        files = list(dict.fromkeys(source.cells))
        what = f" ({source.name}: {files[0]!r}, {files[1]!r})" if len(files) > 1 else ""
        raise UserError(
            f"{path}:{lines[again]}: the frame at {at:g} s occurs again after other frames"
            f"{what}: write one table per recording; if a frame shows several faces, name the column of their ids with "
            "--face"
        )


def _confidence(path: Path, lines: Sequence[int], column: Cells, least: float) -> NDArray[np.float64]:
    """Return the confidence of each row: infinite if there is no such column, -1 where a cell is empty.

    Raises
    ------
    UserError
        If a cell is not a number, or if confidences are percentages and `least` is a fraction of 1.
    """
    if not column.name:
        return np.full(len(lines), np.inf)
    found = []
    for line, cell in zip(lines, column.cells, strict=True):
        try:
            number = -1.0 if is_no_label(cell) else number_of(cell)
        except ValueError as error:
            raise UserError(f"{path}:{line}: {column.name} is {cell!r}: {error}") from None
        found.append(number)
    if 0 < least <= 1 and max(found) > FULL:
        raise UserError(
            f"{path}: {column.name} goes up to {max(found):g}, so a minimum of {least:g} cannot be on the same scale: "
            "give the minimum with --min-confidence"
        )
    return np.array(found)


def _succeeded(cell: str) -> bool:
    """Whether a cell of the column "success" says that the tool found a face.

    >>> [_succeeded(cell) for cell in ("1", "0", "0.0", "False", "")]
    [True, False, False, False, False]
    """
    return not is_no_label(cell) and folded(cell) not in ("0", "0.0", "false", "no")
