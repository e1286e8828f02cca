"""Fusion by attention: the network computes weights of modalities and of steps for each utterance."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from models.data.modalities import FloatArray, IntArray, Modalities
from models.nets.inputs import InputReader, Inputs
from models.nets.neural import LEARNING, Multimodal, NetInputs
from models.nets.steps import MAX_STEPS, padded, parts_of
from models.nets.trained_net import Batch

_SHARED = {"hidden": 32, "dropout": 0.5, "modality_dropout": 0.15, **LEARNING}


class ModalityAttention(Multimodal):
    """Attention over the steps of each modality, then attention over the modalities.

    References
    ----------
    D. Bahdanau et al., Neural machine translation by jointly learning to align and translate, 2015; Z. Yang et al.,
    Hierarchical attention networks for document classification, 2016 (attention stacked on attention); S. Poria et al.,
    Multi-level multiple attentions for contextual multimodal sentiment analysis, 2017 (over modalities).
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = _SHARED
    _module = "models.nets.modules:ModalityAttentionNet"

    def weights(self, X: Modalities) -> FloatArray:
        """Return the ``(n, modalities)`` weights; they sum to 1 in each row, or are 0 if the row gets the prior."""
        full = np.zeros((len(X), len(self.modalities)))
        rows, outputs = self.model_.network_outputs(X)
        for place, channel in enumerate(self.model_.inputs.channels_ if outputs else ()):
            column = list(self.modalities).index(channel.modality)
            full[rows, column] = np.concatenate([part["weights"][:, place] for part in outputs])
        return full

    def step_weights(self, X: Modalities) -> dict[str, list[FloatArray]]:
        """Return the step weights: for each modality, one ``(steps,)`` array per utterance.

        The array is empty if the network reads no steps of the modality in this utterance.

        In a sequence longer than `models.nets.steps.MAX_STEPS`, neighbouring steps are averaged before the network
        reads it. The weight of an average is divided equally among the steps that it averages.
        """
        found: dict[str, list[FloatArray]] = {m: [np.empty(0)] * len(X) for m in self.modalities}
        rows, outputs = self.model_.network_outputs(X)
        for place, channel in enumerate(self.model_.inputs.channels_ if outputs else ()):
            steps = channel.steps(X[rows])
            if steps is not None:
                weights = [row for part in outputs for row in part["steps"][place]]
                for i, row, length in zip(rows, weights, steps.lengths, strict=True):
                    found[channel.modality][i] = _spread(row, int(length))
        return found


def _spread(weights: FloatArray, length: int) -> FloatArray:
    """Return the ``(length,)`` weights of a sequence's steps, from the weights of the steps that the network read.

    If the network read averages of neighbouring steps, the weight of each average is divided equally among its steps.
    """
    if length <= MAX_STEPS:
        return weights[:length]
    parts = parts_of(np.array([length], np.intp))
    return weights[parts] / np.bincount(parts)[parts]


class CrossModalAttention(Multimodal):
    """Each modality attends to every other modality; each result is pooled, and the results are averaged.

    Pairs with a missing modality are left out. If only one modality is present, it attends to itself.

    References
    ----------
    Y. Tsai et al., Multimodal transformer for unaligned multimodal language sequences, 2019.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = _SHARED
    _module = "models.nets.modules:CrossModalNet"


class FusedInputs(Inputs):
    """The inputs of a network that reads several modalities as a single sequence."""

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> "FusedReader":
        """Return a reader that makes batches from `x`."""
        return FusedReader(self, x, settings.get("modality_dropout", 0.0))


class FusedReader(InputReader):
    """Makes batches of summaries, and of steps that are aligned: all sequences of an utterance have the same length."""

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return the inputs of b rows: ``available``, ``summaries``, ``steps`` and ``mask``.

        ``available`` is a ``(b, modalities)`` mask. There is one array of summaries and one of steps per modality, and
        a single mask ``(b, longest)`` for the steps. An utterance without steps gets one step of zeros.
        """
        available = self.readable(rows, training)
        blocks, _, lengths = self.side_by_side(rows, available)
        steps = [padded(block, lengths)[0] for block in blocks]
        mask = np.arange(steps[0].shape[1]) < np.maximum(lengths, 1)[:, None]
        return {"available": available, "summaries": self.summary(rows, available), "steps": steps, "mask": mask}


class SelfAttention(Multimodal):
    """Self-attention over a single sequence of all modalities, whose steps are then pooled by attention.

    The sequences of all modalities are first stretched to the longest one by repeating steps, and each step of the
    joined sequence is made from one step of each modality. The summary vector of a modality (its pooled features) is
    added to every step; an utterance without steps has one step, which is made from its summary vectors.

    References
    ----------
    A. Vaswani et al., Attention is all you need, 2017; Z. Lin et al., A structured self-attentive sentence embedding,
    2017 (attention over the steps of a sequence).
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {**_SHARED, "layers": 1}
    _module = "models.nets.modules:FusedSequenceNet"
    _options = ("hidden", "dropout", "layers")

    def _inputs(self) -> NetInputs:
        return FusedInputs(self.modalities, self.fitted, self.normalise)

    def step_weights(self, X: Modalities) -> list[FloatArray]:
        """Return the weights of the fused sequence's steps: one ``(steps,)`` array per utterance.

        A fused sequence is as long as the longest of its modalities' sequences, but at most
        `models.nets.steps.MAX_STEPS`. The array of an utterance is empty if it has no steps, or if it gets the prior.
        """
        found: list[FloatArray] = [np.empty(0)] * len(X)
        rows, outputs = self.model_.network_outputs(X)
        weights = [row for part in outputs for row in part["weights"]]
        for i, row, length in zip(rows, weights, self.model_.inputs.lengths(X[rows]), strict=True):
            found[i] = row[:length]
        return found
