"""Read all recordings of a corpus to the end without decoding them, and report their lengths, tracks and faults."""

import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.corpora.problems import MOST_LISTED, Problem
from pipeline.corpora.sources import label_file
from pipeline.errors import unforeseen
from pipeline.locales import hint_of
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.streams import DEFAULT, MIX
from pipeline.tables.near_paths import Neighbours

if TYPE_CHECKING:
    from pipeline.streams.decode import RecordingInfo

Found = dict[str, "RecordingInfo | str"]  # recording -> what it holds, or what is wrong with it

_LACKING_S = 1.0  # an utterance without picture or sound for longer is remarked on, however long it is
CHOICES = ("audio_track", "audio_channel", "video_track")  # columns that choose what is read from a recording


def read_all(files: Iterable[str], settings: CorpusParams) -> Found:
    """Return the length and tracks of each recording, or what is wrong with it.

    Each file is read to its end once, but not decoded. For a missing file, the message suggests the file that was
    probably meant.
    """
    return _with_meant(probed(files), settings)


def problems_of(table: pd.DataFrame, lines: Mapping[str, int], found: Found, settings: CorpusParams) -> list[Problem]:
    """Return the problems of readable recordings; none if neither audio nor video is one of the corpus's modalities.

    A recording may break off, lack a track or channel that a row names, have several tracks although a row names none,
    or have the oddities in `RecordingInfo.notices`. Its picture and sound may belong to different TV programs, or one
    of them may end before utterances do.
    """
    infos = {name: info for name, info in found.items() if not isinstance(info, str)}
    where = label_file(settings)
    problems: list[Problem] = []
    if not {"audio", "video"} & set(settings.modalities):
        return problems
    for name, info in infos.items():
        if info.breaks_off_s is not None:
            message = f"{name} breaks off at {info.breaks_off_s:.2f} s: copy it again"
            problems.append(Problem("failed", where, lines[name] or None, message))
        problems += [Problem("warning", where, lines[name] or None, f"{name}: {message}") for message in info.notices]
    for kind in ("audio", "video"):
        if kind in settings.modalities:
            problems += [Problem("failed", where, line, message) for line, message in _not_there(table, infos, kind)]
            problems += [Problem("warning", where, None, message) for message in _left_open(table, infos, kind)]
    if {"audio", "video"} <= set(settings.modalities):
        problems += [Problem("warning", where, line, message) for line, message in _of_two_programs(table, infos)]
        problems += [Problem("warning", where, line, message) for line, message in _ends_early(table, infos)]
    return problems


def kinds_of(table: pd.DataFrame, found: Found) -> set[str]:
    """Return the modalities among ``audio`` and ``video`` that at least one utterance has.

    A recording that cannot be read counts as having both.
    """
    return {
        kind
        for kind in ("audio", "video")
        if any(
            isinstance(found.get(name), str) or getattr(found.get(name), kind, ()) for name in _read_from(table, kind)
        )
    }


def left_out(there: Collection[str], settings: CorpusParams) -> list[Problem]:
    """Return a warning about modalities in the settings that no utterance has, or an error if no modality remains.

    Parameters
    ----------
    there
        The modalities that at least one utterance has.
    settings
        The settings of the corpus.
    """
    lacking = [m for m in settings.modalities if m not in there]
    if not lacking:
        return []
    absent = " and ".join(_NOTHING_OF[m] for m in lacking)
    if len(lacking) == len(settings.modalities):
        message = (
            f"{absent}, so the corpus has none of its modalities ({', '.join(lacking)}): name recordings in the column "
            "media"
        )
        return [Problem("error", label_file(settings), None, message)]
    rest = ", ".join(m for m in settings.modalities if m in there)
    message = f"{absent}: leaving out {' and '.join(lacking)}, as if the settings had modalities: [{rest}]"
    return [Problem("warning", label_file(settings), None, message)]


_NOTHING_OF = {
    "text": "no row has text",
    "audio": "no recording has sound",
    "video": "no recording has a picture",
}


def _read_from(table: pd.DataFrame, kind: str) -> pd.Series:
    """Return the recording that each utterance's sound or picture is read from."""
    return table["sound"].where(table["sound"] != "", table["media"]) if kind == "audio" else table["media"]


def _not_there(table: pd.DataFrame, infos: Mapping[str, Any], kind: str) -> Iterator[tuple[int, str]]:
    """Yield the line and an error message for each row that names a track or channel that its recording lacks.

    If the default track of a recording cannot be decoded, the first row that relies on it is yielded, too.
    """
    from pipeline.streams.container.opening import MediaError
    from pipeline.streams.container.tracks import channel_index, chosen

    channels = table["audio_channel"] if kind == "audio" else [""] * len(table)
    seen: set[str] = set()  # recordings whose default track was checked
    rows = zip(table["line"], _read_from(table, kind), table[f"{kind}_track"], channels, strict=True)
    for line, name, track, channel in rows:
        tracks = getattr(infos[name], kind) if name in infos else ()
        if not tracks or (not (track or channel) and name in seen):
            continue
        if not (track or channel):
            seen.add(name)
        try:
            track_read = chosen(tracks, track or DEFAULT, kind, name)
            if channel and channel.casefold() != MIX and track_read.channels:
                channel_index(track_read.channels, channel, name)
        except MediaError as error:
            yield int(line), str(error)


