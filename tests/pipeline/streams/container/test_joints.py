"""Files joined byte by byte: in every container written here, they are laid end to end or refused, never mixed."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.streams.container.joints import HEADERS
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.sizes import stated_end
from pipeline.streams.decode import probe
from tests.pipeline.streams.recordings import beeps_from_s, flashing, joined, white_from_s

FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
FILMS: dict[str, tuple[str, str, str, dict[str, str]]] = {  # picture, sound, container, options
    "avi": ("mpeg4", "libmp3lame", "avi", {}),
    "asf": ("msmpeg4v3", "libmp3lame", "asf", {}),
    "flv": ("flv1", "libmp3lame", "flv", {}),
    "fragments": ("libx264", "aac", "mp4", FRAGMENTS),
    "live": ("libx264", "aac", "matroska", {"live": "1"}),
    "mkv": ("libx264", "aac", "matroska", {}),
    "mov": ("libx264", "aac", "mov", {}),
    "mp4": ("libx264", "aac", "mp4", {"movflags": "faststart"}),
    "mpg": ("mpeg1video", "mp2", "mpeg", {}),
    "nut": ("mpeg4", "libmp3lame", "nut", {}),
    "ogv": ("libvpx", "libopus", "ogg", {}),
    "rm": ("rv20", "ac3", "rm", {}),
    "ts": ("libx264", "aac", "mpegts", {}),
    "vob": ("mpeg2video", "ac3", "dvd", {}),
    "webm": ("libvpx", "libopus", "webm", {}),
    "wtv": ("mpeg2video", "mp2", "wtv", {}),
    "3gp": ("mpeg4", "aac", "3gp", {}),
}
PLAYED_ON = ("live", "mkv", "mpg", "ts", "vob", "webm")
SOUNDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "aiff": ("pcm_s16be", "aiff", {}),
    "ast": ("pcm_s16be_planar", "ast", {}),
    "au": ("pcm_s16be", "au", {}),
    "avi": ("libmp3lame", "avi", {}),
    "caf": ("pcm_s16be", "caf", {}),
    "caf of alac": ("alac", "caf", {}),
    "flac": ("flac", "flac", {}),
    "ircam": ("pcm_s16le", "ircam", {}),
    "m4a": ("aac", "ipod", {}),
    "mxf": ("mpeg2video", "mxf", {}),
    "nut": ("pcm_s16le", "nut", {}),
    "rf64": ("pcm_s16le", "wav", {"rf64": "always"}),
    "sox": ("pcm_s32le", "sox", {}),
    "tta": ("tta", "tta", {}),
    "ulaw": ("pcm_mulaw", "wav", {}),
    "voc": ("pcm_s16le", "voc", {}),
    "w64": ("pcm_s16le", "w64", {}),
    "wav": ("pcm_s16le", "wav", {}),
    "wv": ("wavpack", "wv", {}),
}
SOUNDS_PLAYED_ON: dict[str, tuple[str, str, dict[str, str]]] = {
    "aac": ("aac", "adts", {}),
    "ac3": ("ac3", "ac3", {}),
    "eac3": ("eac3", "eac3", {}),
    "latm": ("aac", "latm", {}),
    "mka": ("flac", "matroska", {}),
    "mp2": ("mp2", "mp2", {}),
    "mp2 in ts": ("mp2", "mpegts", {}),
    "mp3": ("libmp3lame", "mp3", {"id3v2_version": "0"}),
    "mp3 with tags": ("libmp3lame", "mp3", {}),
    "oga": ("flac", "ogg", {}),
    "opus": ("libopus", "ogg", {}),
}
REFUSED = "consists of several recordings joined byte by byte"


def film(path: Path, kind: str, duration_s: float, flash_s: float, *, tracks: str = "av", **options: str) -> Path:
    video, audio, container, own = FILMS[kind]
    return flashing(
        path,
        duration_s,
        flash_s,
        video=video if "v" in tracks else "",
        audio=audio if "a" in tracks else "",
        container=container,
        options={**own, **options},
    )


def sound(path: Path, kind: tuple[str, str, dict[str, str]], duration_s: float, beep_s: float) -> Path:
    audio, container, options = kind
    coded: dict[str, Any] = {"video": audio} if container == "mxf" else {"audio": audio}
    return flashing(path, duration_s, beep_s, container=container, options=options, **coded)


@pytest.mark.parametrize("kind", FILMS)
def test_picture_and_sound_of_two_parts_are_never_mixed(tmp_path: Path, kind: str) -> None:
    first, second = film(tmp_path / "a", kind, 2.0, 0.6), film(tmp_path / "b", kind, 1.2, 0.4)
    path = joined(tmp_path / "ab", [first, second])
    assert probe(first).duration_s == pytest.approx(2.0, abs=0.2)
    if kind not in PLAYED_ON:
        with pytest.raises(MediaError, match=REFUSED):
            probe(path)
        return
    assert probe(path).duration_s == pytest.approx(3.2, abs=0.2)
    for found in (white_from_s(path), beeps_from_s(path)):
        assert found == pytest.approx([0.6, 2.4], abs=0.15)


@pytest.mark.parametrize("tracks", [("v", "av"), ("av", "v"), ("a", "av"), ("av", "a")])
@pytest.mark.parametrize("kind", [kind for kind in FILMS if kind != "wtv"])
def test_parts_with_other_streams_are_refused(tmp_path: Path, kind: str, tracks: tuple[str, str]) -> None:
    parts = [film(tmp_path / f"{i}", kind, 1.6, 0.4, tracks=streams) for i, streams in enumerate(tracks)]
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined", parts))


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_joined_sound_file_is_neither_lost_nor_heard_as_a_click(tmp_path: Path, kind: str) -> None:
    part = sound(tmp_path / "a", SOUNDS[kind], 1.0, 0.4)
    assert probe(part).duration_s == pytest.approx(1.0, abs=0.06)
    assert probe(part).breaks_off_s is None
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined", [part, part]))


@pytest.mark.parametrize("kind", SOUNDS_PLAYED_ON)
def test_a_joined_sound_file_is_read_too(tmp_path: Path, kind: str) -> None:
    parts = [
        sound(tmp_path / "a", SOUNDS_PLAYED_ON[kind], 2.0, 0.6),
        sound(tmp_path / "b", SOUNDS_PLAYED_ON[kind], 1.2, 0.4),
    ]
    path = joined(tmp_path / "joined", parts)
    assert probe(path).duration_s == pytest.approx(3.2, abs=0.12)
    assert beeps_from_s(path) == pytest.approx([0.6, 2.4], abs=0.12)


@pytest.mark.parametrize("kind", ["avi", "asf", "flv", "fragments", "mp4", "nut"])
@pytest.mark.parametrize("share", [0.6, 0.83])
def test_a_part_that_is_cut_off_does_not_hide_the_next_one(tmp_path: Path, kind: str, share: float) -> None:
    first, second = film(tmp_path / "a", kind, 2.0, 0.6), film(tmp_path / "b", kind, 1.2, 0.4)
    data = first.read_bytes()
    first.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined", [first, second]))


@pytest.mark.parametrize("kind", ["au", "aiff", "caf", "rf64", "w64", "wav"])
def test_a_sound_file_that_is_cut_off_does_not_hide_the_next_one(tmp_path: Path, kind: str) -> None:
    part = sound(tmp_path / "a", SOUNDS[kind], 1.0, 0.4)
    data = part.read_bytes()
    (tmp_path / "joined").write_bytes(data[: len(data) // 2] + data)
    with pytest.raises(MediaError, match=REFUSED):
        probe(tmp_path / "joined")


def test_joined_sound_files_without_sizes_are_refused(tmp_path: Path) -> None:
    path = sound(tmp_path / "a", SOUNDS["wav"], 1.0, 0.4)
    data = bytearray(path.read_bytes())
    for place in (4, data.index(b"data") + 4):
        data[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert probe(path).breaks_off_s is None
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined", [path, path]))


def test_joined_amr_files_are_refused(tmp_path: Path) -> None:
    """A second header would be read as a frame, and what follows it from the wrong byte on."""
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50)
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.05)
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined.amr", [path, path]))


def test_joined_sphere_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.sph"
    form = "channel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\nsample_byte_format -s2 01"
    path.write_bytes(f"NIST_1A\n   1024\n{form}\nsample_coding -s3 pcm\nend_head\n".encode().ljust(1024) + bytes(32000))
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.05)
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined.sph", [path, path]))


@pytest.mark.parametrize(
    ("ending", "options", "video"),
    [
        ("ts", {"mpegts_start_pid": "700"}, "libx264"),
        ("ts", {"mpegts_service_id": "2", "mpegts_pmt_start_pid": "5000", "mpegts_start_pid": "700"}, "libx264"),
        ("ts", {}, "mpeg2video"),
        ("mkv", {}, "mpeg4"),
    ],
)
def test_parts_whose_streams_have_other_numbers_or_codecs_are_refused(
    tmp_path: Path, ending: str, options: dict[str, str], video: str
) -> None:
    _, audio, container, _ = FILMS[ending]
    first = film(tmp_path / "a", ending, 2.0, 0.6)
    second = flashing(tmp_path / "b", 1.2, 0.4, video=video, audio=audio, container=container, options=options)
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined", [first, second]))


def test_chains_of_other_codecs_are_refused(tmp_path: Path) -> None:
    parts = [sound(tmp_path / kind, SOUNDS_PLAYED_ON[kind], 1.0, 0.4) for kind in ("opus", "oga")]
    for order in (parts, parts[::-1]):
        with pytest.raises(MediaError, match=REFUSED):
            probe(joined(tmp_path / "joined", order))


@pytest.mark.parametrize("kinds", itertools.product(["asf", "avi", "mkv", "mov"], ["avi", "flv", "mkv", "mp4"]))
def test_parts_of_two_formats_are_refused(tmp_path: Path, kinds: tuple[str, str]) -> None:
    parts = [film(tmp_path / f"{i}", kind, 1.0, 0.4) for i, kind in enumerate(kinds)]
    if kinds[0] == kinds[1] == "mkv":
        assert probe(joined(tmp_path / "joined", parts)).duration_s == pytest.approx(2.0, abs=0.1)
        return
    with pytest.raises(MediaError, match=REFUSED):
        probe(joined(tmp_path / "joined", parts))


@pytest.mark.parametrize("kind", [*FILMS, *SOUNDS])
def test_other_bytes_after_a_recording_are_not_another_recording(tmp_path: Path, kind: str) -> None:
    path = film(tmp_path / "a", kind, 1.0, 0.4) if kind in FILMS else sound(tmp_path / "a", SOUNDS[kind], 1.0, 0.4)
    with path.open("ab") as file:
        file.write(bytes(4096) + bytes(range(256)) * 40 + b"TAG" + bytes(125))
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("kind", ["avi", "asf", "mkv", "mov", "mp4", "webm", "3gp", "fragments"])
def test_films_end_where_their_headers_say(tmp_path: Path, kind: str) -> None:
    """Such files need not be searched."""
    path = film(tmp_path / "a", kind, 1.0, 0.4)
    assert stated_end(path) == path.stat().st_size


@pytest.mark.parametrize("kind", ["aiff", "au", "caf", "caf of alac", "m4a", "rf64", "ulaw", "w64", "wav"])
def test_sound_files_end_where_their_headers_say(tmp_path: Path, kind: str) -> None:
    path = sound(tmp_path / "a", SOUNDS[kind], 1.0, 0.4)
    assert stated_end(path) == path.stat().st_size


def test_patterns_of_headers_do_not_match_random_bytes() -> None:
    noise = np.random.default_rng(0).bytes(1 << 24)
    for name, header in HEADERS.items():
        found = sum(1 for _ in header.pattern.finditer(noise))
        assert found <= (1 if header.stops else 0), name
