"""Find the folder of a pretrained encoder, select its layers, and load it.

An encoder is given as a folder that ``save_pretrained`` wrote, or as a name on the Hugging Face hub. A name
needs a network only if the encoder is not in the local hub cache.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from features.errors import ExtractorError

Layer = int | str
LAST, MEAN = "last", "mean"

NOT_WEIGHTS = ["onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot"]  # other libraries' formats of the same weights
_NOT_READ = ("onnx", "openvino", ".cache", ".git")


@cache
def encoder_folder(model: str) -> Path:
    """Return the folder of the encoder `model`, which is downloaded from the Hugging Face hub if necessary.

    Parameters
    ----------
    model
        A folder, or a name such as ``facebook/hubert-base-ls960``.

    Raises
    ------
    ExtractorError
        If there is no such folder, and neither the local hub cache nor (with a network) the hub has such an encoder.
    """
    path = Path(model).expanduser()
    if not model:
        raise ExtractorError("model is empty: give the folder of an encoder, or a name on the Hugging Face hub")
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise ExtractorError(
            f"there is no folder {path}: give the folder of an encoder, or a name on the Hugging Face hub"
        )
    return _hub_folder(model)


def _hub_folder(model: str) -> Path:
    from huggingface_hub import snapshot_download

    missing = (
        f"the encoder {model!r} is neither a folder nor in the local hub cache, and could not be downloaded: run "
        f"`hf download {model}` where there is a network, or name a folder"
    )
    try:
        return Path(snapshot_download(model, local_files_only=True))
    except Exception as error:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise ExtractorError(missing) from error
    try:
        return Path(snapshot_download(model, ignore_patterns=NOT_WEIGHTS))
    except Exception as error:  # the user can do the same about every failure of the network or the hub
        raise ExtractorError(missing) from error


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return the weights, vocabulary and configuration files of an encoder's folder.

    Raises
    ------
    ExtractorError
        If the folder holds no weights.
    """
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f.relative_to(folder).parts[0] not in _NOT_READ]
    learnt = [f for f in files if f.suffix == ".safetensors"] or [f for f in files if f.suffix == ".bin"]
    if not learnt:
        raise ExtractorError(f"{folder} contains no weights (.safetensors or .bin): give the folder of an encoder")
    return (*learnt, *(f for f in files if f.suffix in (".json", ".txt", ".model")))


def read_config(folder: Path) -> dict[str, Any]:
    """Return an encoder's ``config.json``.

    Raises
    ------
    ExtractorError
        If the file is missing, or does not contain a JSON object.
    """
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExtractorError(f"{folder} does not contain an encoder: {error}") from error
    if not isinstance(found, dict):
        raise ExtractorError(f"{folder / 'config.json'} does not describe an encoder: use the folder of an encoder")
    return found


def check_layers(layer: Layer | Sequence[Layer], setting: str = "layer") -> None:
    """Raise ValueError unless `layer` is a layer number, ``last``, ``mean``, or a list of these without duplicates.

    The message mentions `setting`.
    """
    layers = layer_list(layer) if isinstance(layer, int | str | list | tuple) else ()
    known = [one in (LAST, MEAN) if isinstance(one, str) else type(one) is int and one >= 0 for one in layers]
    if not layers or not all(known) or len(set(layers)) < len(layers):
        raise ValueError(
            f"{setting} is {layer!r}: it must be a layer number (0 is the input of the first layer), {LAST!r}, "
            f"{MEAN!r}, or a list of these without duplicates"
        )


def layer_list(layer: Layer | Sequence[Layer]) -> tuple[Layer, ...]:
    """Return the layers of a setting as a tuple; the setting is one layer or a list of layers.

    >>> layer_list("last"), layer_list([0, 3])
    (('last',), (0, 3))
    """
    return (layer,) if isinstance(layer, int | str) else tuple(layer)


def check_depth(layer: Layer | Sequence[Layer], depth: int) -> None:
    """Raise ExtractorError if an encoder with `depth` layers does not have all layers in `layer`."""
    for one in layer_list(layer):
        if isinstance(one, int) and one > depth:
            raise ExtractorError(f"there is no layer {one}: this encoder has layers 0 to {depth}")


def select_layers(states: Sequence[Any], layer: Layer | Sequence[Layer]) -> list[Any]:
    """Return one block of columns for each layer in `layer`; ``mean`` is the mean of all layers' outputs.

    `states` holds the input of the first layer, followed by the output of each layer.

    >>> import numpy as np
    >>> [block.item() for block in select_layers([np.float32(v) for v in (0, 1, 3)], [0, "last", "mean"])]
    [0.0, 3.0, 2.0]
    """
    return [
        sum(states[1:]) / (len(states) - 1) if one == MEAN else states[-1 if one == LAST else int(one)]
        for one in layer_list(layer)
    ]


def column_names(layer: Layer | Sequence[Layer], width: int, only: str = "embedding") -> tuple[str, ...]:
    """Return the column names of `select_layers`, block by block; for a single layer, names begin with `only`.

    >>> column_names("last", 2), column_names([0, "mean"], 1)
    (('embedding_0', 'embedding_1'), ('layer_0_0', 'layer_mean_0'))
    """
    layers = layer_list(layer)
    prefixes = [only] if len(layers) == 1 else [f"layer_{one}" for one in layers]
    return tuple(f"{prefix}_{i}" for prefix in prefixes for i in range(width))


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Suppress the progress bars and warnings of transformers and sentence-transformers while a model is loaded."""
    from transformers.utils import logging as bars

    logger, shown = logging.getLogger("sentence_transformers"), bars.is_progress_bar_enabled()
    level, verbosity = logger.level, bars.get_verbosity()
    logger.setLevel(logging.ERROR)
    bars.set_verbosity_error()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        logger.setLevel(level)
        bars.set_verbosity(verbosity)
        if shown:
            bars.enable_progress_bar()


def load_pretrained(folder: Path, cls: Any, device: str, *, not_needed: Sequence[str] = ()) -> Any:
    """Load the model in a folder as float32, for inference.

    Parameters
    ----------
    folder
        Folder of the encoder.
    cls
        A class of transformers with ``from_pretrained``.
    device
        A torch device.
    not_needed
        Prefixes of the names of weights that may be missing, because they are not used.

    Raises
    ------
    ExtractorError
        If the model cannot be loaded, or lacks weights, which transformers would replace by random numbers.
    """
    import torch

    with quiet_loading():
        try:
            model, info = cls.from_pretrained(
                folder, dtype=torch.float32, local_files_only=True, output_loading_info=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ExtractorError(f"no encoder can be loaded from {folder}: {error}") from error
    missing = sorted(name for name in info["missing_keys"] if not name.startswith(tuple(not_needed) or ("\0",)))
    if missing:
        raise ExtractorError(
            f"{folder} lacks {len(missing)} of its model's weights, such as {missing[0]}: use a complete model"
        )
    torch.backends.cudnn.allow_tf32 = False  # TF32 would round the inputs of convolutions to ten bits
    return model.eval().to(device)
