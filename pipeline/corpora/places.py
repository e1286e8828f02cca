"""Find out which recording each row belongs to, however its path is written, and which rows are duplicates."""

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.streams.spans import Region

END_S = 0.1  # an end this close to the stated length of a recording, which is inexact, counts as its end


def real_places(paths: Sequence[str], root: Path) -> list[str]:
    """Return the files that paths lead to, absolute and with links resolved; ``""`` for an empty path."""
    folders: dict[str, str] = {}
    found: dict[str, str] = {"": ""}
    for path in dict.fromkeys(paths):
        if path:
            folder, name = os.path.split(f"{root}/{path}" if not path.startswith("/") else path)
            if folder not in folders:
                folders[folder] = _real(folder)
            file = f"{folders[folder]}/{name}"
            found[path] = _real(file) if name in ("", "..") or Path(file).is_symlink() else file
    return [found[path] for path in paths]


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # no file can have such a name
        return str(Path(path).absolute())


def recordings_of(given: Sequence[str], root: Path) -> tuple[list[str], list[str]]:
    """Return two lists with one entry per path: a name made from the path, and the name of the recording.

    The name made from a path is the path without its suffix. It keeps its suffix if two paths would otherwise have the
    same name. Absolute paths are shortened to the part below the folder that they share. All paths that lead to the
    same file have the same recording, which is named after the first of these paths.

    Examples
    --------
    >>> recordings_of(["/x/s1/a.mp4", "/x/s2/a.mp4", "/x/s2/b.wav", "/x/s1/../s2/b.wav"], Path("/x"))[1]
    ['s1/a', 's2/a', 's2/b', 's2/b']
    """
    places = dict(zip(given, real_places(given, root), strict=True))
    plain = {path: _plain(path, places[path], root) for path in places}
    absolute = {Path(path).parent for path in plain.values() if Path(path).is_absolute()}
    common = os.path.commonpath(absolute) if absolute else ""
    short = {p: Path(p).relative_to(common).as_posix() if Path(p).is_absolute() else p for p in plain.values()}
    short = _distinct(short, {plain[path]: place for path, place in places.items()})
    bare = {s: Path(s).with_suffix("").as_posix() if Path(s).suffix else s for s in short.values()}
    alike = Counter(bare.values())
    names = {path: bare[short[p]] if alike[bare[short[p]]] == 1 else short[p] for path, p in plain.items()}
    first: dict[str, str] = {}
    for path, place in places.items():
        first.setdefault(place, names[path])
    return [names[path] for path in given], [first[places[path]] for path in given]


def _plain(path: str, place: str, root: Path) -> str:
    """Return a path without ``.`` and ``..``, or unchanged if it would then no longer lead to the file `place`."""
    plain = os.path.normpath(path)
    return plain if plain == path or real_places([plain], root) == [place] else path


def _distinct(short: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    """Return the short name of each path, or the whole path if two files would share the short name."""
    held: dict[str, set[str]] = {}
    for path, name in short.items():
        held.setdefault(name, set()).add(places[path])
    return {path: name if len(held[name]) == 1 else path for path, name in short.items()}


def parts_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that describes the part of a recording that each row covers; equal parts are equal rows.

    Parameters
    ----------
    table
        The utterances. If there is a column `duration`, an end close to it counts as the end of the recording.
    """
    sound = table["sound"].where(table["sound"] != "", table["media"])
    end = table["end"].astype(float)
    if "duration" in table:
        length = pd.to_numeric(table["duration"], errors="coerce")
        end = end.mask((end - length).abs() <= END_S, length)
    parts: dict[str, Any] = {
        "media": real_places(table["media"].tolist(), Path()),
        "start": table["start"].astype(float).fillna(0.0),
        "end": end,
        "region": [_region(cell) for cell in table["region"]],
        "sound": real_places(sound.tolist(), Path()),
        "sound_start": table["sound_start"].astype(float).fillna(0.0).where(table["sound"] != ""),
        **{name: table[name].str.casefold() for name in ("audio_track", "audio_channel", "video_track")},
    }
    return pd.DataFrame(parts, index=table.index)


def _region(cell: str) -> str:
    try:
        return str(Region.parse(cell or "0 0 1 1"))
    except ValueError:
        return cell


def repeated(table: pd.DataFrame) -> pd.Series:
    """Return a mask of the rows that cover the same part of a recording as an earlier row.

    Rows without a recording, and rows whose start equals their end, do not count.
    """
    return parts_of(table).duplicated() & (table["media"] != "") & (table["start"] != table["end"])


def same_parts(table: pd.DataFrame, again: pd.Series) -> str:
    """Return a sentence about the rows that cover the same part of a recording as an earlier row; ``""`` if none do.

    Parameters
    ----------
    table
        The utterances.
    again
        Mask of the repeated rows, as `repeated` returns it.
    """
    if not again.any():
        return ""
    parts, at, count = parts_of(table), again.idxmax(), int(again.sum())
    first = parts.index[(parts.fillna(-1.0) == parts.loc[at].fillna(-1.0)).all(axis=1)][0]
    row = table.loc[at]
    end = "its end" if math.isnan(row["end"]) else f"{row['end']:g} s"
    return (
        f"{count} {'rows cover' if count > 1 else 'row covers'} the same part of a recording as an earlier row, such "
        f"as lines {table.at[first, 'line']} and {row['line']}, {row['media']} from {row['start']:g} s to {end}"
    )
