"""Transcripts as plain text, without times: the whole file is what was said."""

from pathlib import Path

from pipeline.ingest.timed_text import srt, vtt
from pipeline.ingest.timed_text.base import TimedText, plain, read_text
from pipeline.ingest.timed_text.cues import ARROW, times_of
from pipeline.ingest.timed_text.repeats import Repeat


def read(path: Path, repeats: list[Repeat] | None = None) -> tuple[TimedText, ...]:
    """Read a .txt file, which may also contain subtitles; the result is empty for an empty file.

    Parameters
    ----------
    path
        The file.
    repeats
        A list to which a `Repeat` is appended for each kind of repetition in the subtitles.

    Raises
    ------
    UserError
        If the file is not text, or its subtitles are faulty.
    """
    text = read_text(path)
    if text.startswith("WEBVTT"):
        return vtt.read(path, repeats)
    if any(ARROW in line and not isinstance(times_of(line), str) for line in text.split("\n")):
        return srt.read(path, repeats)
    whole = plain(text)
    return (TimedText(whole),) if whole else ()
