import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.audio.pitch import cumulative_mean_normalised, difference_function
from features.audio.prosody import Prosody, ProsodyConfig, count_nuclei, find_pauses, frame_intensity_db
from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.types import AudioStream, Features

RATE = 16000
PROSODY = Prosody(ProsodyConfig())


def stream_of(signal: np.ndarray, gain_db: float = 0.0, start_s: float = 0.0, **words: Any) -> AudioStream:
    samples = np.round(signal * 32768).astype(np.int16)
    return AudioStream(samples, RATE, start_s, start_s + samples.size / RATE, gain_db, **words)


def cleaned(signal: np.ndarray) -> AudioStream:
    from pipeline.settings.streams import AudioConfig
    from pipeline.streams.audio import clean

    return clean(signal, AudioConfig())


def seconds(duration_s: float) -> np.ndarray:
    return np.arange(round(duration_s * RATE)) / RATE


def buzz(hz: np.ndarray | float, duration_s: float, harmonics: int = 12) -> np.ndarray:
    """A periodic sound with falling harmonics, as the vocal folds make, of constant or changing pitch."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, round(duration_s * RATE))) / RATE
    return sum(0.1 / k * np.sin(k * phase) * (k * np.max(hz) < 7000) for k in range(1, harmonics + 1))


def column(found: Features, name: str) -> np.ndarray:
    return found.values[:, PROSODY.feature_names.index(name)]


def pooled(found: Features) -> dict[str, float]:
    return dict(zip(PROSODY.pooled_names, found.pooled.tolist(), strict=True))


# --- pitch -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hz", [75, 100, 150, 220, 330, 440, 550, 600])
@pytest.mark.parametrize("sound", ["sine", "buzz", "noisy buzz"])
def test_the_pitch_of_a_tone_is_right_within_a_percent(hz: float, sound: str) -> None:
    signal = 0.1 * np.sin(2 * np.pi * hz * seconds(1)) if sound == "sine" else buzz(hz, 1)
    if "noisy" in sound:
        signal = signal + 0.01 * np.random.default_rng(0).normal(size=signal.size)
    found = PROSODY.extract(cleaned(signal))
    f0_hz = column(found, "f0_hz")
    assert column(found, "voiced").mean() > 0.97
    assert np.nanmax(np.abs(f0_hz[1:-1] / hz - 1)) < 0.01  # the band-pass bends the very ends of the lowest tones
    assert pooled(found)["f0_mean_hz"] == pytest.approx(hz, rel=0.005)
    assert np.nanmedian(column(found, "f0_semitones")) == pytest.approx(12 * math.log2(hz / 27.5), abs=0.05)


@pytest.mark.parametrize(("low_hz", "high_hz", "duration_s"), [(100, 300, 2), (400, 120, 2), (100, 400, 1)])
@pytest.mark.parametrize("harmonics", [1, 12])
def test_a_glide_is_followed_within_a_percent(low_hz: float, high_hz: float, duration_s: float, harmonics: int) -> None:
    truth = low_hz * (high_hz / low_hz) ** (seconds(duration_s) / duration_s)
    found = PROSODY.extract(stream_of(buzz(truth, duration_s, harmonics), start_s=0.3))
    at = np.interp(found.times.mean(axis=1) - 0.3, seconds(duration_s), truth)
    assert column(found, "voiced").all()
    assert np.abs(column(found, "f0_hz") / at - 1).max() < 0.01
    values = pooled(found)
    assert values["f0_range_hz"] == pytest.approx(np.subtract(*np.percentile(truth, [90, 10])), rel=0.05)
    assert values["f0_slope_hz_per_s"] == pytest.approx(np.polyfit(seconds(duration_s), truth, 1)[0], rel=0.05)
    assert values["f0_range_semitones"] == pytest.approx(0.8 * abs(12 * math.log2(high_hz / low_hz)), rel=0.05)


@pytest.mark.parametrize("hz", [110, 250])
def test_a_missing_or_weak_fundamental_makes_no_octave_error(hz: float) -> None:
    telephone = sum(np.sin(2 * np.pi * hz * k * seconds(1) + k) for k in range(3, 9)) / 40
    found = PROSODY.extract(stream_of(telephone))
    assert np.nanmax(np.abs(column(found, "f0_hz") / hz - 1)) < 0.01


def test_a_short_roughness_makes_no_octave_jump() -> None:
    times = seconds(1)
    rough = (times > 0.5) & (times < 0.56)
    weaker = np.where(rough & (np.floor(times * 200) % 2 == 1), 0.7, 1.0)  # every second period
    found = PROSODY.extract(stream_of(buzz(200, 1) * weaker))
    assert column(found, "voiced").all()
    assert np.abs(column(found, "f0_hz") / 200 - 1).max() < 0.02


def test_breath_above_the_voice_leaves_it_voiced() -> None:
    noise = np.random.default_rng(0).normal(size=RATE + 1)
    hiss = 0.08 * np.diff(noise)  # falls towards low frequencies
    found = PROSODY.extract(stream_of(buzz(200, 1) + hiss))
    assert column(found, "voiced").mean() > 0.95
    assert np.nanmax(np.abs(column(found, "f0_hz") / 200 - 1)) < 0.02


def test_noise_is_unvoiced_and_has_no_pitch() -> None:
    found = PROSODY.extract(stream_of(0.1 * np.random.default_rng(0).normal(size=RATE)))
    assert column(found, "voiced").mean() < 0.02
    assert np.array_equal(np.isnan(column(found, "f0_hz")), column(found, "voiced") == 0)
    values = pooled(found)
    assert all(math.isnan(values[name]) == name.startswith("f0_") for name in values)


def test_voicing_starts_and_ends_where_the_tone_does() -> None:
    noise = 0.02 * np.random.default_rng(0).normal(size=2 * RATE)
    signal = noise + np.where((seconds(2) > 0.6) & (seconds(2) < 1.4), buzz(180, 2), 0)
    found = PROSODY.extract(stream_of(signal))
    voiced_s = found.times.mean(axis=1)[column(found, "voiced") == 1]
    assert (voiced_s.min(), voiced_s.max()) == pytest.approx((0.6, 1.4), abs=0.03)


def test_the_difference_function_is_its_definition() -> None:
    signal = np.random.default_rng(0).normal(size=900)
    frame, hop, longest = 200, 100, 150
    got = difference_function(signal, frame, hop, longest)

    def piece(start: int) -> np.ndarray:
        return signal[start : start + frame]

    for row, start in enumerate(range(0, 900 - frame + 1, hop)):
        for lag in range(0, longest + 1, 7):
            ways = [
                np.square(piece(start) - piece(start + sign * lag)).sum()
                for sign, fits in ((1, start + frame + longest <= 900), (-1, start >= longest))
                if fits
            ]
            assert got[row, lag] == pytest.approx(np.mean(ways), abs=1e-8)
    normalised = cumulative_mean_normalised(got)
    assert (normalised[:, 0] == 1).all()
    assert normalised[2, 40] == pytest.approx(got[2, 40] * 40 / got[2, 1:41].sum())


# --- intensity ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amplitude", [0.001, 0.02, 0.5, 0.99])
@pytest.mark.parametrize("hz", [120, 300, 1000, 3000])
def test_intensity_is_that_of_the_recording_before_cleaning(amplitude: float, hz: float) -> None:
    signal = amplitude * np.sin(2 * np.pi * hz * seconds(1))
    truth_db = 20 * math.log10(np.sqrt(np.mean(signal**2)))
    found = PROSODY.extract(cleaned(signal))
    assert np.abs(column(found, "intensity_db") - truth_db).max() < 0.5
    assert pooled(found)["intensity_mean_db"] == pytest.approx(truth_db, abs=0.2)


def test_intensity_follows_steps() -> None:
    signal = np.concatenate([buzz(200, 1), 0.1 * buzz(200, 1)])
    levels = column(PROSODY.extract(stream_of(signal, gain_db=6.0)), "intensity_db")
    assert levels[:90].mean() - levels[-90:].mean() == pytest.approx(20, abs=0.1)
    assert levels[50] == pytest.approx(20 * math.log10(np.sqrt(np.mean(buzz(200, 1) ** 2))) - 6, abs=0.2)


def test_digital_silence_has_a_finite_level() -> None:
    assert frame_intensity_db(np.zeros(1000), 640, 160) == pytest.approx(-90.3, abs=0.1)


# --- time --------------------------------------------------------------------------------------------------------


def syllables(*starts: float, length_s: float, duration_s: float) -> np.ndarray:
    """Voiced bumps of intensity from each start on."""
    times, envelope = seconds(duration_s), np.zeros(round(duration_s * RATE))
    for start in starts:
        inside = (times >= start) & (times < start + length_s)
        envelope[inside] = np.sin(np.pi * (times[inside] - start) / length_s)
    return buzz(180, duration_s) * (envelope + 0.001)


def test_each_syllable_is_counted_once() -> None:
    signal = syllables(*np.arange(0, 2, 0.2), length_s=0.19, duration_s=2)
    values = pooled(PROSODY.extract(stream_of(signal)))
    assert values["nuclei_per_s"] == pytest.approx(5.0, abs=0.01)
    assert values["words_per_s"] == pytest.approx(5.0 / 1.4, abs=0.01)
    assert values["rate_from_words"] == 0


def test_unvoiced_bursts_are_not_syllables() -> None:
    hiss = syllables(0, 0.3, 0.6, length_s=0.2, duration_s=1) / buzz(180, 1).clip(1e-3)
    noise = 0.05 * np.random.default_rng(0).normal(size=RATE) * np.abs(hiss).clip(0, 1)
    assert pooled(PROSODY.extract(stream_of(noise.clip(-0.9, 0.9))))["nuclei_per_s"] == 0


def test_a_shallow_dip_does_not_separate_syllables() -> None:
    levels = np.array([-60, -20, -21, -20.5, -60, -20, -23, -20.1, -60.0])
    assert count_nuclei(levels, np.ones(9, bool), 2.0) == 3
    assert count_nuclei(levels, np.arange(9) < 4, 2.0) == 1


def test_the_times_of_words_give_the_rate_if_there_are_any() -> None:
    stream = stream_of(buzz(180, 2), words=6, words_start_s=0.2, words_end_s=1.7)
    values = pooled(PROSODY.extract(stream))
    assert values["words_per_s"] == pytest.approx(4.0)
    assert values["rate_from_words"] == 1
    for missing in (replace(stream, words=0), replace(stream, words_end_s=0.2), replace(stream, words_end_s=math.nan)):
        assert pooled(PROSODY.extract(missing))["rate_from_words"] == 0


def test_pauses_are_counted_and_measured() -> None:
    signal = syllables(0, 0.9, 2.0, length_s=0.5, duration_s=2.5)
    values = pooled(PROSODY.extract(stream_of(signal)))
    assert values["pauses_per_s"] == pytest.approx(2 / 2.5, abs=0.01)
    assert values["pause_mean_s"] == pytest.approx((0.4 + 0.6) / 2, abs=0.06)
    assert values["pause_share"] == pytest.approx(1.0 / 2.5, abs=0.05)
    whole = pooled(PROSODY.extract(stream_of(buzz(180, 1))))
    assert (whole["pauses_per_s"], whole["pause_mean_s"], whole["pause_share"]) == (0, 0, 0)


def test_short_gaps_and_ends_are_not_pauses() -> None:
    loud = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], dtype=bool)
    assert find_pauses(loud, 3) == [3]


def test_gain_and_durations_are_kept() -> None:
    values = pooled(PROSODY.extract(stream_of(buzz(180, 1.5), gain_db=7.5, start_s=0.5)))
    assert (values["gain_db"], values["duration_s"], values["sound_s"]) == pytest.approx((7.5, 2.0, 1.5))


# --- the contract ------------------------------------------------------------------------------------------------


def test_frames_tile_the_sound_on_the_utterances_clock() -> None:
    found = PROSODY.extract(stream_of(buzz(180, 1), start_s=0.25))
    assert found.values.shape == (1 + (RATE - 640) // 160, 4)
    assert found.times[0].tolist() == pytest.approx([0.25, 0.29])
    assert np.allclose(np.diff(found.times[:, 0]), 0.01)
    assert found.times[-1, 1] <= 1.25 + 1e-9
    assert (found.values.dtype, found.times.dtype, found.pooled.dtype) == (np.float32, np.float64, np.float32)
    assert found.pooled.shape == (len(PROSODY.pooled_names),)


def test_the_same_result_twice_whatever_came_in_between() -> None:
    stream = stream_of(buzz(180, 1))
    first = PROSODY.extract(stream)
    PROSODY.extract(stream_of(0.1 * np.random.default_rng(0).normal(size=RATE)))
    again = PROSODY.extract(stream)
    assert np.array_equal(first.values, again.values, equal_nan=True)
    assert np.array_equal(first.pooled, again.pooled)


@pytest.mark.parametrize("count", [0, 10, 640, 900])
def test_too_little_sound_is_empty(count: int) -> None:
    with pytest.raises(EmptyInput, match="ms of sound"):
        PROSODY.extract(stream_of(np.ones(count) * 0.1))


def test_the_shortest_allowed_sound_is_measured() -> None:
    found = PROSODY.extract(stream_of(buzz(200, 0.058)))
    assert len(found.values) >= 1
    assert not np.isinf(found.values).any()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"low_hz": 700.0}, "low_hz 700.0 and high_hz 600.0"),
        ({"aperiodicity": 1.0}, "aperiodicity is 1.0"),
        ({"hop_s": 0.05}, "frame_s 0.04 and hop_s 0.05"),
        ({"pause_s": 0.0}, "pause_s is 0.0"),
        ({"lowhz": 1}, "unknown setting 'lowhz'"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ExtractorError, match=named):
        build("prosody", settings)
