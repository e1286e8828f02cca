"""Check from the cells of a column whether it is the column of our tables that its name suggests.

``Region``, for example, may be the part of the picture that shows the speaker, or where the speaker comes from.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.settings.streams import check_channel, check_track
from pipeline.tables.rules import folded, is_no_label

_SHARE = 0.5  # a column is the one that its name suggests only if at least this share of its filled cells fits
_TEXTS = 0.25  # a column holds sentences if at least this share of its filled cells looks like one


def _numeric(cell: str) -> bool:
    """Whether a cell begins like a number; wrong spellings (``1:30``, ``2 s``) count, as they are reported later."""
    return bool(re.match(r"[+-]?[.,]?\d", cell))


def _file(cell: str) -> bool:
    return bool(re.search(r"[/\\]|\.\w{2,5}\Z", cell) or (re.search(r"\d", cell) and not cell.isdigit()))


def _checked(check: Callable[[str], object]) -> Callable[[str], bool]:
    def looks(cell: str) -> bool:
        try:
            check(cell)
        except ValueError:
            return False
        return True

    return looks


# column -> function that says whether a cell, correct or not, looks meant for the column
_LOOKS: Mapping[str, Callable[[str], bool]] = {
    "media": _file,
    "sound": _file,
    "start": _numeric,
    "end": _numeric,
    "sound_start": _numeric,
    "order": _numeric,
    "region": _numeric,
    "audio_track": _checked(check_track),
    "video_track": _checked(check_track),
    "audio_channel": _checked(check_channel),
}
_FILES = ("media", "sound")
HOLDS: Mapping[str, str] = {
    **dict.fromkeys(_FILES, "paths of files"),
    **dict.fromkeys(("start", "end", "sound_start"), "times in seconds"),
    "order": "numbers",
    "region": "parts of a picture as 'left top right bottom'",
    **dict.fromkeys(("audio_track", "video_track"), "tracks"),
    "audio_channel": "channels such as left or right",
    "utterance": "ids",
}


def fits(column: str, cells: Iterable[str]) -> bool:
    """Whether cells look as if they were meant for `column`, a column of our tables; empty cells are ignored.

    >>> fits("region", ["north", "south"]), fits("region", ["0 0 0.5 1", ""]), fits("start", ["0:30", "1:10"])
    (False, True, True)
    >>> fits("utterance", ["Oh, no!", "I have no idea."]), fits("speaker", ["anything"])
    (False, True)
    """
    filled = [cell for cell in cells if not is_no_label(cell)]
    if column == "utterance":
        return not filled or sum(map(_sentence, filled)) < _TEXTS * len(filled)
    looks = _LOOKS.get(column)
    return looks is None or sum(map(looks, filled)) >= _SHARE * len(filled)


def other_meanings(
    columns: Mapping[str, Sequence[str]], ours: Collection[str], named: Collection[str], folder: Path
) -> dict[str, str]:
    """Return each column that has one of our names in a different spelling but holds other things, mapped to our name.

    Parameters
    ----------
    columns
        The cells of each column in the file, keyed by its name.
    ours, named
        The same as for `pipeline.tables.headers.column_names`.
    folder
        The folder that paths are relative to.

    Examples
    --------
    >>> other_meanings({"Region": ["north", "south"], "Start": ["0.5", "1"]}, ["region", "start"], [], Path())
    {'Region': 'region'}
    """
    keys = {folded(name): name for name in ours if name not in columns}
    requested = {folded(name) for name in named}
    found = {name: keys[folded(name)] for name in columns if folded(name) in keys and folded(name) not in requested}
    return {
        name: mine for name, mine in found.items() if not (fits(mine, c := columns[name]) or _files(mine, c, folder))
    }


def misused(column: str, cells: Iterable[str], folder: Path) -> str:
    """Return the first filled cell if a column has several filled cells and none fits the column; otherwise ``""``.

    The columns ``utterance`` and ``media``, and those that may hold anything, are not checked.

    >>> misused("region", ["north", "south"], Path()), misused("region", ["north", "0 0 0.5 1"], Path())
    ('north', '')
    """
    filled = [cell for cell in cells if not is_no_label(cell)]
    checkable = column in HOLDS and column not in ("utterance", "media") and len(filled) > 1
    if not checkable or any(fits(column, [cell]) for cell in filled) or _files(column, filled, folder):
        return ""
    return filled[0]


def _files(column: str, cells: Sequence[str], folder: Path) -> bool:
    """Whether a column of file paths names an existing file, or holds a different path in each row."""
    if column not in _FILES:
        return False
    return len(set(cells)) == len(cells) or any(_is_file(folder / cell) for cell in {*cells} if cell)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the cell is too long to be a file name
        return False


def _sentence(cell: str) -> bool:
    return len(cell.split()) > 2 or cell.endswith((".", "!", "?", "…"))
