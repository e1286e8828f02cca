"""Choose one of several tracks, and one of its channels, by name or in the way players do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import av

from pipeline.settings.streams import DEFAULT, SIDES
from pipeline.streams.container.opening import MediaError, has_decoder, is_preview, media_streams, size_of

_SIDES = {"left": ("FL", "DL"), "right": ("FR", "DR")}
_MARKS = av.stream.Disposition
_ASIDE = (  # players prefer tracks without these marks
    _MARKS.comment | _MARKS.hearing_impaired | _MARKS.visual_impaired | _MARKS.descriptions | _MARKS.karaoke
    | _MARKS.clean_effects | _MARKS.lyrics | _MARKS.dependent | _MARKS.still_image | _MARKS.non_diegetic
)  # fmt: skip
_GENERIC = ("VideoHandler", "SoundHandler", "Core Media Video", "Core Media Audio")


@dataclass(frozen=True)
class Track:
    """An audio or video track.

    Attributes
    ----------
    number
        Position of the track among those of its kind, from 1.
    index
        Index of the track's stream in the file.
    language, title
        Language and title of the track in the file; empty if the file states none, or a generic one.
    chosen
        Whether this track is used if none is named.
    channels
        FFmpeg's names for the audio channels, such as ``FL``; ``NONE`` for a channel without a name.
    size
        Width and height of the picture in pixels.
    program
        The program to which the track belongs, from 1, if the recording has several (television); otherwise 0.
    decodable
        Whether the codec is known; otherwise the track cannot be read.
    """

    number: int
    index: int
    language: str = ""
    title: str = ""
    chosen: bool = False
    channels: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)
    program: int = 0
    decodable: bool = True

    def __str__(self) -> str:
        """Return the number of the track and what distinguishes it from others.

        >>> str(Track(2, 3, "eng", "Mic", channels=("FL", "FR")))
        "2 ('Mic', eng, 2 channels)"
        """
        parts = [repr(self.title)] if self.title else []
        parts += [self.language] if self.language else []
        parts += [f"program {self.program}"] if self.program else []
        if not self.decodable:
            parts.append("unknown codec")
        elif self.channels:
            parts.append(f"{len(self.channels)} channel{'s' if len(self.channels) > 1 else ''}")
        else:
            parts.append("x".join(map(str, self.size)))
        return f"{self.number} ({', '.join(parts)})"


def tracks_of(container: Any, kind: str, stills: Collection[int]) -> tuple[Track, ...]:
    """Return the tracks of a kind, ``"audio"`` or ``"video"``, in the order of the file.

    One of them is marked as `chosen`. If there are several programs, the chosen picture is one of a program with sound,
    and the chosen sound belongs to the same program. A track with a single picture is chosen only if there is no other
    track, and a track that cannot be decoded is chosen only if none can be decoded.

    Parameters
    ----------
    container
        The open recording.
    kind
        ``"audio"`` or ``"video"``.
    stills
        The indices of the streams that hold a single picture.
    """
    programs = programs_of(container)
    streams = media_streams(container, kind)
    best = _best(streams, _preferred(container, programs, kind, stills), programs, stills)
    return tuple(_track(stream, i, stream is best, programs.get(stream.index, 0)) for i, stream in enumerate(streams))


def programs_of(container: Any) -> dict[int, int]:
    """Return the program number of each stream, from 1, keyed by stream index; empty if there is only one program.

    Streams belong to the same program if FFmpeg chooses the same picture and the same sound to go with them.
    """
    pairs = {}
    for stream in media_streams(container):
        found = (container.streams.best(kind, related=stream) for kind in ("video", "audio"))
        pairs[stream.index] = tuple(-1 if other is None else other.index for other in found)
    numbers = {pair: number for number, pair in enumerate(dict.fromkeys(pairs.values()), 1)}
    return {index: numbers[pair] for index, pair in pairs.items()} if len(numbers) > 1 else {}


def _preferred(container: Any, programs: Mapping[int, int], kind: str, stills: Collection[int]) -> set[int]:
    """Return the numbers of the programs from which a track is chosen if possible; empty if `programs` is empty."""
    if not programs:
        return set()
    heard = {programs[stream.index] for stream in media_streams(container, "audio") if has_decoder(stream)}
    picture = _best(media_streams(container, "video"), heard, programs, stills)
    return heard if kind == "video" or picture is None else {programs[picture.index]}


def _best(streams: Sequence[Any], preferred: set[int], programs: Mapping[int, int], stills: Collection[int]) -> Any:
    """Return the stream that is used if no track is named; None if there are no streams."""
    films = [stream for stream in streams if stream.index not in stills]

    def order(place: int) -> tuple[int, ...]:
        stream = streams[place]
        other_program = programs.get(stream.index, 0) not in preferred
        last = stream.index in stills, not has_decoder(stream), other_program, is_preview(stream, films)
        return (*last, *_rank(stream, place))

    return streams[min(range(len(streams)), key=order)] if streams else None


def chosen(tracks: Sequence[Track], name: str, kind: str, where: object) -> Track:
    """Return the track with the given name.

    Parameters
    ----------
    tracks
        All tracks of one kind, at least one.
    name
        A number from 1, a language, a title, or ``"default"``.
    kind
        ``"audio"`` or ``"video"``, for messages.
    where
        The recording, for messages.

    Raises
    ------
    MediaError
        If no track has this name (the message lists all tracks), or if the track cannot be decoded.
    """
    track = _named(tracks, name.strip(), kind, where)
    if not track.decodable:
        raise MediaError(
            f"{kind} track {track} of {where} cannot be decoded: convert the recording with the program that made it, "
            "to MP4 with H.264 and AAC"
        )
    return track


def stream_of(container: Any, kind: str, stills: Collection[int], name: str, where: object) -> Any:
    """Return the stream of the track that `chosen` returns; None if the open recording has no track of the kind."""
    tracks = tracks_of(container, kind, stills)
    return container.streams[chosen(tracks, name, kind, where).index] if tracks else None


def _named(tracks: Sequence[Track], name: str, kind: str, where: object) -> Track:
    if name.casefold() == DEFAULT:
        return next(track for track in tracks if track.chosen)
    if name.isdecimal():
        found = [track for track in tracks if track.number == int(name)]
    else:
        found = [t for t in tracks if name.casefold() in (t.language.casefold(), t.title.casefold())]
    if not found:
        listed = ", ".join(map(str, tracks))
        raise MediaError(f"{where} has no {kind} track {name!r}; available: {listed}")
    return next((track for track in found if track.chosen), found[0])


def channel_index(names: Sequence[str], channel: str, where: object) -> int:
    """Return the index of a channel: ``left`` (``L``, ``FL``), ``right``, a number from 1, or a name such as ``FC``.

    >>> channel_index(["FL", "FR"], "right", "a.wav"), channel_index(["NONE"] * 4, "3", "a.wav")
    (1, 2)

    Raises
    ------
    MediaError
        If the recording lacks the channel; the message says which channels there are.
    """
    wanted = channel.strip()
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    side = SIDES.get(wanted.casefold(), "")
    for name in _SIDES.get(side, (wanted.upper(),)):
        if name in names and name != "NONE":
            return list(names).index(name)
    if side and len(names) == 2:
        return list(_SIDES).index(side)
    named = f" ({', '.join(names)})" if "NONE" not in names else ""
    there = "one channel" if len(names) == 1 else f"{len(names)} channels{named}"
    raise MediaError(f"the sound of {where} has no channel {channel!r}: it has {there}")


def _track(stream: Any, place: int, chosen: bool, program: int) -> Track:
    metadata = stream.metadata
    titles = (metadata.get(key, "") for key in ("title", "name", "handler_name"))
    title = next((t for t in titles if t and t not in _GENERIC), "")
    language = stream.language or metadata.get("language", "") or ""
    sound = stream.type == "audio"
    return Track(
        number=place + 1,
        index=stream.index,
        language="" if language == "und" else language,
        title=title,
        chosen=chosen,
        channels=tuple(c.name for c in stream.layout.channels) if sound and has_decoder(stream) else (),
        size=size_of(stream),
        program=program,
        decodable=has_decoder(stream),
    )


def _rank(stream: Any, place: int) -> tuple[bool, bool, int, int]:
    """Return the sort key by which players choose a track.

    They prefer tracks without marks such as "commentary", then default tracks, larger pictures, and earlier tracks.
    """
    marks = stream.disposition
    width, height = size_of(stream)
    return bool(marks & _ASIDE), not marks & _MARKS.default, -width * height, place
