"""Find the recordings below a folder and read what each contains; list the files that are left out, and why."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.corpora.recordings import probed
from pipeline.errors import UserError, counted
from pipeline.locales import hint_of
from pipeline.streams.decode import RecordingInfo
from pipeline.tables.rules import fault_of_text, trimmed

# Suffixes of files that may hold sound or moving pictures; the file itself shows what it really holds.
SUFFIXES = frozenset(
    f".{suffix}"
    for group in (
        "3g2 3gp 3gpp asf avi divx dv f4v flv m1v m2t m2ts m2v m4v mkv mov mp4 mpe mpeg mpg mts mxf ogm ogv ps qt rm",
        "rmvb tod ts vob webm wmv aac ac3 aif aifc aiff amr ape au caf flac gsm m4a m4b mka mp2 mp3 mpa oga ogg opus",
        "ra snd spx tta w64 wav wave weba wma wv",
    )
    for suffix in group.split()
)
PAIR_S = 0.5  # a silent video and its sound in another file differ in length by at most this


@dataclass(frozen=True)
class Recording:
    """A recording in the folder or its subfolders.

    Attributes
    ----------
    path
        The file.
    place
        The path relative to the folder.
    info
        What the file contains.
    sound
        The path of a separate sound file, relative to the folder; None if there is none.
    """

    path: Path
    place: PurePosixPath
    info: RecordingInfo
    sound: PurePosixPath | None = None

    @property
    def stem(self) -> PurePosixPath:
        """The path relative to the folder (`place`), without its suffix."""
        return self.place.with_suffix("")

    @property
    def heard(self) -> bool:
        """Whether the recording has sound."""
        return bool(self.info.audio) or self.sound is not None


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the manifest, and the reason, phrased as the end of a sentence."""

    place: str
    reason: str


@dataclass(frozen=True)
class Found:
    """The content of a folder: recordings sorted by path, files that are left out, other files, and notes."""

    folder: Path
    recordings: tuple[Recording, ...]
    left_out: tuple[LeftOut, ...]
    others: tuple[PurePosixPath, ...]
    notes: tuple[str, ...]


def find(folder: Path, without: Collection[Path] = ()) -> Found:
    """Return the recordings in a folder and its subfolders; each is read to its end, but nothing is decoded.

    Hidden files and folders are ignored, including macOS's ``._*`` files.

    Parameters
    ----------
    folder
        The folder to search.
    without
        Subfolders to ignore.

    Raises
    ------
    UserError
        If `folder` does not exist or is a file.
    """
    if not folder.is_dir():
        what = "is a file and not a folder" if folder.exists() else "does not exist"
        raise UserError(f"{folder} {what}{hint_of(str(folder))}: give the folder of your recordings")
    places = sorted(files_below(folder, {_real(path) for path in without}))
    media = [place for place in places if place.suffix.lower() in SUFFIXES]
    named, unnamed = _nameable(media)
    distinct, linked = _distinct(folder, named)
    read, unread = _read(folder, distinct)
    paired, spare = pairs(read)
    return Found(
        folder,
        tuple(paired),
        (*unnamed, *linked, *unread, *spare),
        tuple(place for place in places if place.suffix.lower() not in SUFFIXES),
        tuple(_notes(paired)),
    )


def files_below(folder: Path, without: Collection[str] = ()) -> Iterator[PurePosixPath]:
    """Yield the relative paths of all files below a folder that are not hidden; links to folders are followed once."""
    seen: set[str] = set(without)
    for here, folders, files in os.walk(folder, followlinks=True):
        real = _real(Path(here))
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith("."):
                yield PurePosixPath(Path(here, name).relative_to(folder).as_posix())


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _nameable(places: Iterable[PurePosixPath]) -> tuple[list[PurePosixPath], list[LeftOut]]:
    """Divide paths into those that a manifest can contain, and those that it cannot, each with the reason."""
    kept, left = [], []
    for place in places:
        name = place.as_posix()
        if fault_of_text(name):
            shown = os.fsencode(name).decode("utf-8", "backslashreplace")
            left.append(LeftOut(shown, "has a name that is not valid UTF-8: rename it"))
        elif trimmed(name) != name or "\r" in name:
            left.append(LeftOut(name, "has a name that begins or ends with a space, or has a line break: rename it"))
        else:
            kept.append(place)
    return kept, left


