import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.ingest.voice import (
    RATE_HZ,
    WINDOW,
    SpeechSettings,
    _session,
    spans_of,
    speech_probabilities,
    speech_spans,
)
from tests.conftest import DATA

WINDOW_S = WINDOW / RATE_HZ


def probabilities(*runs: tuple[float, int]) -> NDArray[np.float32]:
    return np.repeat(np.float32([value for value, _ in runs]), [count for _, count in runs])


def test_short_pauses_belong_to_a_span_and_long_ones_divide() -> None:
    settings = SpeechSettings(pause_s=10 * WINDOW_S, padding_s=0)
    given = probabilities((0, 5), (1, 20), (0, 9), (1, 20), (0, 10), (1, 20))
    assert spans_of(given, settings) / WINDOW_S == pytest.approx(np.array([[5, 54], [64, 84]]))


def test_speech_begins_at_the_threshold_and_ends_below_a_lower_one() -> None:
    settings = SpeechSettings(threshold=0.5, pause_s=2 * WINDOW_S, padding_s=0, shortest_s=0)
    given = probabilities((0.45, 5), (0.5, 5), (0.4, 5), (0.3, 5), (0.4, 5))
    assert spans_of(given, settings) / WINDOW_S == pytest.approx(np.array([[5, 15]]))


def test_clicks_are_left_out() -> None:
    settings = SpeechSettings(pause_s=0.2, padding_s=0.5, shortest_s=4 * WINDOW_S)
    assert spans_of(probabilities((0, 20), (1, 3), (0, 20)), settings).shape == (0, 2)
    assert spans_of(np.zeros(0, np.float32), settings).shape == (0, 2)


def test_spans_are_widened_to_the_middle_of_a_pause_and_within_the_sound() -> None:
    settings = SpeechSettings(pause_s=0.2, padding_s=1.0)
    spans = spans_of(probabilities((1, 50), (0, 10), (1, 50)), settings, duration_s=110 * WINDOW_S)
    assert spans == pytest.approx(np.array([[0, 55], [55, 110]]) * WINDOW_S)


RAVDESS = DATA / "ravdess/speech"


@pytest.fixture
def speech() -> NDArray[np.float32]:
    """A clip of RAVDESS at 16 kHz, shape (n,), with silence before and after the sentence."""
    import librosa

    path = RAVDESS / "03-01-01-01-01-01-01.flac"
    if not path.is_file():
        pytest.skip("needs the clips of RAVDESS")
    return np.asarray(librosa.load(path, sr=RATE_HZ)[0], np.float32)


@pytest.mark.parametrize("size", [1, 300, 512, 10_001])
def test_a_sound_in_blocks_gives_what_the_whole_gives(speech: NDArray[np.float32], size: int) -> None:
    speech = speech[: 60 * size + 100]
    whole = speech_probabilities([speech])
    assert whole.shape == (-(-len(speech) // WINDOW),)
    blocks = [speech[at : at + size] for at in range(0, len(speech), size)]
    np.testing.assert_allclose(speech_probabilities(blocks), whole, atol=1e-5)


def test_the_probabilities_are_those_of_faster_whispers_own_function(speech: NDArray[np.float32]) -> None:
    from faster_whisper.vad import get_vad_model

    whole = len(speech) // WINDOW * WINDOW
    theirs = get_vad_model()(np.pad(speech[:whole], (0, WINDOW))).reshape(-1)[:-1]
    np.testing.assert_allclose(speech_probabilities([speech[:whole]]), theirs, atol=1e-5)


def test_one_sentence_between_silence_is_one_span_where_the_level_is(speech: NDArray[np.float32]) -> None:
    """The bounds of what is louder than 35 dB under the peak, found independently, lie within a fifth of a second."""
    frames = np.abs(speech[: len(speech) // 160 * 160]).reshape(-1, 160).max(axis=1)
    loud = np.flatnonzero(frames > frames.max() * 10 ** (-35 / 20)) / 100
    quiet = np.zeros(RATE_HZ, np.float32)
    spans = speech_spans(np.concatenate([quiet, speech, quiet])) - 1.0
    assert spans.shape == (1, 2)
    assert spans[0] == pytest.approx([loud[0], loud[-1]], abs=0.2)


@pytest.mark.parametrize("sound", ["silence", "noise", "tone", "nan", "nothing"])
def test_what_is_no_speech_has_no_spans(sound: str) -> None:
    time = np.arange(5 * RATE_HZ) / RATE_HZ
    sounds = {
        "silence": np.zeros(len(time)),
        "noise": np.random.default_rng(0).normal(0, 0.1, len(time)),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
        "nan": np.full(len(time), np.nan),
        "nothing": np.zeros(0),
    }
    assert speech_spans(sounds[sound].astype(np.float32)).shape == (0, 2)


def test_an_absent_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper.vad", None)
    _session.cache_clear()
    with pytest.raises(UserError, match=r'speech is found by .* pip install "crossmodal\[speech\]"'):
        speech_spans(np.zeros(1000, np.float32))
