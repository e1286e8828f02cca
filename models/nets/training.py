"""Train networks with AdamW through skorch, with early stopping on held-out rows; the same seed gives the same bits.

A batch is made when it is needed and padded to its longest row, so that memory use stays constant.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from common.threads import one_thread
from models.data.modalities import IntArray, Task
from models.errors import DivergedError
from models.nets.trained_net import Reader, TrainedNet, tensors
from models.validation.folds import inner_folds

HELD_OUT = 5  # one in this many groups is held out for early stopping


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes
    ----------
    learning_rate, weight_decay
        Settings of AdamW (Loshchilov & Hutter 2019).
    epochs, patience
        Maximum number of passes over the data. Training stops after `patience` passes without a better held-out loss,
        and the best weights are kept.
    batch
        Number of rows per training step.
    clip
        Maximum norm of the gradients; larger gradients are scaled down to it (Pascanu et al. 2013). None for no limit.
    seed
        Seed of the initial weights, of dropout and of the order of rows.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    epochs: int = 30
    patience: int = 5
    batch: int = 64
    clip: float | None = 1.0
    seed: int = 0


def held_out(groups: Any, y: Any, task: Task) -> tuple[IntArray, IntArray] | None:
    """Return the rows to train on and the rows held out for early stopping; None if there are too few rows.

    Groups are not split, unless there is only one.
    """
    folds = inner_folds(groups, y, task, HELD_OUT)
    return folds[0] if folds else None


def train(
    net: TrainedNet,
    reader: Reader,
    targets: Any,
    how: Training,
    *,
    criterion: Any,
    split: tuple[IntArray, IntArray] | None,
) -> TrainedNet:
    """Train a network and return it; torch's global random state is not changed.

    Parameters
    ----------
    net
        The network, which receives the weights.
    reader
        Makes batches from n rows.
    targets
        ``(n, ...)`` targets, with which the criterion compares the network's outputs.
    how
        The settings of training.
    criterion
        A torch module that computes the loss from outputs and targets.
    split
        Rows to train on, and rows held out for early stopping; None to train on all rows for all epochs.

    Raises
    ------
    DivergedError
        If a weight is not a finite number, or all held-out losses are infinite or undefined.
    """
    import torch

    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(how.seed)
        module = net.untrained()
        fitted = _skorch(module, how, criterion, split, _Collate(reader, targets))
        fitted.fit(torch.utils.data.TensorDataset(torch.arange(len(reader))))
        _require_finished(fitted, how, split is not None)
        losses = [float(loss) for loss in fitted.history[:, "valid_loss"]] if split is not None else []
        _require_finite(module, losses, how)
        net.keep(module, losses)
    return net


def _require_finished(fitted: Any, how: Training, stops_early: bool) -> None:
    """Raise `KeyboardInterrupt` if Ctrl-C ended training; skorch catches it, because early stopping raises it too."""
    history = fitted.history
    finished = len(history) == how.epochs and "train_loss" in history[-1]
    if not finished and not (stops_early and dict(fitted.callbacks_)["EarlyStopping"].misses_ == how.patience):
        raise KeyboardInterrupt


def _require_finite(module: Any, losses: list[float], how: Training) -> None:
    """Raise `DivergedError` if a weight is not a finite number, or all held-out losses are infinite or undefined."""
    finite = all(bool(tensor.isfinite().all()) for tensor in module.state_dict().values())
    if not finite or (losses and not np.isfinite(losses).any()):
        what = "held-out loss" if finite else "weights"
        raise DivergedError(
            f"training at a learning rate of {how.learning_rate:g} diverged (the network's {what} became infinite or "
            "undefined): lower the learning rate"
        )


def _skorch(module: Any, how: Training, criterion: Any, split: Any, collate: "_Collate") -> Any:
    import torch
    from skorch import NeuralNet
    from skorch.callbacks import EarlyStopping, GradientNormClipping

    callbacks: list[Any] = [GradientNormClipping(how.clip)] if how.clip is not None else []
    if split is not None:
        callbacks.append(EarlyStopping(patience=how.patience, load_best=True))
    return NeuralNet(
        module,
        criterion=criterion,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=how.weight_decay,
        optimizer__fused=True,  # one call per training step instead of several calls per parameter
        lr=how.learning_rate,
        max_epochs=how.epochs,
        batch_size=how.batch,
        iterator_train__shuffle=True,
        iterator_train__collate_fn=collate.training,
        iterator_valid__collate_fn=collate.validation,
        train_split=None if split is None else _FixedSplit(*split),
        callbacks=callbacks,
        callbacks__print_log=None,
        device="cpu",
        verbose=0,
    )


class _Collate:
    """Turns the row numbers that skorch's data loaders draw into batches."""

    def __init__(self, reader: Reader, targets: Any) -> None:
        self.reader = reader
        self.targets = targets
        self.validation_batches: dict[int, Any] = {}  # first row -> batch: they are the same in every epoch

    def training(self, drawn: Any) -> Any:
        return self._made(_rows(drawn), True)

    def validation(self, drawn: Any) -> Any:
        rows = _rows(drawn)
        if rows[0] not in self.validation_batches:
            self.validation_batches[int(rows[0])] = self._made(rows, False)
        return self.validation_batches[int(rows[0])]

    def _made(self, rows: IntArray, training: bool) -> Any:
        import torch

        return tensors(self.reader.batch(rows, training=training), torch.float32), torch.from_numpy(self.targets[rows])


def _rows(drawn: Any) -> IntArray:
    return np.array([int(row) for (row,) in drawn], np.intp)


class _FixedSplit:
    """A split for skorch, with rows that were chosen beforehand."""

    def __init__(self, train: IntArray, valid: IntArray) -> None:
        self.train = train
        self.valid = valid

    def __call__(self, dataset: Any) -> Any:
        from torch.utils.data import Subset

        return Subset(dataset, self.train.tolist()), Subset(dataset, self.valid.tolist())
