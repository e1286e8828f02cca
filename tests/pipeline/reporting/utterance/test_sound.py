"""What is drawn of a sound, compared with sounds that are known."""

import numpy as np

from features.types import AudioStream
from pipeline.reporting.utterance.sound import COLUMNS, curves, envelope, sides


def test_an_envelope_holds_the_extremes_of_each_stretch() -> None:
    signal = np.tile([0.2, -0.4], 5000)
    signal[2500] = 0.8
    wave = envelope(signal, 4)
    assert wave.tolist() == [[-50, 25], [-50, 100], [-50, 25], [-50, 25]]
    assert sides(wave)[:4] == [-50, 25, -50, 100]


def test_short_silent_and_empty_sounds_have_envelopes() -> None:
    assert envelope(np.array([0.5])).tolist() == [[100, 100]]
    assert envelope(np.zeros(10_000)).shape == (COLUMNS, 2)
    assert envelope(np.zeros(0)).shape == (0, 2)


def test_pitch_and_level_of_a_tone_are_its_own() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    stream = AudioStream(np.round(tone * 32767).astype(np.int16), 16_000, 0.25, 1.5, 6.0)
    found = curves(stream)
    assert np.allclose([value for value in found["pitch"] if value], 200, atol=2)
    assert np.allclose(found["level"], 20 * np.log10(0.5 / np.sqrt(2)) - 6.0, atol=0.3)
    assert found["times"][0] >= 0.25
    assert found["times"][-1] <= 1.25


def test_too_little_sound_has_no_curves() -> None:
    assert curves(AudioStream(np.zeros(10, np.int16), 16_000, 0.0, 1.0, 0.0)) == {"times": [], "pitch": [], "level": []}
