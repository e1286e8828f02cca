"""Faces by an image model: the colours of drawn faces by hand, batches, and settings that cannot be used."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.types import VideoStream
from tests import tiny_models


def _face(level: int) -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", np.full((224, 224, 3), level, np.uint8))[1])


def _stream(*levels: int | None) -> VideoStream:
    boxes = np.zeros((len(levels), 4), np.float32)
    faces = tuple(b"" if level is None else _face(level) for level in levels)
    times = 0.2 * np.arange(len(levels))
    return VideoStream(times, faces, faces, boxes, boxes, boxes[:, 0], "")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    path = tiny_models.onnx_means(tmp_path / "means.onnx")
    return {"file": str(path), "size": 64, "mean": [0, 0, 0], "std": [1, 1, 1], "output": "mean"}


def test_statistics_are_over_the_frames_with_a_face(settings: dict[str, Any]) -> None:
    extractor = build("face_encoder", settings)
    found = extractor.extract(_stream(51, None, 102))
    np.testing.assert_allclose(found.values, [[0.2] * 3, [0.4] * 3], atol=1e-5)
    np.testing.assert_allclose(found.pooled, [0.3] * 3 + [0.1] * 3, atol=1e-5)
    np.testing.assert_allclose(found.times[:, 0], [0, 0.4])
    assert extractor.feature_names == ("embedding_0", "embedding_1", "embedding_2")
    assert [path.name for path in extractor.weights()] == ["means.onnx"]
    with pytest.raises(EmptyInput, match=r"no face in any sampled frame \(2 in all\)"):
        extractor.extract(_stream(None, None))


def test_batches_of_faces_equal_single_faces(tmp_path: Path) -> None:
    extractor: Any = build("face_encoder", {"model": str(tiny_models.vision_encoder(tmp_path))})
    streams = [_stream(10, 200, None), _stream(None), _stream(90)]
    together = extractor.extract_batch(streams, 32)
    assert isinstance(together[1], EmptyInput)
    for i in (0, 2):
        np.testing.assert_allclose(together[i].values, extractor.extract(streams[i]).values, atol=1e-5)
    assert len(extractor.feature_names) == 16


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"model": "some/model"}, "set either model .* or file .*, not both"),
        ({"file": ""}, "set either model .* or file .*, not both"),
        ({"size": 8}, "size is 8: it must be from 16 to 1024 pixels"),
        ({"mean": [0, 0, math.nan]}, "each must hold three numbers"),
        ({"std": [1, 1]}, "each must hold three numbers"),
        ({"std": [1, 1, 0]}, "and std must be above 0"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ExtractorError, match=sentence):
        build("face_encoder", settings | changed)


def test_a_device_that_onnx_runtime_lacks_is_refused(settings: dict[str, Any]) -> None:
    extractor: Any = build("face_encoder", settings)
    assert extractor.device_for("cpu") == "cpu"
    with pytest.raises(ExtractorError, match=r"run\.device is mps, which ONNX Runtime cannot use here"):
        extractor.device_for("mps")
