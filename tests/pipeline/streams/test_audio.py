import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import EmptyInput, NoStream
from features.types import AudioStream
from pipeline.settings.streams import AudioConfig
from pipeline.streams import audio, decode
from pipeline.streams.audio import read_audio
from pipeline.streams.container import timeline
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.timeline import timeline_of
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span
from tests.pipeline.streams import recordings
from tests.pipeline.streams.recordings import bursts

SHARED = Path(__file__).parents[4] / "shared" / "data"
needs_clips = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real clips are not at {SHARED}")
RATE = 16000
tone = partial(recordings.tone, rate=RATE)
UNTRIMMED = AudioConfig(trim_db=200)


def write_media(
    path: Path,
    channels: np.ndarray,
    rate: int = RATE,
    *,
    codec: str = "pcm_s16le",
    layout: str = "mono",
    audio_at: Callable[[float], float] = lambda time_s: time_s,
    video_from_s: float | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode ``(channels, n)`` with the frame of time t stamped ``audio_at(t)``, and one second of picture."""
    with av.open(str(path), "w", options=options or {}) as out:
        sound = out.add_stream(codec, rate=rate, layout=layout)
        picture = out.add_stream("mpeg4", rate=25, width=32, height=32) if video_from_s is not None else None
        for packet in picture_packets(picture, video_from_s):
            out.mux(packet)
        resampler = av.AudioResampler(sound.codec_context.format, layout, rate, sound.codec_context.frame_size or 1000)
        ints = np.round(np.atleast_2d(channels) * 32767).astype(np.int16)
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(ints.T).reshape(1, -1), "s16", layout)
        whole.sample_rate, whole.pts = rate, 0
        for frame in [*resampler.resample(whole), *resampler.resample(None)]:
            frame.pts = round(audio_at(frame.pts / rate) * rate)
            frame.time_base = Fraction(1, rate)
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path


def picture_packets(stream: Any, start_s: float | None) -> list[Any]:
    if stream is None or start_s is None:
        return []
    packets = []
    for number in range(25):
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
        frame.pts, frame.time_base = number + round(25 * start_s), Fraction(1, 25)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def outcomes(path: Path, spans: list[Span], config: AudioConfig = UNTRIMMED) -> list[Any]:
    found = dict(read_audio(path, spans, config))
    assert sorted(found) == list(range(len(spans)))
    return [found[index] for index in range(len(spans))]


def loud_part(stream: AudioStream) -> tuple[float, float]:
    """Return the first and the last time, in the span, at which a trimmed stream has sound."""
    return stream.start_s, stream.start_s + stream.samples.size / stream.rate_hz


# --- the clock ---------------------------------------------------------------------------------------------------


def test_sound_that_starts_late_stays_on_the_recordings_clock(tmp_path: Path) -> None:
    path = write_media(
        tmp_path / "late.mkv", bursts(3, (1.0, 1.5)), audio_at=lambda t: t + 0.7, video_from_s=0.0, codec="flac"
    )
    (whole, part, before) = outcomes(path, [Span(0, 3.5), Span(1.5, 3), Span(0, 0.6)], AudioConfig())
    assert loud_part(whole) == pytest.approx((1.7, 2.2), abs=0.0101)
    assert loud_part(part) == pytest.approx((0.2, 0.7), abs=0.0101)
    assert isinstance(before, EmptyInput)


def test_a_picture_that_starts_late_does_not_shift_the_sound(tmp_path: Path) -> None:
    path = write_media(tmp_path / "v.mkv", bursts(3, (1.0, 1.5)), audio_at=lambda t: t + 2.0, video_from_s=4.0)
    assert timeline_of(path).start_s == pytest.approx(2.0)
    (whole,) = outcomes(path, [Span(0, 3)], AudioConfig())
    assert loud_part(whole) == pytest.approx((1.0, 1.5), abs=0.0101)


def test_a_gap_in_the_sound_is_silence_of_its_length(tmp_path: Path) -> None:
    path = write_media(
        tmp_path / "hole.mkv", bursts(3, (0.5, 0.75), (2.0, 2.25)), audio_at=lambda t: t + 0.8 * (t >= 1), codec="flac"
    )
    first, second, both = outcomes(path, [Span(0, 1.5), Span(2.5, 3.5), Span(0, 3.8)], AudioConfig())
    assert loud_part(first) == pytest.approx((0.5, 0.75), abs=0.0101)
    assert loud_part(second) == pytest.approx((0.3, 0.55), abs=0.0101)
    assert loud_part(both) == pytest.approx((0.5, 3.05), abs=0.0101)


def test_no_sample_is_lost_if_stamps_are_rounded_to_milliseconds(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=44100 * 2)
    mkv = write_media(tmp_path / "a.mkv", noise, 44100, codec="flac")  # Matroska counts milliseconds
    wav = write_media(tmp_path / "a.wav", noise, 44100)
    (one,), (other,) = outcomes(mkv, [Span(0, 2)]), outcomes(wav, [Span(0, 2)])
    assert np.array_equal(one.samples, other.samples)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("start_s", [0.0, 0.50013])
def test_resampling_neither_shifts_nor_shortens(tmp_path: Path, rate: int, start_s: float) -> None:
    path = write_media(tmp_path / "t.wav", tone(1234.5, 2, 0.3, rate=rate), rate)
    (stream,) = outcomes(path, [Span(start_s, start_s + 1)])
    times = start_s + np.arange(stream.samples.size) / RATE
    inner = slice(800, -800)
    got = stream.signal()[inner] * 10 ** (-stream.gain_db / 20)
    assert stream.samples.size == RATE
    assert np.abs(got - 0.3 * np.sin(2 * np.pi * 1234.5 * times[inner])).max() < 0.3 * 0.25  # a quarter of a sample
    basis = np.exp(-2j * np.pi * 1234.5 * times[inner])
    shift_s = -(np.angle(np.sum(got * basis)) + np.pi / 2) / (2 * np.pi * 1234.5)
    assert abs(shift_s) < 0.55 / RATE


@needs_clips
def test_a_word_sounds_when_its_annotation_says() -> None:
    checked = 0
    for path in sorted((SHARED / "grid/s1").glob("*.mpg"))[:8]:
        words = [line.split() for line in path.with_suffix(".align").read_text().splitlines()]
        times = [(int(start) / 25000, int(end) / 25000) for start, end, word in words if word != "sil"]
        (stream,) = outcomes(path, [Span(0, probe(path).duration_s)])
        power = np.square(stream.signal())
        at = stream.start_s + np.arange(power.size) / RATE
        speech = (at >= times[0][0]) & (at < times[-1][1])
        quiet = (at < times[0][0] - 0.1) | (at > times[-1][1] + 0.1)
        assert power[speech].mean() > 30 * power[quiet].mean(), path.name
        checked += 1
    assert checked


@needs_clips
def test_film_and_sound_file_of_one_take_agree() -> None:
    film, sound = SHARED / "ravdess/av/01-01-01-01-01-01-01.mp4", SHARED / "ravdess/speech/03-01-01-01-01-01-01.flac"
    one, other = (outcomes(path, [Span(0, 3.2)])[0].signal().astype(np.float64) for path in (film, sound))
    size = 1 << 17
    likeness = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)))
    lag = (np.argmax(likeness) + size // 2) % size - size // 2
    assert abs(lag) < 0.03 * RATE
    assert likeness.max() > 0.9 * np.linalg.norm(one) * np.linalg.norm(other)


# --- channels ----------------------------------------------------------------------------------------------------


def share_of(stream: AudioStream, hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(stream.signal())) ** 2
    near = np.abs(np.fft.rfftfreq(stream.samples.size, 1 / RATE) - hz) < 20
    return float(spectrum[near].sum() / spectrum.sum())


@pytest.mark.parametrize(("centre", "expected_hz"), [(0.1, 440), (0.0, 1000), (0.0005, 1000)])
def test_the_centre_channel_is_used_if_it_carries_the_voice(tmp_path: Path, centre: float, expected_hz: int) -> None:
    voice, music = tone(440, 2, centre), tone(1000, 2, 0.2)
    channels = np.stack([music, music, voice, 0 * music, music, music])
    path = write_media(tmp_path / "film.mkv", channels, layout="5.1", codec="flac")
    (stream,) = outcomes(path, [Span(0, 2)])
    assert share_of(stream, expected_hz) > 0.99


def test_the_subwoofer_is_left_out(tmp_path: Path) -> None:
    front, low = tone(1000, 2, 0.1), tone(440, 2, 0.5)
    channels = np.stack([front, front, 0 * front, low, 0 * front, 0 * front])
    path = write_media(tmp_path / "film.mkv", channels, layout="5.1", codec="flac")
    (stream,) = outcomes(path, [Span(0, 2)])
    assert share_of(stream, 1000) > 0.99


def test_stereo_is_averaged(tmp_path: Path) -> None:
    common, side = tone(440, 2), tone(1000, 2)
    path = write_media(tmp_path / "s.wav", np.stack([common + side, common - side]), layout="stereo")
    (stream,) = outcomes(path, [Span(0, 2)])
    assert share_of(stream, 440) > 0.999
    assert stream.gain_db == pytest.approx(-23 - 20 * np.log10(0.1 / np.sqrt(2)), abs=0.05)


# --- spans -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noise_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = 0.1 * np.random.default_rng(3).normal(size=6 * 22050)
    return write_media(tmp_path_factory.mktemp("noise") / "noise.wav", noise, 22050)


spans = st.builds(lambda start, length: Span(start, start + length), st.floats(-0.2, 6.4), st.floats(0.01, 6))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(spans, max_size=6))
def test_many_spans_together_give_the_same_as_each_alone(noise_file: Path, wanted: list[Span]) -> None:
    together = outcomes(noise_file, wanted)
    for span, found in zip(wanted, together, strict=True):
        (alone,) = outcomes(noise_file, [span])
        assert type(found) is type(alone)
        if isinstance(found, AudioStream):
            assert np.array_equal(found.samples, alone.samples)
            assert (found.start_s, found.gain_db, found.duration_s) == (alone.start_s, alone.gain_db, span.duration_s)
            assert found.start_s + found.samples.size / RATE <= span.duration_s + 1 / RATE


def test_a_recording_is_decoded_once(noise_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, frames = [], []
    timeline._timeline_of.cache_clear()
    whole_frames = decode._channels
    monkeypatch.setattr(decode, "_channels", lambda frame: frames.append(frame.pts) or whole_frames(frame))
    open_container = av.open
    monkeypatch.setattr(av, "open", lambda *args, **rest: opened.append(args) or open_container(*args, **rest))
    outcomes(noise_file, [Span(4, 5), Span(0, 3), Span(1, 2), Span(0, 3)])
    assert len(opened) == 2  # once for its timeline
    assert frames == sorted(set(frames))
    assert frames[-1] < 5.5 * 22050  # and no further than the last span


def test_a_stream_comes_as_soon_as_it_is_complete(noise_file: Path) -> None:
    order = [index for index, _ in read_audio(noise_file, [Span(4, 5), Span(0, 5.5), Span(1, 2)], UNTRIMMED)]
    assert order == [2, 0, 1]


def test_memory_follows_the_open_spans_not_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, (0.1 * np.random.default_rng(0).normal(size=RATE * 120)).astype(np.float32), RATE)
    tracemalloc.start()
    try:
        for _, stream in read_audio(path, [Span(second, second + 1.0) for second in range(119)], UNTRIMMED):
            assert isinstance(stream, AudioStream)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4e6  # the recording is 7.7 MB


@pytest.mark.parametrize("span", [Span(1, 1), Span(2, 1), Span(float("nan"), 1), Span(0, float("inf"))])
def test_a_span_without_length_is_empty(noise_file: Path, span: Span) -> None:
    found, fine = outcomes(noise_file, [span, Span(0, 1)])
    assert isinstance(found, EmptyInput)
    assert "no length" in str(found)
    assert isinstance(fine, AudioStream)


def test_reading_twice_gives_the_same_bytes(noise_file: Path) -> None:
    (one,), (two,) = (outcomes(noise_file, [Span(0.3, 4)], AudioConfig()) for _ in range(2))
    assert one.samples.tobytes() == two.samples.tobytes()
    assert one.samples.dtype == np.int16


# --- what is not there -------------------------------------------------------------------------------------------


def test_a_silent_film_has_no_audio_stream(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "mute.mp4"), "w") as out:
        for packet in picture_packets(out.add_stream("mpeg4", rate=25, width=32, height=32), 0.0):
            out.mux(packet)
    found = outcomes(tmp_path / "mute.mp4", [Span(0, 1), Span(0.5, 1)])
    assert all(isinstance(each, NoStream) and "no audio stream" in str(each) for each in found)
    info = probe(tmp_path / "mute.mp4")
    assert (bool(info.audio), bool(info.video)) == (False, True)
    assert info.duration_s == pytest.approx(1.0, abs=0.05)


@needs_clips
def test_a_real_silent_film_has_no_audio_stream() -> None:
    (found,) = outcomes(SHARED / "edge/no_audio.mp4", [Span(0, 4)])
    assert isinstance(found, NoStream)


def test_silence_is_empty_but_sound_next_to_it_is_not(tmp_path: Path) -> None:
    path = write_media(tmp_path / "s.wav", bursts(4, (2.5, 3.0)))
    silent, sounding, behind = outcomes(path, [Span(0, 2), Span(2, 4), Span(9, 10)], AudioConfig())
    assert isinstance(silent, EmptyInput)
    assert "silence" in str(silent)
    assert isinstance(sounding, AudioStream)
    assert isinstance(behind, EmptyInput)
    assert "ends at 4.00 s" in str(behind)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("t.wav", "pcm_s16le", {}),
        ("t.flac", "flac", {}),
        ("t.mp4", "aac", {"movflags": "faststart"}),
        ("t.mkv", "aac", {}),
        ("t.avi", "mp2", {}),
    ],
)
def test_a_recording_that_breaks_off_fails_only_where_it_does(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=6 * 44100)
    whole = write_media(tmp_path / name, noise, 44100, codec=codec, options=options)
    assert all(isinstance(each, AudioStream) for each in outcomes(whole, [Span(0, 6.0), Span(5, 6.2)]))
    data = whole.read_bytes()
    cut = tmp_path / f"cut_{name}"
    cut.write_bytes(data[: len(data) * 6 // 10])
    early, across, behind = outcomes(cut, [Span(0.5, 2.5), Span(1, 5.5), Span(5, 6)])
    assert isinstance(early, AudioStream)
    for found in (across, behind):
        assert isinstance(found, MediaError)
        assert "breaks off at 3." in str(found)


def test_sound_shorter_than_the_picture_does_not_break_off(tmp_path: Path) -> None:
    path = write_media(tmp_path / "short.mkv", tone(440, 1), video_from_s=2.0)
    (found,) = outcomes(path, [Span(0, 3)])
    assert isinstance(found, AudioStream)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "does not exist"), (b"", "is empty"), (b"no film" * 999, "cannot be read")]
)
def test_a_file_that_is_not_a_recording_fails_every_span(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    for found in outcomes(path, [Span(0, 1), Span(3, 2)]):
        assert isinstance(found, MediaError)
        assert message in str(found)
        assert "film.mp4" in str(found)
    with pytest.raises(MediaError, match=message):
        probe(path)


@needs_clips
def test_a_film_without_its_end_is_unreadable(tmp_path: Path) -> None:
    data = (SHARED / "edge/obama_speech.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[: len(data) // 2])
    (found,) = outcomes(tmp_path / "half.mp4", [Span(0, 1)])
    assert isinstance(found, MediaError)


def test_a_damaged_stretch_fails_its_utterance_only(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=6 * RATE)
    data = bytearray(write_media(tmp_path / "d.mp4", noise, codec="aac").read_bytes())
    media = slice(data.index(b"mdat") + 4, data.index(b"moov") - 4)  # the index of packets, in moov, stays whole
    lost = slice(*(media.start + (media.stop - media.start) * share // 100 for share in (45, 65)))
    data[lost] = b"\xff" * (lost.stop - lost.start)
    (tmp_path / "e.mp4").write_bytes(data)
    early, broken, late = outcomes(tmp_path / "e.mp4", [Span(0, 2), Span(2, 5), Span(4.5, 6)])
    assert isinstance(early, AudioStream)
    assert isinstance(broken, MediaError)
    assert "cannot be decoded" in str(broken)
    assert isinstance(late, AudioStream)


def test_the_version_is_part_of_every_key() -> None:
    assert audio.VERSION == 3


def long_sound() -> np.ndarray:
    """Eight seconds of noise whose level and pitch change all the time."""
    noise = np.random.default_rng(3).normal(0, 0.1, 8 * RATE)
    return noise * (1.2 + np.sin(2 * np.pi * 0.7 * np.arange(noise.size) / RATE))


def drifting(time_s: float) -> float:
    """Stamps that jump by 10 ms, which counts as drift, and then by 200 ms, which is a gap."""
    return time_s + 0.01 * (time_s > 2) + 0.2 * (time_s > 5)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.wav", "pcm_s24le"),
        ("a.wav", "pcm_f32le"),
        ("a.aiff", "pcm_s16be"),
        ("a.au", "pcm_mulaw"),
        ("a.flac", "flac"),
        ("a.mov", "pcm_s16le"),
        ("a.mkv", "pcm_s16le"),
        ("a.m4a", "aac"),
        ("a.mp3", "libmp3lame"),
        ("a.opus", "libopus"),
        ("a.mpg", "mp2"),
        ("a.ogg", "flac"),
    ],
)
@pytest.mark.parametrize("audio_at", [lambda time_s: time_s, drifting])
def test_parts_of_a_recording_have_the_samples_of_the_whole(
    tmp_path: Path, name: str, codec: str, audio_at: Callable[[float], float]
) -> None:
    path = write_media(tmp_path / name, long_sound(), codec=codec, audio_at=audio_at)
    spans = [Span(at / 2, at / 2 + 0.6) for at in range(15)]
    whole = outcomes(path, spans)
    parts = [outcome for first in range(0, 15, 4) for outcome in outcomes(path, spans[first : first + 4])]
    for one, other in zip(whole, parts, strict=True):
        assert isinstance(one, AudioStream)
        assert isinstance(other, AudioStream)
        assert np.array_equal(one.samples, other.samples)
        assert (one.start_s, one.gain_db) == (other.start_s, other.gain_db)


@pytest.mark.parametrize(
    ("name", "codec", "divisible"), [("a.wav", "pcm_s16le", True), ("a.flac", "flac", True), ("a.m4a", "aac", False)]
)
def test_where_packets_stand_for_themselves_those_before_the_first_span_are_not_decoded(
    tmp_path: Path, name: str, codec: str, divisible: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_media(tmp_path / name, long_sound(), codec=codec)
    assert decode.divisible(path) == divisible
    frames = []
    whole_frames = decode._channels
    monkeypatch.setattr(decode, "_channels", lambda frame: frames.append(frame.time) or whole_frames(frame))
    outcomes(path, [Span(6, 7)])
    skipped = [time_s for time_s in frames[1:] if time_s < 5.5]
    assert bool(skipped) != divisible
