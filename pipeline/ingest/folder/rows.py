"""Draft the rows of a manifest from recordings, their known cells, and their transcripts."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.corpora.places import recordings_of
from pipeline.errors import counted
from pipeline.ingest.folder.recordings import Found, Recording
from pipeline.ingest.folder.transcripts import Transcript, Word
from pipeline.tables.rules import fault_of_name
from pipeline.tables.times import seconds_of

Cells = dict[str, str]
ORDER = (
    *("media", "utterance", "start", "end", "text", "text_source", "words_source"),
    *("speaker", "group", "order", "split"),
)
_LATE_S = 0.5  # words that begin more than this after the end of a recording belong to another recording


@dataclass(frozen=True)
class Draft:
    """A manifest: its columns, its rows, the timed words of each utterance, and notes."""

    columns: tuple[str, ...]
    rows: tuple[Cells, ...]
    words: Mapping[str, tuple[Word, ...]]
    notes: tuple[str, ...] = ()


@dataclass
class _Known:
    """The rows and words drafted so far, and the recordings that end before their transcripts do."""

    rows: list[Cells] = field(default_factory=list)
    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    strange: dict[PurePosixPath, None] = field(default_factory=dict)  # recordings with words after their end
    late: dict[PurePosixPath, None] = field(default_factory=dict)  # recordings with subtitles after their end


def draft(
    found: Found,
    given: Mapping[PurePosixPath, Sequence[Cells]],
    transcripts: Mapping[PurePosixPath, Transcript],
    project: Path,
) -> Draft:
    """Draft one manifest row per recording, or several if a table has several rows for it.

    Parameters
    ----------
    found
        The recordings.
    given
        The known cells of each recording, keyed by its path; a table with times may give several rows.
    transcripts
        Transcripts, keyed by the path of the recording; text and speaker in `given` take precedence.
    project
        The folder of the manifest; paths inside this folder are written relative to it.
    """
    names = utterance_names([recording.place for recording in found.recordings])
    known = _Known()
    for recording, name in zip(found.recordings, names, strict=True):
        own = given.get(recording.place) or [{}]
        for i, cells in enumerate(own, 1):
            made = cells.get("utterance") or (f"{name}_{i}" if len(own) > 1 else name)
            row = {**cells, "utterance": made, **_files(found.folder, recording, project)}
            if transcript := transcripts.get(recording.place):
                _add_transcript(known, row, _of_span(transcript, cells), recording)
            known.rows.append(row)
    notes = []
    if known.strange:
        notes.append(
            f"{counted(len(known.strange), 'transcript')} with words after the end of the recording, such as that of "
            f"{next(iter(known.strange))}: word times are not used there"
        )
    if known.late:
        notes.append(
            f"{counted(len(known.late), 'transcript')} with text that begins after the end of the recording, such as "
            f"that of {next(iter(known.late))}: it probably belongs to another recording, or the recording is "
            "incomplete"
        )
    return Draft(columns_of(known.rows), tuple(known.rows), known.words, tuple(notes))


def utterance_names(places: Sequence[PurePosixPath]) -> list[str]:
    """Return a unique name for each path: without the suffix, or with it where two names would be the same.

    >>> utterance_names([PurePosixPath("s1/a.mp4"), PurePosixPath("s1/b.mp4"), PurePosixPath("s1/b.wav")])
    ['s1_a', 's1_b.mp4', 's1_b.wav']
    """
    files, _ = recordings_of([place.as_posix() for place in places], Path("/"))
    plain = ["".join("_" if char == "/" or fault_of_name(char) else char for char in file) for file in files]
    return distinct(plain)


def distinct(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the names, with a number appended to each one that is already taken.

    >>> distinct(["a", "a", "b"], ["b"])
    ['a', 'a_2', 'b_2']
    """
    held, found = {*taken}, []
    for name in names:
        number, made = 1, name
        while made in held:
            number += 1
            made = f"{name}_{number}"
        held.add(made)
        found.append(made)
    return found


def columns_of(rows: Iterable[Cells]) -> tuple[str, ...]:
    """Return the names of all columns that are not empty: those in `ORDER` first, then others, then ``sound``."""
    counts = Counter(name for row in rows for name, cell in row.items() if cell)
    others = [name for name in counts if name not in ORDER and name != "sound"]
    return (*(name for name in ORDER if counts[name]), *others, *(["sound"] if counts["sound"] else []))


def _files(folder: Path, recording: Recording, project: Path) -> Cells:
    files = {"media": recording.path}
    if recording.sound:
        files["sound"] = folder / recording.sound
    return {name: relative(path, project) for name, path in files.items()}


def relative(path: Path, project: Path) -> str:
    """Return a path relative to the project if it is inside the project, else the absolute path."""
    place, base = Path(os.path.abspath(path)), Path(os.path.abspath(project))  # noqa: PTH100  links stay as they are
    return place.relative_to(base).as_posix() if place.is_relative_to(base) else place.as_posix()


def _of_span(transcript: Transcript, cells: Cells) -> Transcript:
    times = []
    for name in ("start", "end"):
        try:
            times.append(seconds_of(cells.get(name, "")))
        except ValueError:  # `prepare` reports what is wrong with it
            return transcript
    start, end = times
    if start != start and end != end:
        return transcript
    return transcript.within(start if start == start else 0.0, end if end == end else float("inf"))


def _add_transcript(known: _Known, row: Cells, transcript: Transcript, recording: Recording) -> None:
    if row.get("text"):
        row.setdefault("text_source", "given")
    elif transcript.text:
        row |= {"text": transcript.text, "text_source": transcript.source}
    if transcript.speaker and not row.get("speaker"):
        row["speaker"] = transcript.speaker
    if not transcript.words:
        if any((cue.start or 0.0) > recording.info.duration_s + _LATE_S for cue in transcript.cues):
            known.late[recording.place] = None
        return
    if max(word[1] for word in transcript.words) > recording.info.duration_s + _LATE_S:
        known.strange[recording.place] = None
        return
    known.words[row["utterance"]] = transcript.words
    row["words_source"] = transcript.source


def merged_rows(rows: Sequence[Cells], place: str, notes: list[str]) -> list[Cells]:
    """Merge the rows of a recording that have the same times; cells that differ are left empty and listed in `notes`.

    Rows with different times are different utterances.
    """
    by_span: dict[tuple[str, str], list[Cells]] = {}
    for row in rows:
        by_span.setdefault((row.get("start", ""), row.get("end", "")), []).append(row)
    kept = []
    for same in by_span.values():
        values = {name: sorted({row[name] for row in same} - {""}) for name in same[0]}
        notes += [f"{place} {name}: {', '.join(held)}" for name, held in values.items() if len(held) > 1]
        kept.append({name: held[0] if len(held) == 1 else "" for name, held in values.items()})
    return kept
