"""Pretrained encoders: folders and names, layers by hand, models that lack weights."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from features.errors import ExtractorError
from features.pretrained import (
    check_depth,
    check_layers,
    column_names,
    encoder_folder,
    layer_list,
    load_pretrained,
    read_config,
    select_layers,
    weight_files,
)
from tests import tiny_models

STATES = [np.full((1, 2), value, np.float32) for value in (5, 1, 3)]  # the input, and the outputs of two layers


def test_layers_are_numbered_from_the_input_on_and_the_mean_leaves_it_out() -> None:
    assert [block[0, 0] for block in select_layers(STATES, [0, 1, 2, "last", "mean"])] == [5, 1, 3, 3, 2]
    assert layer_list("mean") == ("mean",)
    assert layer_list([1, "last"]) == (1, "last")


def test_each_layer_of_a_list_names_its_columns() -> None:
    assert column_names("mean", 2, "bert") == ("bert_0", "bert_1")
    assert column_names(["last"], 1) == ("embedding_0",)
    assert column_names([3, "last"], 1) == ("layer_3_0", "layer_last_0")


@pytest.mark.parametrize("layer", [-1, "first", (), (1, 1), ("last", "last"), 1.5, True, (0, -2)])
def test_impossible_layers_are_refused(layer: object) -> None:
    with pytest.raises(ValueError, match="it must be a layer number"):
        check_layers(layer)  # type: ignore[arg-type]


def test_a_layer_beyond_the_last_is_refused() -> None:
    check_depth([0, 6, "last"], 6)
    with pytest.raises(ExtractorError, match="there is no layer 7: this encoder has layers 0 to 6"):
        check_depth([0, 7], 6)


def test_a_folder_is_used_as_it_is(tmp_path: Path) -> None:
    assert encoder_folder(str(tmp_path)) == tmp_path
    for missing in (str(tmp_path / "none"), "./none", "~/none-such"):
        with pytest.raises(ExtractorError, match=r"there is no folder .*none"):
            encoder_folder(missing)


def test_a_name_is_looked_up_without_a_network_if_the_hub_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: asked.append(host) or [])
    with pytest.raises(ExtractorError, match="run `hf download someone/encoder` where there is a network"):
        encoder_folder("someone/encoder")
    assert not asked


def test_files_of_other_libraries_are_not_among_the_weights(tmp_path: Path) -> None:
    for name in ("model.safetensors", "pytorch_model.bin", "config.json", "vocab.txt", "onnx/model.bin", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert [f.name for f in weight_files(tmp_path)] == ["model.safetensors", "config.json", "vocab.txt"]
    (tmp_path / "model.safetensors").unlink()
    assert [f.name for f in weight_files(tmp_path)] == ["pytorch_model.bin", "config.json", "vocab.txt"]
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(ExtractorError, match="contains no weights"):
        weight_files(tmp_path)


@pytest.mark.parametrize(("text", "sentence"), [(None, "does not contain"), ("{", "does not"), ("[1]", "describe")])
def test_a_folder_that_does_not_describe_an_encoder_is_refused(text: str | None, sentence: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(ExtractorError, match=sentence):
        read_config(tmp_path)


def test_a_model_that_lacks_weights_is_refused_unless_nothing_reads_them(tmp_path: Path) -> None:
    from transformers import AutoModel

    folder = tiny_models.vision_encoder(tmp_path)
    assert load_pretrained(folder, AutoModel, "cpu").training is False
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ExtractorError, match=r"lacks \d+ of its model's weights, such as .*layer"):
        load_pretrained(folder, AutoModel, "cpu")
    load_pretrained(folder, AutoModel, "cpu", not_needed=("encoder.", "layer", "layers"))
    with pytest.raises(ExtractorError, match="no encoder can be loaded from"):
        load_pretrained(tmp_path / "none", AutoModel, "cpu")


def test_convolutions_on_an_nvidia_card_read_all_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import AutoModel

    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    load_pretrained(tiny_models.waveform_encoder(tmp_path, "hubert"), AutoModel, "cpu")
    assert not torch.backends.cudnn.allow_tf32
