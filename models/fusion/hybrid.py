"""Intermediate fusion: a network merges one encoding per modality, or attends to the steps of all modalities."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from models.data.modalities import FloatArray, Modalities
from models.nets.neural import LEARNING, Multimodal

_SHARED = {"hidden": 32, "dropout": 0.5, "modality_dropout": 0.15, **LEARNING}


class IntermediateFusion(Multimodal):
    """One encoder per modality, and a hidden layer that merges them; as auxiliary tasks, each modality predicts alone.

    The setting ``encoder`` (``lstm`` or ``cnn``) determines how steps are read; the summary is read in addition.
    ``auxiliary`` is the weight of the auxiliary tasks' losses, in which missing modalities do not count. A learnt
    vector replaces a missing modality, and ``modality_dropout`` removes modalities at random in training.

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
        """Return the outputs of each modality alone, ``(n, k)``; the prior in rows without the modality."""
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
    """Self-attention over one sequence of tokens: the steps and the summary of each modality, and a prediction token.

    Steps and summaries have an embedding of their modality. Every step also has an encoding of its time in seconds (or
    of its position, if the time is unknown), so that modalities need not be aligned. Missing modalities are masked in
    attention.

    References
    ----------
    A. Vaswani et al., Attention is all you need, 2017; Y. Tsai et al., Multimodal transformer for unaligned multimodal
    language sequences, 2019.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {**_SHARED, "layers": 2}
    _module = "models.nets.modules:TransformerNet"
    _options = ("hidden", "dropout", "layers")
