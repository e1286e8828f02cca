import numpy as np
import pytest

from features.audio.opensmile import OpenSmile, OpenSmileConfig
from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.types import AudioStream

opensmile = pytest.importorskip("opensmile", reason="openSMILE is not installed")

RATE = 16000
SIZES = {"eGeMAPSv02": (25, 88), "GeMAPSv01b": (18, 62), "ComParE_2016": (65, 6373)}


def voice_like(seed: int = 1, duration_s: float = 1.2, start_s: float = 0.0) -> AudioStream:
    times = np.arange(round(duration_s * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 170 * k * times + seed) / k for k in range(1, 15)) * (1 + np.sin(12 * times))
    noise = np.random.default_rng(seed).normal(size=times.size)
    return AudioStream((1500 * buzz + 150 * noise).astype(np.int16), RATE, start_s, start_s + duration_s, 0.0)


@pytest.mark.parametrize("feature_set", SIZES)
def test_one_run_gives_what_openSMILE_gives_in_two(feature_set: str) -> None:
    extractor, stream = OpenSmile(OpenSmileConfig(feature_set)), voice_like()
    found = extractor.extract(stream)
    chosen = opensmile.FeatureSet[feature_set]
    for level, names, values in (
        (opensmile.FeatureLevel.LowLevelDescriptors, extractor.feature_names, found.values),
        (opensmile.FeatureLevel.Functionals, extractor.pooled_names, found.pooled[None]),
    ):
        plain = opensmile.Smile(chosen, level).process_signal(stream.signal(), RATE)
        assert tuple(plain.columns) == names
        assert np.array_equal(plain.to_numpy(), values)
        assert values.dtype == np.float32
    assert (len(extractor.feature_names), len(extractor.pooled_names)) == SIZES[feature_set]


def test_times_are_openSMILEs_own_on_the_utterances_clock() -> None:
    stream = voice_like(start_s=0.6)
    found = OpenSmile(OpenSmileConfig()).extract(stream)
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.LowLevelDescriptors)
    starts = smile.process_signal(stream.signal(), RATE).index.get_level_values("start").total_seconds()
    assert np.allclose(found.times[:, 0], 0.6 + starts)
    assert np.allclose(found.times[:, 1] - found.times[:, 0], 0.02)


def test_the_same_result_twice_whatever_came_in_between() -> None:
    extractor = OpenSmile(OpenSmileConfig())
    first = extractor.extract(voice_like(1))
    extractor.extract(voice_like(2, 0.8))
    again = extractor.extract(voice_like(1))
    assert np.array_equal(first.values, again.values)
    assert np.array_equal(first.pooled, again.pooled)
    assert np.isfinite(first.pooled).all()


@pytest.mark.parametrize("feature_set", ["eGeMAPSv02", "ComParE_2016"])
@pytest.mark.parametrize("count", [0, 10, 320, 900])
def test_too_little_sound_is_empty(count: int, feature_set: str) -> None:
    stream = voice_like()
    with pytest.raises(EmptyInput, match="too short"):
        OpenSmile(OpenSmileConfig(feature_set)).extract(AudioStream(stream.samples[:count], RATE, 0.0, 1.0, 0.0))


@pytest.mark.parametrize("feature_set", ["eGeMAPSv02", "ComParE_2016"])
def test_functionals_are_finite_or_the_input_is_empty(feature_set: str) -> None:
    extractor, stream = OpenSmile(OpenSmileConfig(feature_set)), voice_like()
    for count in range(900, 2000, 160):
        short = AudioStream(stream.samples[:count], RATE, 0.0, 1.0, 0.0)
        try:
            found = extractor.extract(short)
        except EmptyInput:
            continue
        assert np.isfinite(found.pooled).all()
        assert np.isfinite(found.values).all()


def test_an_unknown_set_is_refused_with_a_list_of_the_known_ones() -> None:
    with pytest.raises(ExtractorError, match="'eGeMAPS': it must be one of eGeMAPSv02"):
        build("opensmile", {"feature_set": "eGeMAPS"})


def test_a_run_that_fails_leaves_no_trace_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = OpenSmile(OpenSmileConfig())
    first = extractor.extract(voice_like(1))
    with monkeypatch.context() as patch:
        patch.setattr(opensmile.core.lib.OpenSMILE, "run", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            extractor.extract(voice_like(2, 0.8))
    assert np.array_equal(extractor.extract(voice_like(1)).values, first.values)
