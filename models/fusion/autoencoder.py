"""A denoising autoencoder over the joined columns of all modalities, as a reducer of early fusion."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.classical.domains import require
from models.data.design import joined
from models.data.modalities import BoolArray, FloatArray, IntArray, Matrix
from models.data.scaling import Standardise, UnitVariance, total_variance
from models.nets.trained_net import Batch, TrainedNet
from models.nets.training import Training, train

BATCH = 64  # rows per training step
STEPS = 16  # maximum number of training steps per epoch, since a large corpus has many similar rows
ROWS_AT_A_TIME = 4096  # number of rows that are encoded at once


class Autoencoder:
    """A network that reconstructs all columns from a few code units, although training sets some of its inputs to 0.

    The columns of each modality are first divided by the square root of their total variance, so that a modality with
    many columns does not dominate one with few. Codes are standardised over the training rows.

    Parameters
    ----------
    components
        Number of code units.
    hidden
        Number of units in the hidden layer of the encoder, and of the decoder.
    epochs
        Number of passes over the rows.
    noise
        Share of the entries that training sets to 0, which is their mean.
    seed
        Seed of the initial weights, the noise and the order of rows.

    References
    ----------
    G. Hinton and R. Salakhutdinov, Reducing the dimensionality of data with neural networks, 2006; P. Vincent et al.,
    Extracting and composing robust features with denoising autoencoders, 2008; J. Ngiam et al., Multimodal deep
    learning, 2011 (one code for several modalities).
    """

    def __init__(
        self, components: int = 32, hidden: int = 64, epochs: int = 30, noise: float = 0.2, seed: int = 0
    ) -> None:
        require("autoencoder", components=components, hidden=hidden, epochs=epochs, noise=noise, seed=seed)
        self.components = components
        self.hidden = hidden
        self.epochs = epochs
        self.noise = noise
        self.seed = seed

    def fit(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> "Autoencoder":  # noqa: ARG002
        """Train the network that computes the codes, on one ``(n, p)`` matrix per modality."""
        from models.nets.modules import ReconstructionLoss

        variances = [total_variance(block) for block in blocks]
        self.weights_ = [1 / np.sqrt(v) if v > 0 else 1.0 for v in variances]
        self.scale_ = UnitVariance(columns=True).fit(self._weighted(blocks))
        matrix = self._columns(blocks)
        options = {"width": matrix.shape[1], "hidden": self.hidden, "components": self.components}
        self.net_ = train(
            TrainedNet("models.nets.modules:Denoiser", options),
            _Noisy(matrix, self.noise),
            matrix,
            Training(epochs=self.epochs, weight_decay=0.0, seed=self.seed, batch=max(BATCH, len(matrix) // STEPS)),
            criterion=ReconstructionLoss(),
            split=None,
        )
        self.standardise_ = Standardise().fit(self._outputs(matrix, "code"))
        return self

    def _weighted(self, blocks: Sequence[Matrix]) -> Any:
        matrix = joined([block * weight for block, weight in zip(blocks, self.weights_, strict=True)])
        return matrix.toarray() if hasattr(matrix, "tocsr") else matrix

    def _columns(self, blocks: Sequence[Matrix]) -> Any:
        return self.scale_.transform(self._weighted(blocks)).astype(np.float32)

    def _outputs(self, matrix: Any, name: str) -> FloatArray:
        return np.concatenate([batch[name] for batch in self.net_.outputs(_Noisy(matrix, 0.0), ROWS_AT_A_TIME)])

    def transform(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> FloatArray:  # noqa: ARG002
        """Return ``(n, components)`` codes."""
        matrix = self._columns(blocks)
        return (
            self.standardise_.transform(self._outputs(matrix, "code"))
            if len(matrix)
            else np.zeros((0, self.components))
        )

    def rebuilt(self, blocks: Sequence[Matrix]) -> tuple[FloatArray, FloatArray]:
        """Return the scaled columns that the network reads, ``(n, sum of p)``, and its reconstruction of them."""
        matrix = self._columns(blocks)
        return matrix, self._outputs(matrix, "outputs")


class _Noisy:
    """Reads batches from a matrix; in training, some entries are set to 0."""

    def __init__(self, matrix: Any, noise: float) -> None:
        self.matrix = matrix
        self.noise = noise

    def __len__(self) -> int:
        return len(self.matrix)

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        import torch

        chosen = self.matrix[rows]
        return {"input": chosen * (torch.rand(chosen.shape).numpy() >= self.noise) if training else chosen}
