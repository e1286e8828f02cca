"""A small fully connected network, trained through skorch with early stopping on groups held out.

The network sees each column at about unit variance; a score is learnt standardised. Weights start from a fixed seed,
and torch's own random state is left as it was. One thread, float32: the same rows give the same bits.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.data.design import Matrix
from models.data.modalities import FloatArray, IntArray, Task, softmax
from models.data.scaling import UnitVariance
from models.nets.training import Batch, TrainedNet, Training, held_out, train


@dataclass(frozen=True)
class NetSettings:
    """How the network looks and learns.

    Attributes
    ----------
    hidden, layers, dropout
        Units a hidden layer, how many such layers, and the share of units dropped in training.
    learning_rate, weight_decay
        Of AdamW.
    epochs, patience
        At most so many passes over the data; stop after so many without a better held-out loss, and take the best.
    seed
        Of the first weights, the dropout and the order of rows.
    """

    hidden: int = 64
    layers: int = 1
    dropout: float = 0.4
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    epochs: int = 60
    patience: int = 8
    seed: int = 0


class FullyConnected:
    """Hidden layers with ReLU and dropout, then one output a class (or one for the score).

    Parameters
    ----------
    task
        ``classification`` (cross-entropy) or ``regression`` (squared error).
    settings
        How the network looks and learns.

    Attributes
    ----------
    net_
        The trained network.
    """

    def __init__(self, task: Task, settings: NetSettings) -> None:
        self.task = task
        self.settings = settings

    def fit(self, x: Matrix, y: Any, groups: Any = None) -> "FullyConnected":
        """Train on `x`, ``(n, p)``, and `y`, ``(n,)`` class codes or scores; `groups` are held out whole."""
        from torch import nn

        self.classes_ = np.unique(y) if self.task == "classification" else None
        self.scale_ = UnitVariance(columns=True).fit(x)
        look = asdict(self.settings)
        learning = {key: look.pop(key) for key in ("learning_rate", "weight_decay", "epochs", "patience", "seed")}
        outputs = len(self.classes_) if self.classes_ is not None else 1
        train(
            net := TrainedNet(
                "models.nets.modules:FeedForward", {"width": x.shape[1], "outputs": outputs, **look}, "float32"
            ),
            Rows(self._inputs(x)),
            self._targets(np.asarray(y)),
            Training(**learning, clip=None),
            criterion=nn.MSELoss() if self.classes_ is None else nn.CrossEntropyLoss(),
            split=held_out(np.arange(len(y)) if groups is None else groups, y, self.task),
        )
        self.net_ = net
        return self

    def _inputs(self, x: Matrix) -> Any:
        scaled = self.scale_.transform(x)
        return np.ascontiguousarray(scaled.toarray() if hasattr(scaled, "tocsr") else scaled, np.float32)

    def _targets(self, y: Any) -> Any:
        if self.classes_ is not None:
            return np.searchsorted(self.classes_, y).astype(np.int64)
        self.mean_, self.deviation_ = float(y.mean()), float(y.std()) or 1.0
        return ((y - self.mean_) / self.deviation_).astype(np.float32)[:, None]

    def _forward(self, x: Matrix) -> FloatArray:
        return np.concatenate(list(self.net_.answers(Rows(self._inputs(x)))), dtype=np.float64)

    def predict_proba(self, x: Matrix) -> FloatArray:
        """Return ``(n, k)`` probabilities in the order of ``classes_``."""
        return softmax(self._forward(x))

    def predict(self, x: Matrix) -> FloatArray:
        """Return ``(n,)`` scores."""
        outputs = self._forward(x)[:, 0]
        scores: FloatArray = outputs * self.deviation_ + self.mean_
        return scores


class Rows:
    """Reads batches from a matrix."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def __len__(self) -> int:
        return len(self.matrix)

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:  # noqa: ARG002
        """Return the rows as ``input``."""
        return {"input": self.matrix[rows]}
