"""Cleaning the voice of one utterance: filter, trimming and level against closed forms and synthesised sound."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import EmptyInput
from pipeline.settings.streams import AudioConfig
from pipeline.streams.cleaning import band_pass, clean, normalise, trim_bounds
from tests.pipeline.streams import recordings
from tests.pipeline.streams.recordings import bursts

RATE = 16000
tone = partial(recordings.tone, rate=RATE)


def butterworth_squared(hz: np.ndarray, low_hz: float, high_hz: float, order: int, rate: int) -> np.ndarray:
    """Textbook magnitude of a digital Butterworth band-pass (bilinear transform), squared for the two directions."""
    warped, low, high = (np.tan(np.pi * np.asarray(f) / rate) for f in (hz, low_hz, high_hz))
    return 1 / (1 + ((warped**2 - low * high) / (warped * (high - low))) ** (2 * order))


@pytest.mark.parametrize(("low_hz", "high_hz", "order"), [(70.0, 7600.0, 4), (300.0, 3400.0, 2)])
def test_the_band_pass_has_the_textbook_magnitude_and_no_phase(low_hz: float, high_hz: float, order: int) -> None:
    size = 1 << 15
    impulse = np.zeros(size + 1)
    impulse[size // 2] = 1.0
    response = band_pass(impulse, RATE, low_hz, high_hz, order)
    assert np.abs(response - response[::-1]).max() < 1e-6  # symmetric about the impulse: zero phase
    hz = np.fft.rfftfreq(size + 1, 1 / RATE)
    measured = np.abs(np.fft.rfft(response))
    known = (hz > 20) & (hz < 7950)
    truth = butterworth_squared(hz[known], low_hz, high_hz, order, RATE)
    assert np.abs(measured[known] - truth).max() < 2e-3
    for corner in (low_hz, high_hz):
        assert np.interp(corner, hz, measured) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(("hz", "kept_db"), [(30, -40), (50, -13), (1000, 0), (5000, 0)])
def test_tones_in_the_band_stay_and_hum_is_removed(hz: float, kept_db: float) -> None:
    passed = band_pass(tone(hz, 2), RATE, 70, 7600, 4)[RATE // 2 : -RATE // 2]
    level_db = 20 * np.log10(np.sqrt(np.mean(passed**2)) / (0.1 / np.sqrt(2)))
    assert level_db < kept_db if kept_db else abs(level_db) < 0.05


@pytest.mark.parametrize("size", [0, 1, 2, 10, 27, 28, 700])
def test_the_band_pass_takes_any_length(size: int) -> None:
    passed = band_pass(np.ones(size), RATE, 70, 7600, 4)
    assert passed.shape == (size,)
    assert np.isfinite(passed).all()


def test_trimming_finds_a_tone_in_silence() -> None:
    signal = bursts(3, (0.8, 1.3), (1.9, 2.2)) + 1e-5 * np.random.default_rng(0).normal(size=3 * RATE)
    assert trim_bounds(signal, RATE, 35) == (round(0.8 * RATE), round(2.2 * RATE))


@pytest.mark.parametrize(("under_db", "kept"), [(33, True), (37, False)])
def test_trimming_removes_frames_more_than_trim_db_below_the_loudest(under_db: float, kept: bool) -> None:
    signal = np.concatenate([tone(1000, 0.5, 0.5 * 10 ** (-under_db / 20)), tone(1000, 0.5, 0.5)])
    assert trim_bounds(signal, RATE, 35) == (0 if kept else RATE // 2, RATE)


def test_trimming_silence_leaves_nothing() -> None:
    assert trim_bounds(np.zeros(1000), RATE, 35) == (0, 0)
    assert trim_bounds(np.zeros(0), RATE, 35) == (0, 0)


def test_the_gain_brings_the_voice_to_the_level() -> None:
    levelled, gain_db = normalise(tone(300, 1, 0.01), -23.0)
    assert 20 * np.log10(np.sqrt(np.mean(levelled**2))) == pytest.approx(-23.0, abs=1e-6)
    assert gain_db == pytest.approx(-23.0 - 20 * np.log10(0.01 / np.sqrt(2)), abs=1e-6)


def test_the_gain_stops_before_peaks_wrap() -> None:
    clicks = np.zeros(RATE)
    clicks[::1000] = 0.9
    levelled, gain_db = normalise(clicks, -3.0)
    assert np.abs(levelled).max() <= 1 - 2**-15
    assert gain_db == pytest.approx(20 * np.log10((1 - 2**-15) / 0.9), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    lead=st.floats(0, 0.5),
    length=st.floats(0.06, 1),
    tail=st.floats(0, 0.5),
    amplitude=st.floats(0.002, 1.0),
    level=st.floats(-40, -3),
)
def test_clean_reports_times_level_and_gain_correctly(
    lead: float, length: float, tail: float, amplitude: float, level: float
) -> None:
    sizes = [round(RATE * part) for part in (lead, length, tail)]
    voice = tone(700, 2, amplitude)[: sizes[1]]
    stream = clean(np.concatenate([np.zeros(sizes[0]), voice, np.zeros(sizes[2])]), AudioConfig(level_db=level))
    assert stream.start_s == pytest.approx(lead, abs=0.021)  # the frame before may hold the filter's onset
    assert stream.samples.size / RATE == pytest.approx(length, abs=0.041)
    assert stream.duration_s == sum(sizes) / RATE
    peak = np.abs(stream.samples.astype(int)).max() / 32768
    assert peak == pytest.approx(amplitude * 10 ** (stream.gain_db / 20), rel=0.25)
    level_db = 20 * np.log10(np.sqrt(np.mean(np.square(stream.signal().astype(np.float64)))))
    assert level_db == pytest.approx(level, abs=0.1) or peak > 0.99


@pytest.mark.parametrize(
    "samples",
    [np.zeros(RATE), np.zeros(0), 1e-5 * np.ones(RATE), tone(1000, 0.02), tone(440, 1, 0.0002)],
    ids=["digital silence", "nothing", "constant", "20 ms", "very faint"],
)
def test_sound_without_a_voice_is_empty(samples: np.ndarray) -> None:
    with pytest.raises(EmptyInput, match=r"silence|ms of sound"):
        clean(samples, AudioConfig())


def test_a_constant_offset_is_removed() -> None:
    stream = clean(tone(440, 1) + 0.5, AudioConfig())
    assert abs(stream.signal().mean()) < 1e-3
    assert stream.gain_db == pytest.approx(0.01, abs=0.3)
