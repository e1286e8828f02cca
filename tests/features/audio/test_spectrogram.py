from typing import Any

import numpy as np
import pytest
from librosa.filters import mel
from scipy.signal import spectrogram, windows

from features.audio.spectrogram import Spectrogram, SpectrogramConfig
from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.types import AudioStream

RATE = 16000
SPECTROGRAM = Spectrogram(SpectrogramConfig())


def stream_of(signal: np.ndarray, start_s: float = 0.0) -> AudioStream:
    return AudioStream(np.round(signal * 32768).astype(np.int16), RATE, start_s, 10.0, 0.0)


def tone(hz: float, duration_s: float = 1.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(round(duration_s * RATE)) / RATE)


def band_of(hz: float, bands: int = 64) -> int:
    """The band whose centre is next to a frequency on Slaney's mel scale."""
    edges = np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), bands + 2)
    mel = hz * 3 / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)
    return int(np.abs(edges[1:-1] - mel).argmin())


@pytest.mark.parametrize("hz", [250, 500, 1000, 2500, 6000])
def test_a_tone_lights_its_own_band(hz: float) -> None:
    found = SPECTROGRAM.extract(stream_of(tone(hz)))
    assert (np.abs(found.values.argmax(axis=1) - band_of(hz)) <= 1).all()


def test_ten_times_the_amplitude_is_twenty_decibels() -> None:
    noise = np.random.default_rng(0).normal(size=RATE) * 0.02
    loud, quiet = (SPECTROGRAM.extract(stream_of(gain * noise)).values for gain in (10, 1))
    assert (loud - quiet).mean() == pytest.approx(20, abs=0.05)


def test_the_power_is_that_of_an_independent_transform() -> None:
    signal = stream_of(np.random.default_rng(0).normal(size=RATE) * 0.1).signal().astype(np.float64)
    window = windows.hann(400, sym=False)
    _, _, magnitude = spectrogram(signal, window=window, noverlap=240, nfft=512, detrend=False, mode="magnitude")
    truth = np.square(magnitude).T * np.square(window).sum() @ mel(sr=RATE, n_fft=512, n_mels=64).T
    found = SPECTROGRAM.extract(stream_of(signal))
    assert 10 ** (found.values.astype(np.float64) / 10) == pytest.approx(truth, rel=1e-3)


def test_a_click_is_seen_by_the_frames_around_it() -> None:
    signal = np.zeros(RATE)
    signal[8000] = 0.9
    found = SPECTROGRAM.extract(stream_of(signal, start_s=1.0))
    lit = found.times[found.values.max(axis=1) > found.values.max() - 60]
    assert (lit[:, 0] < 1.5).all()
    assert (lit[:, 1] > 1.5).all()
    assert len(lit) == 2


def test_pooled_are_means_then_deviations() -> None:
    found = SPECTROGRAM.extract(stream_of(0.1 * np.random.default_rng(0).normal(size=RATE)))
    assert SPECTROGRAM.pooled_names[0] == "mel_00_db_mean"
    assert SPECTROGRAM.pooled_names[64] == "mel_00_db_std"
    assert found.pooled[:64] == pytest.approx(found.values.mean(axis=0), rel=1e-4)
    assert found.pooled[64:] == pytest.approx(found.values.std(axis=0), rel=1e-3)
    assert (found.values.dtype, found.times.dtype, found.pooled.dtype) == (np.float32, np.float64, np.float32)
    assert found.values.shape == (98, 64)


@pytest.mark.parametrize("count", [0, 1, 399])
def test_too_little_sound_is_empty(count: int) -> None:
    with pytest.raises(EmptyInput, match="ms of sound"):
        SPECTROGRAM.extract(stream_of(0.1 * np.ones(count)))


def test_one_frame_of_silence_is_finite() -> None:
    found = SPECTROGRAM.extract(stream_of(np.zeros(400)))
    assert found.values.shape == (1, 64)
    assert np.isfinite(found.pooled).all()


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"bands": 2}, "bands is 2"), ({"range_db": 0.0}, "range_db is 0.0"), ({"hop_s": 0.1}, "hop_s 0.1")],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ExtractorError, match=named):
        build("spectrogram", settings)
