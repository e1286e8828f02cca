"""Which track of a recording, and which of its channels, is read."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from features.errors import EmptyInput
from features.types import AudioStream
from pipeline.errors import UserError
from pipeline.settings.streams import AudioConfig, VideoConfig, check_channel, check_track
from pipeline.settings.validation import parse
from pipeline.streams.audio import read_audio
from pipeline.streams.channels import offsets_of, voice_of
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.tracks import channel_index
from pipeline.streams.decode import probe
from pipeline.streams.frames import survey
from pipeline.streams.spans import Span
from pipeline.streams.video import read_video
from tests.pipeline.streams.recordings import SECOND_PROGRAM, beeps_from_s, flashing, of_two_programs, white_from_s

RATE = 48000
Marks = av.stream.Disposition
NONE = Marks(0)


def tone(hz: float, duration_s: float = 2.0, amplitude: float = 0.1, rate: int = RATE) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(duration_s * rate)) / rate)


def film(
    path: Path,
    sounds: list[tuple[float, Marks, dict[str, str]]] = (),  # type: ignore[assignment]
    pictures: list[tuple[str, tuple[int, int], Marks]] = (),  # type: ignore[assignment]
    counts: tuple[int, ...] = (10, 10),
) -> Path:
    """Write 2 s of tracks: sounds by frequency (0 is silence) and pictures by codec and size, with their marks.

    `counts` says of how many pictures, five a second, each track of them is.
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


def heard_hz(path: Path, config: AudioConfig | None = None, **choice: str) -> float:
    ((_, stream),) = read_audio(path, [Span(0.2, 1.8, **choice)], config or AudioConfig())  # type: ignore[arg-type]
    assert isinstance(stream, AudioStream), stream
    spectrum = np.abs(np.fft.rfft(stream.signal()))
    return float(spectrum.argmax() * stream.rate_hz / stream.samples.size)


def size_of(path: Path) -> tuple[int, int]:
    return next(track.size for track in probe(path).video if track.chosen)


# --- sound -------------------------------------------------------------------------------------------------------

TWO = [(400.0, NONE, {"title": "Desktop"}), (900.0, Marks.default, {"title": "Mic", "language": "eng"})]


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_the_default_track_is_heard(tmp_path: Path, ending: str) -> None:
    assert heard_hz(film(tmp_path / f"two.{ending}", TWO)) == pytest.approx(900, abs=10)


def test_of_tracks_alike_the_first(tmp_path: Path) -> None:
    tracks = [(hz, Marks.default, {}) for hz in (400.0, 900.0)]
    assert heard_hz(film(tmp_path / "alike.mkv", tracks)) == pytest.approx(400, abs=10)


@pytest.mark.parametrize("marks", [Marks.comment, Marks.hearing_impaired, Marks.visual_impaired])
def test_commentary_is_not_heard_first(tmp_path: Path, marks: Marks) -> None:
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
    assert "two.mkv has no audio track '9': there are 1 ('Desktop', 1 channel), 2 ('Mic', eng, 1 chan" in str(found[2])
    assert np.array_equal(found[0].samples, found[3].samples)
    assert not np.array_equal(found[1].samples, found[0].samples)


# --- picture -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marks", [(Marks.default, NONE), (Marks.default, Marks.default), (NONE, NONE)])
def test_a_preview_is_not_seen(tmp_path: Path, marks: tuple[Marks, Marks]) -> None:
    pictures = [("mjpeg", (80, 48), marks[0]), ("libx264", (320, 192), marks[1])]
    path = film(tmp_path / "preview.mov", pictures=pictures)
    assert size_of(path) == (320, 192)
    contents = survey(path)
    assert contents is not None
    assert contents.index == 1
    assert len(probe(path).video) == 1


