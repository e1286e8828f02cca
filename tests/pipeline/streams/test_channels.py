"""The channel that carries the voice: named, in the centre, or the mean, unless channels cancel in it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.errors import EmptyInput
from pipeline.settings.streams import AudioConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.channels import offsets_of, voice_of
from pipeline.streams.container.opening import MediaError
from pipeline.streams.spans import Span
from tests.pipeline.streams.recordings import heard_hz, tone

RATE = 48000


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
def test_a_missing_channel_is_named(tmp_path: Path, channel: str) -> None:
    soundfile.write(tmp_path / "mono.wav", tone(400), RATE)
    ((_, found),) = read_audio(tmp_path / "mono.wav", [Span(0, 1, channel=channel)], AudioConfig())
    assert isinstance(found, MediaError)
    assert f"no channel '{channel}': it has one channel" in str(found)


@pytest.mark.parametrize("gain", [1.0, 0.9, 0.7])
def test_of_channels_that_cancel_one_is_used(tmp_path: Path, gain: float) -> None:
    voice = np.random.default_rng(0).normal(size=2 * RATE) * 0.05
    path = stereo(tmp_path / "inverted.wav", voice, -gain * voice)
    single = tmp_path / "single.wav"
    soundfile.write(single, voice, RATE)
    ((_, found),), ((_, expected),) = (read_audio(p, [Span(0, 2)], AudioConfig()) for p in (path, single))
    assert np.array_equal(found.samples, expected.samples)
    assert found.gain_db == expected.gain_db
    assert "the channels cancel when averaged: only channel 1" in found.note
    assert expected.note == ""


def test_channels_that_cancel_where_the_voice_is() -> None:
    """One band is inverted, which holds most of the sound; the part that is equal is far below it."""
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
def test_of_channels_that_cancel_in_part_one_is_used(rate: int, first_s: float, last_s: float) -> None:
    voice = speech(rate=rate).astype(np.float32)
    sign = np.where((np.arange(voice.size) >= first_s * rate) & (np.arange(voice.size) < last_s * rate), -1, 1)
    for gain in (1.0, 0.8):
        mono, note = voice_of(np.stack([voice, gain * sign * voice]), ("FL", "FR"), "mix", rate, "x.wav")
        assert np.array_equal(mono, voice)
        assert "cancel" in note


def hum(kind: str, size: int, rate: int, amplitude: float) -> np.ndarray:
    """The sound that all channels share in addition to the voice."""
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
def test_inverted_voices_are_detected_despite_a_hum_in_both_channels(rate: int, kind: str, amplitude: float) -> None:
    voice = speech(4.0, rate)
    shared = hum(kind, voice.size, rate, amplitude)
    for sign in (-1, np.where(np.arange(voice.size) < 2 * rate, 1, -1) if kind == "mains" and amplitude < 0.2 else -1):
        rows = np.stack([voice + shared, 0.9 * sign * voice + shared]).astype(np.float32)
        mono, note = voice_of(rows, ("FL", "FR"), "mix", rate, "x.wav")
        assert any(np.array_equal(mono, row) for row in rows)
        assert "cancel" in note


@pytest.mark.parametrize("amplitude", [0.05, 0.3])
def test_an_inverted_voice_without_pauses_is_detected_despite_a_hum(amplitude: float) -> None:
    voice = sum(tone(hz, amplitude=0.05) for hz in (300, 440, 900, 1800))
    shared = hum("mains", voice.size, RATE, amplitude)
    rows = np.stack([voice + shared, -voice + shared]).astype(np.float32)
    assert "cancel" in voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")[1]


@pytest.mark.parametrize("kind", ["mains", "hiss", "rumble"])
@pytest.mark.parametrize("level_db", [-30, -10, -3])
def test_channels_with_the_voice_in_the_middle_are_averaged(kind: str, level_db: float) -> None:
    """Surrounding sound that is inverted between channels cancels in the mean, but the voice stays."""
    voice = speech(4.0)
    wide = hum(kind, voice.size, RATE, 1.0)
    wide *= voice.std() / wide.std() * 10 ** (level_db / 20)
    floor = 0.02 * tone(50, 4.0, 1.0) + 0.003 * np.random.default_rng(2).normal(size=voice.size)
    rows = np.stack([voice + wide + floor, voice - 0.8 * wide + floor]).astype(np.float32)
    mono, note = voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows.mean(axis=0))
    assert not note


def test_where_channels_cancel_in_part_the_stream_has_one_of_them(tmp_path: Path) -> None:
    voice, single = tone(440, 10.0), tmp_path / "single.wav"
    path = stereo(tmp_path / "half.wav", voice, np.where(np.arange(voice.size) < voice.size // 2, voice, -voice))
    soundfile.write(single, voice, RATE)
    ((_, found),), ((_, expected),) = (read_audio(p, [Span(0, 10)], AudioConfig()) for p in (path, single))
    assert np.array_equal(found.samples, expected.samples)
    assert "only channel 1 is used" in found.note


@pytest.mark.parametrize("delay_s", [0.0, 0.0003, 0.001, 0.003, 0.02])
@pytest.mark.parametrize("gain", [1.0, 0.5, 0.1])
def test_channels_that_receive_the_voice_at_different_times_are_averaged(delay_s: float, gain: float) -> None:
    voice = speech()
    other = gain * np.roll(voice, round(delay_s * RATE)) + 3e-3 * np.random.default_rng(1).normal(size=voice.size)
    rows = np.stack([voice, other]).astype(np.float32)
    mono, note = voice_of(rows, ("FL", "FR"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows.mean(axis=0))
    assert not note


def test_channels_that_cancel_in_a_pause_only_are_averaged() -> None:
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


def test_of_an_ambisonic_recording_the_omnidirectional_channel_is_used() -> None:
    rows = np.random.default_rng(0).normal(size=(4, RATE)).astype(np.float32)
    mono, _ = voice_of(rows, ("AMBI0", "AMBI1", "AMBI2", "AMBI3"), "mix", RATE, "x.wav")
    assert np.array_equal(mono, rows[0])


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


def test_a_gap_in_sound_with_an_offset_is_silent(tmp_path: Path) -> None:
    """Gaps are filled with silence: if the offset were kept, both edges of a gap would click."""
    rows = np.concatenate([quiet_word()[: 2 * RATE], quiet_word()[: 2 * RATE]]).astype(np.float32)[None] + 0.3
    assert offsets_of(rows).ravel() == pytest.approx([0.3], abs=1e-3)
    assert offsets_of(tone(120)[None].astype(np.float32)).ravel() == pytest.approx([0.0])
