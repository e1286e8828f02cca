"""Mel-frequency cepstral coefficients with their deltas.

Davis & Mermelstein 1980, "Comparison of parametric representations for monosyllabic word recognition in continuously
spoken sentences". Deltas are local slopes (Furui 1986), computed by a Savitzky-Golay filter as in `librosa.feature`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from common.references import Reference
from features.audio.frames import check_frames, frame_times, require
from features.audio.spectrogram import LIBROSA, log_mel
from features.base import Extractor, Modality
from features.pooling import mean_and_std, mean_and_std_names
from features.types import AudioStream, Features, FloatArray


@dataclass(frozen=True)
class MfccConfig:
    """How the coefficients are computed.

    Attributes
    ----------
    count
        Number of coefficients; the first one is proportional to the mean level of the bands.
    bands
        Number of mel bands from which the coefficients are computed; at least `count`.
    frame_s
        Length of the Hann window in seconds.
    hop_s
        Seconds from one frame to the next.
    delta_frames
        Number of frames over which a slope is computed; odd, 3 or more.
    """

    count: int = 40
    bands: int = 64
    frame_s: float = 0.025
    hop_s: float = 0.01
    delta_frames: int = 9

    def __post_init__(self) -> None:
        check_frames(self.frame_s, self.hop_s)
        if not 1 <= self.count <= self.bands <= 128:
            raise ValueError(f"count {self.count} and bands {self.bands}: they must satisfy 1 <= count <= bands <= 128")
        if self.delta_frames < 3 or self.delta_frames % 2 == 0:
            raise ValueError(f"delta_frames is {self.delta_frames}: it must be odd, and 3 or more")


class Mfcc(Extractor[AudioStream]):
    """Coefficients, deltas and delta-deltas of each frame (``values``); means and standard deviations (``pooled``).

    Examples
    --------
    >>> Mfcc(MfccConfig(count=13)).feature_names[12:14]
    ('mfcc_12', 'mfcc_00_delta')
    """

    name = "mfcc"
    modality: ClassVar[Modality] = "audio"
    version = 1
    terms = "ISC"
    references = (
        Reference(
            "article",
            "Davis, Steven B. and Mermelstein, Paul",
            "Comparison of parametric representations for monosyllabic word recognition in continuously spoken "
            "sentences",
            "IEEE Transactions on Acoustics, Speech, and Signal Processing",
            1980,
        ),
        LIBROSA,
    )
    packages = ("librosa",)
    Config = MfccConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The coefficients from low to high, then their deltas, then their delta-deltas."""
        order = ("", "_delta", "_delta2")
        return tuple(f"mfcc_{number:02d}{suffix}" for suffix in order for number in range(self.config.count))

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The means of all columns, then their standard deviations."""
        return mean_and_std_names(self.feature_names)

    def extract(self, stream: AudioStream) -> Features:
        """Compute the features of one utterance.

        Raises
        ------
        EmptyInput
            If the sound is shorter than one frame.
        """
        config: MfccConfig = self.config
        bands = log_mel(
            require(stream, config.frame_s), stream.rate_hz, config.bands, config.frame_s, config.hop_s, 80.0
        )
        values = with_deltas(cepstrum(bands, config.count), config.delta_frames)
        times = frame_times(len(values), config.frame_s, config.hop_s, stream.start_s)
        return Features(values=values, times=times, pooled=mean_and_std(values))


def cepstrum(bands_db: FloatArray, count: int) -> FloatArray:
    """Return the first `count` coefficients of each row's orthonormal cosine transform, ``(rows, count)``."""
    import librosa

    coefficients: FloatArray = librosa.feature.mfcc(S=bands_db.T, n_mfcc=count).T
    return coefficients


def with_deltas(values: FloatArray, width: int) -> FloatArray:
    """Return the values followed by their first and second derivatives per frame, ``(rows, 3 d)``.

    The first and the last row are repeated beyond the ends.
    """
    import librosa

    slopes = [librosa.feature.delta(values, width=width, order=order, axis=0, mode="nearest") for order in (1, 2)]
    return np.concatenate([values, *slopes], axis=1, dtype=np.float32)
