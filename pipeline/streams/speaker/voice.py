"""Compute the level of an utterance's voice over time, which is compared with the movement of mouths."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.types import AudioStream, TimeArray
from pipeline.settings.streams import AudioConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.spans import Span

RATE_HZ = 100  # levels per second
SMOOTHED_S = 0.05  # length of the Hann window that smooths the power
LOW_HZ, HIGH_HZ = 250.0, 4000.0  # contains most of the power of vowels, and little of hums and hisses
DEPTH_DB = 40.0  # levels more than this below the loudest moment count as silence


@dataclass(frozen=True)
class Voice:
    """The place of an utterance's voice.

    Attributes
    ----------
    path
        The recording that holds the sound; the picture may be in another file.
    span
        The utterance on that recording's clock, with its track and channel.
    name
        Name of the recording in messages; its path if empty.
    """

    path: Path
    span: Span
    name: str = ""


def levels(voices: Mapping[int, Voice]) -> dict[int, TimeArray | Exception]:
    """Return the level of each voice, read in the same way as audio streams (`pipeline.streams.audio`).

    Returns
    -------
    For each voice, the level ``(ceil(duration * RATE_HZ),)`` that `level` returns, or the reason why there is none: no
    audio track, silence, or a recording that cannot be read.
    """
    found: dict[int, TimeArray | Exception] = {}
    config = AudioConfig(low_hz=LOW_HZ, high_hz=HIGH_HZ, trim_db=DEPTH_DB)
    for path in dict.fromkeys(voice.path for voice in voices.values()):
        own = [index for index, voice in voices.items() if voice.path == path]
        for i, outcome in read_audio(path, [voices[index].span for index in own], config, voices[own[0]].name):
            found[own[i]] = level(outcome) if isinstance(outcome, AudioStream) else outcome
    return found


def level(stream: AudioStream) -> TimeArray:
    """Return the level of a voice, `RATE_HZ` times per second from the utterance's start, in dB above silence.

    Levels `DEPTH_DB` or more below the loudest moment count as silence, 0 dB.

    >>> stream = AudioStream(np.full(800, 9000, np.int16), 16000, start_s=0.1, duration_s=0.2, gain_db=0.0)
    >>> level(stream).round().astype(int).tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 29, 35, 38, 40, 40, 40, 38, 35, 29, 0, 0, 0]
    """
    hop = stream.rate_hz // RATE_HZ
    power = np.zeros(int(np.ceil(stream.duration_s * RATE_HZ - 1e-6)))
    square = np.square(stream.signal(), dtype=np.float64)
    blocks = np.add.reduceat(square, np.arange(0, square.size, hop)) / hop
    first = round(stream.start_s * RATE_HZ)
    blocks = blocks[: max(len(power) - first, 0)]
    power[first : first + len(blocks)] = blocks
    width = round(SMOOTHED_S * RATE_HZ)
    window = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(power, window)[width // 2 :][: len(power)]
    decibel: TimeArray = 10 * np.log10(np.maximum(smooth / max(smooth.max(initial=0.0), 1e-12), 10 ** (-DEPTH_DB / 10)))
    return decibel + DEPTH_DB
