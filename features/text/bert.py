"""BERT-like sentence encoders: one vector for the transcript, and one vector for each of its words.

sentence-transformers reads the transcript as it was written. N. Reimers and I. Gurevych, Sentence-BERT: sentence
embeddings using Siamese BERT-networks, EMNLP 2019. The packaged model is all-MiniLM-L6-v2 (W. Wang et al., MiniLM,
NeurIPS 2020).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from common.names import suggest
from common.references import Reference
from common.threads import one_thread
from features.encoder import Encoder
from features.errors import EmptyInput, ExtractorError
from features.pooling import mean_and_std, mean_and_std_names
from features.pretrained import (
    LAST,
    Layer,
    check_depth,
    check_layers,
    column_names,
    layer_list,
    quiet_loading,
    select_layers,
    weight_files,
)
from features.text.spans import token_spans
from features.text.text_models import PACKAGED, open_text_model, text_folder, widths
from features.text.windows import Span, bare, limit, mean_sentence, windows
from features.types import Features, TextStream

SENTENCE, MEAN_STD = "sentence", "mean_std"  # kinds of pooling


@dataclass(frozen=True)
class BertConfig:
    """Which encoder is used, and which of its layers.

    Attributes
    ----------
    model
        ``packaged`` (all-MiniLM-L6-v2, no network), a folder, or a name on the Hugging Face hub.
    layers
        Layers from which the vectors of words are read: a number (0 is the input of the first layer), ``last``,
        ``mean`` (of all layers), or a list of such entries; each entry gives one block of columns.
    pooling
        ``sentence``: the encoder's own vector of the transcript. ``mean_std``: mean and standard deviation of each
        column over the words.
    """

    model: str = PACKAGED
    layers: Layer | tuple[Layer, ...] = LAST
    pooling: str = SENTENCE

    def __post_init__(self) -> None:
        check_layers(self.layers, "layers")
        if self.pooling not in (SENTENCE, MEAN_STD):
            raise ValueError(f"pooling is {self.pooling!r}; {suggest(self.pooling, (SENTENCE, MEAN_STD))}")


class Bert(Encoder[TextStream]):
    """Word and sentence vectors of a frozen encoder.

    ``values`` has one row per token of the stream: the mean of the token's word pieces in the chosen layers, or NaN
    if no word piece covers the token. ``times`` holds the times of the tokens. With the pooling ``sentence``,
    ``pooled`` is the result of ``SentenceTransformer.encode`` for the transcript. With ``mean_std``, it is the mean and
    standard deviation of the rows.

    A transcript that is too long for the encoder (more than 256 word pieces for the packaged one) is read in windows of
    about equal length. Its sentence vector is then the mean of the windows' vectors, weighted by their numbers of word
    pieces, and ``note`` states the number of windows.
    """

    name = "bert"
    modality = "text"
    version = 2
    packaged = "all-MiniLM-L6-v2"
    terms = "Apache-2.0"
    references = (
        Reference(
            "inproceedings",
            "Reimers, Nils and Gurevych, Iryna",
            "Sentence-BERT: Sentence embeddings using Siamese BERT-networks",
            "Proceedings of EMNLP-IJCNLP",
            2019,
        ),
        Reference(
            "inproceedings",
            "Wang, Wenhui and Wei, Furu and Dong, Li and Bao, Hangbo and Yang, Nan and Zhou, Ming",
            "MiniLM: Deep self-attention distillation for task-agnostic compression of pre-trained transformers",
            "Advances in Neural Information Processing Systems",
            2020,
        ),
    )
    packages = ("sentence-transformers", "transformers", "torch")
    Config = BertConfig
    config: BertConfig

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``bert_0`` and so on, one per unit of the layer; ``layer_L_0`` and so on if several layers are chosen."""
        hidden, _, depth = widths(text_folder(self.config.model))
        check_depth(self.config.layers, depth)
        return column_names(self.config.layers, hidden, "bert")

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """``sentence_0`` and so on; for ``mean_std``, the means of all columns, then their standard deviations."""
        if self.config.pooling == MEAN_STD:
            return mean_and_std_names(self.feature_names)
        return tuple(f"sentence_{i}" for i in range(widths(text_folder(self.config.model))[1]))

    @property
    def is_named(self) -> bool:  # noqa: D102
        return self.config.model != PACKAGED

    def weights(self) -> tuple[Path, ...]:
        """Return the encoder's weights, tokeniser and configuration files."""
        return weight_files(text_folder(self.config.model))

    def inputs(self, stream: TextStream) -> "list[_Part]":
        """Return the transcript, cut into parts if it is too long; raise `EmptyInput` if it contains no words."""
        if not stream.tokens:
            raise EmptyInput("the transcript contains no words")
        text = stream.text.strip()
        most, count = limit(self._model), len(_pieces(self._model, text)[0])
        if most is None or count <= most:
            return [_Part(text, 0, whole=True)]
        return [_Part(text[a:b], a, whole=False) for a, b in _windows(self._model, text, most)]

    def shape(self, one: "_Part") -> bool:
        """Return whether an input is a whole transcript.

        Whole transcripts and parts are not read in one batch, because only the vectors of whole transcripts are scaled
        to length 1 by the model; those of parts are averaged first.
        """
        return one.whole

    def encode(self, inputs: "Sequence[_Part]") -> "list[_Read]":
        """Return the vectors of each text; the texts are either all whole transcripts, or all parts of transcripts."""
        model = self._model if inputs[0].whole else _bare(self._model)
        with one_thread():
            return _encoded(model, [part.text for part in inputs], self.config.layers)

    def features(self, stream: TextStream, inputs: "Sequence[_Part]", encoded: "Sequence[_Read]") -> Features:
        """Return the vectors of a transcript's words, and of the whole transcript."""
        read = encoded[0] if inputs[0].whole else _joined(self._model, inputs, encoded)
        values = _by_token(read.pieces, read.offsets, token_spans(stream.text.strip(), stream.tokens))
        return Features(values, stream.times.copy(), self._pooled(values, read), self._note(stream, inputs))

    def _pooled(self, values: NDArray[np.float32], read: "_Read") -> NDArray[np.float32]:
        if self.config.pooling == SENTENCE:
            return read.sentence
        found = values[~np.isnan(values).any(axis=1)]  # a token that no word piece covers has no vector
        return mean_and_std(found if len(found) else read.pieces[_covers(read.offsets)])

    def _note(self, stream: TextStream, inputs: "Sequence[_Part]") -> str:
        if inputs[0].whole:
            return ""
        most, count = limit(self._model), len(_pieces(self._model, stream.text.strip())[0])
        return (
            f"{count} word pieces, more than the {most} that the encoder reads at once: read in {len(inputs)} windows"
        )

    @property
    def _model(self) -> Any:
        return open_text_model(text_folder(self.config.model), self.device)


