"""Words by Whisper: what is said in real clips, and nothing where nobody speaks."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from features.errors import EmptyInput
from pipeline.errors import UserError
from pipeline.ingest.recognise import WINDOW_S, doubt, model_files, recognise, speech_share, unsure, windows
from pipeline.ingest.words import Spoken, Word
from pipeline.settings.streams import WordsConfig
from tests.conftest import DATA, ROOT

RATE_HZ = 16000
RAVDESS = DATA / "ravdess" / "speech"
SENTENCES = {"01": "kids are talking by the door", "02": "dogs are sitting by the door"}

needs_ravdess = pytest.mark.skipif(not RAVDESS.is_dir(), reason=f"the clips of RAVDESS are not there: {RAVDESS}")

Sound = NDArray[np.float32]


def seconds(length: float) -> NDArray[np.float64]:
    return np.arange(int(length * RATE_HZ)) / RATE_HZ


def voiced(f0: NDArray[np.float64], formants: tuple[float, ...], cut: float) -> Sound:
    """A buzz of the pitch `f0` through resonances, as a closed or open mouth makes it, at a peak of 0.3."""
    from scipy.signal import lfilter

    sound: Any = np.diff(np.floor(np.cumsum(f0) / RATE_HZ), prepend=0.0)
    for place in formants:
        pole = np.exp(-np.pi * 80 / RATE_HZ)
        sound = lfilter([1], [1, -2 * pole * np.cos(2 * np.pi * place / RATE_HZ), pole**2], sound)
    sound = lfilter([1 - cut], [1, -cut], sound)
    rise = np.minimum(1, np.minimum(np.arange(len(f0)), np.arange(len(f0))[::-1]) / (0.15 * RATE_HZ))
    return np.asarray(0.3 * sound * rise / np.abs(sound).max(), np.float32)


def hum(length: float, base: float, bend: Callable[[NDArray[np.float64]], Any]) -> Sound:
    return voiced(base * 2 ** bend(seconds(length)), (250, 1100, 2200), 0.85)


def pink(length: float) -> Sound:
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=int(length * RATE_HZ)))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)))
    return np.asarray(0.1 * noise / noise.std(), np.float32)


def chords(length: float) -> Sound:
    t = seconds(length)
    notes = [[220, 277.2, 329.6], [196, 246.9, 293.7], [174.6, 220, 261.6], [196, 233.1, 293.7]]
    sound = np.zeros(len(t))
    for beat in range(int(2 * length)):
        own = np.maximum(t - beat / 2, 0)
        for note in notes[beat % 4]:
            sound += sum(np.sin(2 * np.pi * note * h * own) / h for h in (1, 2, 3)) * np.exp(-4 * own) * (own > 0)
    return np.asarray(0.4 * sound / np.abs(sound).max(), np.float32)


WORDLESS: dict[str, Callable[[], Sound]] = {
    "silence": lambda: np.zeros(3 * RATE_HZ, np.float32),
    "nothing": lambda: np.zeros(0, np.float32),
    "one sample": lambda: np.ones(1, np.float32),
    "white noise": lambda: np.float32(0.1) * np.random.default_rng(0).normal(size=3 * RATE_HZ).astype(np.float32),
    "faint noise": lambda: np.float32(1e-3) * np.random.default_rng(0).normal(size=3 * RATE_HZ).astype(np.float32),
    "pink noise": lambda: pink(3),
    "a tone": lambda: np.float32(0.2) * np.sin(2 * np.pi * 440 * seconds(3)).astype(np.float32),
    "mains hum": lambda: np.sum([0.1 * np.sin(2 * np.pi * 50 * h * seconds(3)) / h for h in range(1, 9)], axis=0),
    "a glide hummed low": lambda: hum(4, 110, lambda t: 0.5 * np.sin(2 * np.pi * 0.4 * t)),
    "a glide hummed high": lambda: hum(12, 230, lambda t: 0.5 * np.sin(2 * np.pi * 1.3 * t)),
    "a tune hummed": lambda: hum(6, 160, lambda t: np.array([0, 4, 7, 5, 2, 0])[(t * 2).astype(int) % 6] / 12),
    "a vowel sung": lambda: voiced(140 * 2 ** (0.3 * np.sin(3 * seconds(4))), (700, 1200, 2600), 0.0),
    "vibrato": lambda: hum(4, 200, lambda t: 0.04 * np.sin(2 * np.pi * 5.5 * t)),
    "chords": lambda: chords(6),
}


@pytest.mark.parametrize("name", WORDLESS)
def test_where_nobody_speaks_there_are_no_words(name: str) -> None:
    with pytest.raises(EmptyInput):
        recognise(np.asarray(WORDLESS[name](), np.float32), WordsConfig())


def clip(name: str) -> Sound:
    import librosa

    return np.asarray(librosa.load(RAVDESS / f"{name}.flac", sr=RATE_HZ)[0], np.float32)


def said(spoken: Spoken) -> str:
    return " ".join(word.text for word in spoken.words).lower().strip(".!?").replace(",", "")


@needs_ravdess
@pytest.mark.parametrize("name", ["03-01-01-01-01-01-01", "03-01-02-01-02-01-06"])
def test_what_is_said_in_real_clips(name: str) -> None:
    spoken = recognise(clip(name), WordsConfig())
    assert said(spoken) == SENTENCES[name.split("-")[4]]
    assert spoken.text.lower().rstrip(".!?") == said(spoken)
    starts, ends, sure = (np.array([word[i] for word in spoken.words]) for i in (1, 2, 3))
    assert (np.diff(starts) >= 0).all()
    assert (ends >= starts).all()
    assert 0.3 < starts[0] < 1.3  # these recordings begin with about a second of silence
    assert 0.5 < sure.mean() <= 1


@needs_ravdess
def test_words_after_a_long_silence_have_the_times_of_the_whole_sound() -> None:
    sound = clip("03-01-01-01-01-01-01")
    alone = recognise(sound, WordsConfig())
    later = recognise(np.concatenate([np.zeros(40 * RATE_HZ, np.float32), sound]), WordsConfig())
    assert said(later) == said(alone)
    found = [word.start_s for word in later.words]
    assert found == pytest.approx([40 + word.start_s for word in alone.words], abs=0.3)


def test_windows_end_at_pauses_and_a_span_that_is_too_long_is_one() -> None:
    assert list(windows(np.array([[0.0, 10.0], [11.0, 27.0], [28.0, 30.0], [31.0, 70.0]]))) == [
        (0.0, 27.0),
        (28.0, 30.0),
        (31.0, 70.0),
    ]
    assert WINDOW_S < 30


def test_the_share_of_the_loud_sound_that_is_speech() -> None:
    sound = np.repeat(np.float32([1, 0.5, 0.01, 0]), RATE_HZ)  # 6 dB, 40 dB and infinitely below the loudest second
    assert speech_share(sound, np.array([[0.0, 1.0]])) == pytest.approx(0.5, abs=0.02)
    assert speech_share(sound, np.array([[0.5, 1.0], [1.0, 1.5]])) == pytest.approx(0.5, abs=0.02)
    assert speech_share(sound, np.array([[2.1, 4.0]])) == 0
    assert speech_share(sound * 0, np.array([[0.0, 4.0]])) == 0


def segment(**other: Any) -> Any:
    words = other.pop("words", "we went home then")
    values = {"start": 0.0, "end": 2.0, "avg_logprob": -0.4, "no_speech_prob": 0.1, "compression_ratio": 0.9} | other
    timed = tuple(Word(word, 0.4 * i, 0.4 * i + 0.4, 0.9) for i, word in enumerate(words.split()))
    return SimpleNamespace(words=timed, text=words, **values)


def test_a_segment_that_whisper_doubts_is_not_believed() -> None:
    spans = np.array([[0.2, 1.8]])
    assert not doubt(segment(), spans)
    assert "repeated" in doubt(segment(compression_ratio=2.5), spans)
    assert "unsure" in doubt(segment(avg_logprob=-1.1), spans)
    assert "unsure" in doubt(segment(avg_logprob=-0.7), spans, limit=-0.6)
    assert "hum" in doubt(segment(words="Mm -hmm. Hmm, mmm"), spans)
    assert not doubt(segment(words="Hmm, him"), spans)
    assert "more words" in doubt(segment(words="and so on " * 8), spans)
    assert "more words" in doubt(segment(start=1.9, end=2.4), spans)  # where nobody speaks


def test_most_utterances_unsure_is_a_sentence() -> None:
    sure, not_sure = (Spoken("a", (Word("a", 0, 1, p),)) for p in (0.9, 0.4))
    assert unsure([], 0, WordsConfig()) == []
    assert unsure([sure, sure, not_sure], 0, WordsConfig()) == []
    assert len(unsure([sure, sure, not_sure], 9, WordsConfig())) == 1
    assert unsure([not_sure] * 4, 0, WordsConfig()) == []  # by chance, four of four are one in sixteen
    assert unsure([sure, *[not_sure] * 6], 0, WordsConfig()) == []  # 8 of 128
    [sentence] = unsure([not_sure] * 5, 0, WordsConfig())  # 1 of 32
    assert "0.40" in sentence
    assert "streams.text.language" in sentence


def test_a_model_that_is_not_there_or_of_another_kind_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"streams\.text\.model: .*hf download Systran/faster-whisper-small"):
        model_files("small")
    with pytest.raises(UserError, match="is not a Whisper model in CTranslate2's format"):
        model_files(str(tmp_path))


def test_an_english_model_refuses_another_language() -> None:
    speech = clip("03-01-01-01-01-01-01") if RAVDESS.is_dir() else pytest.skip("needs a clip of RAVDESS")
    with pytest.raises(UserError, match=r"language is de, but the model packaged only knows English"):
        recognise(speech, WordsConfig(language="de"))


SPEAK = """
import sys, numpy as np, soxr
from voice import synthesise
raw, rate, _ = synthesise(sys.argv[1], sys.argv[2], {"rate": 160, "volume": 100, "pitch": 50, "range": 60})
np.save(sys.argv[3], np.pad(0.3 * soxr.resample(raw.astype(np.float32) / 32768, rate, 16000), 4000))
"""  # espeak-ng keeps state, so that each sentence needs a process of its own
GERMAN = (
    "Der Lappen liegt auf dem Eisschrank.",
    "Heute Abend koennte ich es ihm sagen.",
    "In sieben Stunden wird es soweit sein.",
)
ENGLISH = ("I do not know what he wanted to say yesterday.", "This was the best film that I have seen in years.")


@pytest.mark.parametrize(("sentences", "voice", "suspected"), [(GERMAN, "de", True), (ENGLISH, "en-us", False)])
def test_another_language_is_noticed_and_english_is_not_suspected(
    sentences: tuple[str, ...], voice: str, suspected: bool, tmp_path: Path
) -> None:
    pytest.importorskip("espeakng_loader")
    found, doubted = [], 0
    for i, text in enumerate(sentences):
        file = tmp_path / f"{i}.npy"
        subprocess.run([sys.executable, "-c", SPEAK, text, voice, str(file)], cwd=ROOT / "data/raw/demo", check=True)
        try:
            found.append(recognise(np.load(file), WordsConfig()))
        except EmptyInput:
            doubted += 1
    assert unsure(found, doubted, WordsConfig()) == []  # of two or three sentences
    assert bool(unsure(found * 3, doubted * 3, WordsConfig())) is suspected
