"""Read SubRip subtitles (.srt): numbered cues, each with a line of times and lines of text."""

from pathlib import Path

from pipeline.ingest.timed_text.base import TimedText, fault, read_text
from pipeline.ingest.timed_text.cues import ARROW, Cue, Line, times_of, unmarked
from pipeline.ingest.timed_text.repeats import Repeat, without_repeats


def read(path: Path, repeats: list[Repeat] | None = None) -> tuple[TimedText, ...]:
    """Read subtitles; numbers and empty lines between cues may be missing, and decimals follow a comma or a point.

    Parameters
    ----------
    path
        The file.
    repeats
        A list to which a `Repeat` is appended for each kind of repetition in the file.

    Raises
    ------
    UserError
        If a time is faulty, if a cue ends before it starts, or if text precedes the first cue; the message names the
        line.
    """
    lines = read_text(path).split("\n")
    places = [at for at, line in enumerate(lines) if ARROW in line]
    _refuse_text_before(path, lines, places[0] if places else len(lines))
    cues = []
    for at, following in zip(places, [*places, None][1:], strict=True):
        times = times_of(lines[at])
        if isinstance(times, str):
            raise fault(path, at + 1, times)
        until = len(lines) if following is None else following - _is_number(lines[following - 1])
        shown = tuple(Line(text) for line in lines[at + 1 : until] if (text := unmarked(line)))
        cues.append(Cue(*times, (("", shown),) if shown else ()))
    return without_repeats(cues, repeats)


def _is_number(line: str) -> bool:
    return line.strip().isdecimal()


def _refuse_text_before(path: Path, lines: list[str], first: int) -> None:
    """Raise `UserError` if anything but a number comes before the first cue."""
    for at, line in enumerate(lines[:first]):
        if line.strip() and not _is_number(line):
            example = "a cue begins with a line such as 00:01:02,500 --> 00:01:04,000"
            raise fault(path, at + 1, f"{line.strip()[:40]!r} is before the first cue: {example}")
