"""Detect files that were joined byte by byte (``cat a.avi b.avi``).

FFmpeg follows the header at the beginning of a file. At a second header, it either stops, or it mixes both files: it
shows the picture of one with the sound of the other, or plays a header, which is heard as a click. Formats that are a
plain sequence of frames (MP3, AAC, MPEG program and transport streams, chained Ogg) can be joined; all others have a
header.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.streams.container.opening import MediaError, has_decoder, media_streams, open_behind, size_of
from pipeline.streams.container.sizes import FROM_STAMPS, MATROSKA, MOV, is_complete, stated_end

CHUNK = 1 << 20
OGG, FLV = "ogg", "flv"
LONGEST = 128  # the largest number of bytes that a header's pattern can match
SHORT = 512  # the largest size of a first page in Ogg, in bytes
# Codecs that the same decoder reads, mapped to a common name.
KINS = {"mp1": "mp2", "mp1float": "mp2", "mp2float": "mp2", "mp3": "mp2", "mp3float": "mp2", "mpeg1video": "mpeg2video"}


class Header(NamedTuple):
    """How a file of a format begins.

    Attributes
    ----------
    pattern
        Regular expression for its first bytes, long enough not to match by chance.
    stops
        Whether FFmpeg stops reading at a further header; otherwise it reads on.
    """

    pattern: re.Pattern[bytes]
    stops: bool = False


def _header(pattern: bytes, *, stops: bool = False) -> Header:
    return Header(re.compile(pattern, re.DOTALL), stops)


HEADERS = {  # FFmpeg's name of the format -> how its files begin
    MATROSKA: _header(rb"\x1a\x45\xdf\xa3.{1,60}?\x42\x82.{1,8}?(?:matroska|webm)"),
    MOV: _header(rb"moov....(?:mvhd|cmov|rmra)"),
    "aiff": _header(rb"FORM....AIF[FC]"),
    "amr": _header(rb"#!AMR(?:-WB)?(?:_MC1\.0)?\n"),
    "ape": _header(rb"MAC [\x80-\xff][\x0e\x0f]\0\0", stops=True),
    "asf": _header(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"),
    "ast": _header(rb"STRM.{4}\0[\0\x01]\0\x10", stops=True),
    "au": _header(rb"\.snd\0\0.{6}\0\0\0[\x01-\x1b]\0"),
    "avi": _header(rb"RIFF....AVI LIST....hdrl"),
    "caf": _header(rb"caff\0\x01..desc"),
    "dsf": _header(rb"DSD \x1c\0{7}", stops=True),
    "flac": _header(rb"fLaC[\0\x80]\0\0\x22", stops=True),
    FLV: _header(rb"FLV\x01[\0-\x05]\0\0\0\x09\0{4}", stops=True),
    "ircam": _header(rb"\x64\xa3[\x01-\x04]\0.{3}[\x45-\x48][\x01-\x20]\0\0\0"),
    "ivf": _header(rb"DKIF\0\0\x20\0", stops=True),
    "mpc": _header(rb"MP\+[\x07\x17\x27]", stops=True),
    "mpc8": _header(rb"MPCKSH", stops=True),
    "mxf": _header(rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02[\x01-\x04]\0"),
    "nistsphere": _header(rb"NIST_1A\n"),
    "nut": _header(rb"nut/multimedia container\0"),
    OGG: _header(rb"OggS\0[\x02\x06]", stops=True),
    "qcp": _header(rb"RIFF....QLCMfmt "),
    "rm": _header(rb"\.RMF\0\0\0[\x10\x12]\0[\0\x01]"),
    "sox": _header(rb"\.SoX.\0\0\0.{15}\x40[\x01-\x20]\0\0\0"),
    "swf": _header(rb"[FC]WS[\x01-\x28]", stops=True),
    "tak": _header(rb"tBaK", stops=True),
    "tta": _header(rb"TTA[12][\x01-\x03]\0[\x01-\x20]\0", stops=True),
    "voc": _header(rb"Creative Voice File\x1a"),
    "w64": _header(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0"),
    "wav": _header(rb"(?:RIFF|RIFX|RF64|BW64)....WAVE[ -~]{4}"),
    "wtv": _header(rb"\xb7\xd8\0\x20\x37\x49\xda\x11\xa6\x4e\0\x07\xe9\x5e\xad\x8d", stops=True),
    "wv": _header(rb"wvpk.{4}[\x02-\x10]\x04.{6}\0{4}", stops=True),
    "yuv4mpegpipe": _header(rb"YUV4MPEG2 ", stops=True),
}


def loses_a_part(container: Any, path: Path, after: int, joints: Sequence[int]) -> bool:
    """Whether a file has further parts, joined byte by byte, that would be lost or mixed with the first part.

    A file that ends at the byte that its header states is a single part and is not searched. In other files, all bytes
    are searched for further headers. If FFmpeg stops reading at a further header, only the bytes after the last packet
    are searched.

    Parameters
    ----------
    container
        The open file.
    path
        The path of the file.
    after
        The end of the file's last packet, in bytes.
    joints
        Positions in the file, in bytes, at which time stamps start again.
    """
    name = str(container.format.name)
    if name == OGG:
        return _loses_a_chain(path, after, restarts=bool(joints))
    if name in FROM_STAMPS:
        return _has_other_streams(container, path, after) or not all(_goes_on(container, path, at) for at in joints)
    if name not in HEADERS or (name != FLV and is_complete(container, path)):
        return False
    further = list(_further(path, name, after, restarts=bool(joints)))
    if _begins_otherwise(path, name, stated_end(path)):
        return True
    if name == MATROSKA:  # FFmpeg continues with the tracks of the first part
        return any(at >= after or not _goes_on(container, path, at) for at in further)
    return bool(further)


def _loses_a_chain(path: Path, after: int, *, restarts: bool) -> bool:
    """Whether an Ogg file has further chains that would be lost.

    Chains that have one stream each, all of the same codec, are read like a single one.
    """
    begins = HEADERS[OGG].pattern
    if not restarts:
        return any(True for _ in _places(path, begins, after))
    found = list(_places(path, begins, 0))
    chains = _chains(path, found)
    return found[-1] >= after or (len(chains) > 1 and (len(chains[0]) > 1 or any(c != chains[0] for c in chains)))


def _chains(path: Path, places: Sequence[int]) -> list[list[bytes]]:
    """Group the streams that begin at `places` into chains; return the codecs of each chain.

    Streams belong to the same chain if their first pages, which are short, directly follow one another.
    """
    chains: list[list[bytes]] = []
    for before, at in pairwise((-SHORT, *places)):
        if at - before >= SHORT:
            chains.append([])
        chains[-1].append(_ogg_codec(path, at))
    return chains


def _ogg_codec(path: Path, at: int) -> bytes:
    """Return the bytes that name the codec in the first page of a stream."""
    with path.open("rb") as file:
        file.seek(at)
        page = file.read(SHORT)
    return page[27 + page[26] :][:5]


def _further(path: Path, name: str, after: int, *, restarts: bool) -> Iterator[int]:
    """Yield the positions of further headers of the format `name` in a file."""
    header = HEADERS[name]
    if header.stops and stated_end(path) is None and not restarts:
        yield from _places(path, header.pattern, after)
        return
    places = _places(path, header.pattern, 0)
    next(places, None)  # skip the file's own header
    yield from places


def _begins_otherwise(path: Path, name: str, end: int | None) -> bool:
    """Whether a file of a format other than `name` begins at byte `end`, the stated end of the first file."""
    if end is None:
        return False
    with path.open("rb") as file:
        file.seek(end)
        head = file.read(LONGEST)
    others = [header for other, header in HEADERS.items() if other != name]
    return (name != MOV and head[4:8] == b"ftyp") or any(header.pattern.match(head) for header in others)


def _places(path: Path, pattern: re.Pattern[bytes], start: int) -> Iterator[int]:
    """Yield the positions where a pattern matches, from byte `start` on."""
    last, before, at = -1, b"", start
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(CHUNK):
            for match in pattern.finditer(before + chunk):
                place = at - len(before) + match.start()
                if place > last:
                    last = place
                    yield place
            at += len(chunk)
            before = (before + chunk)[-LONGEST:]


def _has_other_streams(container: Any, path: Path, after: int) -> bool:
    """Whether a sound or picture stream begins after the last packet, with a number that no stream before it has."""
    known = {stream.id for stream in container.streams}
    try:
        with open_behind(path, after, str(container.format.name)) as rest:
            return any(stream.id not in known for stream in media_streams(rest))
    except MediaError:  # it cannot be read by itself
        return False


def _goes_on(container: Any, path: Path, at: int) -> bool:
    """Whether the content from byte `at` on can be a continuation of the content at the beginning of the file.

    The content is read as a separate file, and must have the same streams and decoder settings. In MPEG streams
    (`FROM_STAMPS`), it is enough if each stream that both have, by its number, has the same codec; and content that is
    too short to be read counts as a continuation.
    """
    name = str(container.format.name)
    try:
        with open_behind(path, at, name) as part:
            if name in FROM_STAMPS:
                first, further = _codecs(container), _codecs(part)
                return all(first[number] == further[number] for number in first.keys() & further.keys())
            return _forms(part) == _forms(container)
    except MediaError:
        return name in FROM_STAMPS  # too short to decide


def _codecs(container: Any) -> dict[int, str]:
    """Return the codec of each stream, keyed by stream number, with one name for codecs that share a decoder."""
    coded = {s.id: s.codec_context.name for s in media_streams(container) if has_decoder(s)}
    return {number: KINS.get(name, name) for number, name in coded.items()}


def _forms(container: Any) -> list[tuple[Any, ...]]:
    """Return the type, time base and decoder settings of each stream that can be decoded."""
    coded = (stream for stream in container.streams if has_decoder(stream))
    return [(stream.type, stream.time_base, *_form(stream)) for stream in coded]


def _form(stream: Any) -> tuple[Any, ...]:
    codec = stream.codec_context
    head = bytes(codec.extradata or b"")
    if codec.name == "flac":  # checksums and counts follow the format
        head = head[10:13]
    if stream.type == "video":
        return codec.name, head, *size_of(stream)
    return (codec.name, head, stream.rate, stream.channels) if stream.type == "audio" else (codec.name,)
