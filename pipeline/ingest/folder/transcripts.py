"""Match transcripts, subtitles and annotations to recordings, and read their words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from common.names import listed_names
from pipeline.errors import UserError, counted
from pipeline.ingest.folder.names import Names
from pipeline.ingest.folder.recordings import Recording
from pipeline.ingest.timed_text.base import TimedText, is_noise
from pipeline.ingest.timed_text.registry import endings, read_timed_text, source_of
from pipeline.ingest.timed_text.repeats import Repeat, repeat_notes
from pipeline.ingest.timed_text.tiers import everything

Word = tuple[str, float, float]

_LANGUAGE = re.compile(r"\.(?P<code>[a-z]{2,3}(?:-[a-z]{2,4})?)", re.IGNORECASE)
_SHOWN = 5  # at most this many transcripts are listed


@dataclass(frozen=True)
class Transcript:
    """What is said in a recording.

    Attributes
    ----------
    path
        The file.
    text
        The whole text.
    source
        ``given``, ``subtitles`` or ``recognised``.
    cues
        Pieces of text with start and end in seconds, in order; empty if the file has no times.
    words
        Words with start and end in seconds, in order; empty if the file has no word times.
    speaker
        The speaker, if the file names exactly one.
    noises
        The cues that only describe noises or music, which are left out.
    repeats
        The kinds of repetition in the file.
    """

    path: Path
    text: str
    source: str
    cues: tuple[TimedText, ...] = ()
    words: tuple[Word, ...] = ()
    speaker: str = ""
    noises: tuple[str, ...] = ()
    repeats: tuple[Repeat, ...] = ()

    def within(self, start_s: float, end_s: float) -> "Transcript":
        """Return a transcript of the cues and words whose middle lies within a span; all of it if it has no times."""
        if not self.cues:
            return self
        cues = tuple(cue for cue in self.cues if start_s <= _middle(cue.start, cue.end) < end_s)
        words = tuple(word for word in self.words if start_s <= _middle(*word[1:]) < end_s)
        return Transcript(self.path, " ".join(cue.text for cue in cues), self.source, cues, words, _speaker(cues))


def _middle(start_s: float | None, end_s: float | None) -> float:
    return ((start_s or 0.0) + (end_s or 0.0)) / 2


def transcripts_of(
    recordings: Sequence[Recording], files: Mapping[PurePosixPath, Path]
) -> tuple[dict[PurePosixPath, Transcript], list[str]]:
    """Return the transcripts, keyed by the path of their recording, and notes.

    Parameters
    ----------
    recordings
        The recordings.
    files
        Files with the suffix of a transcript, keyed by their path relative to the folder that was searched.
    """
    notes: list[str] = []
    found: dict[PurePosixPath, Transcript] = {}
    for place, paths in _by_recording(recordings, files, notes).items():
        transcript = _first_with_text(paths, notes)
        if transcript:
            found[place] = transcript
    noisy = [one for one in found.values() if one.noises]
    if noisy:
        longest, path = max(((cue, one.path) for one in noisy for cue in one.noises), key=lambda noise: len(noise[0]))
        cues = counted(sum(len(one.noises) for one in noisy), "cue")
        notes.append(f"left out: {cues} of only noises or music, such as {longest[:40]!r} in {path}")
    notes += repeat_notes((f" in {one.path}", repeat) for one in found.values() for repeat in one.repeats)
    return found, notes


def _by_recording(
    recordings: Sequence[Recording], files: Mapping[PurePosixPath, Path], notes: list[str]
) -> dict[PurePosixPath, list[Path]]:
    """Return the transcript files of each recording, the preferred one first.

    Files without a language in their name come before files with one. Within each kind, the most detailed format is
    first.
    """
    names = Names(recordings)
    beside: dict[PurePosixPath, list[Recording]] = {}
    for recording in recordings:
        beside.setdefault(recording.place.with_suffix(""), []).append(recording)
    folders = {place.parent for place in beside}
    held: dict[PurePosixPath, list[tuple[int, int, str, Path]]] = {}
    nameless = []
    for place, path in files.items():
        meant, translated = _meant(place, names, beside, folders)
        if not meant:
            nameless.append(str(place))
        for recording in meant:
            rank = endings().index(place.suffix.lower())
            held.setdefault(recording.place, []).append((translated, rank, place.as_posix(), path))
    if nameless:
        count = f"{len(nameless)} transcripts do" if len(nameless) > 1 else "1 transcript does"
        notes.append(f"{count} not match exactly one recording by name: {listed_names(nameless[:_SHOWN])}")
    several = [place for place, found in held.items() if len({name for *_, name, _ in found}) > 1]
    if several:
        first = ", ".join(name for *_, name, _ in sorted(held[several[0]]))
        count = f"{len(several)} recordings have" if len(several) > 1 else "1 recording has"
        notes.append(f"{count} several transcripts, such as {several[0]}: {first}; the first one with text is read")
    return {place: [path for *_, path in sorted(found)] for place, found in held.items()}


def _meant(
    place: PurePosixPath,
    names: Names[Recording],
    beside: Mapping[PurePosixPath, list[Recording]],
    folders: Iterable[PurePosixPath],
) -> tuple[list[Recording], int]:
    """Return the recordings that a transcript belongs to, and 1 if its name has a language (``a.en.srt``), else 0."""
    bare = place.with_suffix("")
    readings = [(bare, 0)]
    if _LANGUAGE.fullmatch(bare.suffix):
        readings.append((bare.with_suffix(""), 1))
    for reading, translated in readings:
        if reading in beside:
            return beside[reading], translated
        parts = reading.parts
        for i in range(1 if place.parent in folders else len(parts)):
            meant = names.meant("/".join(parts[i:]))
            if len({recording.stem for recording in meant}) == 1:
                return meant, translated
    return [], 0


def _first_with_text(paths: Sequence[Path], notes: list[str]) -> Transcript | None:
    for path in paths:
        repeats: list[Repeat] = []
        try:
            said = read_timed_text(path, repeats=repeats)
        except UserError as error:
            notes.append(f"left out: {error}")
            continue
        try:
            transcript = transcript_of(path, said)
        except UserError as error:
            notes.append(f"left out: {path}: {error} of `crossmodal segment`")
            continue
        if transcript.text:
            return replace(transcript, repeats=tuple(repeats))
        noise = f", only noises or music such as {max(transcript.noises, key=len)[:40]!r}" if transcript.noises else ""
        notes.append(f"left out: {path} holds no words{noise}")
    return None


def transcript_of(path: Path, found: Sequence[TimedText]) -> Transcript:
    """Return the content of a file; raise `UserError` if several tiers may contain the text.

    Words of a tier of words are never taken for noises: ``(uh)`` and ``[laughter-yes]`` are spoken.
    """
    whole = everything(found)
    of_words = all(one.tier and one.words == ((one.text, one.start, one.end),) for one in whole)
    noisy = [bool(one.start is not None and one.text and not of_words and is_noise(one.text)) for one in whole]
    said = [one for one, noise in zip(whole, noisy, strict=True) if not noise]
    return Transcript(
        path,
        " ".join(one.text for one in said if one.text),
        source_of(path),
        tuple(one for one in said if one.start is not None),
        tuple(word for one in said for word in one.words),
        _speaker(said),
        tuple(one.text for one, noise in zip(whole, noisy, strict=True) if noise),
    )


def _speaker(said: Iterable[TimedText]) -> str:
    """Return the speaker if the texts name exactly one, else ``""``; texts that name none are ignored."""
    speakers = {one.speaker for one in said} - {""}
    return speakers.pop() if len(speakers) == 1 else ""