def _distinct(folder: Path, places: Iterable[PurePosixPath]) -> tuple[list[PurePosixPath], list[LeftOut]]:
    """Divide paths into the first path of each file and further paths of the same file (hard or symbolic links)."""
    first: dict[tuple[int, int], PurePosixPath] = {}
    kept, left = [], []
    for place in places:
        try:
            status = (folder / place).stat()
        except OSError:
            kept.append(place)  # the error is reported when it is read
            continue
        same = first.setdefault((status.st_dev, status.st_ino), place)
        if same == place:
            kept.append(place)
        else:
            kind = "symbolic" if (folder / place).is_symlink() or (folder / same).is_symlink() else "hard"
            left.append(LeftOut(place.as_posix(), f"is the same file as {same} (a {kind} link)"))
    return kept, left


def _read(folder: Path, places: Sequence[PurePosixPath]) -> tuple[list[Recording], list[LeftOut]]:
    names = {place: (folder / place).as_posix() for place in places}
    infos = probed(names.values())
    kept, left = [], []
    for place, name in names.items():
        info = infos[name]
        if isinstance(info, str):
            reason = info.removeprefix(name).strip()
            left.append(LeftOut(place.as_posix(), reason if info.startswith(name) else info))
        elif info.breaks_off_s is not None:
            left.append(LeftOut(place.as_posix(), f"breaks off at {info.breaks_off_s:.2f} s: copy it again"))
        else:
            kept.append(Recording(folder / place, place, info))
    return kept, left


def pairs(recordings: Sequence[Recording]) -> tuple[list[Recording], list[LeftOut]]:
    """Join each silent video with the sound file of the same name and length, if there is only one of each.

    A sound file with the name and length of a video that has sound is taken for a copy and left out.
    """
    by_stem: dict[PurePosixPath, list[Recording]] = {}
    for recording in recordings:
        by_stem.setdefault(recording.stem, []).append(recording)
    kept, left = [], []
    for same in by_stem.values():
        pictures = [recording for recording in same if recording.info.video]
        sounds = [recording for recording in same if not recording.info.video]
        if len(pictures) != 1 or len(sounds) != 1 or not _as_long(pictures[0], sounds[0]):
            kept += same
        elif pictures[0].info.audio:
            kept += pictures
            reason = f"has the name and length of {pictures[0].place}, which has its own sound"
            remedy = "to use this file, name it in the column sound of manifest.csv"
            left.append(LeftOut(sounds[0].place.as_posix(), f"{reason}: {remedy}"))
        else:
            kept.append(replace(pictures[0], sound=sounds[0].place))
    return sorted(kept, key=lambda recording: recording.place), left


def _as_long(one: Recording, other: Recording) -> bool:
    return abs(one.info.duration_s - other.info.duration_s) <= PAIR_S


def _notes(recordings: Sequence[Recording]) -> Iterator[str]:
    if joined := [recording for recording in recordings if recording.sound]:
        yield (
            f"{counted(len(joined), 'silent video')} with the sound in another file of the same name, such as "
            f"{joined[0].place} and {joined[0].sound}: joined by the column sound"
        )
    stems = Counter(recording.stem for recording in recordings)
    if twice := [stem for stem, count in stems.items() if count > 1]:
        yield (
            f"recordings that differ only in the suffix ({counted(len(twice), 'name')}, such as {twice[0]}) are "
            "separate utterances: if one is a copy of the other, remove its row"
        )