class _Part(NamedTuple):
    """A part of a transcript, the position of its first character, and whether it is the whole transcript."""

    text: str
    start: int
    whole: bool


class _Read(NamedTuple):
    """The vectors of a text's word pieces, the characters that each piece covers, and the vector of the whole text."""

    pieces: NDArray[np.float32]
    offsets: NDArray[np.intp]
    sentence: NDArray[np.float32]


def _by_token(pieces: NDArray[np.float32], offsets: NDArray[np.intp], spans: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return for each token the mean of the pieces that overlap its span of characters; NaN if there are none."""
    real = _covers(offsets)
    values = np.full((len(spans), pieces.shape[1]), np.nan, np.float32)
    for row, (start, end) in enumerate(spans):
        own = real & (offsets[:, 0] < end) & (offsets[:, 1] > start)
        if own.any():
            values[row] = pieces[own].mean(axis=0)
    return values


def _encoded(model: Any, texts: Sequence[str], layers: Layer | Sequence[Layer]) -> list[_Read]:
    """Return the vectors of texts that are short enough for the encoder, computed in one batch."""
    import torch

    found = model.encode(list(texts), batch_size=len(texts), output_value=None, show_progress_bar=False)
    blocks = [torch.stack([one["token_embeddings"] for one in found])]
    if layer_list(layers) != (LAST,):
        ids, mask = (torch.stack([one[name] for one in found]) for name in ("input_ids", "attention_mask"))
        with torch.inference_mode():
            states = model[0].auto_model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        blocks = select_layers(states, layers)
    vectors = torch.cat(blocks, dim=2).cpu().numpy()
    return [_read(model, text, one, own) for text, one, own in zip(texts, found, vectors, strict=True)]


def _read(model: Any, text: str, encoded: Mapping[str, Any], vectors: NDArray[np.float32]) -> _Read:
    """Return the vectors of one text of a batch, without the vectors of its padding."""
    mask = encoded["attention_mask"].bool().cpu().numpy()
    ids, offsets = _pieces(model, text)
    if ids != encoded["input_ids"].cpu().numpy()[mask].tolist():
        raise ExtractorError(
            "this encoder truncates text at a limit that its tokeniser does not state: use a different encoder"
        )
    sentence = encoded["sentence_embedding"].cpu().numpy()
    return _Read(np.asarray(vectors[mask], np.float32), offsets, np.array(sentence, np.float32))


def _windows(model: Any, text: str, most: int) -> list[Span]:
    """Cut a long text into parts that the encoder can read, of at most `most` word pieces; return their spans."""
    marks = len(_pieces(model, "")[0])  # special tokens and prompt
    if marks >= most:
        raise ExtractorError(
            f"this encoder's prompt leaves no room for text (it reads {most} word pieces): use a different encoder"
        )

    def pieces(part: str) -> NDArray[np.intp]:
        offsets = _pieces(model, part)[1]
        return offsets[_covers(offsets)]

    return windows(text, pieces, most - marks)


def _joined(model: Any, parts: Sequence[_Part], read: Sequence[_Read]) -> _Read:
    """Return the vectors of a whole text, joined from the vectors of its parts."""
    offsets = [
        np.where(_covers(own.offsets)[:, None], own.offsets + part.start, 0)
        for part, own in zip(parts, read, strict=True)
    ]
    sentence = mean_sentence(model, [own.sentence for own in read], [len(own.pieces) for own in read])
    return _Read(np.concatenate([own.pieces for own in read]), np.concatenate(offsets), sentence)


@cache
def _bare(model: Any) -> Any:
    with quiet_loading():
        return bare(model)


def _pieces(model: Any, text: str) -> tuple[list[int], NDArray[np.intp]]:
    """Return the ids of a text's word pieces, and the characters that each piece covers, ``(pieces, 2)``.

    Special tokens and the encoder's prompt, which precedes the text, are included, but cover no characters.
    """
    prompt = model.prompts.get(model.default_prompt_name) or "" if model.default_prompt_name else ""
    try:
        found = model.tokenizer(prompt + text, return_offsets_mapping=True, truncation=False, verbose=False)
    except NotImplementedError as error:
        raise ExtractorError(
            "this encoder's tokeniser does not report positions in the text: use a different encoder"
        ) from error
    offsets = np.asarray(found["offset_mapping"], np.intp).reshape(-1, 2) - len(prompt)
    return list(found["input_ids"]), np.maximum(offsets, 0)


def _covers(offsets: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return a mask: True for pieces that cover characters of the text, False for special tokens and prompts."""
    return offsets[:, 1] > offsets[:, 0]