@pytest.mark.parametrize("aside", [Marks.dependent, Marks.still_image])
def test_pictures_beside_the_film_are_not_seen(tmp_path: Path, aside: Marks) -> None:
    path = film(tmp_path / "depth.mkv", pictures=[("libx264", (640, 384), aside), ("libx264", (320, 192), NONE)])
    if not any(int(s) for s in [probe(path).video[0].size[0]]):
        pytest.skip("the container keeps no such mark")
    with av.open(str(path)) as container:
        if not container.streams.video[0].disposition & aside:
            pytest.skip("the container keeps no such mark")
    assert size_of(path) == (320, 192)


def test_the_larger_of_two_pictures_alike_and_the_one_that_is_named(tmp_path: Path) -> None:
    pictures = [("libx264", (160, 96), Marks.default), ("libx264", (320, 192), Marks.default)]
    path = film(tmp_path / "two.mkv", pictures=pictures)
    assert size_of(path) == (320, 192)
    for name, size in (("1", 0), ("2", 1)):
        contents = survey(path, name)
        assert contents is not None
        assert contents.index == size
    with pytest.raises(MediaError, match=r"no video track '3': there are 1 \(160x96\), 2 \(320x192\)"):
        survey(path, "3")


def test_an_mjpeg_camera_is_seen(tmp_path: Path) -> None:
    path = film(tmp_path / "camera.avi", pictures=[("mjpeg", (320, 192), NONE)])
    assert size_of(path) == (320, 192)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
@pytest.mark.parametrize("codecs", [("mjpeg", "libx264"), ("libx264", "mjpeg"), ("mjpeg", "mjpeg")])
@pytest.mark.parametrize("marks", [(NONE, NONE), (Marks.default, NONE)])
def test_one_picture_is_not_seen_beside_a_film(
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

UNKNOWN = {  # what names a codec in a file, all of its places for one track
    "mp4": {"video": (b"avc1",), "audio": (b"mp4a", b"esds")},
    "mov": {"video": (b"avc1",), "audio": (b"mp4a", b"mp4a", b"esds")},
    "mkv": {"video": (b"V_MPEG4/ISO/AVC",), "audio": (b"A_AAC",)},
    "avi": {"video": (b"H264", b"H264"), "audio": (b"\0\0\xff\0",)},
}


def with_unknown(path: Path, kind: str, which: int) -> Path:
    """Write a film of two sounds and two pictures, of whose tracks of a kind the ones from 1 to `which` are unknown."""
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
def test_a_picture_of_an_unknown_codec_alone_fails_and_the_sound_is_heard(tmp_path: Path, ending: str) -> None:
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
def test_picture_and_sound_are_of_one_program(tmp_path: Path, starts_s: tuple[float, float]) -> None:
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
def test_the_sound_of_the_picture_is_heard_beside_a_radio_program(tmp_path: Path, radio_first: bool) -> None:
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


def stereo(path: Path, left: np.ndarray, right: np.ndarray, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, np.stack([left, right], axis=1), RATE, subtype=subtype)
    return path


@pytest.mark.parametrize(
    ("channel", "hz"),
    [
        *[(name, 400) for name in ("left", "L", "l", "FL", "fl", " Left ", "1")],
        *[(name, 900) for name in ("Right", "R", "r", "FR", "fr", "RIGHT", "2")],
    ],
)
def test_one_side_of_an_interview(tmp_path: Path, channel: str, hz: int) -> None:
    path = stereo(tmp_path / "interview.wav", tone(400), tone(900))
    assert heard_hz(path, channel=channel) == pytest.approx(hz, abs=10)
    setting: int | str = int(channel) if channel.isdecimal() else channel
    assert heard_hz(path, AudioConfig(channel=setting)) == pytest.approx(hz, abs=10)


def test_rows_of_both_sides_in_one_reading(tmp_path: Path) -> None:
    path = stereo(tmp_path / "interview.wav", tone(400), tone(900))
    spans = [Span(0.2, 1.2, channel="left"), Span(0.2, 1.2, channel="right"), Span(0.2, 1.2)]
    found = dict(read_audio(path, spans, AudioConfig()))
    assert len({found[i].samples.tobytes() for i in range(3)}) == 3


@pytest.mark.parametrize("channel", ["right", "2", "LFE"])
def test_a_channel_that_is_not_there_is_named(tmp_path: Path, channel: str) -> None:
    soundfile.write(tmp_path / "mono.wav", tone(400), RATE)
    ((_, found),) = read_audio(tmp_path / "mono.wav", [Span(0, 1, channel=channel)], AudioConfig())
    assert isinstance(found, MediaError)
    assert f"no channel '{channel}': it has one channel" in str(found)


@pytest.mark.parametrize("gain", [1.0, 0.9, 0.7])
def test_channels_that_cancel_give_way_to_one(tmp_path: Path, gain: float) -> None:
    voice = np.random.default_rng(0).normal(size=2 * RATE) * 0.05
    path = stereo(tmp_path / "inverted.wav", voice, -gain * voice)
    single = tmp_path / "single.wav"
    soundfile.write(single, voice, RATE)
    ((_, found),), ((_, expected),) = (read_audio(p, [Span(0, 2)], AudioConfig()) for p in (path, single))
    assert np.array_equal(found.samples, expected.samples)
    assert found.gain_db == expected.gain_db
    assert "the channels cancel in their mean: channel 1" in found.note
    assert expected.note == ""


def test_channels_that_cancel_where_the_voice_is() -> None:
    """One band is inverted, which holds most of the sound; what is alike is far below it."""
    voice, rest = tone(400) + tone(600), tone(3000, amplitude=0.05)
    rows = np.stack([voice + rest, -voice + rest]).astype(np.float32)
    mono, note = voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows[0])
    assert "cancel" in note


