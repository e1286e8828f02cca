"""Add the utterances of recordings to manifest.csv and words.csv, and keep what people have written there."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError, counted
from pipeline.ingest.manifest_file import ManifestFile, media_cell
from pipeline.ingest.segments.finding import Found, Voice
from pipeline.ingest.timed_text.base import TimedText
from pipeline.settings.streams import DEFAULT, MIX
from pipeline.tables.times import seconds_of

COLUMNS = ("utterance", "media", "start", "end", "speaker", "text", "text_source", "words_source")
WORDS = ("utterance", "word", "start", "end")
# Cells that utterances do not take over from the row of the whole recording.
_OWN = ("utterance", "start", "end", "text", "text_source", "words_source")


@dataclass(frozen=True)
class Written:
    """The number of rows written for a recording, and whether they replaced the row of the whole recording."""

    rows: int
    instead: bool


def write_segments(found: Sequence[tuple[Path, Found]], manifest: Path) -> list[Written]:
    """Add the utterances of recordings to a manifest, and their words to words.csv beside it.

    The row of a whole recording (without start and end) is replaced, with its text and words, by the utterances, which
    take over its other cells, such as label, speaker and group. If the rows of a recording already have exactly the
    names that its utterances would get, nothing is added. A recording with any other rows is refused.

    Parameters
    ----------
    found
        Recordings with their utterances.
    manifest
        Path of manifest.csv; it is created if it does not exist.

    Raises
    ------
    UserError
        If a recording already has other rows, has a transcript that cannot be divided, or would get names that are
        taken. Nothing is written then.
    """
    table = ManifestFile(manifest, COLUMNS)
    words = ManifestFile(manifest.parent / "words.csv", WORDS)
    done = [_add(table, words, recording, one) for recording, one in found]
    if any(one.rows for one in done):
        table.save()
        if words.rows:
            words.save()
    return done


def voice_of(manifest: Path, recording: Path) -> Voice | None:
    """Return a recording's sound as the manifest gives it.

    The result is None unless the manifest has exactly one row of the recording, and this row has no start.
    """
    table = ManifestFile(manifest, COLUMNS)
    own = [table.values(row) for row in table.rows if row and _is_of(table, row, recording)]
    if len(own) != 1 or own[0].get("start"):
        return None
    sound = own[0].get("sound", "")
    return Voice(
        manifest.parent / sound if sound else recording,
        own[0].get("audio_track") or DEFAULT,
        own[0].get("audio_channel") or MIX,
        seconds_of(own[0].get("sound_start") or "0") if sound else 0.0,
    )


def _add(table: ManifestFile, words: ManifestFile, recording: Path, found: Found) -> Written:
    own = [i for i, row in enumerate(table.rows) if row and _is_of(table, row, recording)]
    names = _names(recording, found.utterances, table, own)
    there = [table.values(table.rows[i]) for i in own]
    if own and {cells.get("utterance") for cells in there} == set(names):
        return Written(0, instead=False)
    whole = len(own) == 1 and not (there[0].get("start") or there[0].get("end"))
    if own and not whole:
        raise UserError(
            f"{table.path} already has {counted(len(own), 'row')} of {recording}: remove them to cut it again, or "
            "write to another file with --into"
        )
    if whole and there[0].get("text") and not found.source:
        raise UserError(
            f"{table.path}: the row of {recording} has text without times, which voice activity cannot divide: "
            "remove the text from the row, or cut by subtitles or an annotation"
        )
    if not found.utterances:
        return Written(0, instead=False)
    taken = {name: cell for name, cell in there[0].items() if name not in _OWN} if whole else {}
    at = own[0] if whole else len(table.rows)
    if whole:
        del table.rows[at]
    media = taken.get("media") or media_cell(recording, table.path)
    for i, (name, said) in enumerate(zip(names, found.utterances, strict=True)):
        kept = {column: cell for column, cell in taken.items() if cell}
        if kept.get("sound_start"):  # the time at which the recording begins in a separate file of sound
            kept["sound_start"] = f"{seconds_of(kept['sound_start']) + (said.start or 0):.3f}"
        table.insert(at + i, {**_row(name, media, said, found.source), **kept})
    _add_words(words, names, found.utterances, there[0].get("utterance", "") if whole else "")
    return Written(len(names), instead=whole)


def _is_of(table: ManifestFile, row: list[str], recording: Path) -> bool:
    media = table.values(row).get("media", "")
    return bool(media) and os.path.realpath(table.path.parent / media) == os.path.realpath(recording)


def _names(recording: Path, said: Sequence[TimedText], table: ManifestFile, own: Sequence[int]) -> list[str]:
    """Return the names of utterances: the name of the recording, the start and the end in milliseconds.

    Utterances with the same times are numbered. If another recording has the same names, the folder's name is put
    before all names.
    """
    others = {table.values(row).get("utterance") for i, row in enumerate(table.rows) if row and i not in own}
    for stem in (recording.stem, f"{recording.resolve().parent.name}_{recording.stem}"):
        names: dict[str, None] = {}
        for one in said:
            name = f"{stem}_{round(1000 * (one.start or 0)):07d}-{round(1000 * (one.end or 0)):07d}"
            copies = (name, *(f"{name}_{i}" for i in range(2, len(said) + 2)))  # two people may speak at once
            names[next(copy for copy in copies if copy not in names)] = None
        if not others & names.keys():
            return list(names)
    raise UserError(
        f"{table.path} already has the names that utterances of {recording} would be given: rename the recording"
    )


def _row(name: str, media: str, said: TimedText, source: str) -> dict[str, str]:
    return {
        "utterance": name,
        "media": media,
        "start": f"{said.start:.3f}",
        "end": f"{said.end:.3f}",
        "speaker": said.speaker,
        "text": said.text,
        "text_source": source if said.text else "",
        "words_source": source if said.words else "",
    }


def _add_words(words: ManifestFile, names: Sequence[str], said: Sequence[TimedText], whole: str) -> None:
    """Add the timed words of new utterances; if they replace an utterance `whole`, remove the words of that one."""
    if whole:
        words.rows = [row for row in words.rows if not row or words.values(row).get("utterance") != whole]
    for name, one in zip(names, said, strict=True):
        for word, start, end in one.words:
            cells = {"utterance": name, "word": word, "start": f"{start:.3f}", "end": f"{end:.3f}"}
            words.insert(len(words.rows), cells)
