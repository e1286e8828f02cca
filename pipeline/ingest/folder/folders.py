"""Read speakers, labels and splits from the names of folders, if the names on all levels can be understood."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from pipeline.ingest.folder.columns import repeats
from pipeline.tables.rules import folded
from pipeline.tables.splits import meanings

LABEL = "label"
_PERSON = re.compile(
    r"(?:actor|actress|female|id|informant|male|p|part|participant|pat|patient|person|s|sp|speaker|spk|spkr|sub|subj"
    r"|subject|talker|user|vp|f|m)?[ _-]*\d+[a-z]?"
)


def folder_columns(places: Sequence[PurePosixPath]) -> dict[str, list[str]]:
    """Return the columns that the folders give (``speaker``, ``split`` or ``label``), with a cell for each path.

    If the paths differ in depth, there are no columns. Folders that all recordings share are ignored. Each other level
    must consist of numbered people (``s1``, ``Actor_02``), of train and test, or of few names that repeat; otherwise no
    level is used.

    Examples
    --------
    >>> folder_columns([PurePosixPath(f"s{i}/{mood}/{i}.wav") for i in range(2) for mood in ("joy", "fear")])
    {'speaker': ['s0', 's0', 's1', 's1'], 'label': ['joy', 'fear', 'joy', 'fear']}
    """
    if len({len(place.parts) for place in places}) != 1:
        return {}
    levels = list(zip(*(place.parts[:-1] for place in places), strict=True))
    found: dict[str, list[str]] = {}
    for names in (list(level) for level in levels if len({*level}) > 1):
        column = _meaning(names)
        if not column or column in found:
            return {}
        found[column] = names
    return found


def _meaning(names: Sequence[str]) -> str:
    people = [bool(_PERSON.fullmatch(folded(name))) for name in names]
    if all(people):
        return "speaker"
    meant, _ = meanings({*names}, {})
    if len(meant) == len({*names}):
        return "split"
    if any(people):
        return ""
    return LABEL if repeats(names) else ""