def speech(duration_s: float = 10.0, rate: int = RATE) -> np.ndarray:
    """Voiced sound whose pitch glides, with pauses, over faint noise."""
    times = np.arange(round(duration_s * rate)) / rate
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.7 * times)) / rate
    voiced = sum(np.sin(k * phase) / k for k in range(1, 30)) * (np.sin(2 * np.pi * 0.9 * times) > -0.6)
    return 0.05 * voiced + 1e-4 * np.random.default_rng(0).normal(size=times.size)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize(
    ("first_s", "last_s"), [(5.0, 10.0), (0.0, 5.0), (3.0, 4.0), (9.0, 10.0), (0.5, 10.0), (2.0, 2.8)]
)
def test_channels_that_cancel_in_a_part_give_way_to_one(rate: int, first_s: float, last_s: float) -> None:
    voice = speech(rate=rate).astype(np.float32)
    sign = np.where((np.arange(voice.size) >= first_s * rate) & (np.arange(voice.size) < last_s * rate), -1, 1)
    for gain in (1.0, 0.8):
        mono, note = voice_of(np.stack([voice, gain * sign * voice]), ("FL", "FR"), "mix", rate, "x.wav")
        assert np.array_equal(mono, voice)
        assert "cancel" in note


def hum(kind: str, size: int, rate: int, amplitude: float) -> np.ndarray:
    """What all channels share beside the voice."""
    times, random = np.arange(size) / rate, np.random.default_rng(1).normal(size=size)
    if kind == "mains":
        return amplitude * (np.sin(2 * np.pi * 100 * times) + 0.5 * np.sin(2 * np.pi * 200 * times))
    if kind == "rumble":
        return amplitude * np.convolve(random, np.full(rate // 100, (rate / 100) ** -0.5), "same")
    return amplitude * random


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize(
    ("kind", "amplitude"),
    [
        *[("mains", a) for a in (0.02, 0.1, 0.2, 0.3)],
        ("hiss", 0.02),
        ("hiss", 0.05),
        ("rumble", 0.02),
        ("rumble", 0.05),
    ],
)
def test_inverted_voices_are_heard_over_a_hum_that_channels_share(rate: int, kind: str, amplitude: float) -> None:
    voice = speech(4.0, rate)
    shared = hum(kind, voice.size, rate, amplitude)
    for sign in (-1, np.where(np.arange(voice.size) < 2 * rate, 1, -1) if kind == "mains" and amplitude < 0.2 else -1):
        rows = np.stack([voice + shared, 0.9 * sign * voice + shared]).astype(np.float32)
        mono, note = voice_of(rows, ("FL", "FR"), "mix", rate, "x.wav")
        assert any(np.array_equal(mono, row) for row in rows)
        assert "cancel" in note


@pytest.mark.parametrize("amplitude", [0.05, 0.3])
def test_an_inverted_voice_without_pauses_is_heard_over_a_hum(amplitude: float) -> None:
    voice = sum(tone(hz, amplitude=0.05) for hz in (300, 440, 900, 1800))
    shared = hum("mains", voice.size, RATE, amplitude)
    rows = np.stack([voice + shared, -voice + shared]).astype(np.float32)
    assert "cancel" in voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")[1]


@pytest.mark.parametrize("kind", ["mains", "hiss", "rumble"])
@pytest.mark.parametrize("level_db", [-30, -10, -3])
def test_a_voice_in_the_middle_of_wide_sound_is_averaged(kind: str, level_db: float) -> None:
    """Sound all around, even inverted between the channels, leaves the mean when the voice stays."""
    voice = speech(4.0)
    wide = hum(kind, voice.size, RATE, 1.0)
    wide *= voice.std() / wide.std() * 10 ** (level_db / 20)
    floor = 0.02 * tone(50, 4.0, 1.0) + 0.003 * np.random.default_rng(2).normal(size=voice.size)
    rows = np.stack([voice + wide + floor, voice - 0.8 * wide + floor]).astype(np.float32)
    mono, note = voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows.mean(axis=0))
    assert not note


def test_a_part_that_cancels_is_heard_in_the_stream(tmp_path: Path) -> None:
    voice, single = tone(440, 10.0), tmp_path / "single.wav"
    path = stereo(tmp_path / "half.wav", voice, np.where(np.arange(voice.size) < voice.size // 2, voice, -voice))
    soundfile.write(single, voice, RATE)
    ((_, found),), ((_, expected),) = (read_audio(p, [Span(0, 10)], AudioConfig()) for p in (path, single))
    assert np.array_equal(found.samples, expected.samples)
    assert "channel 1 is taken alone" in found.note


@pytest.mark.parametrize("delay_s", [0.0, 0.0003, 0.001, 0.003, 0.02])
@pytest.mark.parametrize("gain", [1.0, 0.5, 0.1])
def test_voices_that_reach_the_channels_at_other_times_are_averaged(delay_s: float, gain: float) -> None:
    voice = speech()
    other = gain * np.roll(voice, round(delay_s * RATE)) + 3e-3 * np.random.default_rng(1).normal(size=voice.size)
    rows = np.stack([voice, other]).astype(np.float32)
    mono, note = voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows.mean(axis=0))
    assert not note


def test_a_pause_that_cancels_is_nothing_to_give_way_for() -> None:
    voice = np.where(np.arange(10 * RATE) < 6 * RATE, speech(), 0.0)
    hum = tone(100, 10.0, amplitude=5e-4)
    rows = np.stack([voice + hum, voice - hum]).astype(np.float32)
    assert voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")[1] == ""


@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (1.0, 0.3)])
def test_other_channels_are_averaged(left: float, right: float) -> None:
    voice = np.random.default_rng(0).normal(size=RATE).astype(np.float32) * 0.1
    rows = np.stack([left * voice, right * voice]).astype(np.float32)
    mono, note = voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows.mean(axis=0))
    assert note == ("" if min(left, right) else f"channel {2 if left else 1} is silent")


