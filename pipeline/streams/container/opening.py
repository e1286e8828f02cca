"""Opening a recording: one plain file, and nothing that it points to."""

import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import av

from pipeline.streams.container.unsized import View, sizes_of_unsized

av.logging.set_level(av.logging.PANIC)  # FFmpeg writes to file descriptor 2 by itself; what matters is raised below

# Demuxers that read further files, addresses or devices, which nobody has hashed.
POINTING = {
    *("concat", "hls", "dash", "imf", "sdp", "rtp", "rtsp", "sap", "hds", "smoothstreaming", "webm_dash_manifest"),
    *("vobsub", "mlv", "lavfi", "dvdvideo", "alsa", "fbdev", "v4l2", "video4linux2,v4l2", "kmsgrab", "x11grab"),
}
LISTS = {
    b"ffconcat": "ffconcat",
    b"#EXTM3U": "M3U8",
    b"v=0": "SDP",
    b"[playlist]": "PLS",
    b"# VobSub index file": "VobSub",
}
_HEAD = 1 << 16  # bytes in which a list of files says what it is, comments before that included
PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jxl", ".avif"}
)
STILLS = {"mjpeg", "png", "bmp", "gif", "webp", "jpegls", "tiff"}  # a track of these beside a larger film previews it
KINDS = {
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISDIR: "a folder",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}


class MediaError(Exception):
    """A recording that cannot be read, or not up to where it claims to go: status ``failed``."""


@contextmanager
def open_recording(path: Path) -> Iterator[Any]:
    """Open `path` for reading as a PyAV container, and close it again.

    Only this one file is read: its name is no address and no pattern, and files that name others (playlists) are
    refused. Errors of FFmpeg inside the ``with`` block are raised as `MediaError` too.

    Raises
    ------
    MediaError
        If the file is missing, holds no bytes, cannot be read, or has neither sound nor picture.
    """
    _refuse_what_is_no_file(path)
    try:
        with (
            _source(path) as source,
            av.open(source, metadata_errors="ignore", options=_options()) as container,
        ):
            if not media_streams(container):
                raise MediaError(f"{path} holds neither sound nor picture: is it a recording?")
            if _is_picture(container) and path.suffix.lower() not in PICTURES:
                raise MediaError(f"{path} is a still picture, no recording: name the recording itself")
            yield container
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{path} cannot be read ({error.strerror}): is it damaged or cut off? copy it again"
        ) from error


@contextmanager
def _source(path: Path) -> Iterator[Any]:
    """Yield what FFmpeg opens: the file's absolute name, or the file with the sizes that its writer left open."""
    sizes = sizes_of_unsized(path)
    if not sizes:
        yield str(path.absolute())
        return
    with path.open("rb") as file:
        yield View(file, instead=sizes)


@contextmanager
def open_behind(path: Path, start: int, name: str, options: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Open what stands in `path` from the byte `start` on, as a file of the format `name` by itself.

    `options` are further ones of FFmpeg's for the format.

    Raises
    ------
    MediaError
        If it is no such file.
    """
    all_options = {**_options(), **(options or {})}
    try:
        with (
            path.open("rb") as file,
            av.open(View(file, start), format=name, metadata_errors="ignore", options=all_options) as container,
        ):
            yield container
    except av.error.FFmpegError as error:
        raise MediaError(f"{path} holds no {name} file from byte {start} on ({error.strerror})") from error


def media_streams(container: Any, kind: str | None = None) -> list[Any]:
    """Return the streams of `kind` (``"audio"``, ``"video"``, or both for None), without covers and previews.

    Also those that cannot be decoded (`has_decoder`).
    """
    kinds = ("audio", "video") if kind is None else (kind,)
    found = [stream for stream in container.streams if stream.type in kinds and not _is_cover(stream)]
    films = [stream for stream in found if stream.frames > 1]  # as far as the headers count pictures
    return [stream for stream in found if not is_preview(stream, films)]


def is_preview(stream: Any, films: Iterable[Any]) -> bool:
    """Whether a track is coded as still pictures are and smaller than one of some films."""
    return _is_of_stills(stream) and _area(stream) < max(map(_area, films), default=0)


def has_decoder(stream: Any) -> bool:
    """Whether FFmpeg knows how to decode a stream; one of an unknown codec tells neither size nor rate."""
    return stream.codec_context is not None


def size_of(stream: Any) -> tuple[int, int]:
    """Return the width and the height of a picture in pixels, as far as they are known; zeros for sound."""
    if stream.type != "video" or not has_decoder(stream):
        return 0, 0
    return int(stream.width or 0), int(stream.height or 0)


@cache
def _options() -> dict[str, str]:
    """Return FFmpeg's options for a plain file: no network, no further files, no numbered pictures."""
    allowed = sorted(name for name in av.formats_available if name not in POINTING)
    return {"format_whitelist": ",".join(allowed), "protocol_whitelist": "file", "pattern_type": "none"}


def _is_cover(stream: Any) -> bool:
    covers = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return bool(stream.disposition & covers)


def _is_of_stills(stream: Any) -> bool:
    return stream.type == "video" and has_decoder(stream) and stream.codec_context.name in STILLS


def _area(stream: Any) -> int:
    width, height = size_of(stream)
    return width * height


def _is_picture(container: Any) -> bool:
    name = str(container.format.name)
    return name == "image2" or name.endswith("_pipe")


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        why = "is a symbolic link that leads to itself" if _is_loop(path) else "is not there"
        if isinstance(error, PermissionError):
            why = "cannot be reached (permission denied)"
        raise MediaError(f"{path} {why}: check the recording's path in the utterance table") from None
    kind = next((kind for is_kind, kind in KINDS.items() if is_kind(status.st_mode)), "")
    if kind:
        raise MediaError(f"{path} is {kind}, no recording: name a file")
    if status.st_size == 0:
        raise MediaError(f"{path} holds no bytes: copy it again")
    _refuse_list(path)


def _is_loop(path: Path) -> bool:
    try:
        path.resolve(strict=True)
    except RuntimeError:
        return True
    except OSError:
        pass
    return False


def _refuse_list(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    if kind := _list_of_files(head):
        raise MediaError(f"{path} is a list of other files ({kind}), no recording: name the recordings themselves")


def _list_of_files(head: bytes) -> str:
    """Return which list of other files begins like this, or nothing; comments may come first."""
    while True:
        if kind := next((kind for begin, kind in LISTS.items() if head.startswith(begin)), ""):
            return kind
        if not head.startswith(b"#"):
            return "DASH" if head.startswith(b"<") and b"<MPD" in head else ""
        head = head.partition(b"\n")[2].lstrip()
