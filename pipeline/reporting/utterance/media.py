"""Read the picture and sound of an utterance from its recording, as a viewer sees and hears them before cleaning."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import av
import numpy as np

from features.types import FloatArray
from pipeline.hashing import stamp_of
from pipeline.reporting.utterance.clip import FPS, MOST_HIGH, MOST_S, encoded, playable
from pipeline.run.plans import Source
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams.audio import read_sound
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.timeline import timeline_of
from pipeline.streams.frames import Contents, decode, survey
from pipeline.streams.pictures import Painter, Picture, cropped, shrink
from pipeline.streams.sampling import sample_targets, seen
from pipeline.streams.spans import Span

_WHOLE_S = 0.1  # an utterance counts as the whole recording if at most this much is outside it


@dataclass(frozen=True)
class Clip:
    """A clip that a browser plays.

    Attributes
    ----------
    content, mime
        The file and its media type; both are empty if there is no clip.
    note
        Why there is no clip, or which part of the utterance it shows; empty if it shows all.
    size
        Width and height of the recording's picture after rotation; None if it has no picture.
    stills
        Some pictures of the utterance, if it has any.
    """

    content: bytes = b""
    mime: str = ""
    note: str = ""
    size: tuple[int, int] | None = None
    stills: tuple[Picture, ...] = ()


def sound_of(source: Source, config: AudioConfig) -> FloatArray | str:
    """Return the samples of an utterance before cleaning, or why there are none."""
    for _, found in read_sound(Path(source.path), [source.span], config, source.media):
        return str(found) if isinstance(found, Exception) else found
    return f"{source.media} has no sound in this span"


def clip_of(source: Source, voice: Source, sound: FloatArray, rate_hz: int, config: VideoConfig) -> Clip:
    """Return the clip of an utterance.

    If the recording is small and playable, and holds nothing but this utterance, it is the clip; otherwise, the clip is
    a new file.

    Parameters
    ----------
    source, voice
        Where the picture and the sound of the utterance are.
    sound, rate_hz
        The samples from `sound_of` (empty if there are none) and their rate.
    config
        The settings of the video stream, which choose the track.
    """
    longest = replace(source.span, end_s=min(source.span.end_s, source.span.start_s + MOST_S))
    as_it_is = _as_it_is(source, voice, config)
    try:
        pictures, size = _pictures(source, longest, config, 1 / source.span.duration_s if as_it_is else FPS)
    except MediaError as error:
        return Clip(note=str(error))
    stills = tuple(pictures[i] for i in np.unique(np.linspace(0, len(pictures) - 1, 4).astype(int))) if pictures else ()
    if as_it_is:
        return Clip(Path(source.path).read_bytes(), as_it_is, "", size, stills)
    if not pictures and not len(sound):
        return Clip(note=f"{source.media} has neither a picture nor sound in this span")
    try:
        made = encoded(pictures, sound[: round(MOST_S * rate_hz)], rate_hz)
    except av.FFmpegError as error:
        return Clip(note=f"no clip could be made of {source.media}: {error}", size=size, stills=stills)
    note = f"the first {MOST_S:g} s" if longest.end_s < source.span.end_s else ""
    return Clip(made, "video/mp4" if pictures else "audio/mp4", note, size, stills)


def _as_it_is(source: Source, voice: Source, config: VideoConfig) -> str:
    """Return the media type of a recording that can be shown as it is; empty for other recordings."""
    span = source.span
    chosen = span.region or span.track or voice.span.track or voice.span.channel or str(config.track) != "default"
    if chosen or voice.path != source.path or span.start_s > _WHOLE_S:
        return ""
    try:
        mime = playable(Path(source.path), source.media)
        whole = timeline_of(Path(source.path), source.media).duration_s <= span.end_s + _WHOLE_S
    except (MediaError, OSError):
        return ""
    return mime if whole else ""


def _pictures(
    source: Source, span: Span, config: VideoConfig, fps: float
) -> tuple[list[Picture], tuple[int, int] | None]:
    """Return pictures of a span at a fixed rate, made smaller, and the width and height of the recording's picture.

    If the recording has no picture, the list is empty, and width and height are None.
    """
    path = Path(source.path)
    contents = _surveyed(path, span.track or str(config.track), source.media, _stamp(path))
    if contents is None:
        return [], None
    wanted, _ = seen(contents.times, contents.end_s, sample_targets(span, fps), 1 / fps)
    found: list[Picture] = []
    size = None
    for picture, times in _painted(path, contents, wanted):
        size = size or (picture.shape[1], picture.shape[0])
        small = shrink(cropped(picture, span.region)[0], MOST_HIGH)
        found += [small] * times
    return [picture for picture in found if picture.shape == found[0].shape], size


def _painted(path: Path, contents: Contents, wanted: np.ndarray) -> Iterator[tuple[Picture, int]]:
    """Yield each picture whose number is in `wanted`, and how often the number occurs; skip what cannot be decoded."""
    painter = Painter(contents.aspect)
    numbers, counts = np.unique(wanted, return_counts=True)
    often = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    for number, frame in decode(path, contents, numbers):
        if frame is not None:
            yield painter(frame), often[number]


@lru_cache(maxsize=2)  # a long recording has many utterances, whose clips are made one after another
def _surveyed(path: Path, track: str, name: str, stamp: str) -> Contents | None:  # noqa: ARG001
    return survey(path, track, name)


def _stamp(path: Path) -> str:
    try:
        return stamp_of(path)
    except OSError:
        return ""  # opening the file will report what is wrong
