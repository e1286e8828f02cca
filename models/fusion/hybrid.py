"""Intermediate fusion: modalities meet inside a network, after encoders of their own or token by token."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from models.data.modalities import FloatArray, Modalities
from models.nets.neural import LEARNING, Multimodal

_SHARED = {"hidden": 32, "dropout": (0.1, 0.3, 0.5), "modality_dropout": 0.15, **LEARNING}


class IntermediateFusion(Multimodal):
    """One encoder per modality, merged in a hidden layer; each modality also predicts alone, as an auxiliary task.

    The setting ``encoder`` is ``lstm`` or ``cnn``: how steps are read, besides the summary. ``auxiliary`` is the weight
    of the modalities' own losses, each over the utterances that have it. A learnt vector replaces a missing
    modality, and ``modality_dropout`` removes modalities at random in training.

    References
    ----------
    J. Ngiam et al., Multimodal deep learning, 2011 (a shared hidden layer); Y. Kim, Convolutional neural networks for
    sentence classification, 2014; W. Yu et al., CH-SIMS, 2020 (unimodal tasks besides the fused one); N. Neverova et
    al., ModDrop, 2016.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {**_SHARED, "encoder": "lstm", "auxiliary": 0.3}
    _module = "models.nets.modules:IntermediateNet"
    _options = ("hidden", "dropout", "encoder")

    def decisions(self, X: Modalities) -> dict[str, FloatArray]:
        """Return modality -> its own outputs, ``(n, k)``; the prior in rows without it."""
        decisions = {m: np.tile(self.prior_, (len(X), 1)) for m in self.modalities}
        model = self.model_
        rows, parts = model.network_outputs(X)
        if parts:
            logits = np.concatenate([part["decisions"] for part in parts])
            available = model.inputs.available(X[rows])
            for place, channel in enumerate(model.inputs.channels_):
                has = available[:, place]
                decisions[channel.modality][rows[has]] = model.scaled(logits[has, place])
        return decisions


class MultimodalTransformer(Multimodal):
    """Self-attention over the steps of all modalities at once, a summary of each, and a token for the prediction.

    Every token carries its modality, and every step its time in seconds (its position where it has no time), so that
    modalities need not be aligned. Missing modalities are masked out of the keys.

    References
    ----------
    A. Vaswani et al., Attention is all you need, 2017; Y. Tsai et al., Multimodal transformer for unaligned multimodal
    language sequences, 2019.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {**_SHARED, "layers": 2}
    _module = "models.nets.modules:TransformerNet"
    _options = ("hidden", "dropout", "layers")
