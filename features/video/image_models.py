"""Image models with one interface, whether they are run by transformers or by ONNX Runtime."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from features.devices import CPU, ONNX_CUDA
from features.errors import ExtractorError
from features.pretrained import encoder_folder, load_pretrained, quiet_loading, read_config, weight_files
from features.types import FloatArray
from features.video.images import Picture

# The embedding of a picture is the class token of the last hidden state, or the model's own pooled output. The pooled
# output of a ViT is not used, because most published weights do not contain its pooling layer.
_CLASS_TOKEN = ("vit", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit")
_POOLED = ("clip_vision_model", "siglip_vision_model", "swin", "convnext", "convnextv2", "resnet")
_TOWERS = {
    "clip": "clip_vision_model",
    "siglip": "siglip_vision_model",
}


class ImageModel(Protocol):
    """A trained image model that turns pictures into embeddings; it is not trained further."""

    def embed(self, pictures: Sequence[Picture]) -> FloatArray:
        """Return ``(n, d)``: the embedding of each of n pictures ``(height, width, 3)`` RGB."""


class OnnxSettings(NamedTuple):
    """An ONNX file and the input that it expects; see `FaceEncoderConfig`."""

    file: str
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: str
    output: str


def open_image_model(model: str, onnx: OnnxSettings, device: str = CPU) -> ImageModel:
    """Load an image model, once per process.

    Raises
    ------
    ExtractorError
        If the model is missing, cannot be loaded, or is not an image model.
    """
    return _onnx(onnx, device) if onnx.file else _transformers(str(encoder_folder(model)), device)


def image_width(model: str, onnx: OnnxSettings) -> int:
    """Return the width of a model's embedding, found by embedding a grey picture."""
    grey: Picture = np.full((224, 224, 3), 128, np.uint8)
    return len(open_image_model(model, onnx).embed([grey])[0])


def image_files(model: str, onnx: OnnxSettings) -> tuple[Path, ...]:
    """Return the ONNX file and its weights files, or the weights and configuration files of the model's folder."""
    return _onnx_files(_onnx_file(onnx.file)) if onnx.file else weight_files(encoder_folder(model))


class _Transformers:
    def __init__(self, folder: Path, device: str) -> None:
        from transformers import AutoImageProcessor

        kind = str(read_config(folder).get("model_type", ""))
        self._kind = _TOWERS.get(kind, kind)
        if self._kind not in (*_CLASS_TOKEN, *_POOLED):
            raise ExtractorError(
                f"{folder} contains a model of the type {kind!r}, which is not an image encoder: use one of the types "
                f"{', '.join((*_CLASS_TOKEN, *_TOWERS, *_POOLED))}"
            )
        self._device = device
        self._model = load_pretrained(folder, self._class(), device, not_needed=("pooler.",) * (kind in _CLASS_TOKEN))
        with quiet_loading():
            try:
                self._prepare = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
            except (OSError, ValueError) as error:
                raise ExtractorError(
                    f"{folder} does not state how pictures are prepared for its model: {error}"
                ) from error

    def _class(self) -> Any:
        import transformers

        towers = {"clip_vision_model": "CLIPVisionModel", "siglip_vision_model": "SiglipVisionModel"}
        return getattr(transformers, towers.get(self._kind, "AutoModel"))

    def embed(self, pictures: Sequence[Picture]) -> FloatArray:
        import torch

        pixels = self._prepare(images=list(pictures), return_tensors="pt").pixel_values
        with torch.inference_mode():
            found = self._model(pixels.to(self._device))
        chosen = found.last_hidden_state[:, 0] if self._kind in _CLASS_TOKEN else found.pooler_output
        return np.asarray(chosen.flatten(1).cpu().numpy(), np.float32)


@cache
def _transformers(folder: str, device: str) -> ImageModel:
    return _Transformers(Path(folder), device)


