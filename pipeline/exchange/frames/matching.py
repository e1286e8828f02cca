"""Tables of frames matched to recordings by their names, folders included where those distinguish recordings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pipeline.errors import UserError
from pipeline.tables.rules import folded

SUFFIXES = (".csv", ".tsv")


def tables_in(path: Path) -> dict[str, Path]:
    """Return the tables of a folder and the folders in it, by their path in it; or the one table that `path` is.

    Raises
    ------
    UserError
        If there are none.
    """
    if path.is_file():
        return {path.name: path}
    found = sorted(f for f in path.rglob("*") if f.suffix.lower() in SUFFIXES and not f.name.startswith("."))
    if not found:
        raise UserError(
            f"{path} holds no table of frames ({' or '.join(SUFFIXES)}): name the folder that the tool wrote to"
        )
    return {file.relative_to(path).as_posix(): file for file in found}


def matched(
    recordings: Mapping[str, str], tables: Mapping[str, Path], match: str, places: tuple[str, Path]
) -> dict[str, Path]:
    """Return the table of each recording that has one.

    A table belongs to a recording if its path ends with the recording's name, or the name of its media file, in any
    case. So ``s1/clip.csv`` and ``clip.mp4.csv`` are tables of ``clip``, and of ``s1/clip`` only the first.

    Parameters
    ----------
    recordings
        Name of a recording -> its media file, or ``""``.
    tables
        What `tables_in` returns.
    match
        A regular expression with one group: the part of a name, without folder and suffix, that is equal.
    places
        The corpus and the folder, for messages.

    Raises
    ------
    UserError
        If no table belongs to a recording, or several belong to one.
    """
    pattern = _pattern(match)
    keys = {name: _parts(PurePosixPath(name).with_suffix(""), pattern) for name in tables}
    ends: dict[tuple[str, ...], list[str]] = {}
    for name, parts in keys.items():
        for start in range(len(parts)):
            ends.setdefault(parts[start:], []).append(name)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for recording in sorted(recordings, key=lambda one: -one.count("/")):  # the longest name first
        there = [name for name in _candidates(recording, recordings[recording], ends, pattern) if name not in taken]
        same = [name for name in there if PurePosixPath(name).with_suffix("").as_posix().endswith(recording)]
        there = same if len(same) == 1 else there  # recordings whose names differ only in case
        if len(there) > 1:
            raise UserError(f"{' and '.join(there[:2])} are both tables of the recording {recording}: keep one of them")
        if there:
            found[recording] = there[0]
            taken.add(there[0])
    if not found:
        raise UserError(_nothing(recordings, tables, places))
    return {recording: tables[found[recording]] for recording in recordings if recording in found}


def _pattern(match: str) -> re.Pattern[str] | None:
    try:
        pattern = re.compile(match) if match else None
    except re.error as error:
        raise UserError(f"--match {match!r} is not a regular expression: {error}") from None
    if pattern is not None and pattern.groups != 1:
        raise UserError(f"--match {match!r} must have one group in parentheses, as in '(.+)_openface'")
    return pattern


def _parts(path: PurePosixPath, pattern: re.Pattern[str] | None) -> tuple[str, ...]:
    """Return the folders and the name of a path as they are compared; none if the name does not match the pattern."""
    *folders, name = map(folded, path.parts)
    if pattern:
        hit = pattern.fullmatch(path.name)
        return (*folders, folded(hit[1])) if hit and hit[1] else ()
    return (*folders, name)


def _candidates(
    recording: str, media: str, ends: Mapping[tuple[str, ...], Sequence[str]], pattern: re.Pattern[str] | None
) -> list[str]:
    """Return the tables whose paths end with a recording's name or with that of its media file."""
    name = PurePosixPath(recording)
    spelled = [name, *([name.with_name(Path(media).name)] if media else [])]
    keys = dict.fromkeys(_parts(one, pattern) for one in spelled)
    if pattern:  # a pattern for the names of tables only leaves those of recordings as they are
        keys |= dict.fromkeys(_parts(one, None) for one in spelled)
    return list(dict.fromkeys(table for key in keys if key for table in ends.get(key, ())))


def _nothing(recordings: Iterable[str], tables: Mapping[str, Path], places: tuple[str, Path]) -> str:
    """Return the message that no table belongs to a recording, with the option by which it may."""
    name, path = places
    there = PurePosixPath(next(iter(tables)))
    message = (
        f"no table of {path} (such as {there}) is named like a recording of {name} (such as "
        f"{next(iter(recordings), 'none')})"
    )
    stem = there.stem
    held = max((r for r in recordings if r and folded(r) in folded(stem)), key=len, default="")
    around = re.split(re.escape(held), stem, maxsplit=1, flags=re.IGNORECASE) if held else []
    if len(around) == 2:
        return f"{message}: give the part that is equal with --match '{'(.+)'.join(map(re.escape, around))}'"
    return f"{message}: name the tables like the recordings, or give the part that is equal with --match"
