"""A user's own extractor, of the loudness over time: a plugin that the tests and their workers load."""

from dataclasses import dataclass

import numpy as np

from features.base import Extractor
from features.errors import EmptyInput
from features.registry import register
from features.types import AudioStream, Features


@dataclass(frozen=True)
class LoudnessConfig:
    """Settings.

    Attributes
    ----------
    window_s
        Length of a window in seconds.
    """

    window_s: float = 0.1


class Loudness(Extractor[AudioStream]):
    """Root mean square of each window."""

    name, modality, version, Config = "loudness", "audio", 1, LoudnessConfig
    feature_names = ("rms",)
    pooled_names = ("rms_mean", "gain_db")

    def extract(self, stream: AudioStream) -> Features:
        size = int(self.config.window_s * stream.rate_hz)
        signal = stream.signal()[: len(stream.samples) // size * size].reshape(-1, size)
        if not len(signal):
            raise EmptyInput("shorter than one window")
        rms = np.sqrt((signal**2).mean(axis=1, keepdims=True)).astype(np.float32)
        starts = stream.start_s + np.arange(len(rms)) * self.config.window_s
        times = np.stack([starts, starts + self.config.window_s], axis=1)
        return Features(rms, times, np.array([rms.mean(), stream.gain_db], np.float32))


register(Loudness)