class _Onnx:
    def __init__(self, settings: OnnxSettings, device: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = _onnx_files(_onnx_file(settings.file))[0]
        try:
            graph, output = _with_output(path, settings.output)
            self._session = onnxruntime.InferenceSession(graph, options, providers=_providers(device))
        except ExtractorError:
            raise
        except Exception as error:  # both libraries raise exceptions of many classes for bad files
            raise _cannot_run(path, error) from error
        if device != CPU and ONNX_CUDA not in self._session.get_providers():
            raise ExtractorError(f"run.device is {device}, but ONNX Runtime cannot use it here: set run.device to cpu")
        self._settings, self._output = settings, output
        self._input = self._session.get_inputs()[0]

    def embed(self, pictures: Sequence[Picture]) -> FloatArray:
        import cv2

        s = self._settings
        small = [cv2.resize(p, (s.size, s.size), interpolation=cv2.INTER_AREA) for p in pictures]
        ordered = np.stack(small)[..., ::-1] if s.channels == "bgr" else np.stack(small)
        batch = ((ordered / 255.0 - s.mean) / s.std).astype(np.float32)
        if self._input.shape[-1] != 3:
            batch = batch.transpose(0, 3, 1, 2)
        try:
            found = self._session.run([self._output], {self._input.name: np.ascontiguousarray(batch)})[0]
        except Exception as error:
            raise ExtractorError(
                f"{s.file} reads {self._input.shape}, not pictures of {s.size} x {s.size} (the setting size): {error}"
            ) from error
        return np.asarray(found, np.float32).reshape(len(pictures), -1)


@cache
def _onnx(settings: OnnxSettings, device: str) -> ImageModel:
    return _Onnx(settings, device)


def _providers(device: str) -> list[Any]:
    kind, _, number = device.partition(":")
    return [(ONNX_CUDA, {"device_id": int(number)})] if kind == "cuda" else ["CPUExecutionProvider"]


def _onnx_file(file: str) -> Path:
    path = Path(file).expanduser()
    if not path.is_file():
        raise ExtractorError(f"there is no file {path}: give an ONNX file")
    return path


def _onnx_files(path: Path) -> tuple[Path, ...]:
    """Return an ONNX file and the files beside it in which torch may have stored its weights."""
    import onnx
    from onnx.external_data_helper import ExternalDataInfo, uses_external_data

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf raises exceptions of several classes
        raise _cannot_run(path, error) from error
    tensors = [tensor for graph in _graphs(model.graph) for tensor in graph.initializer if uses_external_data(tensor)]
    beside = sorted({path.parent / ExternalDataInfo(tensor).location for tensor in tensors})
    for file in beside:
        if not file.is_file():
            raise ExtractorError(f"{path} keeps its weights in {file}, which does not exist: copy both files")
    return (path, *beside)


def _graphs(graph: Any) -> Iterator[Any]:
    """Yield an ONNX graph and the graphs inside its nodes, such as the branches of a condition."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _graphs(inner)


def _cannot_run(path: Path, error: Exception) -> ExtractorError:
    return ExtractorError(f"{path} is not an ONNX file that can be run: {error}")


def _with_output(path: Path, name: str) -> tuple[bytes | str, str]:
    """Return the graph to run and the name of the output to read.

    The graph is given as the path of the ONNX file. If `name` is a value inside the graph, it is instead given as a
    serialised copy, with `name` added to its outputs.
    """
    import onnx

    model = onnx.load(path)
    outputs = [output.name for output in model.graph.output]
    if not name or name in outputs:
        return str(path), name or outputs[0]  # not the bytes: only the path tells where the weights are
    inside = [value for node in model.graph.node for value in node.output]
    if name not in inside:
        raise ExtractorError(
            f"output is {name!r}, which {path} does not have: name one of its outputs ({', '.join(outputs)}) or of the "
            f"values inside its graph ({len(inside)} in all; the last are {', '.join(inside[-5:])})"
        )
    model.graph.output.append(onnx.ValueInfoProto(name=name))
    return model.SerializeToString(), name
