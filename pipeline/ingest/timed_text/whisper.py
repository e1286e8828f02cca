"""Read the JSON transcripts of Whisper programs: openai-whisper, faster-whisper, whisperX and whisper.cpp."""

import json
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText, checked_times, fault, plain, read_text


def read(path: Path) -> tuple[TimedText, ...]:
    """Read the segments of a transcript, with words and speakers if the file has them.

    A word without times, such as one that whisperX could not align, is in the text but not among the words.

    Raises
    ------
    UserError
        If the file is not JSON or not such a transcript, or a segment is faulty; the message names the segment.
    """
    text = read_text(path)
    if not text.strip():
        return ()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also stands for integers that are too long
        raise fault(path, getattr(error, "lineno", 1), "this is not JSON: export the transcript again") from None
    segments = _segments(path, content)
    return tuple(said for at, segment in enumerate(segments) if (said := _said(path, at, segment)).text)


def is_transcript(path: Path) -> bool:
    """Return whether a JSON file is a Whisper transcript."""
    try:
        _segments(path, json.loads(read_text(path)))
    except (UserError, OSError, ValueError, RecursionError):
        return False
    return True


def _segments(path: Path, content: object) -> list[dict[str, Any]]:
    """Return the segments: the list ``segments``, the list ``transcription`` (whisper.cpp), or the whole file."""
    found = content
    if isinstance(content, dict):
        found = content.get("segments", content.get("transcription"))
    if not isinstance(found, list) or not all(isinstance(segment, dict) and "text" in segment for segment in found):
        raise UserError(f"{path} is not a Whisper transcript: it has no list 'segments' of objects with a 'text'")
    return found


def _said(path: Path, at: int, segment: dict[str, Any]) -> TimedText:
    place = f"{path}: segment {at + 1}"
    text = segment["text"]
    if not isinstance(text, str):
        raise UserError(f"{place}: 'text' is {text!r}, which is not a string")
    start, end = segment.get("start"), segment.get("end")
    if isinstance(offsets := segment.get("offsets"), dict):  # whisper.cpp: milliseconds
        start, end = (_in_seconds(offsets.get(name)) for name in ("from", "to"))
    times = checked_times(start, end)
    if times is None:
        raise UserError(f"{place} lasts from {start!r} to {end!r}: give two times in seconds, the earlier first")
    words = segment.get("words") or []
    if not isinstance(words, list):
        raise UserError(f"{place}: 'words' is not a list")
    timed = [found for word in words if (found := _word(place, word))]
    speaker = segment.get("speaker")
    return TimedText(plain(text), *times, words=tuple(timed), speaker=speaker if isinstance(speaker, str) else "")


def _in_seconds(milliseconds: object) -> object:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else milliseconds


def _word(place: str, word: object) -> tuple[str, float, float] | None:
    """Return a word with its times; None if it has no times or no text.

    Old versions of faster-whisper write a list: start, end, word, ...
    """
    if isinstance(word, list) and len(word) >= 3:
        word = dict(zip(("start", "end", "word"), word, strict=False))
    if not isinstance(word, dict) or not isinstance(word.get("word"), str):
        raise UserError(f"{place}: the word {word!r} is not an object with 'word', 'start' and 'end'")
    start, end = word.get("start"), word.get("end")
    if start is None or end is None:
        return None
    times = checked_times(start, end)
    if times is None:
        what = f"the word {word['word']!r} lasts from {start!r} to {end!r}"
        raise UserError(f"{place}: {what}: give two times in seconds, the earlier first")
    shown = plain(word["word"])
    return (shown, *times) if shown else None
