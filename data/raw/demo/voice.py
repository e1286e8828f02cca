"""Speak a sentence: espeak-ng, called through ctypes, gives samples and word times; the samples are set to a level.

espeak-ng seeds its noise from the clock and keeps state between calls. Its seed is set here before each sentence, but
only the first sentence of a process is the same on every run. `make_demo.py` therefore starts a fresh process for each
clip.
"""

import ctypes
from dataclasses import dataclass

import espeakng_loader
import numpy as np
import soxr
from numpy.typing import NDArray
from plan import Clip
from sentences import word_spans

RATE_HZ = 16000
FRAME_SAMPLES = 1280
"""Samples per video frame; clips are a whole number of frames long, so that sound and picture end together."""
LEVEL_DB = -26.0
"""Usual level of the speech relative to full scale, the same for all speakers."""
NOISE_DB = -68.0
SILENCE_DB = -35.0
"""A word ends where the signal last exceeds this level, relative to the clip's peak."""

TILT_DB = 5.0
"""Gain per octave of a fully positive voice, over three octaves from `TILT_FROM_HZ`; a negative voice loses as much."""
TILT_FROM_HZ = 500.0

_SYNCHRONOUS = 2
_WORD_EVENT = 1
_CHARS_UTF8 = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}


@dataclass(frozen=True)
class Word:
    """A spoken word and its times in seconds from the start of the clip."""

    word: str
    start: float
    end: float


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)  # fmt: skip


def speak(clip: Clip) -> tuple[NDArray[np.float32], list[Word]]:
    """Return the sound and the word times of a clip's sentence, in a voice that shows the score of the clip's audio.

    A positive voice is higher and brighter than the speaker's usual one, a negative one lower and duller; both are
    louder and livelier than a neutral one. All three are equally fast: the length of a clip does not tell its class.

    Parameters
    ----------
    clip : Clip
        Its `text`, its `speaker` and the score that its audio shows are used.

    Returns
    -------
    samples : ndarray of shape (n,), float32
        Mono sound in [-1, 1] at `RATE_HZ`, `n` a multiple of `FRAME_SAMPLES`.
    words : list of Word
        One for each word of the text, in order.
    """
    rng = clip.rng("voice")
    mood = clip.shown["audio"] / 3
    settings = {
        "rate": clip.speaker.rate_wpm + rng.normal(0, 5),
        "volume": 100,
        "pitch": np.clip(clip.speaker.pitch + 30 * mood + rng.normal(0, 2.5), 0, 99),
        "range": np.clip(10 + 75 * abs(mood) + rng.normal(0, 5), 0, 100),
    }
    raw, rate_hz, starts = synthesise(clip.text, clip.speaker.voice, settings)
    speech = _tilt(soxr.resample(raw.astype(np.float32) / 32768, rate_hz, RATE_HZ), TILT_DB * mood)
    gain_db = LEVEL_DB + 6 * (2 * abs(mood) - 1) + rng.normal(0, 1.0) - _level_db(speech)
    lead, tail = (int(RATE_HZ * rng.uniform(0.15, 0.3)) for _ in range(2))
    total = -(-(lead + len(speech) + tail) // FRAME_SAMPLES) * FRAME_SAMPLES
    samples = rng.normal(0, 10 ** (NOISE_DB / 20), total)
    samples[lead : lead + len(speech)] += speech * 10 ** (gain_db / 20)
    words = _time_words(clip.text, starts, speech, lead / RATE_HZ)
    return np.clip(samples, -1, 1).astype(np.float32), words


def synthesise(
    text: str, voice: str, settings: dict[str, float]
) -> tuple[NDArray[np.int16], int, list[tuple[int, float]]]:
    """Synthesise one sentence with espeak-ng.

    Parameters
    ----------
    text : str
        ASCII text.
    voice : str
        espeak-ng voice name, as in ``"en-us+f1"``.
    settings : dict
        ``rate`` in words per minute; ``volume``, ``pitch`` and ``range`` from 0 to 100.

    Returns
    -------
    samples : ndarray of shape (n,), int16
        The sound.
    rate_hz : int
        Its sampling rate.
    starts : list of (int, float)
        First character (from 0) and start in seconds of each word event.

    Raises
    ------
    RuntimeError
        If espeak-ng cannot start or does not know the voice.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate_hz <= 0:
        raise RuntimeError("espeak-ng did not start: reinstall espeakng-loader (requirements-demo.txt)")
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise RuntimeError(f"espeak-ng has no voice {voice!r}")
    for name, value in settings.items():
        library.espeak_SetParameter(_PARAMETERS[name], round(value), 0)

    chunks: list[NDArray[np.int16]] = []
    starts: list[tuple[int, float]] = []

    def receive(wave: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]") -> int:
        if wave and count > 0:
            chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while events[index].type != 0:
            if events[index].type == _WORD_EVENT:
                starts.append((events[index].text_position - 1, events[index].audio_position / 1000))
            index += 1
        return 0

    callback = _CALLBACK(receive)  # kept alive until espeak-ng is done
    library.espeak_SetSynthCallback(callback)
    library.espeak_ng_SetRandSeed(1)
    encoded = text.encode()
    library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    return np.concatenate(chunks), rate_hz, starts


def _tilt(speech: NDArray[np.float32], db_per_octave: float) -> NDArray[np.float32]:
    """Brighten a voice, as speaking up does; dull it if `db_per_octave` is negative."""
    frequency_hz = np.fft.rfftfreq(len(speech), 1 / RATE_HZ)
    octaves = np.clip(np.log2(np.maximum(frequency_hz, 1) / TILT_FROM_HZ), 0, 3)
    return np.fft.irfft(np.fft.rfft(speech) * 10 ** (db_per_octave * octaves / 20), len(speech)).astype(np.float32)


def _level_db(speech: NDArray[np.float32]) -> float:
    """Return the root mean square relative to full scale, in dB."""
    return float(10 * np.log10(np.mean(np.square(speech, dtype=float))))


def _time_words(text: str, starts: list[tuple[int, float]], speech: NDArray[np.float32], lead_s: float) -> list[Word]:
    """Return the words of the text with their times.

    espeak-ng gives only starts, and a single one for some groups of short words ("of the"). A word ends where the sound
    before the next start ends; the words of a group divide its time in proportion to their lengths.
    """
    bounds = [*[start for _, start in starts], len(speech) / RATE_HZ]
    groups: list[list[str]] = [[] for _ in starts]
    for first, last in word_spans(text):
        event = max((i for i, (position, _) in enumerate(starts) if position <= first), default=0)
        groups[event].append(text[first:last])
    words = []
    for group, start, limit in zip(groups, bounds[:-1], bounds[1:], strict=True):
        end = _sound_end(speech, start, limit)
        edges = start + (end - start) * np.cumsum([0, *map(len, group)]) / max(1, sum(map(len, group)))
        for word, first_s, last_s in zip(group, edges[:-1], edges[1:], strict=True):
            words.append(Word(word, round(lead_s + first_s, 3), round(lead_s + last_s, 3)))
    return words


def _sound_end(speech: NDArray[np.float32], start_s: float, limit_s: float) -> float:
    """Return when the sound between two times ends, in seconds; the later time if there is no sound between them."""
    first, last = round(start_s * RATE_HZ), round(limit_s * RATE_HZ)
    loud = np.flatnonzero(np.abs(speech[first:last]) > np.abs(speech).max() * 10 ** (SILENCE_DB / 20))
    return (first + int(loud[-1]) + 1) / RATE_HZ if len(loud) else limit_s
