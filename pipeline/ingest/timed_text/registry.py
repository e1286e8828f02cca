"""All formats of transcripts, subtitles and annotations, by file suffix."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from common.names import Registry
from pipeline.errors import UserError
from pipeline.ingest.timed_text import eaf, plain, srt, textgrid, vtt, whisper
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.repeats import Repeat

Reader = Callable[[Path, list[Repeat]], tuple[TimedText, ...]]


@dataclass(frozen=True)
class Format:
    """A format of transcripts, subtitles or annotations.

    Attributes
    ----------
    read
        The function that reads a file, and appends a `Repeat` to a list for each kind of repetition in subtitles.
    source
        The value of the column `text_source` for texts from such files: ``given`` by a person, ``subtitles``, or
        ``recognised`` by a machine.
    recognise
        For a suffix that other files have too: a function that says whether a file is of this format.
    shift_s
        A function that returns the offset of a recording, in seconds, to be added to the times that `read` returns.
    """

    read: Reader
    source: str
    recognise: Callable[[Path], bool] = lambda _: True
    shift_s: Callable[[Path, str], float] = lambda *_: 0.0


def _once(read: Callable[[Path], tuple[TimedText, ...]]) -> Reader:
    """Return a `Reader` that calls `read`; it reports no repetitions, since its format repeats nothing for display."""
    return lambda path, _: read(path)


# To add a format, write one module and add one line here. If a recording has several files, the format that is first in
# this list is used: first formats with times of words or annotations, then those with times of cues, then others.
_FORMATS: Registry[Format] = Registry(
    "format of transcripts",
    UserError,
    {
        ".textgrid": Format(_once(textgrid.read), "given"),
        ".eaf": Format(_once(eaf.read), "given", shift_s=eaf.shift_s),
        ".json": Format(_once(whisper.read), "recognised", whisper.is_transcript),
        ".vtt": Format(vtt.read, "subtitles"),
        ".srt": Format(srt.read, "subtitles"),
        ".txt": Format(plain.read, "given"),
    },
)


def endings() -> tuple[str, ...]:
    """Return the suffixes of all formats, in lower case, the most detailed format first."""
    return tuple(_FORMATS)


def is_timed_text(path: Path) -> bool:
    """Return whether a file is a transcript, subtitles or an annotation: by suffix and, for JSON, also by content.

    >>> is_timed_text(Path("talk.TextGrid")), is_timed_text(Path("talk.mp4"))
    (True, False)
    """
    ending = path.suffix.lower()
    return ending in _FORMATS and _FORMATS[ending].recognise(path)


def read_timed_text(
    path: Path, recording: Path | None = None, repeats: list[Repeat] | None = None
) -> tuple[TimedText, ...]:
    """Read a transcript, subtitles or an annotation, in the order of the file.

    Parameters
    ----------
    path
        A file with one of the `endings`, in lower or upper case.
    recording
        The recording on whose clock times are returned, if the file belongs to several; None means the first.
    repeats
        A list to which a `Repeat` is appended for each kind of repetition in subtitles.

    Returns
    -------
    tuple of TimedText
        The content of the file; may be empty.

    Raises
    ------
    UserError
        If the ending is unknown, the file is missing, or its content is faulty. The message names file and line.
    """
    found = _FORMATS[path.suffix.lower()]
    if not path.exists():
        raise UserError(f"{path} does not exist")
    said = found.read(path, [] if repeats is None else repeats)
    shift_s = found.shift_s(path, recording.name) if recording else 0.0
    return tuple(one for one in (_shifted(one, shift_s) for one in said) if one) if shift_s else said


def _shifted(said: TimedText, shift_s: float) -> TimedText | None:
    """Return a text with its times moved to another clock and cut off at zero; None if it ends before zero."""
    if said.start is None or said.end is None:
        return said
    end = said.end + shift_s
    return replace(said, start=max(0.0, said.start + shift_s), end=end) if end >= 0 else None


def source_of(path: Path) -> str:
    """Return how the text of this file came about, by its suffix: given, subtitles or recognised.

    >>> source_of(Path("talk.json"))
    'recognised'
    """
    return _FORMATS[path.suffix.lower()].source
