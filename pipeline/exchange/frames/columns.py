"""Find the columns of a table of frames that hold the time, the face, the confidence and the features.

Each tool has its own names for these columns: OpenFace 2 (Baltrusaitis et al. 2018) and 3 (Hu et al. 2025), py-feat
(Cheong et al. 2023), LibreFace (Chang et al. 2024). Names of features are case-sensitive, since OpenFace has both
``x_0`` and ``X_0``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from common.names import repeated, suggest
from pipeline.errors import UserError
from pipeline.tables.rules import folded

# The usual names of each column, compared case-insensitively.
USUAL: Mapping[str, tuple[str, ...]] = {
    "time": ("timestamp", "time", "time_s", "timestamp_ms", "time_ms", "frame_time_in_ms", "approx_time"),
    "frame": ("frame", "frame_idx", "frame_index", "frame_number"),
    "confidence": ("confidence", "facescore", "face_score"),
    "face": ("face_id", "identity", "person_id", "track_id"),
    "success": ("success",),
    "source": ("input", "video_path"),
}
KNOWN = tuple(name for names in USUAL.values() for name in names)
RECORDING: Literal["recording"] = "recording"  # value of `fps`: take the times of frames from the recording
# Columns that are features only if `prefixes` names them: boxes of faces, and an index that pandas wrote.
UNASKED = ("FaceRect*", "face_detection*", "Unnamed:*")


@dataclass(frozen=True)
class FrameOptions:
    """Options for reading tables of frames.

    Attributes
    ----------
    time
        The column of times or, if `fps` is given, of frame numbers. If empty, the first of the `USUAL` names that the
        table has.
    unit
        The unit of the times. If empty, it is milliseconds if the column's name ends in ``ms`` and the times do not
        contradict this; otherwise seconds.
    fps
        Frames per second. Times are computed from this and the frame numbers. `RECORDING` takes the time of each frame
        from the recording itself. None reads the column of times.
    prefixes
        How the names of feature columns begin; ``*`` stands for any characters. If empty, the features are all columns
        of numbers that have no other role and do not match `UNASKED`.
    confidence
        The column of the confidence that the tool gave each frame. If empty, the first of the `USUAL` names that the
        table has.
    min_confidence
        A frame with a lower confidence counts as failed.
    face
        The column of face ids, for tables in which a frame may show several faces. If empty, the first of the `USUAL`
        names that the table has.
    match
        A regular expression whose only group is the part that the names of a table and its recording have in common.
    """

    time: str = ""
    unit: Literal["", "s", "ms"] = ""
    fps: float | Literal["recording"] | None = None
    prefixes: tuple[str, ...] = ()
    confidence: str = ""
    min_confidence: float = 0.5
    face: str = ""
    match: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """The names of columns in the options `time`, `confidence` and `face`."""
        return tuple(name for name in (self.time, self.confidence, self.face) if name)


@dataclass(frozen=True)
class Roles:
    """The positions of a table's columns; None for a column that the table lacks or that is not read.

    Attributes
    ----------
    time, frame, confidence, face
        The columns of the time, the frame number, the tool's confidence and the id of the face.
    success
        The column that says whether a face was found.
    source
        The column that names the video file from which the row was computed.
    features
        The columns that may be features, in the order of the table; columns of text are dropped later.
    """

    time: int | None = None
    frame: int | None = None
    confidence: int | None = None
    face: int | None = None
    success: int | None = None
    source: int | None = None
    features: tuple[int, ...] = field(default=())


def roles_of(path: Path, header: Sequence[str], options: FrameOptions) -> Roles:
    """Find the role of each column of a table.

    Raises
    ------
    UserError
        If a column that an option names is missing, if no column gives the time, if no column can be a feature, or if
        two feature columns have the same name.
    """
    found = {role: _position(header, names) for role, names in USUAL.items()}
    for role in ("confidence", "face"):
        if asked := getattr(options, role):
            found[role] = _asked(path, header, asked, f"--{role}")
    clock = "frame" if options.fps else "time"
    if options.time:
        found[clock] = _asked(path, header, options.time, "--time")
    if options.fps:
        found["time"] = None
    if found[clock] is None:
        raise UserError(_no_clock(path, header, found, options))
    return Roles(**found, features=_features(path, header, options, {at for at in found.values() if at is not None}))


def _position(header: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the position of the first of `names` that is in the header, ignoring case; None if none of them is."""
    places = {folded(name): at for at, name in reversed(list(enumerate(header)))}
    return next((places[name] for name in names if name in places), None)


def _asked(path: Path, header: Sequence[str], name: str, option: str) -> int:
    at = header.index(name) if name in header else _position(header, [folded(name)])
    if at is None:
        raise UserError(f"{option}: {path} has no column {name!r}; {suggest(name, header)}")
    return at


def _no_clock(path: Path, header: Sequence[str], found: Mapping[str, int | None], options: FrameOptions) -> str:
    if options.fps:
        return f"{path} has no column of frame numbers (looked for {', '.join(USUAL['frame'])}): name it with --time"
    numbers = found["frame"]
    if numbers is not None:
        return (
            f"{path} has no column of times, only one of frame numbers ({header[numbers]}): give --fps (a number, or "
            "recording), or name a column of times with --time"
        )
    return (
        f"{path} has no column of times (looked for {', '.join(USUAL['time'])}): name it with --time; "
        f"{suggest('', header)}"
    )


def _features(path: Path, header: Sequence[str], options: FrameOptions, taken: set[int]) -> tuple[int, ...]:
    free = [at for at, name in enumerate(header) if name and at not in taken]
    if options.prefixes:
        for prefix in options.prefixes:
            if not any(fnmatchcase(header[at], f"{prefix}*") for at in free):
                meant = _beginnings([header[at] for at in free], prefix)
                raise UserError(f"--prefix: no column of {path} begins with {prefix!r}; {meant}")
        free = [at for at in free if any(fnmatchcase(header[at], f"{prefix}*") for prefix in options.prefixes)]
    else:
        known = {*KNOWN, *map(folded, options.named)}
        free = [at for at in free if folded(header[at]) not in known]
        free = [at for at in free if not any(fnmatchcase(header[at], pattern) for pattern in UNASKED)]
    names = [header[at] for at in free]
    if twice := repeated(names):
        raise UserError(f"{path} has the column {twice!r} twice: rename one")
    if not names:
        raise UserError(f"{path} has no feature columns, only {', '.join(filter(None, header))}: choose another table")
    return tuple(free)


def _beginnings(names: Sequence[str], wrong: str) -> str:
    """Return the end of a message that lists how column names begin, and the beginning that was probably meant."""
    known = list(dict.fromkeys(re.sub(r"(?<=.)[\d_].*", "", name) for name in names))
    near = next((name for name in known if folded(name) == folded(wrong)), "")
    return f"did you mean {near!r}? Available: {', '.join(known)}" if near else suggest(wrong, known)
