"""Match the column names of a file to ours: names in a different spelling, and similar names that may mean ours."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from common.names import MISTYPED, closest
from pipeline.errors import UserError
from pipeline.tables.column_words import stands_for
from pipeline.tables.rules import folded, trimmed

TIMES = ("start", "end", "sound_start")


def column_names(header: Sequence[str], ours: Collection[str], named: Collection[str], place: str) -> list[str]:
    """Return the name that is used for each column of a file.

    Spaces around names are removed. A name that settings or options require gets their spelling, and one of ours gets
    our spelling (``Start`` becomes ``start``). All other names stay as they are.

    Parameters
    ----------
    header
        The names in the file.
    ours
        Names that the reader knows.
    named
        Names that settings or options require.
    place
        The file, for messages.

    Raises
    ------
    UserError
        If two columns have the same name, or both match the same name in `named` or `ours`.

    Examples
    --------
    >>> column_names([" Start", "EMOTION", "Age"], {"start"}, ["Emotion"], "m.csv")
    ['start', 'Emotion', 'Age']
    """
    names = [trimmed(name) for name in header]
    keys = [folded(name) for name in names]
    reserved = {*named, *ours}
    for name in dict.fromkeys((*(n for n in named if n), *ours)):
        if name in names:
            continue
        same = [i for i, key in enumerate(keys) if key == folded(name) and names[i] not in reserved]
        if len(same) > 1:
            raise UserError(f"{place} has the columns {_both(names, same)}, and each could be {name!r}: rename one")
        for i in same:
            names[i] = name
    doubled = [name for name, count in Counter(names).items() if name and count > 1]
    if doubled:
        raise UserError(f"{place} has the column {doubled[0]!r} twice: remove one")
    return names


def _both(names: Sequence[str], places: Iterable[int]) -> str:
    return " and ".join(repr(names[i]) for i in places)


def nearly_ours(names: Iterable[str], ours: Collection[str], named: Collection[str] = ()) -> dict[str, str]:
    """Return each column that is probably one of ours under a different name, mapped to our name.

    Only columns of ours that are missing in `names` are considered.

    Parameters
    ----------
    names
        The column names that `column_names` returned.
    ours
        Names that the reader knows.
    named
        Names that settings or options require; their meaning is known, so they are never reinterpreted.

    Examples
    --------
    >>> nearly_ours(["media", "start_time", "Begin (s)", "speaker_id", "age"], {"media", "start", "speaker"})
    {'start_time': 'start', 'Begin (s)': 'start', 'speaker_id': 'speaker'}
    """
    names = list(names)
    absent = [name for name in ours if name not in names]
    free = [name for name in names if name and name not in ours and name not in named]
    return {name: meant for name in free if (meant := _meant(name, absent))}


def _meant(name: str, absent: Sequence[str]) -> str:
    for ours in absent:
        if stands_for(name, ours):
            return ours
    return closest(folded(name), absent, MISTYPED)


def near_notices(near: Mapping[str, str]) -> list[str]:
    """Return a sentence for each column that `nearly_ours` found.

    >>> near_notices({"begin": "start"})
    ["the column 'begin' is not read; did you mean 'start' (times in seconds)? If so, rename it"]
    """
    return [
        f"the column {name!r} is not read; did you mean {ours!r}{' (times in seconds)' * (ours in TIMES)}? If so, "
        "rename it"
        for name, ours in near.items()
    ]
