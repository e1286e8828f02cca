"""All formats of transcripts, subtitles and annotations, by the ending of the file's name."""

from collections.abc import Callable
from pathlib import Path

from common.names import Registry
from pipeline.errors import UserError
from pipeline.ingest.timed_text import eaf, plain, srt, textgrid, vtt, whisper
from pipeline.ingest.timed_text.base import TimedText

Read = Callable[[Path], tuple[TimedText, ...]]

# A new format is one file and one line here. The endings stand in the order in which one is preferred to another that
# lies beside the same recording: what has times of words or of annotations, then of cues, then none.
_READERS: Registry[Read] = Registry(
    "format of transcripts",
    UserError,
    {
        ".textgrid": textgrid.read,
        ".eaf": eaf.read,
        ".json": whisper.read,
        ".vtt": vtt.read,
        ".srt": srt.read,
        ".txt": plain.read,
    },
)


def endings() -> tuple[str, ...]:
    """Return the endings of all formats, in small letters, the richest format first."""
    return tuple(_READERS)


def is_timed_text(path: Path) -> bool:
    """Return whether a file's name has the ending of a transcript, subtitles or an annotation.

    >>> is_timed_text(Path("talk.TextGrid")), is_timed_text(Path("talk.mp4"))
    (True, False)
    """
    return path.suffix.lower() in _READERS


def read_timed_text(path: Path) -> tuple[TimedText, ...]:
    """Read a transcript, subtitles or an annotation, in the order of the file.

    Parameters
    ----------
    path
        A file with one of the `endings`, in small or capital letters.

    Returns
    -------
    tuple of TimedText
        What the file says; empty if it says nothing.

    Raises
    ------
    UserError
        If the ending is unknown, the file missing, or its content faulty: one sentence that names file and line.
    """
    reader = _READERS[path.suffix.lower()]
    if not path.exists():
        raise UserError(f"{path} does not exist")
    return reader(path)
