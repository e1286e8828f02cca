"""Recordings whose headers state an early end, as after a crash: the rest is read or reported, never ignored."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.streams.decode import probe
from tests.pipeline.streams.recordings import beeps_from_s, flashing

SECOND = 48000 * 4  # bytes of one second of stereo, 16 bits
LITTLE, LITTLE_LONG, BIG, BIG_LONG = "<I", "<Q", ">I", ">q"


def stated(data: bytes, *sizes: tuple[int, str, int]) -> bytes:
    """Write sizes into a header, each with its position and format."""
    changed = bytearray(data)
    for place, form, size in sizes:
        struct.pack_into(form, changed, place, size)
    return bytes(changed)


def wav(data: bytes) -> bytes:
    at = data.index(b"data")
    return stated(data, (4, LITTLE, at + SECOND), (at + 4, LITTLE, SECOND))


def wav_data_only(data: bytes) -> bytes:
    return stated(data, (data.index(b"data") + 4, LITTLE, SECOND))


def rf64(data: bytes) -> bytes:
    sizes = data.index(b"ds64") + 8
    return stated(data, (sizes, LITTLE_LONG, data.index(b"data") + SECOND), (sizes + 8, LITTLE_LONG, SECOND))


def aiff(data: bytes) -> bytes:
    at, frames = data.index(b"SSND"), data.index(b"COMM") + 10
    return stated(data, (4, BIG, at + 8 + SECOND), (at + 4, BIG, SECOND + 8), (frames, BIG, 48000))


def w64(data: bytes) -> bytes:
    at = data.index(b"data\xf3\xac")
    return stated(data, (16, LITTLE_LONG, at + 24 + SECOND), (at + 16, LITTLE_LONG, 24 + SECOND))


def caf(data: bytes) -> bytes:
    return stated(data, (data.index(b"data") + 4, BIG_LONG, 4 + SECOND))


SOUNDS: dict[str, tuple[str, str, dict[str, str], Callable[[bytes], bytes]]] = {
    "wav": ("pcm_s16le", "wav", {}, wav),
    "wav of data only": ("pcm_s16le", "wav", {}, wav_data_only),
    "rf64": ("pcm_s16le", "wav", {"rf64": "always"}, rf64),
    "aiff": ("pcm_s16be", "aiff", {}, aiff),
    "w64": ("pcm_s16le", "w64", {}, w64),
    "caf": ("pcm_s16be", "caf", {}, caf),
}


def sound(path: Path, kind: str) -> Path:
    audio, container, options, _ = SOUNDS[kind]
    return flashing(path, 4.0, 2.5, audio=audio, container=container, options=options)


@pytest.mark.parametrize("kind", SOUNDS)
def test_content_after_the_stated_end_is_reported(tmp_path: Path, kind: str) -> None:
    path = sound(tmp_path / "a", kind)
    assert probe(path).notices == ()
    path.write_bytes(SOUNDS[kind][3](path.read_bytes()))
    (message,) = probe(path).notices
    assert "header states an end at 1.00 s" in message
    assert "about 3.0 s" in message


@pytest.mark.parametrize(
    ("container", "audio", "change"),
    [
        ("au", "pcm_s16be", lambda data: stated(data, (8, BIG, SECOND))),
        ("flac", "flac", lambda data: stated(data, (22, BIG, 48000))),
        ("mp3", "libmp3lame", lambda data: stated(data, (data.index(b"Info") + 8, BIG, 42))),
        ("wv", "wavpack", lambda data: stated(data, (12, LITTLE, 48000))),
        ("matroska", "flac", lambda data: stated(data, (data.index(b"\x18S\x80g") + 4, BIG_LONG, 1 << 56 | 9999))),
    ],
)
def test_content_after_the_stated_end_is_read(
    tmp_path: Path, container: str, audio: str, change: Callable[[bytes], bytes]
) -> None:
    path = flashing(tmp_path / "a", 4.0, 2.5, audio=audio, container=container)
    path.write_bytes(change(path.read_bytes()))
    assert probe(path).duration_s == pytest.approx(4.0, abs=0.1)
    assert beeps_from_s(path) == pytest.approx([2.5], abs=0.05)


def test_an_avi_is_read_beyond_the_end_of_its_list(tmp_path: Path) -> None:
    path = flashing(tmp_path / "a.avi", 4.0, 2.5, video="mpeg4", audio="libmp3lame")
    data = path.read_bytes()[: path.read_bytes().index(b"idx1")]
    at = start = data.index(b"movi")
    at += 4
    while at < len(data) // 4:
        at += 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2
    path.write_bytes(stated(data, (4, LITTLE, at - 8), (start - 4, LITTLE, at - start)))
    assert probe(path).duration_s == pytest.approx(4.0, abs=0.1)
    assert beeps_from_s(path) == pytest.approx([2.5], abs=0.1)


@pytest.mark.parametrize("within", [True, False])
def test_media_that_no_table_of_an_mp4_lists_is_reported(tmp_path: Path, within: bool) -> None:
    """A table of samples written after one second, and media recorded after it, inside the media box or outside."""
    kinds = {"video": "libx264", "audio": "aac", "container": "mp4", "options": {"movflags": "faststart"}}
    path = flashing(tmp_path / "a.mp4", 1.0, 0.4, **kinds)
    further = flashing(tmp_path / "b.mp4", 4.0, 2.5, **kinds).read_bytes()
    further, data = further[further.index(b"mdat") + 4 :], path.read_bytes()
    assert probe(path).notices == ()
    box = data.index(b"mdat") - 4
    path.write_bytes((stated(data, (box, BIG, len(data) - box + len(further))) if within else data) + further)
    (message,) = probe(path).notices
    assert f"the {len(further)} bytes after it" in message


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_what_an_edit_list_cuts_away_is_not_reported(tmp_path: Path, ending: str) -> None:
    path = flashing(tmp_path / f"a.{ending}", 4.0, 0.5, video="libx264", audio="aac")
    data = path.read_bytes()
    at = data.index(b"elst")
    while at > 0:
        for entry in range(int.from_bytes(data[at + 8 : at + 12], "big")):
            place = at + 12 + 12 * entry
            data = stated(data, (place, BIG, 1000))
        at = data.find(b"elst", at + 1)
    path.write_bytes(data)
    assert probe(path).notices == ()


@pytest.mark.parametrize("kind", [*SOUNDS, "mp4"])
@pytest.mark.parametrize("tail", ["zeros", "tag", "ape", "id3", "chunk"])
def test_padding_tags_and_chunks_are_not_sound(tmp_path: Path, kind: str, tail: str) -> None:
    path = tmp_path / "a"
    if kind == "mp4":
        flashing(path, 4.0, 2.5, video="libx264", audio="aac", container="mp4")
    else:
        sound(path, kind)
    size = 1 << 20
    heads = {
        "wav": b"LIST" + struct.pack("<I", size),
        "aiff": b"ANNO" + struct.pack(">I", size),
        "caf": b"info" + struct.pack(">q", size),
        "w64": b"list\x2f\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0" + struct.pack("<Q", size + 24),
        "mp4": struct.pack(">I", size + 8) + b"free",
    }
    head = heads[{"wav of data only": "wav", "rf64": "wav"}.get(kind, kind)]
    ape = b"APETAGEX" + struct.pack("<IIII", 2000, size, 1, 0xA0000000) + bytes(8)
    tails = {
        "zeros": bytes(size),
        "tag": b"TAG" + b"x" * 125,
        "ape": ape + b"x" * size,
        "id3": b"ID3\x04\0\0\0\x40\0\0" + b"x" * size,
        "chunk": head + b"x" * size,
    }
    with path.open("ab") as file:
        file.write(tails[tail])
    assert probe(path).notices == ()
