"""Embeddings of faces from a frozen image model: one that transformers loads, or one in an ONNX file.

Examples are ViT (Dosovitskiy et al. 2021), DINOv2 (Oquab et al. 2024), the vision tower of CLIP (Radford et al. 2021),
and expression networks exported to ONNX.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from common.threads import one_thread
from features.base import Modality
from features.devices import onnx_device, torch_device
from features.encoder import Encoder
from features.errors import EmptyInput
from features.pooling import mean_and_std, mean_and_std_names
from features.types import Features, FloatArray, VideoStream
from features.video.image_models import OnnxSettings, image_files, image_width, open_image_model
from features.video.images import Picture, read_jpeg, row_times


@dataclass(frozen=True)
class FaceEncoderConfig:
    """Which image model is used: either `model`, or `file` with a description of the input that it expects.

    Attributes
    ----------
    model
        A folder in the format of transformers, or a name on the Hugging Face hub.
    file
        An ONNX file that reads ``(n, 3, size, size)`` or ``(n, size, size, 3)`` float32; its weights may be in a file
        beside it.
    size
        Side of the pictures that the ONNX file reads, in pixels.
    mean, std
        Mean and standard deviation of each channel, in the order of `channels`. The ONNX file gets
        ``(value - mean) / std`` for values from 0 to 1. If it expects values from 0 to 255, set each
        number of `mean` to 0, and each number of `std` to 1 / 255 (0.00392157).
    channels
        Order of the channels that the ONNX file expects, ``rgb`` or ``bgr``.
    output
        Name of the output, or of a value inside the graph, that holds the embedding; if empty, the first output is
        used.
    """

    model: str = ""
    file: str = ""
    size: int = 224
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    channels: str = "rgb"
    output: str = ""

    def __post_init__(self) -> None:
        if bool(self.model) == bool(self.file):
            raise ValueError(
                "set either model (a folder, or a name on the Hugging Face hub) or file (an ONNX file), not both"
            )
        if not 16 <= self.size <= 1024:
            raise ValueError(f"size is {self.size}: it must be from 16 to 1024 pixels")
        finite = all(math.isfinite(value) for value in (*self.mean, *self.std))
        if len(self.mean) != 3 or len(self.std) != 3 or not finite or not all(value > 0 for value in self.std):
            raise ValueError(
                f"mean is {self.mean} and std is {self.std}: each must hold three numbers, and std must be above 0"
            )
        if self.channels not in ("rgb", "bgr"):
            raise ValueError(f"channels is {self.channels!r}: it must be 'rgb' or 'bgr'")


class FaceEncoder(Encoder[VideoStream]):
    """The embedding of each face (``values``); mean and standard deviation over the utterance (``pooled``)."""

    name = "face_encoder"
    modality: ClassVar[Modality] = "video"
    version = 1
    needs_settings = True
    packages = ("torch", "transformers", "onnx", "onnxruntime", "opencv-contrib-python")
    Config = FaceEncoderConfig
    config: FaceEncoderConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``embedding_0`` and so on."""
        return tuple(f"embedding_{i}" for i in range(image_width(self.config.model, self._onnx)))

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """The means of all columns, then their standard deviations."""
        return mean_and_std_names(self.feature_names)

    @property
    def is_named(self) -> bool:  # noqa: D102
        return True

    def weights(self) -> tuple[Path, ...]:
        """Return the model's weights and configuration files."""
        return image_files(self.config.model, self._onnx)

    def device_for(self, wanted: str) -> str:  # noqa: D102
        return onnx_device(wanted) if self.config.file else torch_device(wanted)

    def inputs(self, stream: VideoStream) -> list[Picture]:
        """Return the faces of one utterance, each ``(height, width, 3)`` RGB; raise `EmptyInput` if there are none."""
        faces = [read_jpeg(face) for face in stream.faces if face]
        if not faces:
            raise EmptyInput(f"no face in any sampled frame ({len(stream.faces)} in all)")
        return faces

    def encode(self, inputs: Sequence[Picture]) -> list[FloatArray]:
        """Return the embedding of each face, ``(d,)``."""
        with one_thread():
            return list(open_image_model(self.config.model, self._onnx, self.device).embed(inputs))

    def features(self, stream: VideoStream, inputs: Sequence[Picture], encoded: Sequence[FloatArray]) -> Features:  # noqa: ARG002
        """Return an utterance's embeddings, with the times of their frames, and their statistics."""
        values = np.stack(encoded)
        rows = [i for i, face in enumerate(stream.faces) if face]
        return Features(values, row_times(stream.times, rows), mean_and_std(values))

    @property
    def _onnx(self) -> OnnxSettings:
        c = self.config
        return OnnxSettings(c.file, c.size, c.mean, c.std, c.channels, c.output)
