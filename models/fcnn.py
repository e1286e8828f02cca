"""A small fully connected network, trained through skorch with early stopping on groups held out.

The network sees each column at about unit variance; a score is learnt standardised. Weights start from a fixed seed,
and torch's own random state is left as it was. One thread, float32: the same rows give the same bits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.data import FloatArray, Task, softmax
from models.design import Matrix
from models.folds import inner_folds
from models.scaling import UnitVariance
from models.threads import one_thread

HELD_OUT = 5  # one group in so many decides when to stop


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
    """

    def __init__(self, task: Task, settings: NetSettings) -> None:
        self.task = task
        self.settings = settings

    def fit(self, x: Matrix, y: Any, groups: Any = None) -> "FullyConnected":
        """Train on `x`, ``(n, p)``, and `y`, ``(n,)`` class codes or scores; `groups` are held out whole."""
        import torch

        self.classes_ = np.unique(y) if self.task == "classification" else None
        self.scale_ = UnitVariance(columns=True).fit(x)
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            self.net_ = self._net(self._split(groups, y), x.shape[1])
            self.net_.fit(self._inputs(x), self._targets(np.asarray(y)))
        return self

    def _split(self, groups: Any, y: Any) -> Any:
        folds = inner_folds(np.arange(len(y)) if groups is None else groups, y, self.task, HELD_OUT)
        return folds[0] if folds else None

    def _net(self, split: Any, width: int) -> Any:
        import torch
        from skorch import NeuralNetClassifier, NeuralNetRegressor
        from skorch.callbacks import EarlyStopping

        options = self.settings
        stop = EarlyStopping(patience=options.patience, load_best=True)
        classes = self.task == "classification"
        return (NeuralNetClassifier if classes else NeuralNetRegressor)(
            _module(width, len(self.classes_) if self.classes_ is not None else 1, options),
            criterion=torch.nn.CrossEntropyLoss if classes else torch.nn.MSELoss,
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=options.weight_decay,
            lr=options.learning_rate,
            max_epochs=options.epochs,
            batch_size=64,
            iterator_train__shuffle=True,
            train_split=None if split is None else _Fixed(*split),
            callbacks=[stop] if split is not None else [],
            callbacks__print_log=None,
            callbacks__valid_acc=None,
            device="cpu",
            verbose=0,
        )

    def _inputs(self, x: Matrix) -> Any:
        scaled = self.scale_.transform(x)
        return np.ascontiguousarray(scaled.toarray() if hasattr(scaled, "tocsr") else scaled, np.float32)

    def _targets(self, y: Any) -> Any:
        if self.classes_ is not None:
            return np.searchsorted(self.classes_, y).astype(np.int64)
        self.mean_, self.deviation_ = float(y.mean()), float(y.std()) or 1.0
        return ((y - self.mean_) / self.deviation_).astype(np.float32)[:, None]

    def _forward(self, x: Matrix) -> FloatArray:
        import torch

        module = self.net_.module_.eval()
        with one_thread(), torch.inference_mode():  # not through skorch, whose loader draws from torch's random state
            return np.asarray(module(torch.from_numpy(self._inputs(x))).numpy(), np.float64)

    def predict_proba(self, x: Matrix) -> FloatArray:
        """Return ``(n, k)`` probabilities in the order of ``classes_``."""
        return softmax(self._forward(x))

    def predict(self, x: Matrix) -> FloatArray:
        """Return ``(n,)`` scores."""
        outputs = self._forward(x)[:, 0]
        scores: FloatArray = outputs * self.deviation_ + self.mean_
        return scores


class _Fixed:
    """The split that skorch asks for: rows chosen beforehand."""

    def __init__(self, train: Any, valid: Any) -> None:
        self.train = train
        self.valid = valid

    def __call__(self, dataset: Any, y: Any = None, groups: Any = None) -> Any:  # noqa: ARG002 - skorch's signature
        from torch.utils.data import Subset

        return Subset(dataset, self.train.tolist()), Subset(dataset, self.valid.tolist())


def _module(width: int, outputs: int, settings: NetSettings) -> Any:
    from torch import nn

    layers: list[Any] = []
    for _ in range(settings.layers):
        layers += [nn.Linear(width, settings.hidden), nn.ReLU(), nn.Dropout(settings.dropout)]
        width = settings.hidden
    return nn.Sequential(*layers, nn.Linear(width, outputs))
