"""What `predict` reads: a manifest, or recordings, for which a manifest is then written."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.atomic import named
from pipeline.errors import UserError, refuse_pipe
from pipeline.tables.rules import fault_of_name, fault_of_text, trimmed

MANIFEST = "manifest.csv"
_NAME = f"name recordings, a {MANIFEST}, or a folder that holds one"


@dataclass(frozen=True)
class Clips:
    """The clips to predict for.

    Attributes
    ----------
    folder
        The folder of the manifest; None if recordings are given.
    recordings
        The recording of each utterance, keyed by the utterance's name; empty if a manifest is given.
    """

    folder: Path | None
    recordings: dict[str, Path]

    @property
    def lone(self) -> Path | None:
        """The recording if there is exactly one, else None."""
        return next(iter(self.recordings.values())) if len(self.recordings) == 1 else None


def clips_of(sources: Sequence[Path]) -> Clips:
    """Return the clips that paths on a command line name.

    Parameters
    ----------
    sources
        One manifest.csv, its folder, or any number of recordings. A recording that is named twice counts once. A text
        file with the same name as a recording is its transcript (as ``predict clips/*`` may name both).

    Raises
    ------
    UserError
        If there are no paths, a path does not exist, a folder has no manifest, a table is not called manifest.csv, or a
        manifest is not the only path.
    """
    if not sources:
        raise UserError(_NAME)
    manifests = [source for source in sources if _is_manifest(source)]
    if manifests and len(sources) > 1:
        raise UserError(f"{manifests[0]} cannot be combined with other paths: {_NAME}")
    if manifests:
        return Clips(manifests[0] if manifests[0].is_dir() else manifests[0].parent, {})
    alone = list({source.resolve(): source for source in sources}.values())
    media = {source.with_suffix("") for source in alone if source.suffix != ".txt"}
    recordings = [source for source in alone if source.suffix != ".txt" or source.with_suffix("") not in media]
    return Clips(None, dict(zip(_names(recordings), recordings, strict=True)))


def _is_manifest(source: Path) -> bool:
    if not source.exists():
        raise UserError(f"{source} does not exist: {_NAME}")
    if source.is_dir() and not (source / MANIFEST).exists():
        raise UserError(f"{source} holds no {MANIFEST}: {_NAME}")
    if source.suffix == ".csv" and source.name != MANIFEST:
        raise UserError(f"{source}: a table of clips must be called {MANIFEST}: rename it")
    return source.is_dir() or source.name == MANIFEST


def _names(recordings: Sequence[Path]) -> list[str]:
    """Return a unique name for each recording: the file name without or with its extension, or else the path.

    >>> _names([Path("x/a.mp4"), Path("x/b.mp4"), Path("x/b.wav"), Path("x/c.mp4"), Path("y/c.mp4")])
    ['a', 'b.mp4', 'b.wav', 'x/c.mp4', 'y/c.mp4']
    """
    readings = [[trimmed(name) for name in (path.stem, path.name, str(path))] for path in recordings]
    stems, files, _ = (Counter(names) for names in zip(*readings, strict=True))
    return [stem if stems[stem] == 1 else file if files[file] == 1 else path for stem, file, path in readings]


def clip_manifest(clips: Clips, text: str | None, folder: Path) -> Path:
    """Write a manifest of recordings with their transcripts, and return its folder.

    The transcript is `text` if it is given (for a single recording), else the content of the text file next to the
    recording.

    Raises
    ------
    UserError
        If a name or a transcript cannot be a cell of a table, or a transcript is not UTF-8.
    """
    rows = []
    for name, clip in clips.recordings.items():
        if fault := fault_of_name(name):
            raise UserError(f"{clip}: the name of the recording {fault}")
        words = text if text is not None else _transcript(clip)
        if fault := fault_of_text(words):
            raise UserError(f"{clip.with_suffix('.txt') if text is None else '--text'} {fault}")
        rows.append({"media": str(clip.resolve()), "utterance": name, "text": words})
    folder.mkdir(parents=True, exist_ok=True)
    with (
        named(folder / MANIFEST),
        (folder / MANIFEST).open("w", newline="", encoding="utf-8") as file,
    ):  # read like a user's manifest
        writer = csv.DictWriter(file, ["media", "utterance", "text"], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def _transcript(clip: Path) -> str:
    """Return the content of the text file next to a recording; empty if there is none."""
    path = clip.with_suffix(".txt")
    if path == clip:
        return ""
    refuse_pipe(path)
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}): save it as UTF-8") from None
