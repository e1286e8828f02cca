"""Image models in folders and files that the tests make themselves, against the libraries called plainly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from features.errors import ExtractorError
from features.video.image_models import OnnxSettings, image_files, image_width, open_image_model
from tests import tiny_models

NO_FILE = OnnxSettings("", 224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "rgb", "")


def _pictures(count: int) -> list[Any]:
    return list(np.random.default_rng(2).integers(0, 256, (count, 224, 224, 3), np.uint8))


def _prepared(pictures: list[Any]) -> Any:
    """Return what the processor makes of pictures: 32 x 32 by Pillow's bilinear filter, from -1 to 1."""
    import torch
    from PIL import Image

    small = [np.asarray(Image.fromarray(p).resize((32, 32), Image.Resampling.BILINEAR)) for p in pictures]
    return torch.from_numpy(np.stack(small).transpose(0, 3, 1, 2) / np.float32(127.5) - np.float32(1))


@pytest.mark.parametrize("family", ["ViT", "Dinov2"])
def test_the_class_token_is_the_embedding(family: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    folder, pictures = str(tiny_models.vision_encoder(tmp_path, family)), _pictures(3)
    with torch.inference_mode():
        theirs = AutoModel.from_pretrained(folder).eval()(_prepared(pictures)).last_hidden_state[:, 0]
    ours = open_image_model(folder, NO_FILE)
    np.testing.assert_allclose(ours.embed(pictures), theirs, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([ours.embed([p]) for p in pictures]), ours.embed(pictures), atol=1e-5)
    assert image_width(folder, NO_FILE) == 16
    assert {f.name for f in image_files(folder, NO_FILE)} >= {"model.safetensors", "config.json"}


def test_clip_gives_its_vision_tower(tmp_path: Path) -> None:
    import torch
    from transformers import CLIPModel

    folder, pictures = str(tiny_models.vision_encoder(tmp_path, "CLIP")), _pictures(2)
    with torch.inference_mode():
        theirs = CLIPModel.from_pretrained(folder).eval().vision_model(_prepared(pictures)).pooler_output
    np.testing.assert_allclose(open_image_model(folder, NO_FILE).embed(pictures), theirs, atol=1e-4)


def test_what_is_not_an_image_encoder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    for model, sentence in (
        (str(tmp_path), "contains a model of the type 'bert', which is not an image encoder: use one of the types vit"),
        (str(tmp_path / "none"), "there is no folder"),
        ("someone/vit", "run `hf download someone/vit` where there is a network"),
    ):
        with pytest.raises(ExtractorError, match=sentence):
            open_image_model(model, NO_FILE)
    folder = tmp_path / "vit"
    tiny_models.vision_encoder(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(
        ExtractorError, match=r"lacks \d+ of its model's weights, such as .*layer.*: use a complete model"
    ):
        open_image_model(str(folder), NO_FILE)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return tiny_models.onnx_means(tmp_path / "means.onnx")


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


def test_weights_beside_an_onnx_file_are_read_and_count_among_its_files(network: Path, tmp_path: Path) -> None:
    weight = np.array([[1, 0], [0, 2], [3, 0]], np.float32)
    model = onnx.load(network)
    model.graph.initializer.append(numpy_helper.from_array(weight, "weight"))
    model.graph.node.append(helper.make_node("MatMul", ["answer", "weight"], ["two"]))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("two", onnx.TensorProto.FLOAT, ["n", 2]))
    path = tmp_path / "moved" / "large.onnx"
    path.parent.mkdir()
    onnx.save(model, path, save_as_external_data=True, location="large.onnx.data", size_threshold=0)
    plain = np.zeros((224, 224, 3), np.uint8) + np.array([51, 102, 204], np.uint8)
    settings = OnnxSettings(str(path), 64, (0, 0, 0), (1, 1, 1), "rgb", "")
    for output, expected in (("", [0.4 + 4.8, 1.6]), ("answer", [0.4, 0.8, 1.6])):
        found = open_image_model("", settings._replace(output=output)).embed([plain])
        np.testing.assert_allclose(found, [expected], rtol=1e-5)
    beside = path.with_name("large.onnx.data")
    assert image_files("", settings) == (path, beside)
    beside.unlink()
    with pytest.raises(ExtractorError, match=r"keeps its weights in .*large\.onnx\.data, which does not exist"):
        image_files("", settings)


def test_wrong_onnx_settings_are_refused_in_a_sentence(network: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no graph")
    usual = NO_FILE._replace(file=str(network), size=64)
    for settings, sentence in (
        (usual._replace(file=str(tmp_path / "none.onnx")), "there is no file"),
        (usual._replace(file=str(text)), "is not an ONNX file that can be run"),
        (
            usual._replace(output="logits"),
            r"'logits', which .* does not have: name one of its outputs \(answer\) .*\(3 in all",
        ),
        (usual._replace(size=32), r"reads \['n', 3, 64, 64\], not pictures of 32 x 32"),
    ):
        with pytest.raises(ExtractorError, match=sentence):
            open_image_model("", settings).embed(_pictures(1))
