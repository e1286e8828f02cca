"""Transcripts, subtitles and annotations of recordings: which file belongs to which, and the words that it holds."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.names import listed_names
from pipeline.errors import UserError
from pipeline.ingest.folder.names import Names
from pipeline.ingest.folder.recordings import Recording
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.registry import endings, read_timed_text

Word = tuple[str, float, float]

SOURCES = {".srt": "subtitles", ".vtt": "subtitles", ".json": "recognised"}  # all other formats are `given`
_LANGUAGE = re.compile(r"\.(?P<code>[a-z]{2,3}(?:-[a-z]{2,4})?)", re.IGNORECASE)
# Names of annotation tiers, the likeliest first; how aligners name those of words and of what is not words.
_TEXT_TIERS = ("text", "transcript", "transcription", "utterance", "sentence", "orthography", "ort", "ipu", "default")
_WORD_TIERS = frozenset({"word", "words", "token", "tokens", "ort-mau", "orthography"})
_NOT_WORDS = frozenset({"phone", "phones", "phoneme", "phonemes", "mau", "kan-mau", "segments", "syllables", "tones"})
_SHOWN = 5  # transcripts that are listed
_FEWEST_WORDS = 2  # a tier of single words has at least this many


@dataclass(frozen=True)
class Transcript:
    """What is said in a recording.

    Attributes
    ----------
    path
        The file.
    text
        All of it.
    source
        ``given``, ``subtitles`` or ``recognised``.
    cues
        Stretches of text with start and end in seconds, in order; empty if the file has no times.
    words
        Words with their times, in order.
    speaker
        Who speaks, if the file names one speaker only.
    """

    path: Path
    text: str
    source: str
    cues: tuple[TimedText, ...] = ()
    words: tuple[Word, ...] = ()
    speaker: str = ""

    def within(self, start_s: float, end_s: float) -> "Transcript":
        """Return the part of a span: cues and words whose middle lies in it; all of it if there are no times."""
        if not self.cues:
            return self
        cues = tuple(cue for cue in self.cues if start_s <= _middle(cue.start, cue.end) < end_s)
        words = tuple(word for word in self.words if start_s <= _middle(*word[1:]) < end_s)
        return Transcript(self.path, " ".join(cue.text for cue in cues), self.source, cues, words, self.speaker)


def _middle(start_s: float | None, end_s: float | None) -> float:
    return ((start_s or 0.0) + (end_s or 0.0)) / 2


def transcripts_of(
    recordings: Sequence[Recording], files: Mapping[PurePosixPath, Path]
) -> tuple[dict[PurePosixPath, Transcript], list[str]]:
    """Return the transcript of each recording that has one, by the recording's place, and notes.

    Parameters
    ----------
    recordings
        The recordings.
    files
        Files with the ending of a transcript, by their places: below the folder of the recordings, or another one.
    """
    notes: list[str] = []
    found: dict[PurePosixPath, Transcript] = {}
    for place, paths in _by_recording(recordings, files, notes).items():
        transcript = _first_with_text(paths, notes)
        if transcript:
            found[place] = transcript
    return found, notes


def _by_recording(
    recordings: Sequence[Recording], files: Mapping[PurePosixPath, Path], notes: list[str]
) -> dict[PurePosixPath, list[Path]]:
    """Return the files of each recording, the richest format first."""
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
        names_none = "transcripts name no recording" if len(nameless) > 1 else "transcript names no recording"
        notes.append(f"{len(nameless)} {names_none}, or several: {listed_names(nameless[:_SHOWN])}")
    several = [place for place, found in held.items() if len({name for *_, name, _ in found}) > 1]
    if several:
        first = ", ".join(name for *_, name, _ in sorted(held[several[0]]))
        count = f"{len(several)} recordings have" if len(several) > 1 else "1 recording has"
        notes.append(f"{count} several transcripts, such as {several[0]}: {first}; the first that holds text is read")
    return {place: [path for *_, path in sorted(found)] for place, found in held.items()}


def _meant(
    place: PurePosixPath,
    names: Names[Recording],
    beside: Mapping[PurePosixPath, list[Recording]],
    folders: Iterable[PurePosixPath],
) -> tuple[list[Recording], int]:
    """Return the recordings that a transcript belongs to, and 1 if its name has a language (``a.en.srt``)."""
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
        try:
            transcript = transcript_of(path, read_timed_text(path))
        except UserError as error:
            notes.append(f"left out: {error}")
            continue
        if transcript.text:
            return transcript
        notes.append(f"{path} holds no words")
    return None


def transcript_of(path: Path, found: Sequence[TimedText]) -> Transcript:
    """Return what a file says, from the tiers that hold text and words.

    Of annotation tiers, those named as aligners name the words' (``words``, ``ORT-MAU``), or the only one if it holds
    single words, give words and times; one named ``text``, ``utterance`` and the like, else the first other one, gives
    the text.
    """
    tiers: dict[str, list[TimedText]] = {}
    for item in found:
        tiers.setdefault(item.tier, []).append(item)
    of_words = [name for name in tiers if _plain(name) in _WORD_TIERS]
    of_text = [name for name in tiers if name not in of_words and _plain(name) not in _NOT_WORDS]
    if not of_words and len(of_text) == 1 and _holds_words(of_text[0], tiers[of_text[0]]):
        of_words, of_text = of_text, []
    cues = tiers[min(of_text, key=_rank)] if of_text else []
    singles = sorted((item for name in of_words for item in tiers[name]), key=lambda item: item.start or 0.0)
    words = [word for cue in cues for word in cue.words] or [
        (item.text, item.start, item.end) for item in singles if item.start is not None and item.end is not None
    ]
    spoken = cues or singles
    speakers = {item.speaker for item in spoken}
    return Transcript(
        path,
        " ".join(item.text for item in spoken if item.text),
        SOURCES.get(path.suffix.lower(), "given"),
        tuple(item for item in spoken if item.start is not None),
        tuple(words),
        speakers.pop() if len(speakers) == 1 else "",
    )


def _plain(name: str) -> str:
    """Return a tier's name without the speaker that aligners put in front (``Anna - words``)."""
    return name.rpartition(" - ")[2].strip().casefold()


def _holds_words(name: str, items: Sequence[TimedText]) -> bool:
    """Whether a tier, whose name says nothing, holds one word in each interval."""
    single = all(" " not in item.text for item in items)
    return bool(name) and _rank(name) == len(_TEXT_TIERS) and single and len(items) >= _FEWEST_WORDS


def _rank(name: str) -> int:
    plain = _plain(name).rstrip("s")
    return _TEXT_TIERS.index(plain) if plain in _TEXT_TIERS else len(_TEXT_TIERS)
