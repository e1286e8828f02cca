"""Pretrained models in folders and files, as tiny as they can be, with random weights."""

import json
from pathlib import Path
from typing import Any

WAVEFORM = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
WAVEFORM_FAMILIES = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM", "data2vec-audio": "Data2VecAudio"}
VISION = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 16,
}
TEXT = {"vocab_size": 60, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}


def waveform_encoder(folder: Path, family: str) -> Path:
    """Save a wav2vec2, hubert, wavlm or data2vec-audio."""
    import transformers

    name = WAVEFORM_FAMILIES[family]
    model = _seeded(getattr(transformers, f"{name}Model"), getattr(transformers, f"{name}Config")(**WAVEFORM))
    model.save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


def whisper(folder: Path) -> Path:
    """Save a Whisper, with what a conversion to CTranslate2 needs."""
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    config = WhisperConfig(
        d_model=16,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        vocab_size=60,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    _seeded(WhisperForConditionalGeneration, config).save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    _tokeniser(folder)
    return folder


def vision_encoder(folder: Path, family: str = "ViT") -> Path:
    """Save a ViT, Dinov2 or CLIP."""
    import transformers

    config: Any
    if family == "CLIP":
        config = transformers.CLIPConfig(text_config=TEXT, vision_config=VISION)
    else:
        config = getattr(transformers, f"{family}Config")(**VISION)
    _seeded(getattr(transformers, f"{family}Model"), config).save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def text_model(folder: Path, family: str = "Bert") -> Path:
    """Save a Bert or GPT2, and a tokeniser of 60 words."""
    import transformers

    if family == "GPT2":
        config: Any = transformers.GPT2Config(vocab_size=60, n_embd=8, n_layer=2, n_head=2)
    else:
        config = getattr(transformers, f"{family}Config")(**TEXT)
    _seeded(getattr(transformers, f"{family}Model"), config).save_pretrained(folder)
    _tokeniser(folder)
    return folder


def onnx_means(path: Path) -> Path:
    """Save a network of pictures ``(n, 3, 64, 64)`` that takes the ``mean`` of each channel, and doubles it."""
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
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def _seeded(model: Any, config: Any) -> Any:
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return model(config).eval()


def _tokeniser(folder: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokeniser = Tokenizer(WordLevel({"[UNK]": 0, "good": 1, "film": 2, **{f"w{i}": i for i in range(3, 60)}}, "[UNK]"))
    tokeniser.pre_tokenizer = Whitespace()
    tokeniser.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