@pytest.mark.parametrize("count", [2, 4, 8])
def test_independent_channels_are_averaged(count: int) -> None:
    rows = np.random.default_rng(0).normal(size=(count, RATE)).astype(np.float32) * 0.1
    mono, note = voice_of(rows, ("NONE",) * count, "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows.mean(axis=0))
    assert not note


def test_a_sound_field_is_heard_from_all_sides() -> None:
    rows = np.random.default_rng(0).normal(size=(4, RATE)).astype(np.float32)
    mono, _ = voice_of(rows, ("AMBI0", "AMBI1", "AMBI2", "AMBI3"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows[0])


@pytest.mark.parametrize("wrong", ["0", "-1", "centre-ish", "", "1.5", "both", "XYZ"])
def test_what_is_no_channel(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is no channel: write left \(or L, FL\), right .*, mix, a number from 1"):
        check_channel(wrong)


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


@pytest.mark.parametrize("wrong", ["0", "-2"])
def test_what_is_no_track(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no track"):
        check_track(wrong)
    for config in (VideoConfig, AudioConfig):
        with pytest.raises(UserError, match=r"x\.track: .* is no track"):
            parse(config, {"track": int(wrong)}, "x")


# --- constant offsets --------------------------------------------------------------------------------------------


def quiet_word(rate: int = RATE, total_s: float = 4.0) -> np.ndarray:
    """Faint noise with a word from 1.5 to 2.2 s."""
    times = np.arange(round(total_s * rate)) / rate
    word = np.where((times >= 1.5) & (times < 2.2), 0.05 * np.sin(2 * np.pi * 500 * times), 0.0)
    return word + 1e-5 * np.random.default_rng(0).normal(size=times.size)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("offsets", [(0.27, 0.27), (0.3, -0.1), (0.0, -0.4)])
def test_a_constant_offset_changes_nothing(tmp_path: Path, rate: int, offsets: tuple[float, float]) -> None:
    word = quiet_word(rate)
    plain, moved = tmp_path / "plain.wav", tmp_path / "moved.wav"
    soundfile.write(plain, np.stack([word, word], axis=1), rate, subtype="FLOAT")
    soundfile.write(moved, np.stack([word + o for o in offsets], axis=1), rate, subtype="FLOAT")
    spans = [Span(0, 4), Span(1.0, 3.0), Span(1.5, 4.0)]
    found, expected = (dict(read_audio(p, spans, AudioConfig())) for p in (moved, plain))
    for index in range(3):
        assert found[index].start_s == pytest.approx(expected[index].start_s, abs=0.011)
        assert found[index].samples.size == pytest.approx(expected[index].samples.size, abs=400)
        assert found[index].gain_db == pytest.approx(expected[index].gain_db, abs=0.1)


def test_a_constant_offset_of_eight_bits_and_of_silence(tmp_path: Path) -> None:
    path = tmp_path / "eight.wav"
    soundfile.write(path, np.where(np.abs(quiet_word()) > 1e-3, quiet_word(), 0.0) - 0.2, RATE, subtype="PCM_U8")
    ((_, found),) = read_audio(path, [Span(0, 4)], AudioConfig())
    assert found.start_s == pytest.approx(1.5, abs=0.03)
    soundfile.write(path, np.full(2 * RATE, 0.3), RATE, subtype="PCM_16")
    ((_, silent),) = read_audio(path, [Span(0, 2)], AudioConfig())
    assert isinstance(silent, EmptyInput)


def test_a_hole_in_sound_with_an_offset_is_silent(tmp_path: Path) -> None:
    """Holes are filled with silence: were the offset left, both edges of a hole would click."""
    rows = np.concatenate([quiet_word()[: 2 * RATE], quiet_word()[: 2 * RATE]]).astype(np.float32)[None] + 0.3
    assert offsets_of(rows).ravel() == pytest.approx([0.3], abs=1e-3)
    assert offsets_of(tone(120)[None].astype(np.float32)).ravel() == pytest.approx([0.0])
