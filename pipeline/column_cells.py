"""Whether the cells of a column are such as one of ours holds, or mean something else under the same name.

``Region`` may be the part of the picture that shows the speaker, or where the speaker comes from.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from pipeline.rules import is_no_label
from pipeline.streams.spans import check_channel, check_track

_SHARE = 0.5  # of the filled cells, from which a column is what its name says
_TEXTS = 0.25  # of the filled cells that read like sentences, from which a column holds texts and no ids


def _numeric(cell: str) -> bool:
    """Whether a cell is a number, or one in another spelling, whose row then says what is wrong (``1:30``, ``2 s``)."""
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


# column -> whether a cell looks as if it was meant for it, be it right or not
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
HOLDS: Mapping[str, str] = {
    **dict.fromkeys(("media", "sound"), "paths of files"),
    **dict.fromkeys(("start", "end", "sound_start"), "times in seconds"),
    "order": "numbers",
    "region": "parts of a picture as 'left top right bottom'",
    **dict.fromkeys(("audio_track", "video_track"), "tracks"),
    "audio_channel": "channels such as left or right",
    "utterance": "ids",
}


def fits(column: str, cells: Iterable[str]) -> bool:
    """Whether the cells look as if they were meant for one of our columns; empty ones do.

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


def _sentence(cell: str) -> bool:
    return len(cell.split()) > 2 or cell.endswith((".", "!", "?", "…"))
