"""Find the utterances of a recording from subtitles, annotation tiers, or voice activity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError, counted
from pipeline.ingest.segments.cutting import DEFAULT_LIMITS, Limits, by_voice, overlapping, sentences, spoken
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.beside import beside
from pipeline.ingest.timed_text.registry import endings, read_timed_text, source_of
from pipeline.ingest.timed_text.repeats import Repeat, repeat_notes
from pipeline.ingest.timed_text.tiers import utterances_of
from pipeline.ingest.voice import RATE_HZ, speech_probabilities
from pipeline.settings.streams import DEFAULT, MIX
from pipeline.streams.decode import probe
from pipeline.streams.listening import listen

Way = Literal["subtitles", "tier", "voice"]
_AFTER_S = 1.0  # cues that begin more than this after the end of a recording belong to another recording

ANNOTATIONS = (".textgrid", ".eaf")
SUBTITLES = tuple(ending for ending in endings() if ending not in (*ANNOTATIONS, ".txt"))


@dataclass(frozen=True)
class Request:
    """How recordings are to be cut.

    Attributes
    ----------
    by
        The method. None means by a file if there is one, else by voice activity; with `source` or `tiers`, there must
        be a file.
    source
        A subtitle or annotation file, or a folder of such files; None means a file beside the recording.
    tiers
        The tiers of annotations to use; if empty, the only suitable one.
    limits
        The limits for voice activity, and for joining cues into sentences.
    sentences
        Whether cues are joined into sentences.
    """

    by: Way | None = None
    source: Path | None = None
    tiers: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    sentences: bool = False


@dataclass(frozen=True)
class Voice:
    """The sound in which voice activity is detected, as the manifest gives it for a recording.

    Attributes
    ----------
    path
        The file.
    track, channel
        The track and the channel of the file, as in a manifest.
    start_s
        The time in the file at which the recording begins, in seconds.
    """

    path: Path
    track: str = DEFAULT
    channel: str = MIX
    start_s: float = 0.0


@dataclass(frozen=True)
class Found:
    """The utterances of a recording in order of time, their source, and notes about what was left out."""

    utterances: tuple[TimedText, ...]
    source: str  # the value of `text_source`; empty if there is no text
    by: str  # how the recording was cut, for messages
    notes: tuple[str, ...] = ()


def utterances_in(recording: Path, request: Request, voice: Voice | None = None) -> Found:
    """Return the utterances of a recording.

    Parameters
    ----------
    recording
        A file that FFmpeg reads.
    request
        How it is cut.
    voice
        The sound for voice activity; by default that of the recording itself.

    Raises
    ------
    UserError
        If the file to cut by is missing or faulty, has no utterances, or does not fit the recording.
    MediaError
        If the recording cannot be read, or voice activity is to be used and there is no sound.
    """
    path = None if request.by == "voice" else _file_of(recording, request)
    if path is not None:
        return _by_file(recording, path, request)
    return _by_voice(voice or Voice(recording), request.limits)


def _file_of(recording: Path, request: Request) -> Path | None:
    """Return the subtitles or annotation to cut by; None if none is requested and none lies beside the recording."""
    among = {"subtitles": SUBTITLES, "tier": ANNOTATIONS, None: SUBTITLES + ANNOTATIONS}[_way(request)]
    if request.source is not None and not request.source.is_dir():
        if request.source.suffix.lower() not in among:
            raise UserError(f"{request.source} does not end with {' or '.join(among)}: give such a file with --from")
        return request.source
    found = beside(recording, request.source, among)
    if found is None and (request.by or request.source or request.tiers):
        where = f"in {request.source}" if request.source else "beside it"
        raise UserError(
            f"{recording} has no {' or '.join(f'{recording.stem}{ending}' for ending in among)} {where}: put the file "
            "there, name it with --from, or cut by voice activity with --by voice"
        )
    return found


def _way(request: Request) -> Literal["subtitles", "tier"] | None:
    if request.by == "voice":
        return None
    return request.by or ("tier" if request.tiers else None)


def _by_file(recording: Path, path: Path, request: Request) -> Found:
    repeats: list[Repeat] = []
    said = read_timed_text(path, recording, repeats)
    try:
        chosen = [one for tier in request.tiers or ("",) for one in utterances_of(said, tier)]
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if len(request.tiers) > 1:  # one tier per speaker
        chosen = [one if one.speaker else replace(one, speaker=one.tier) for one in chosen]
    chosen.sort(key=lambda one: (one.start, one.end))
    kept = _within(recording, path, spoken(chosen))
    if not kept:
        raise UserError(
            f"{path} has no cue or annotation with words and a duration: use voice activity with --by voice"
        )
    notes = repeat_notes(("", repeat) for repeat in repeats)
    if left := len(chosen) - len(kept):
        notes.append(
            f"left out, since they have no duration or hold only noises or music: {left} of "
            f"{counted(len(chosen), 'cue')}{_example(chosen, kept)}"
        )
    if many := overlapping(kept):
        notes.append(f"cues that begin before the preceding one ends, and are kept as they are: {many}")
    joined = sentences(kept, request.limits) if request.sentences else kept
    return Found(joined, source_of(path), f"by {path.name}", tuple(notes))


def _example(texts: Sequence[TimedText], kept: Sequence[TimedText]) -> str:
    """Return the end of a message with the longest text that is not kept; ``""`` if none of these has text."""
    held = {(one.start, one.text) for one in kept}
    longest = max((one.text for one in texts if (one.start, one.text) not in held), key=len, default="")
    return f", such as {longest[:40]!r}" if longest else ""


def _within(recording: Path, path: Path, said: tuple[TimedText, ...]) -> tuple[TimedText, ...]:
    """Return the utterances, cut off at the recording's end; raise `UserError` if one begins clearly after that."""
    end_s = probe(recording).duration_s
    late = [one for one in said if one.start is not None and one.start > end_s + _AFTER_S]
    if late:
        raise UserError(
            f"{path}: {late[0].text[:40]!r} begins at {late[0].start:.2f} s, but {recording} ends at {end_s:.2f} s: "
            "does the file belong to this recording?"
        )
    cut = (replace(one, end=min(one.end, end_s)) for one in said if one.end is not None)
    return tuple(one for one in cut if one.start is not None and one.end is not None and one.end > one.start)


def _by_voice(voice: Voice, limits: Limits) -> Found:
    heard = _Counted(listen(voice.path, RATE_HZ, voice.track, voice.channel))
    probabilities = speech_probabilities(heard)
    spans = by_voice(probabilities, limits, heard.samples / RATE_HZ) - voice.start_s
    found = tuple(TimedText("", max(start, 0.0), end) for start, end in spans.tolist() if end > 0)
    return Found(found, "", "by voice activity", () if found else ("nobody speaks in it",))


class _Counted:
    """Iterates over blocks of sound and counts their samples."""

    def __init__(self, blocks: Iterator[NDArray[np.float32]]) -> None:
        self._blocks = blocks
        self.samples = 0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            self.samples += len(block)
            yield block
