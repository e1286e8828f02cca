"""A small fully connected network, trained with early stopping on held-out groups.

The network reads columns of about unit variance and, for regression, learns standardised scores. Initial weights come
from a fixed seed, and torch's global random state is not changed. With one thread and float32, the same rows give the
same bits.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from models.data.modalities import FloatArray, IntArray, Labels, Matrix, Task, softmax
from models.data.scaling import UnitVariance
from models.nets.trained_net import Batch, TrainedNet
from models.nets.training import Training, held_out, train


@dataclass(frozen=True)
class NetSettings:
    """The size of the network, and how it is trained.

    Attributes
    ----------
    hidden, layers, dropout
        Number of units per hidden layer, number of hidden layers, and share of units dropped in training.
    learning_rate, weight_decay
        Settings of AdamW.
    epochs, patience
        Maximum number of passes over the data. Training stops after `patience` passes without a better held-out loss,
        and the best weights are kept.
    seed
        Seed of the initial weights, of dropout and of the order of rows.
    """

    hidden: int = 64
    layers: int = 1
    dropout: float = 0.4
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    epochs: int = 60
    patience: int = 8
    seed: int = 0


class FullyConnected(BaseEstimator):  # type: ignore[misc]
    """Hidden layers with ReLU and dropout, followed by one output per class, or one output for the score.

    Parameters
    ----------
    task
        ``classification`` (cross-entropy) or ``regression`` (squared error).
    settings
        The network's size and training; the defaults of `NetSettings` if None.

    Attributes
    ----------
    net_
        The trained network.
    """

    def __init__(self, task: Task = "classification", settings: NetSettings | None = None) -> None:
        self.task = task
        self.settings = settings

    def fit(self, x: Matrix, y: Any, groups: Any = None) -> "FullyConnected":
        """Train on `x`, ``(n, p)``, and `y`, ``(n,)``, which holds classes or scores.

        Early stopping needs held-out rows. They are whole groups of `groups`, ``(n,)``; if there is only one group,
        they are some of its rows. By default, each row is a group of its own.
        """
        from torch import nn

        x, y = validate_data(self, x, y, accept_sparse=True, y_numeric=self.task == "regression")
        if self.task == "classification":
            check_classification_targets(y)
        self.classes_ = np.unique(y) if self.task == "classification" else None
        self.scale_ = UnitVariance(columns=True).fit(x)
        options = asdict(self.settings or NetSettings())
        learning = {key: options.pop(key) for key in ("learning_rate", "weight_decay", "epochs", "patience", "seed")}
        outputs = len(self.classes_) if self.classes_ is not None else 1
        train(
            net := TrainedNet(
                "models.nets.modules:FeedForward", {"width": x.shape[1], "outputs": outputs, **options}, "float32"
            ),
            Rows(self._inputs(x)),
            self._targets(y),
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
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, accept_sparse=True)
        return np.concatenate(list(self.net_.outputs(Rows(self._inputs(x)))), dtype=np.float64)

    @available_if(lambda self: self.task == "classification")  # type: ignore[untyped-decorator]
    def predict_proba(self, x: Matrix) -> FloatArray:
        """Return ``(n, k)`` probabilities in the order of ``classes_``."""
        return softmax(self._forward(x))

    def predict(self, x: Matrix) -> Labels:
        """Return ``(n,)`` classes or scores."""
        outputs = self._forward(x)
        predicted: Labels = (
            outputs[:, 0] * self.deviation_ + self.mean_
            if self.classes_ is None
            else self.classes_[outputs.argmax(axis=1)]
        )
        return predicted

    def score(self, x: Matrix, y: Any) -> float:
        """Return the accuracy, or R² for regression."""
        from sklearn.metrics import accuracy_score, r2_score

        return float((accuracy_score if self.task == "classification" else r2_score)(y, self.predict(x)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if self.task == "regression" else "classifier"
        tags.classifier_tags = ClassifierTags() if self.task == "classification" else None
        tags.regressor_tags = RegressorTags() if self.task == "regression" else None
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        tags.non_deterministic = False
        return tags


class Rows:
    """Makes batches from the rows of a matrix."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def __len__(self) -> int:
        return len(self.matrix)

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:  # noqa: ARG002
        """Return the rows of the matrix at the positions `rows`, keyed ``input``."""
        return {"input": self.matrix[rows]}
