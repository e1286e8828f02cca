"""Which track of a recording, and which of its channels, is read."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from features.errors import EmptyInput
from pipeline.settings.streams import AudioConfig, VideoConfig, check_channel
from pipeline.streams.audio import read_audio
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.tracks import channel_index
from pipeline.streams.decode import probe
from pipeline.streams.frames import survey
from pipeline.streams.spans import Span
from pipeline.streams.video import read_video
from tests.pipeline.streams.recordings import (
    SECOND_PROGRAM,
    beeps_from_s,
    flashing,
    heard_hz,
    of_two_programs,
    tone,
    white_from_s,
)

RATE = 48000
Marks = av.stream.Disposition
NONE = Marks(0)


def film(
    path: Path,
    sounds: list[tuple[float, Marks, dict[str, str]]] = (),  # type: ignore[assignment]
    pictures: list[tuple[str, tuple[int, int], Marks]] = (),  # type: ignore[assignment]
    counts: tuple[int, ...] = (10, 10),
) -> Path:
    """Write 2 s of tracks: sounds by frequency (0 is silence) and pictures by codec and size, with their marks.

    `counts` is the number of pictures, five per second, of each picture track.
    """
    with av.open(str(path), "w") as out:
        seen = []
        for codec, size, marks in pictures:
            stream = out.add_stream(codec, rate=5)
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.disposition = marks
            seen.append(stream)
        heard = []
        for _, marks, metadata in sounds:
            track = out.add_stream("aac", rate=RATE, layout="mono")
            track.disposition = marks
            track.metadata.update(metadata)
            heard.append(track)
        for stream, count in zip(seen, counts, strict=False):
            for number in range(count):
                frame = av.VideoFrame.from_ndarray(np.full((stream.height, stream.width, 3), 90, np.uint8), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 5)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        for track, (hz, _, _) in zip(heard, sounds, strict=True):
            samples = tone(hz).astype(np.float32)[None]
            for start in range(0, samples.shape[1] - 1024, 1024):
                chunk = np.ascontiguousarray(samples[:, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(chunk, "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
    return path


def size_of(path: Path) -> tuple[int, int]:
    return next(track.size for track in probe(path).video if track.chosen)


# --- sound -------------------------------------------------------------------------------------------------------

TWO = [(400.0, NONE, {"title": "Desktop"}), (900.0, Marks.default, {"title": "Mic", "language": "eng"})]


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_the_default_track_is_heard(tmp_path: Path, ending: str) -> None:
    assert heard_hz(film(tmp_path / f"two.{ending}", TWO)) == pytest.approx(900, abs=10)


def test_of_similar_tracks_the_first_is_chosen(tmp_path: Path) -> None:
    tracks = [(hz, Marks.default, {}) for hz in (400.0, 900.0)]
    assert heard_hz(film(tmp_path / "alike.mkv", tracks)) == pytest.approx(400, abs=10)


@pytest.mark.parametrize("marks", [Marks.comment, Marks.hearing_impaired, Marks.visual_impaired])
def test_commentary_is_not_the_default_track(tmp_path: Path, marks: Marks) -> None:
    tracks = [(400.0, marks, {}), (900.0, NONE, {})]
    assert heard_hz(film(tmp_path / "film.mkv", tracks)) == pytest.approx(900, abs=10)


def test_a_silent_default_track_names_the_others(tmp_path: Path) -> None:
    path = film(tmp_path / "silent.mkv", [(0.0, Marks.default, {}), (900.0, NONE, {"title": "Mic"})])
    ((_, found),) = read_audio(path, [Span(0, 2)], AudioConfig())
    assert isinstance(found, EmptyInput)
    assert "2 audio tracks: 1 (1 channel), 2 ('Mic', 1 channel)" in str(found)


@pytest.mark.parametrize(("name", "hz"), [("1", 400), ("2", 900), ("mic", 900), ("ENG", 900), ("desktop", 400)])
def test_a_track_is_chosen_by_number_language_or_title(tmp_path: Path, name: str, hz: int) -> None:
    path = film(tmp_path / "two.mkv", TWO)
    assert heard_hz(path, track=name) == pytest.approx(hz, abs=10)
    setting: int | str = int(name) if name.isdecimal() else name
    assert heard_hz(path, AudioConfig(track=setting)) == pytest.approx(hz, abs=10)


def test_spans_of_several_tracks_in_any_order(tmp_path: Path) -> None:
    path = film(tmp_path / "two.mkv", TWO)
    spans = [Span(0.2, 1.0, track="2"), Span(0.5, 1.5, track="1"), Span(0.1, 0.9, track="9"), Span(0.2, 1.0)]
    found = dict(read_audio(path, spans, AudioConfig()))
    assert sorted(found) == [0, 1, 2, 3]
    assert isinstance(found[2], MediaError)
    assert "two.mkv has no audio track '9'; available: 1 ('Desktop', 1 channel), 2 ('Mic', eng, 1 chan" in str(found[2])
    assert np.array_equal(found[0].samples, found[3].samples)
    assert not np.array_equal(found[1].samples, found[0].samples)


# --- picture -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marks", [(Marks.default, NONE), (Marks.default, Marks.default), (NONE, NONE)])
def test_a_preview_is_not_used(tmp_path: Path, marks: tuple[Marks, Marks]) -> None:
    pictures = [("mjpeg", (80, 48), marks[0]), ("libx264", (320, 192), marks[1])]
    path = film(tmp_path / "preview.mov", pictures=pictures)
    assert size_of(path) == (320, 192)
    contents = survey(path)
    assert contents is not None
    assert contents.index == 1
    assert len(probe(path).video) == 1


@pytest.mark.parametrize("aside", [Marks.dependent, Marks.still_image])
def test_pictures_with_other_marks_than_the_film_are_not_used(tmp_path: Path, aside: Marks) -> None:
    path = film(tmp_path / "depth.mkv", pictures=[("libx264", (640, 384), aside), ("libx264", (320, 192), NONE)])
    if not any(int(s) for s in [probe(path).video[0].size[0]]):
        pytest.skip("the container keeps no such mark")
    with av.open(str(path)) as container:
        if not container.streams.video[0].disposition & aside:
            pytest.skip("the container keeps no such mark")
    assert size_of(path) == (320, 192)


def test_the_larger_picture_is_used_unless_the_other_is_named(tmp_path: Path) -> None:
    pictures = [("libx264", (160, 96), Marks.default), ("libx264", (320, 192), Marks.default)]
    path = film(tmp_path / "two.mkv", pictures=pictures)
    assert size_of(path) == (320, 192)
    for name, size in (("1", 0), ("2", 1)):
        contents = survey(path, name)
        assert contents is not None
        assert contents.index == size
    with pytest.raises(MediaError, match=r"no video track '3'; available: 1 \(160x96\), 2 \(320x192\)"):
        survey(path, "3")


def test_the_picture_of_an_mjpeg_camera_is_used(tmp_path: Path) -> None:
    path = film(tmp_path / "camera.avi", pictures=[("mjpeg", (320, 192), NONE)])
    assert size_of(path) == (320, 192)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
@pytest.mark.parametrize("codecs", [("mjpeg", "libx264"), ("libx264", "mjpeg"), ("mjpeg", "mjpeg")])
@pytest.mark.parametrize("marks", [(NONE, NONE), (Marks.default, NONE)])
def test_a_single_picture_next_to_a_film_is_not_used(
    tmp_path: Path, ending: str, codecs: tuple[str, str], marks: tuple[Marks, Marks]
) -> None:
    """Covers are not always marked as such, and may be larger than the film."""
    path = film(
        tmp_path / f"cover.{ending}",
        [(400.0, NONE, {})],
        [(codecs[0], (480, 480), marks[0]), (codecs[1], (320, 192), marks[1])],
        counts=(1, 10),
    )
    contents = survey(path)
    assert contents is not None
    assert (contents.index, len(contents.times)) == (1, 10)
    assert size_of(path) == (320, 192)


# --- unknown codecs ----------------------------------------------------------------------------------------------

UNKNOWN = {  # the bytes that name a codec in a file, in all their places for one track
    "mp4": {"video": (b"avc1",), "audio": (b"mp4a", b"esds")},
    "mov": {"video": (b"avc1",), "audio": (b"mp4a", b"mp4a", b"esds")},
    "mkv": {"video": (b"V_MPEG4/ISO/AVC",), "audio": (b"A_AAC",)},
    "avi": {"video": (b"H264", b"H264"), "audio": (b"\0\0\xff\0",)},
}


def with_unknown(path: Path, kind: str, which: int) -> Path:
    """Write a film of two sound and two picture tracks; of one kind, tracks 1 to `which` have an unknown codec."""
    film(path, TWO, [("libx264", (320, 192), Marks.default), ("libx264", (160, 96), NONE)])
    data = path.read_bytes()
    at = max(data.find(b"stsd"), 0)
    for name in UNKNOWN[path.suffix[1:]][kind] * which:
        at = data.index(name, at)
        data = data[: at + 2] + b"\x97" * (len(name) - 2) + data[at + len(name) :]
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("ending", UNKNOWN)
def test_a_picture_of_an_unknown_codec_is_passed_over(tmp_path: Path, ending: str) -> None:
    path = with_unknown(tmp_path / f"film.{ending}", "video", 1)
    tracks = probe(path).video
    assert [(track.decodable, track.chosen) for track in tracks] == [(False, False), (True, True)]
    assert "unknown codec" in str(tracks[0])
    assert size_of(path) == (160, 96)
    contents = survey(path)
    assert contents is not None
    assert len(contents.times) == 10
    with pytest.raises(MediaError, match=r"video track 1 \(.*unknown codec\) of .* cannot be decoded: convert"):
        survey(path, "1")


@pytest.mark.parametrize("ending", UNKNOWN)
def test_a_single_picture_of_an_unknown_codec_fails_and_the_sound_is_read(tmp_path: Path, ending: str) -> None:
    path = with_unknown(tmp_path / f"film.{ending}", "video", 2)
    assert probe(path).duration_s == pytest.approx(2.0, abs=0.1)
    with pytest.raises(MediaError, match=r"video track 1 .* cannot be decoded"):
        survey(path)
    ((_, found),) = read_video(path, [Span(0.2, 1.8)], VideoConfig())
    assert isinstance(found, MediaError)
    assert heard_hz(path, track="1") == pytest.approx(400, abs=10)


@pytest.mark.parametrize("ending", UNKNOWN)
def test_a_sound_of_an_unknown_codec_is_passed_over(tmp_path: Path, ending: str) -> None:
    path = with_unknown(tmp_path / f"film.{ending}", "audio", 1)
    assert heard_hz(path) == pytest.approx(900, abs=10)
    assert [track.decodable for track in probe(path).audio] == [False, True]
    path = with_unknown(tmp_path / f"film.{ending}", "audio", 2)
    ((_, found),) = read_audio(path, [Span(0.2, 1.8)], AudioConfig())
    assert isinstance(found, MediaError)
    assert "cannot be decoded" in str(found)
    assert size_of(path) == (320, 192)


# --- programs ----------------------------------------------------------------------------------------------------


def program(path: Path, flash_s: float, *, start_s: float = 0.0, second: bool = False, picture: bool = True) -> Path:
    return flashing(
        path,
        3.0,
        flash_s,
        video="libx264" if picture else "",
        audio="aac",
        container="mpegts",
        start_s=start_s,
        options=SECOND_PROGRAM if second else {},
    )


@pytest.mark.parametrize("starts_s", [(0.0, 0.0), (0.0, 3600.0), (40000.0, 7.0)])
def test_picture_and_sound_belong_to_one_program(tmp_path: Path, starts_s: tuple[float, float]) -> None:
    """Each program has a clock of its own."""
    first = program(tmp_path / "a.ts", 0.5, start_s=starts_s[0])
    second = program(tmp_path / "b.ts", 2.0, start_s=starts_s[1], second=True)
    path = of_two_programs(tmp_path / "two.ts", [first, second])
    info = probe(path)
    assert [(track.program, track.chosen) for track in (*info.audio, *info.video)] == [(1, True), (2, False)] * 2
    assert info.duration_s == pytest.approx(3.0, abs=0.1)
    assert "program 2" in str(info.audio[1])
    assert white_from_s(path) == pytest.approx([0.5], abs=0.1) == beeps_from_s(path)
    assert white_from_s(path, "2") == pytest.approx([2.0], abs=0.1) == beeps_from_s(path, "2")


@pytest.mark.parametrize("radio_first", [True, False])
def test_the_sound_of_the_pictures_program_is_preferred_to_a_radio_program(tmp_path: Path, radio_first: bool) -> None:
    first = program(tmp_path / "a.ts", 0.5 if radio_first else 2.0, picture=not radio_first)
    second = program(tmp_path / "b.ts", 2.0 if radio_first else 0.5, picture=radio_first, second=True)
    path = of_two_programs(tmp_path / "two.ts", [first, second])
    assert white_from_s(path) == pytest.approx([2.0], abs=0.1) == beeps_from_s(path)


def test_a_picture_without_sound_gives_way_to_that_of_another_program(tmp_path: Path) -> None:
    mute = flashing(tmp_path / "a.ts", 3.0, 0.5, video="libx264", container="mpegts")
    path = of_two_programs(tmp_path / "two.ts", [mute, program(tmp_path / "b.ts", 2.0, second=True)])
    assert white_from_s(path) == pytest.approx([2.0], abs=0.1) == beeps_from_s(path)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
def test_tracks_of_one_program_have_no_number(tmp_path: Path, ending: str) -> None:
    pictures = [("libx264", (160, 96), Marks.default), ("libx264", (320, 192), NONE)]
    info = probe(film(tmp_path / f"film.{ending}", TWO, pictures))
    assert {track.program for track in (*info.audio, *info.video)} == {0}


# --- channels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("FL", "FR"), ("DL", "DR"), ("NONE", "NONE"), ("FL", "FR", "FC", "LFE", "BL", "BR")])
def test_both_sides_of_any_layout(names: tuple[str, ...]) -> None:
    for place, side in enumerate((("left", "l", "FL", "fl"), ("right", "R", "FR", "Fr"))):
        for name in side:
            check_channel(name)
            assert channel_index(names, name, "a.wav") == place


@pytest.mark.parametrize("name", ["FC", "fc", "lfe", "SL"])
def test_other_channels_by_name(name: str) -> None:
    check_channel(name)
    names = ("FL", "FR", "FC", "LFE", "SL", "SR")
    assert names[channel_index(names, name, "a.wav")] == name.upper()
    with pytest.raises(MediaError, match=r"has no channel .*: it has 2 channels \(FL, FR\)"):
        channel_index(("FL", "FR"), name, "a.wav")
