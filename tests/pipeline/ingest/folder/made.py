"""Recordings that need no files."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pipeline.ingest.folder.recordings import Found, Recording
from pipeline.streams.container.tracks import Track
from pipeline.streams.decode import RecordingInfo


def recording(place: str, seconds: float = 3.0, *, heard: bool = True, seen: bool = True) -> Recording:
    info = RecordingInfo(seconds, (Track(1, 0),) * heard, (Track(1, 1),) * seen)
    return Recording(Path("clips") / place, PurePosixPath(place), info)


def found(*places: str, folder: Path = Path("clips"), others: Sequence[str] = ()) -> Found:
    recordings = tuple(recording(place) for place in places)
    return Found(folder, recordings, (), tuple(map(PurePosixPath, others)), ())
