"""Open a recording: only this one file, and nothing that it refers to."""

import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import av

from pipeline.streams.container.unsized import View, sizes_of_unsized

av.logging.set_level(av.logging.PANIC)  # FFmpeg would write to standard error; important errors are raised below

# Demuxers that read other files, addresses or devices, whose content no key would cover.
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
_HEAD = 1 << 16  # a list of files must say what it is within this many bytes, comments included
PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jxl", ".avif"}
)
STILLS = {"mjpeg", "png", "bmp", "gif", "webp", "jpegls", "tiff"}  # codecs of previews, if there also is a larger film
KINDS = {
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISDIR: "a folder",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}


class MediaError(Exception):
    """A recording cannot be read, or ends before its stated end; the utterance gets the status ``failed``."""


@contextmanager
def open_recording(path: Path, name: str = "") -> Iterator[Any]:
    """Open `path` for reading as a PyAV container, and close it at the end; messages use `name` for it, if given.

    Only this file is read: its name is not taken for an address or a pattern, and files that name others (playlists)
    are refused. FFmpeg's errors inside the ``with`` block are raised as `MediaError`, too.

    Raises
    ------
    MediaError
        If the file is missing, is empty, cannot be read, has neither sound nor picture, is a still picture, or lists
        other files.
    """
    name = name or str(path)
    _refuse_non_file(path, name)
    try:
        with (
            _source(path) as source,
            av.open(source, metadata_errors="ignore", options=_options()) as container,
        ):
            if not media_streams(container):
                raise MediaError(f"{name} holds neither sound nor picture: is it a recording?")
            if _is_picture(container) and path.suffix.lower() not in PICTURES:
                raise MediaError(f"{name} is a still picture and not a recording: name the recording itself")
            yield container
    except av.error.FFmpegError as error:
        raise MediaError(
            f"{name} cannot be read ({error.strerror}): is it damaged or cut off? copy it again"
        ) from error


@contextmanager
def _source(path: Path) -> Iterator[Any]:
    """Yield what FFmpeg opens: the absolute path, or a view that fills in sizes that the file's writer left open."""
    sizes = sizes_of_unsized(path)
    if not sizes:
        yield str(path.absolute())
        return
    with path.open("rb") as file:
        yield View(file, instead=sizes)


@contextmanager
def open_behind(path: Path, start: int, name: str, options: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Open the content of `path` from byte `start` on, as if it were a separate file in the format `name`.

    `options` are further FFmpeg options for that format.

    Raises
    ------
    MediaError
        If the content is not of that format.
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
    """Return the streams of a kind (``"audio"``, ``"video"``, or None for both), without covers and previews.

    Streams that cannot be decoded are included (see `has_decoder`).
    """
    kinds = ("audio", "video") if kind is None else (kind,)
    found = [stream for stream in container.streams if stream.type in kinds and not _is_cover(stream)]
    films = [stream for stream in found if stream.frames > 1]  # if the headers state the number of pictures
    return [stream for stream in found if not is_preview(stream, films)]


def is_preview(stream: Any, films: Iterable[Any]) -> bool:
    """Whether a track consists of still pictures that are smaller than the picture of one of `films`."""
    return _is_of_stills(stream) and _area(stream) < max(map(_area, films), default=0)


def has_decoder(stream: Any) -> bool:
    """Whether FFmpeg can decode a stream; if not, the size or sampling rate of the stream is unknown."""
    return stream.codec_context is not None


def size_of(stream: Any) -> tuple[int, int]:
    """Return the width and height of a stream's picture in pixels; zeros if they are unknown, and for sound."""
    if stream.type != "video" or not has_decoder(stream):
        return 0, 0
    return int(stream.width or 0), int(stream.height or 0)


@cache
def _options() -> dict[str, str]:
    """Return FFmpeg's options for reading one plain file: no network, no other files, no numbered pictures."""
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


def _refuse_non_file(path: Path, name: str) -> None:
    try:
        status = path.stat()
    except OSError as error:
        why = "is a symbolic link that leads to itself" if _is_loop(path) else "does not exist"
        if isinstance(error, PermissionError):
            why = "cannot be reached (permission denied)"
        raise MediaError(f"{name} {why}: check the recording's path in the utterance table") from None
    kind = next((kind for is_kind, kind in KINDS.items() if is_kind(status.st_mode)), "")
    if kind:
        raise MediaError(f"{name} is {kind} and not a recording: name a file")
    if status.st_size == 0:
        raise MediaError(f"{name} is empty: copy it again")
    _refuse_list(path, name)


def _is_loop(path: Path) -> bool:
    try:
        path.resolve(strict=True)
    except RuntimeError:
        return True
    except OSError:
        pass
    return False


def _refuse_list(path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise MediaError(f"{name} cannot be read ({error.strerror}): check its permissions") from None
    if kind := _list_of_files(head):
        raise MediaError(f"{name} is a list of other files ({kind}) and not a recording: name the recordings")


def _list_of_files(head: bytes) -> str:
    """Return the kind of file list that begins with `head`, perhaps after comments; ``""`` for any other file."""
    while True:
        if kind := next((kind for begin, kind in LISTS.items() if head.startswith(begin)), ""):
            return kind
        if not head.startswith(b"#"):
            return "DASH" if head.startswith(b"<") and b"<MPD" in head else ""
        head = head.partition(b"\n")[2].lstrip()
