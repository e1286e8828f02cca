"""Log-mel spectrogram, a usual input of convolutional networks and linear models for speech.

Mel scale: Stevens, Volkmann & Newman 1937, in Slaney's form, as computed by `librosa.feature.melspectrogram`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from common.references import Reference
from features.audio.frames import check_frames, frame_times, require
from features.base import Extractor, Modality
from features.pooling import mean_and_std, mean_and_std_names
from features.types import AudioStream, Features, FloatArray

LIBROSA = Reference(
    "inproceedings",
    "McFee, Brian and others",
    "librosa: Audio and music signal analysis in Python",
    "Proceedings of the Python in Science Conference",
    2015,
)


@dataclass(frozen=True)
class SpectrogramConfig:
    """How the spectrogram is computed.

    Attributes
    ----------
    bands
        Number of mel bands from 0 Hz to half the sampling rate.
    frame_s
        Length of the Hann window in seconds.
    hop_s
        Seconds from one frame to the next.
    range_db
        Dynamic range in dB; values further below the maximum of the utterance are clipped.
    """

    bands: int = 64
    frame_s: float = 0.025
    hop_s: float = 0.01
    range_db: float = 80.0

    def __post_init__(self) -> None:
        check_frames(self.frame_s, self.hop_s)
        if not 4 <= self.bands <= 128:
            raise ValueError(f"bands is {self.bands}: it must be from 4 to 128")
        if not self.range_db > 0:
            raise ValueError(f"range_db is {self.range_db}: it must be above 0")


class Spectrogram(Extractor[AudioStream]):
    """Level of each mel band in dB, frame by frame (``values``); mean and standard deviation per band (``pooled``).

    Examples
    --------
    >>> Spectrogram(SpectrogramConfig(bands=64)).feature_names[0]
    'mel_00_db'
    """

    name = "spectrogram"
    modality: ClassVar[Modality] = "audio"
    version = 1
    terms = "ISC"
    references = (
        Reference(
            "article",
            "Stevens, S. S. and Volkmann, J. and Newman, E. B.",
            "A scale for the measurement of the psychological magnitude pitch",
            "Journal of the Acoustical Society of America",
            1937,
        ),
        LIBROSA,
    )
    packages = ("librosa",)
    Config = SpectrogramConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The mel bands, from low to high."""
        return tuple(f"mel_{band:02d}_db" for band in range(self.config.bands))

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The means of all bands, then their standard deviations."""
        return mean_and_std_names(self.feature_names)

    def extract(self, stream: AudioStream) -> Features:
        """Compute the features of one utterance.

        Raises
        ------
        EmptyInput
            If the sound is shorter than one frame.
        """
        config: SpectrogramConfig = self.config
        values = log_mel(
            require(stream, config.frame_s), stream.rate_hz, config.bands, config.frame_s, config.hop_s, config.range_db
        )
        times = frame_times(len(values), config.frame_s, config.hop_s, stream.start_s)
        return Features(values=values, times=times, pooled=mean_and_std(values))


def log_mel(signal: FloatArray, rate_hz: int, bands: int, frame_s: float, hop_s: float, range_db: float) -> FloatArray:
    """Return the log-mel spectrogram, ``(rows, bands)`` in dB; row k covers ``signal[k * hop : k * hop + frame]``.

    The FFT length is the smallest power of two that holds a frame; the Hann window lies in its middle.
    """
    import librosa

    frame, hop = round(frame_s * rate_hz), round(hop_s * rate_hz)
    points = 1 << (frame - 1).bit_length()
    before = (points - frame) // 2
    padded = np.pad(signal, (before, points - frame - before))  # the padding falls outside the window
    spectrum = librosa.stft(padded, n_fft=points, win_length=frame, hop_length=hop, center=False)
    power = np.einsum("...ft,mf->...mt", np.abs(spectrum) ** 2.0, _filters(rate_hz, points, bands), optimize=True)
    levels: FloatArray = librosa.power_to_db(power, ref=1.0, top_db=range_db).T
    return np.ascontiguousarray(levels, dtype=np.float32)


@lru_cache(maxsize=8)
def _filters(rate_hz: int, points: int, bands: int) -> FloatArray:
    """Return the mel filters ``(bands, points // 2 + 1)``; `melspectrogram` would compute them for each clip again."""
    from librosa.filters import mel

    filters: FloatArray = mel(sr=rate_hz, n_fft=points, n_mels=bands)
    return filters
