"""Embedding of each face by a frozen image model: one of transformers, or an ONNX file.

For example ViT (Dosovitskiy et al. 2021), DINOv2 (Oquab et al. 2024), the vision tower of CLIP (Radford et al. 2021),
or a network of expressions that somebody exported to ONNX.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from features.audio.frames import mean_and_std, mean_and_std_names
from features.base import Extractor, Modality
from features.errors import EmptyInput
from features.types import Features, VideoStream
from features.video.image_models import OnnxSettings, image_files, image_width, open_image_model
from features.video.images import read_jpeg, row_times


@dataclass(frozen=True)
class FaceEncoderConfig:
    """Which image model: either `model`, or `file` and what it expects.

    Attributes
    ----------
    model
        A folder as transformers writes it, or a name on the Hugging Face hub.
    file
        An ONNX file that reads ``(n, 3, size, size)`` or ``(n, size, size, 3)`` float32.
    size
        Side of the pictures that the file reads, in pixels.
    mean, std
        Those of each channel, in the order of `channels`, for values from 0 to 1: the file reads ``(value - mean) /
        std``.
    channels
        ``rgb`` or ``bgr``.
    output
        Name of the file's output, or of a value inside its graph, that is the embedding; empty for its first output.
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
            raise ValueError("give either model (a folder or a name) or file (of ONNX)")
        if not 16 <= self.size <= 1024:
            raise ValueError(f"size is {self.size}: it must be from 16 to 1024 pixels")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(value > 0 for value in self.std):
            raise ValueError(
                f"mean is {self.mean} and std is {self.std}: three numbers each, and std above 0, are needed"
            )
        if self.channels not in ("rgb", "bgr"):
            raise ValueError(f"channels is {self.channels!r}: it must be rgb or bgr")


class FaceEncoder(Extractor[VideoStream]):
    """The embedding of each face (``values``); its mean and standard deviation over the utterance (``pooled``)."""

    name = "face_encoder"
    modality: ClassVar[Modality] = "video"
    version = 1
    packages = ("torch", "transformers", "onnxruntime", "opencv-contrib-python")
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

    def weights(self) -> tuple[Path, ...]:
        """Return the model's weights and configuration files."""
        return image_files(self.config.model, self._onnx)

    def extract(self, stream: VideoStream) -> Features:
        """Embed every face of an utterance.

        Raises
        ------
        EmptyInput
            If no frame has a face.
        """
        rows = [i for i, face in enumerate(stream.faces) if face]
        if not rows:
            raise EmptyInput(f"no face in any of {len(stream.faces)} frames")
        model = open_image_model(self.config.model, self._onnx)
        values = np.concatenate([model.embed([read_jpeg(stream.faces[i])]) for i in rows])
        return Features(values, row_times(stream.times, rows), mean_and_std(values))

    @property
    def _onnx(self) -> OnnxSettings:
        c = self.config
        return OnnxSettings(c.file, c.size, c.mean, c.std, c.channels, c.output)
