"""Pitch against plain sums and tones whose pitch is known."""

import numpy as np
import pytest

from features.audio.pitch import PitchRange, cumulative_mean_normalised, difference_function, track_pitch

RATE_HZ = 16000
RANGE = PitchRange(60.0, 400.0, 0.3)


def test_the_difference_is_the_sum_of_squares_in_both_directions() -> None:
    signal = np.random.default_rng(0).normal(size=400)
    frame, hop, longest = 60, 40, 50
    found = difference_function(signal, frame, hop, longest)
    starts = range(0, 400 - frame + 1, hop)
    assert found.shape == (len(starts), longest + 1)
    for row, start in enumerate(starts):
        here = signal[start : start + frame]
        for lag in (0, 1, 17, longest):
            ways = []
            if start + frame + longest <= len(signal):
                ways.append(((here - signal[start + lag : start + lag + frame]) ** 2).sum())
            if start >= longest:
                ways.append(((here - signal[start - lag : start - lag + frame]) ** 2).sum())
            np.testing.assert_allclose(found[row, lag], np.mean(ways), atol=1e-9)


def test_the_normalised_difference_divides_by_the_mean_so_far() -> None:
    found = cumulative_mean_normalised(np.array([[0.0, 2.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(found, [[1.0, 1.0, 4 / 3, 0.0], [1.0, 1.0, 1.0, 1.0]])


def track(signal: np.ndarray, audible: bool = True) -> np.ndarray:
    frame, hop = 640, 160
    rows = 1 + (len(signal) - frame) // hop
    return track_pitch(signal, RATE_HZ, frame, hop, RANGE, np.full(rows, audible))


@pytest.mark.parametrize("pitch_hz", [80.0, 123.4, 220.0, 390.0])
def test_a_harmonic_tone_has_its_fundamental(pitch_hz: float) -> None:
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * k * pitch_hz * time_s) / k for k in (1, 2, 3, 4))
    np.testing.assert_allclose(track(tone), pitch_hz, rtol=0.005)


def test_noise_and_quiet_sound_are_unvoiced() -> None:
    noise = np.random.default_rng(1).normal(size=RATE_HZ // 2)
    assert np.isnan(track(noise)).mean() > 0.9
    tone = np.sin(2 * np.pi * 150 * np.arange(RATE_HZ // 2) / RATE_HZ)
    assert np.isnan(track(tone, audible=False)).all()


def test_periods_have_a_margin_on_either_side() -> None:
    assert PitchRange(100.0, 400.0, 0.3).lags(16000) == (39, 161)
