"""Match tables of frames to recordings by name, and by folder where recordings in several folders share a name."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pipeline.errors import UserError
from pipeline.tables.rules import folded

SUFFIXES = (".csv", ".tsv")
Parts = tuple[str, ...]


def tables_in(path: Path) -> dict[str, Path]:
    """Return all tables in a folder and its subfolders, keyed by relative path; or only `path` if it is a table.

    Raises
    ------
    UserError
        If there are no tables.
    """
    if path.is_file():
        return {path.name: path}
    found = sorted(f for f in path.rglob("*") if f.suffix.lower() in SUFFIXES and not f.name.startswith("."))
    if not found:
        raise UserError(
            f"{path} holds no {' or '.join(SUFFIXES)} tables of frames: give the folder that the tool wrote to"
        )
    return {file.relative_to(path).as_posix(): file for file in found}


def matched(
    recordings: Mapping[str, str], tables: Mapping[str, Path], match: str, places: tuple[str, Path]
) -> dict[str, Path]:
    """Return the table of each recording that has one.

    A table belongs to a recording if its path ends with the name of the recording or of its media file. Case is
    ignored unless names of recordings differ only in case. ``out/s1/clip.csv`` and ``s1/clip.mp4.csv`` are tables of
    ``s1/clip``; so is ``out/clip.csv``, unless there is also a recording ``s2/clip``.

    Parameters
    ----------
    recordings
        The media file of each recording (``""`` if there is none), keyed by the name of the recording.
    tables
        The tables that `tables_in` returned.
    match
        A regular expression whose only group is the part of a name (without folder and suffix) that is compared. If
        empty, whole names are compared.
    places
        The name of the corpus and the path of the folder of tables, for messages.

    Raises
    ------
    UserError
        If no table belongs to any recording, or several tables belong to one.
    """
    pattern = _pattern(match)
    ends: dict[Parts, list[str]] = {}
    for name in tables:
        for end in _ends(_parts(PurePosixPath(name).with_suffix(""), pattern)):
            ends.setdefault(end, []).append(name)
    spellings = {recording: _spellings(recording, media, pattern) for recording, media in recordings.items()}
    shared = Counter(end for keys in spellings.values() for end in {end for key in keys for end in _ends(key)})
    alike = Counter(map(folded, recordings))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for recording in sorted(recordings, key=lambda one: -one.count("/")):  # the longest name first
        there = [name for name in _candidates(spellings[recording], ends, shared) if name not in taken]
        if alike[folded(recording)] > 1:  # names of recordings differ only in case, so case is compared
            there = [n for n in there if PurePosixPath(n).with_suffix("").as_posix().endswith(recording)]
        if len(there) > 1:
            raise UserError(
                f"{' and '.join(there[:2])} are both tables of the recording {recording}: remove one of them"
            )
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


def _parts(path: PurePosixPath, pattern: re.Pattern[str] | None) -> Parts:
    """Return the folders and the name of a path, normalised for comparison; ``()`` if the name does not match."""
    *folders, name = map(folded, path.parts)
    if pattern:
        hit = pattern.fullmatch(path.name)
        return (*folders, folded(hit[1])) if hit and hit[1] else ()
    return (*folders, name)


def _ends(parts: Parts) -> list[Parts]:
    """Return the parts of a path, then the same without its first folder, without its first two, and so on.

    >>> _ends(("s1", "clip"))
    [('s1', 'clip'), ('clip',)]
    """
    return [parts[start:] for start in range(len(parts))]


def _spellings(recording: str, media: str, pattern: re.Pattern[str] | None) -> set[Parts]:
    """Return the names that a recording's table may have.

    These are the names of the recording and of its media file and, with a `pattern`, what its group finds in them.
    """
    name = PurePosixPath(recording)
    named = [name, *([name.with_name(Path(media).name)] if media else [])]
    return {_parts(one, how) for one in named for how in {pattern, None}} - {()}


def _candidates(
    spellings: Collection[Parts], ends: Mapping[Parts, Sequence[str]], shared: Mapping[Parts, int]
) -> list[str]:
    """Return the tables whose paths end with a recording's name or, if there are none, with the end of its name.

    The ends of ``a/s1/clip`` are ``s1/clip`` and ``clip``; the longest is tried first. An end is used only if no other
    recording's name ends in the same way.

    Parameters
    ----------
    spellings
        The names under which the recording may have a table, each divided at its slashes.
    ends
        The tables whose paths end in the same way, keyed by that end; a table of ``s1/clip`` is under both its ends.
    shared
        For each end of a name, how many recordings have names with this end.
    """
    for length in range(max(map(len, spellings), default=0), 0, -1):
        keys = sorted({key[-length:] for key in spellings if len(key) >= length})
        own = [key for key in keys if key in spellings or shared[key] == 1]
        if there := list(dict.fromkeys(name for key in own for name in ends.get(key, ()))):
            return there
    return []


def _nothing(recordings: Iterable[str], tables: Mapping[str, Path], places: tuple[str, Path]) -> str:
    """Return the message that no table belongs to a recording; it proposes a --match if names partly agree."""
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
        return f"{message}: give the part that both have in common with --match '{'(.+)'.join(map(re.escape, around))}'"
    return f"{message}: name the tables like the recordings, or give the part that both have in common with --match"
