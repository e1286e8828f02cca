"""Find the recordings of CMU-MOSI: clips or whole videos, and separate sound files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.corpora.base import half_unpacked
from pipeline.corpora.problems import Problem, listed
from pipeline.corpora.published.files import (
    PICTURES,
    SOUNDS,
    Folder,
    folders_below,
    inside,
    recordings,
)
from pipeline.corpora.published.mosi_labels import (
    COMPUTED,
    HINT,
    OPINIONS,
    Segment,
    expected,
)
from pipeline.settings.blocks import CorpusParams


@dataclass(frozen=True)
class Recordings:
    """A folder of clips, or of whole videos."""

    folder: Folder
    whole: bool

    def _name(self, segment: Segment) -> str:
        return segment.video if self.whole else segment.name

    def file(self, segment: Segment) -> Path:
        """Return the file that holds an utterance, or the path at which it would be."""
        return self.folder.file(self._name(segment), video=segment.video, n=segment.n)

    def has(self, segment: Segment) -> bool:
        """Return whether the file that holds an utterance exists."""
        return self._name(segment) in self.folder.files

    def remarks(self, segments: Iterable[Segment]) -> list[Problem]:
        """Return warnings about stray files, and about recordings without a label."""
        extra = sorted(self.folder.files.keys() - {self._name(segment) for segment in segments})
        stray = [file.name for file in self.folder.stray]
        return [
            *listed("warning", self.folder.path, "extra recording: {} has no label, so it is not used", extra),
            *listed("warning", self.folder.path, "stray file: {} is ignored", stray),
        ]


def find_recordings(
    root: Path, raw: Path, segments: Mapping[str, Segment], corpus: CorpusParams, problems: list[Problem]
) -> tuple[Recordings | None, Recordings | None]:
    """Return the recordings of the utterances, and separate sound files for the voice; None for what is not used.

    Sound files serve as the recordings if there are no videos, or if video is not one of the modalities.
    """
    sounds = inside(raw, "Audio/WAV_16000")
    heard = _first(recordings(inside(sounds, "Segmented"), SOUNDS), recordings(inside(sounds, "Full"), SOUNDS))
    clips = recordings(inside(raw, "Video/Segmented"), PICTURES) or _nested(raw)
    seen = _first(clips, recordings(inside(raw, "Video/Full"), PICTURES))
    if (inside(raw, "Video").is_dir() and not seen) or (inside(raw, "Audio").is_dir() and not heard):
        raise half_unpacked(root, expected(raw), HINT)
    found = [place for place in (seen, heard) if place]
    if not found:
        message = "there are no recordings, only labels: audio and video count as absent"
        problems.append(Problem("warning", root, None, message))
        return None, None
    for place in found:
        problems += place.remarks(segments.values())
    if not seen and "video" in corpus.modalities:
        problems.append(Problem("warning", root, None, "there are no videos, only sound files: video counts as absent"))
    if heard and (not seen or "video" not in corpus.modalities):
        seen, heard = heard, None
    untimed = any(np.isnan(segment.start) for segment in segments.values())
    if seen and seen.whole and untimed:
        raise half_unpacked(root, expected(raw), f"Whole videos need the times of {OPINIONS} or {COMPUTED}. {HINT}")
    apart = heard and "audio" in corpus.modalities and not (heard.whole and untimed)
    return seen, heard if apart else None


def _first(clips: Folder, whole: Folder) -> Recordings | None:
    if clips:
        return Recordings(clips, whole=False)
    return Recordings(whole, whole=True) if whole else None


def _nested(raw: Path) -> Folder:
    """Return clips in MMSA's layout, ``<video>/<n>.mp4``, keyed by their names in CMU_MOSI.zip."""
    folders = [recordings(folder, PICTURES) for folder in folders_below(raw, levels=1) if folder != raw]
    files = {
        f"{folder.path.name}_{int(stem) if stem.isdecimal() else stem}": file
        for folder in folders
        for stem, file in folder.files.items()
    }
    return Folder(raw, files, tuple(file for folder in folders for file in folder.stray), "{video}/{n}.mp4")


def sound(segment: Segment, voices: Recordings, problems: list[Problem]) -> dict[str, Any]:
    """Return the cells that name the file of the voice; empty, with a warning, if there is no such file."""
    if voices.has(segment):
        sound_start = segment.start if voices.whole else 0.0
        return {"sound": voices.file(segment).as_posix(), "sound_start": sound_start}
    message = f"{segment.name} has no sound file: its voice is read from its video"
    problems.append(Problem("warning", voices.folder.path, None, message))
    return {}
