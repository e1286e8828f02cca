from typing import Any

import numpy as np
import pytest
from scipy.fft import dct
from scipy.signal import savgol_filter

from features.audio.mfcc import Mfcc, MfccConfig
from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.types import AudioStream

RATE = 16000


def stream_of(signal: np.ndarray, start_s: float = 0.0) -> AudioStream:
    return AudioStream(np.round(signal * 32768).astype(np.int16), RATE, start_s, 10.0, 0.0)


def voice_like(duration_s: float = 1.0) -> AudioStream:
    times = np.arange(round(duration_s * RATE)) / RATE
    noise = np.random.default_rng(1).normal(size=times.size)
    return stream_of(0.05 * np.sin(2 * np.pi * 300 * times) * (1 + np.sin(9 * times)) + 0.01 * noise)


def slaney_mel_filters(bands: int, points: int) -> np.ndarray:
    """Triangles of unit area on Slaney's mel scale: linear under 1 kHz, logarithmic above."""

    def to_hz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    top = 15 + 27 * np.log(RATE / 2 / 1000) / np.log(6.4)
    edges = to_hz(np.linspace(0, top, bands + 2))
    hz = np.arange(points // 2 + 1) * RATE / points
    filters = np.empty((bands, hz.size))
    for band, (low, middle, high) in enumerate(zip(edges[:-2], edges[1:-1], edges[2:], strict=True)):
        triangle = np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)).clip(0)
        filters[band] = triangle * 2 / (high - low)
    return filters


def log_mel_by_hand(
    signal: np.ndarray, bands: int, frame: int = 400, hop: int = 160, range_db: float = 80
) -> np.ndarray:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    starts = range(0, signal.size - frame + 1, hop)
    power = np.array([np.abs(np.fft.rfft(signal[start : start + frame] * window, 512)) ** 2 for start in starts])
    levels = 10 * np.log10(np.maximum(power @ slaney_mel_filters(bands, 512).T, 1e-10))
    return np.maximum(levels, levels.max() - range_db)


@pytest.mark.parametrize(("count", "bands"), [(40, 64), (13, 40)])
def test_coefficients_are_those_of_the_textbook(count: int, bands: int) -> None:
    stream = voice_like()
    found = Mfcc(MfccConfig(count=count, bands=bands)).extract(stream)
    truth = dct(log_mel_by_hand(stream.signal().astype(np.float64), bands), type=2, norm="ortho", axis=1)[:, :count]
    assert found.values.shape == (98, 3 * count)
    assert np.abs(found.values[:, :count] - truth).max() < 0.01


def test_deltas_are_local_slopes() -> None:
    found = Mfcc(MfccConfig(count=5, bands=40)).extract(voice_like())
    coefficients = found.values[:, :5].astype(np.float64)
    row = 50
    around = coefficients[row - 4 : row + 5]
    slope = (np.arange(-4, 5) @ around) / 60  # least squares over nine frames
    assert found.values[row, 5:10] == pytest.approx(slope, abs=1e-4)
    bend = savgol_filter(coefficients, 9, polyorder=2, deriv=2, axis=0, mode="nearest")
    assert np.abs(found.values[:, 10:] - bend).max() < 1e-3


def test_pooled_are_means_then_deviations_by_name() -> None:
    extractor = Mfcc(MfccConfig())
    found = extractor.extract(voice_like())
    names = extractor.pooled_names
    assert len(names) == len(set(names)) == found.pooled.size == 240
    for column in ("mfcc_00", "mfcc_39_delta2"):
        values = found.values[:, extractor.feature_names.index(column)].astype(np.float64)
        assert found.pooled[names.index(f"{column}_mean")] == pytest.approx(values.mean(), rel=1e-4, abs=1e-6)
        assert found.pooled[names.index(f"{column}_std")] == pytest.approx(values.std(), rel=1e-4)


def test_rows_know_their_times() -> None:
    stream = voice_like()
    found = Mfcc(MfccConfig()).extract(AudioStream(stream.samples, RATE, 0.4, 2.0, 0.0))
    assert found.times[0].tolist() == pytest.approx([0.4, 0.425])
    assert found.times[-1].tolist() == pytest.approx([0.4 + 0.97, 0.4 + 0.995])
    assert (found.values.dtype, found.times.dtype, found.pooled.dtype) == (np.float32, np.float64, np.float32)


def test_the_same_result_twice_whatever_came_in_between() -> None:
    extractor = Mfcc(MfccConfig())
    first = extractor.extract(voice_like())
    extractor.extract(stream_of(0.3 * np.random.default_rng(0).normal(size=RATE).clip(-3, 3)))
    again = extractor.extract(voice_like())
    assert np.array_equal(first.values, again.values)
    assert np.array_equal(first.pooled, again.pooled)


@pytest.mark.parametrize("count", [0, 1, 399])
def test_too_little_sound_is_empty(count: int) -> None:
    with pytest.raises(EmptyInput, match="at least 25 ms"):
        Mfcc(MfccConfig()).extract(stream_of(0.1 * np.ones(count)))


@pytest.mark.parametrize("count", [400, 600, 1500])
def test_short_sound_is_finite(count: int) -> None:
    found = Mfcc(MfccConfig()).extract(stream_of(0.1 * np.random.default_rng(0).normal(size=count)))
    assert len(found.values) == 1 + (count - 400) // 160
    assert np.isfinite(found.values).all()
    assert np.isfinite(found.pooled).all()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"count": 65}, "count 65 and bands 64"),
        ({"count": 0}, "count 0"),
        ({"delta_frames": 4}, "delta_frames is 4"),
        ({"hop_s": 0.0}, "hop_s 0.0"),
        ({"n_mfcc": 13}, "unknown setting 'n_mfcc'"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ExtractorError, match=named):
        build("mfcc", settings)