def _left_open(table: pd.DataFrame, infos: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield one sentence about recordings with several tracks if a row reads such a recording and chooses no track."""
    read = _read_from(table, kind)[table[f"{kind}_track"] == ""]
    several = [name for name in dict.fromkeys(read) if name in infos and len(getattr(infos[name], kind)) > 1]
    if several:
        tracks = getattr(infos[several[0]], kind)
        default = next(track.number for track in tracks if track.chosen)
        recordings = f"{len(several)} recordings have" if len(several) > 1 else "a recording has"
        yield (
            f"{recordings} several {kind} tracks, such as {several[0]}: {', '.join(map(str, tracks))}. Unless "
            f"streams.{kind}.track names one, the default track is read, here {default}; "
            f"a column {kind}_track chooses another"
        )


def _with_both(table: pd.DataFrame, infos: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield each row whose recording holds both picture and sound, with the recording's entry in `infos`.

    The third and fourth values are the sound track and the video track that are read for the row.
    """
    from pipeline.streams.container.opening import MediaError
    from pipeline.streams.container.tracks import chosen

    for row in table[table["sound"] == ""].itertuples():
        info = infos.get(row.media)
        if not (info and info.audio and info.video):
            continue
        try:
            sound = chosen(info.audio, row.audio_track or DEFAULT, "audio", row.media)
            picture = chosen(info.video, row.video_track or DEFAULT, "video", row.media)
        except MediaError:  # reported before
            continue
        yield row, info, sound, picture


def _of_two_programs(table: pd.DataFrame, infos: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the line and a message for each row whose picture and sound are from different TV programs."""
    for row, _, sound, picture in _with_both(table, infos):
        if sound.program != picture.program:
            message = f"{row.media}: the picture, track {picture}, and the sound, track {sound}, belong to two programs"
            yield int(row.line), f"{message}: choose both in the columns video_track and audio_track"


def _ends_early(table: pd.DataFrame, infos: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield a line and a message for each recording whose picture or sound ends too early for an utterance.

    The picture or sound ends too early if it is missing from more than a second of the utterance. More than half a
    second is enough if that is also more than a fifth of the utterance. The line is that of the first such utterance.
    """
    lacking: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for row, info, sound, picture in _with_both(table, infos):
        ends_s = {"sound": info.ends_s.get(sound.index), "picture": info.ends_s.get(picture.index)}
        if info.breaks_off_s is not None or None in ends_s.values():
            continue
        first, last = sorted(ends_s, key=lambda kind: ends_s[kind])
        end_s = ends_s[last] if pd.isna(row.end) else min(row.end, ends_s[last])
        if end_s - max(ends_s[first], row.start) > max(_LACKING_S / 2, min(_LACKING_S, (end_s - row.start) / 5)):
            times = f"the {first} ends at {ends_s[first]:.2f} s, but the {last} at {ends_s[last]:.2f} s"
            lacking.setdefault((row.media, times), []).append((int(row.line), row.utterance, first))
    for (name, times), rows in lacking.items():
        line, utterance, first = rows[0]
        who = f"{len(rows)} utterances, such as {utterance!r}, have" if len(rows) > 1 else f"{utterance!r} has"
        yield (
            line,
            f"{name}: {times}, so {who} no {first} at the end: copy or convert the recording again, or set `end`",
        )


def probed(files: Iterable[str]) -> Found:
    """Return the length and tracks of each recording, or what is wrong with it; each file is opened only once."""
    from concurrent.futures import ThreadPoolExecutor

    by_file: dict[Any, list[str]] = {}
    for name in files:
        by_file.setdefault(_identity(Path(name)), []).append(name)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # reading a file is FFmpeg's work, outside Python's lock
        results = list(pool.map(_info_or_fault, [names[0] for names in by_file.values()]))
    found: Found = {}
    for names, result in zip(by_file.values(), results, strict=True):
        for name in names:
            again = (
                isinstance(result, str) and name != names[0]
            )  # so that the message has the path in the row's spelling
            found[name] = _info_or_fault(name) if again else result
    return found


def _with_meant(found: Found, settings: CorpusParams) -> Found:
    """Add a hint to the messages about missing files: which file was probably meant, or where a broken link leads."""
    lost = [name for name, result in found.items() if isinstance(result, str) and not Path(name).exists()]
    if not lost:
        return found
    neighbours, root = Neighbours(found.keys() - {*lost}), f"{Path(settings.root).as_posix()}/"
    for name in lost[:MOST_LISTED]:
        found[name] = f"{found[name]}{_hint(Path(name), root, neighbours)}"
    return found


def _hint(path: Path, root: str, neighbours: Neighbours) -> str:
    if path.is_symlink():
        return f" (it is a symbolic link to {str(path.readlink())!r}, which leads nowhere)"
    meant = neighbours.meant(path, path.as_posix().removeprefix(root), Path(root))
    return f" (did you mean {_relative(meant, path.as_posix(), root)}?)" if meant else hint_of(path.as_posix())


def _relative(meant: Path, name: str, root: str) -> str:
    form = unicodedata.normalize("NFC", meant.as_posix()) == unicodedata.normalize("NFC", name)
    there = meant.as_posix().removeprefix(root)
    shown = meant.as_posix() if there == name else there  # a reader may have left the root out of the path
    return f"{shown!r}{', the same name in another Unicode form' if form else ''}"


def _identity(path: Path) -> Any:
    try:
        stat = path.stat()
    except OSError:
        return path
    return (stat.st_dev, stat.st_ino, path.suffix)


def _info_or_fault(name: str) -> "RecordingInfo | str":
    from pipeline.streams.container.opening import MediaError
    from pipeline.streams.decode import probe

    try:
        info = probe(Path(name))
    except (MediaError, OSError) as error:
        return str(error)
    except Exception as error:  # an unforeseen error of one recording must not keep the others from being read
        return f"{name} cannot be read: {unforeseen(error)}. Copy it again, or convert it to MP4 with H.264 and AAC"
    return info if info.duration_s > 0 else f"{name} lasts 0 seconds: record or copy it again"
