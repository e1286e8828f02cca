"""The speech encoder as an extractor: steps, statistics, windows of long sounds."""

import re
from itertools import pairwise

import numpy as np
import pytest

from features.audio.speech_encoder import SpeechEncoder, SpeechEncoderConfig, averaged, windows
from features.audio.speech_models import PACKAGED, open_model
from features.errors import EmptyInput
from features.types import AudioStream


def _stream(seconds: float, rate_hz: int = 16000) -> AudioStream:
    samples = np.random.default_rng(1).normal(scale=3000, size=round(seconds * rate_hz)).astype(np.int16)
    return AudioStream(samples, rate_hz, start_s=0.5, duration_s=seconds + 1, gain_db=-3.5)


def test_pooled_are_mean_and_deviation_over_frames_gain_and_length() -> None:
    stream = _stream(1.5)
    found = SpeechEncoder(SpeechEncoderConfig()).extract(stream)
    frames = open_model(PACKAGED).encode([stream.signal()], "last")[0]
    expected = [*frames.mean(axis=0), *frames.std(axis=0), -3.5, 2.5]
    np.testing.assert_allclose(found.pooled, expected, rtol=1e-4, atol=1e-5)
    assert found.note == ""


def test_values_are_means_of_the_frames_of_each_step() -> None:
    stream = _stream(1.1)
    found = SpeechEncoder(SpeechEncoderConfig(step_s=0.2)).extract(stream)
    frames = open_model(PACKAGED).encode([stream.signal()], "last")[0]
    np.testing.assert_allclose(found.values[1], frames[10:20].mean(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.values[5], frames[50:].mean(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.times[[0, 1, 5]], [[0.5, 0.7], [0.7, 0.9], [1.5, 1.6]])


def test_names_fit_the_numbers() -> None:
    extractor = SpeechEncoder(SpeechEncoderConfig())
    found = extractor.extract(_stream(0.4))
    assert found.values.shape[1] == len(extractor.feature_names) == 384
    assert found.pooled.shape == (len(extractor.pooled_names),) == (770,)
    assert extractor.pooled_names[-2:] == ("gain_db", "duration_s")


def test_a_sound_of_over_30_s_is_read_to_its_end_in_windows() -> None:
    stream = _stream(40)
    found = SpeechEncoder(SpeechEncoderConfig()).extract(stream)
    last = open_model(PACKAGED).encode([stream.signal()[20 * 16000 :]], "last")[0]
    np.testing.assert_allclose(found.values[-1], last[-10:].mean(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.times[-1], [40.3, 40.5])
    assert found.note == "longer than the 30 s that an encoder reads at once: read in 2 windows"


def test_another_rate_is_resampled() -> None:
    import soxr

    stream = _stream(1, rate_hz=8000)
    found = SpeechEncoder(SpeechEncoderConfig()).extract(stream)
    frames = open_model(PACKAGED).encode([soxr.resample(stream.signal(), 8000, 16000)], "last")[0]
    np.testing.assert_allclose(found.pooled[:384], frames.mean(axis=0), rtol=1e-4, atol=1e-5)


def test_less_than_a_tenth_of_a_second_is_empty() -> None:
    with pytest.raises(EmptyInput, match="50 ms of sound: at least 100 ms are needed"):
        SpeechEncoder(SpeechEncoderConfig()).extract(_stream(0.05))


def test_windows_cover_all_samples_and_none_is_too_long() -> None:
    assert windows(9, 10) == [(0, 9)]
    assert windows(10, 10) == [(0, 10)]
    parts = windows(101, 10)
    assert (parts[0][0], parts[-1][1]) == (0, 101)
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(9 <= end - start <= 10 for start, end in parts)


def test_a_step_without_a_frame_has_no_row() -> None:
    values, times = averaged(np.array([[1.0], [2.0]], np.float32), [0.0, 0.5], 0.2, 0.6)
    assert values.tolist() == [[1.0], [2.0]]
    np.testing.assert_allclose(times, [[0.0, 0.2], [0.4, 0.6]])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"layer": -1}, "layer is -1: it must be a layer number"),
        ({"layer": "first"}, "layer is 'first': it must be"),
        ({"layer": ("last", "last")}, "a list of these without duplicates"),
        ({"layer": ()}, "layer is (): it must be"),
        ({"layer": True}, "layer is True"),
        ({"pooling": "max"}, "pooling is 'max': it must be 'mean_std'"),
        ({"step_s": 0.0}, "step_s is 0.0: it must be from 0.02 to 5 seconds"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        SpeechEncoderConfig(**settings)  # type: ignore[arg-type]
