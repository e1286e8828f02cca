"""Image models in folders and files that the tests make themselves, against the libraries called plainly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import ExtractorError
from features.video.image_models import OnnxSettings, image_files, image_width, open_image_model

NO_FILE = OnnxSettings("", 224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "rgb", "")
TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 16,
}


def _pictures(count: int) -> list[Any]:
    return list(np.random.default_rng(2).integers(0, 256, (count, 224, 224, 3), np.uint8))


def _save(folder: Path, model: Any) -> str:
    from transformers import ViTImageProcessor

    model.save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return str(folder)


def _prepared(pictures: list[Any]) -> Any:
    """Return what the processor makes of pictures: 32 x 32 by Pillow's bilinear filter, from -1 to 1."""
    import torch
    from PIL import Image

    small = [np.asarray(Image.fromarray(p).resize((32, 32), Image.Resampling.BILINEAR)) for p in pictures]
    return torch.from_numpy(np.stack(small).transpose(0, 3, 1, 2) / np.float32(127.5) - np.float32(1))


@pytest.fixture(autouse=True)
def _fixed_weights() -> None:
    import torch

    torch.manual_seed(0)


@pytest.mark.parametrize("family", ["ViT", "Dinov2"])
def test_the_class_token_is_the_embedding(family: str, tmp_path: Path) -> None:
    import torch
    import transformers

    model = getattr(transformers, f"{family}Model")(getattr(transformers, f"{family}Config")(**TINY)).eval()
    folder, pictures = _save(tmp_path, model), _pictures(3)
    with torch.inference_mode():
        theirs = model(_prepared(pictures)).last_hidden_state[:, 0]
    ours = open_image_model(folder, NO_FILE)
    np.testing.assert_allclose(ours.embed(pictures), theirs, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([ours.embed([p]) for p in pictures]), ours.embed(pictures), atol=1e-5)
    assert image_width(folder, NO_FILE) == 16
    assert {f.name for f in image_files(folder, NO_FILE)} >= {"model.safetensors", "config.json"}


def test_clip_gives_its_vision_tower(tmp_path: Path) -> None:
    import torch
    from transformers import CLIPConfig, CLIPModel

    text = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=TINY)).eval()
    folder, pictures = _save(tmp_path, model), _pictures(2)
    with torch.inference_mode():
        theirs = model.vision_model(_prepared(pictures)).pooler_output
    np.testing.assert_allclose(open_image_model(folder, NO_FILE).embed(pictures), theirs, atol=1e-4)


def test_what_is_no_image_encoder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    from transformers import ViTConfig, ViTModel

    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    for model, sentence in (
        (str(tmp_path), "holds a model of type 'bert', not an image encoder: choose from vit"),
        (str(tmp_path / "none"), "there is no folder"),
        ("someone/vit", "run `hf download someone/vit` where there is a network"),
    ):
        with pytest.raises(ExtractorError, match=sentence):
            open_image_model(model, NO_FILE)
    folder = tmp_path / "vit"
    ViTModel(ViTConfig(**TINY)).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(
        ExtractorError, match=r"lacks \d+ of its model's weights, such as .*layer.*: use a complete one"
    ):
        open_image_model(str(folder), NO_FILE)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Return a file that takes the mean of each channel, and doubles it."""
    import onnx
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("GlobalAveragePool", ["pixels"], ["mean"]),
        helper.make_node("Add", ["mean", "mean"], ["twice"]),
        helper.make_node("Flatten", ["twice"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 3])],
    )
    path = tmp_path / "means.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_an_onnx_file_gives_its_output_or_a_value_inside(network: Path) -> None:
    plain = np.zeros((224, 224, 3), np.uint8) + np.array([51, 102, 204], np.uint8)
    mean, std = (0.1, 0.2, 0.3), (0.5, 1.0, 2.0)
    expected = (np.array([0.2, 0.4, 0.8]) - mean) / std
    for output, factor in (("", 2), ("answer", 2), ("mean", 1)):
        settings = OnnxSettings(str(network), 64, mean, std, "rgb", output)
        np.testing.assert_allclose(open_image_model("", settings).embed([plain]), factor * expected[None], rtol=1e-5)
    bgr = OnnxSettings(str(network), 64, (0, 0, 0), (1, 1, 1), "bgr", "mean")
    np.testing.assert_allclose(open_image_model("", bgr).embed([plain]), [[0.8, 0.4, 0.2]], rtol=1e-5)
    assert image_files("", bgr) == (network,)


def test_wrong_onnx_settings_are_refused_in_a_sentence(network: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no graph")
    usual = NO_FILE._replace(file=str(network), size=64)
    for settings, sentence in (
        (usual._replace(file=str(tmp_path / "none.onnx")), "there is no file"),
        (usual._replace(file=str(text)), "is not an ONNX file that can be run"),
        (usual._replace(output="logits"), "output is 'logits': .* has the outputs answer, and 3 values inside"),
        (usual._replace(size=32), r"reads \['n', 3, 64, 64\], not pictures of 32 x 32"),
    ):
        with pytest.raises(ExtractorError, match=sentence):
            open_image_model("", settings).embed(_pictures(1))
