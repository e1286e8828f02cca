"""Prosody: how high, how loud and how fast someone speaks, and where they pause.

Pitch is tracked by `features.audio.pitch`. Intensity is that of the recording, before level normalisation. Syllable
nuclei are voiced peaks of intensity with a dip on either side (de Jong & Wempe 2009, "Praat script to detect syllable
nuclei and measure speech rate automatically").
"""

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from common.references import Reference
from features.audio.frames import check_frames, frame_times, require
from features.audio.pitch import PitchRange, track_pitch
from features.base import Extractor, Modality
from features.types import AudioStream, Features

SEMITONE_ZERO_HZ = 27.5  # as in eGeMAPS
_QUIETEST = 2.0**-15  # one step of a 16-bit sample: the lowest root mean square of a frame

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ProsodyConfig:
    """How prosody is measured.

    Attributes
    ----------
    low_hz, high_hz
        Lowest and highest pitch that is searched for, in Hz.
    aperiodicity
        A frame with a higher aperiodicity (YIN's normalised difference) is usually unvoiced; voicing also depends on
        the neighbouring frames. Above 0 and below 1.
    frame_s
        Length of a frame in seconds; for intensity, frames are weighted with a Hann window.
    hop_s
        Seconds from one frame to the next.
    quiet_db
        A frame whose intensity is more than this many dB below the utterance's 99th percentile is unvoiced.
    pause_db
        A frame whose intensity is more than this many dB below the utterance's 99th percentile is quiet; all other
        frames are loud. Quiet frames between loud ones are a pause if they last long enough.
    pause_s
        Length of the shortest pause in seconds.
    dip_db
        Minimum drop of intensity between two syllables, in dB.
    syllables_per_word
        Syllables per word, used to estimate the speech rate if words have no times; about 1.4 in conversational
        English.
    """

    low_hz: float = 60.0
    high_hz: float = 600.0
    aperiodicity: float = 0.35
    frame_s: float = 0.04
    hop_s: float = 0.01
    quiet_db: float = 35.0
    pause_db: float = 25.0
    pause_s: float = 0.2
    dip_db: float = 2.0
    syllables_per_word: float = 1.4

    def __post_init__(self) -> None:
        check_frames(self.frame_s, self.hop_s)
        if not 20 <= self.low_hz < self.high_hz <= 2000:
            raise ValueError(
                f"low_hz {self.low_hz} and high_hz {self.high_hz}: they must satisfy 20 <= low_hz < high_hz <= 2000"
            )
        if not 0 < self.aperiodicity < 1:
            raise ValueError(f"aperiodicity is {self.aperiodicity}: it must be between 0 and 1")
        for name in ("quiet_db", "pause_db", "pause_s", "dip_db", "syllables_per_word"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be above 0")


_PITCH_NAMES = (
    *(f"f0_{what}_hz" for what in ("mean", "std", "median", "p10", "p90", "range")),
    "f0_slope_hz_per_s",
    *(f"f0_{what}_semitones" for what in ("mean", "std", "range")),
)
_INTENSITY_NAMES = tuple(f"intensity_{what}_db" for what in ("mean", "std", "max", "range"))
_TIMING_NAMES = (
    *("voiced_share", "pauses_per_s", "pause_mean_s", "pause_share"),
    *("words_per_s", "rate_from_words", "nuclei_per_s", "gain_db", "duration_s", "sound_s"),
)


class Prosody(Extractor[AudioStream]):
    """Pitch and intensity of each frame (``values``); statistics of pitch, intensity and timing (``pooled``).

    ``f0_hz`` and ``f0_semitones`` (relative to 27.5 Hz) are NaN in unvoiced frames. If no frame is voiced, the pooled
    ``f0_...`` are NaN too; all other features are always numbers. A range is the difference between the 10th and the
    90th percentile. ``pause_mean_s`` is 0 if there is no pause. ``rate_from_words`` is 1 if ``words_per_s`` comes from
    the times of words, and 0 if it is estimated from syllable nuclei. ``duration_s`` is the length of the utterance
    before trimming, ``sound_s`` its length after trimming.

    Examples
    --------
    >>> Prosody(ProsodyConfig()).feature_names
    ('f0_hz', 'f0_semitones', 'intensity_db', 'voiced')
    """

    name = "prosody"
    modality: ClassVar[Modality] = "audio"
    version = 1
    terms = "MIT"
    references = (
        Reference(
            "article",
            "de Cheveigné, Alain and Kawahara, Hideki",
            "YIN, a fundamental frequency estimator for speech and music",
            "Journal of the Acoustical Society of America",
            2002,
        ),
        Reference(
            "inproceedings",
            "Boersma, Paul",
            "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled "
            "sound",
            "Proceedings of the Institute of Phonetic Sciences",
            1993,
        ),
        Reference(
            "article",
            "de Jong, Nivja H. and Wempe, Ton",
            "Praat script to detect syllable nuclei and measure speech rate automatically",
            "Behavior Research Methods",
            2009,
        ),
    )
    packages = ("numpy", "scipy")
    Config = ProsodyConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Pitch in Hz and in semitones, intensity in dB of full scale, and voicing (1 or 0)."""
        return ("f0_hz", "f0_semitones", "intensity_db", "voiced")

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The statistics of pitch, those of intensity, then voicing, pauses, rates, gain and durations."""
        return _PITCH_NAMES + _INTENSITY_NAMES + _TIMING_NAMES

    def extract(self, stream: AudioStream) -> Features:
        """Compute the features of one utterance.

        Raises
        ------
        EmptyInput
            If the sound is shorter than one frame plus one period of the lowest pitch.
        """
        config: ProsodyConfig = self.config
        rate, within = stream.rate_hz, PitchRange(config.low_hz, config.high_hz, config.aperiodicity)
        signal = require(stream, config.frame_s + within.lags(rate)[1] / rate).astype(np.float64)
        frame, hop = round(config.frame_s * rate), round(config.hop_s * rate)
        intensity_db = frame_intensity_db(signal, frame, hop) - stream.gain_db
        under_db = np.percentile(intensity_db, 99) - intensity_db
        loud = under_db <= config.pause_db
        f0_hz = track_pitch(signal, rate, frame, hop, within, under_db <= config.quiet_db)
        voiced = np.isfinite(f0_hz)
        semitones = 12 * np.log2(f0_hz / SEMITONE_ZERO_HZ)
        values = np.column_stack([f0_hz, semitones, intensity_db, voiced])
        nuclei = count_nuclei(intensity_db, voiced & loud, config.dip_db)
        timing = _timing(stream, loud, voiced, nuclei, config)
        return Features(
            values=values.astype(np.float32),
            times=frame_times(len(values), config.frame_s, config.hop_s, stream.start_s),
            pooled=np.concatenate(
                [_pitch_statistics(f0_hz, semitones, config.hop_s), _intensity_statistics(intensity_db), timing]
            ).astype(np.float32),
        )


def frame_intensity_db(signal: Array, frame: int, hop: int) -> Array:
    """Return each frame's Hann-weighted level in dB of full scale, ``(rows,)``; lower levels are set to -90.3 dB."""
    weights = np.hanning(frame + 2)[1:-1]
    power = np.lib.stride_tricks.sliding_window_view(np.square(signal), frame)[::hop] @ (weights / weights.sum())
    levels: Array = 10 * np.log10(np.maximum(power, _QUIETEST**2))
    return levels


def count_nuclei(intensity_db: Array, voiced: NDArray[np.bool_], dip_db: float) -> int:
    """Count the intensity peaks that lie in `voiced` frames and rise at least `dip_db` above the dips beside them."""
    from scipy.signal import find_peaks

    lowest = intensity_db.min()
    peaks, _ = find_peaks(np.concatenate([[lowest], intensity_db, [lowest]]), prominence=dip_db)
    return int(np.count_nonzero(voiced[peaks - 1]))


def find_pauses(loud: NDArray[np.bool_], least: int) -> list[int]:
    """Return the lengths of pauses in frames: runs of at least `least` quiet frames between two loud frames.

    >>> find_pauses(np.array([False, True, False, False, True, False, True, False, False]), 2)
    [2]
    """
    runs = [(bool(key), len(list(group))) for key, group in groupby(loud)]
    return [length for key, length in runs[1:-1] if not key and length >= least]


def _pitch_statistics(f0_hz: Array, semitones: Array, hop_s: float) -> Array:
    voiced = np.isfinite(f0_hz)
    if not voiced.any():
        return np.full(len(_PITCH_NAMES), np.nan)
    hz, tones, seconds = f0_hz[voiced], semitones[voiced], hop_s * np.flatnonzero(voiced)
    p10, p90 = np.percentile(hz, [10, 90])
    around = seconds - seconds.mean()
    slope = float(around @ hz / max(around @ around, hop_s**2))
    tones_range = np.subtract(*np.percentile(tones, [90, 10]))
    return np.array(
        [hz.mean(), hz.std(), np.median(hz), p10, p90, p90 - p10, slope, tones.mean(), tones.std(), tones_range]
    )


def _intensity_statistics(intensity_db: Array) -> Array:
    spread = np.subtract(*np.percentile(intensity_db, [90, 10]))
    return np.array([intensity_db.mean(), intensity_db.std(), intensity_db.max(), spread])


def _timing(
    stream: AudioStream, loud: NDArray[np.bool_], voiced: NDArray[np.bool_], nuclei: int, config: ProsodyConfig
) -> Array:
    sound_s = stream.samples.size / stream.rate_hz
    pauses = find_pauses(loud, round(config.pause_s / config.hop_s))
    paused_s = config.hop_s * sum(pauses)
    words_s = stream.words_end_s - stream.words_start_s
    from_words = stream.words > 0 and words_s > 0
    nuclei_per_s = nuclei / sound_s
    words_per_s = stream.words / words_s if from_words else nuclei_per_s / config.syllables_per_word
    pause_mean_s = paused_s / len(pauses) if pauses else 0.0
    return np.array(
        [
            *(voiced.mean(), len(pauses) / sound_s, pause_mean_s, paused_s / sound_s),
            *(words_per_s, from_words, nuclei_per_s, stream.gain_db, stream.duration_s, sound_s),
        ],
        dtype=np.float64,
    )
