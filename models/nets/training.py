"""Training of networks: AdamW, early stopping on held-out rows, the same bits for the same seed.

A batch is made when it is needed and padded to its own longest row, so that memory stays flat.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.threads import one_thread
from models.data.modalities import IntArray, Task
from models.errors import DivergedError
from models.nets.trained_net import Reader, TrainedNet, tensors
from models.validation.folds import inner_folds

HELD_OUT = 5  # one in this many groups is held out for early stopping
LEAST = 1e-4  # a held-out loss is better if it is lower by more than this share


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes
    ----------
    learning_rate, weight_decay
        Settings of AdamW (Loshchilov & Hutter 2019).
    epochs, patience
        The largest number of passes over the data; training stops after `patience` passes without a better held-out
        loss, and the best weights are kept.
    batch
        Rows per step.
    clip
        Longer gradients are shortened to this norm (Pascanu et al. 2013); None for no limit.
    seed
        Seed of the initial weights, the dropout and the order of rows.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    epochs: int = 30
    patience: int = 5
    batch: int = 64
    clip: float | None = 1.0
    seed: int = 0


def held_out(groups: Any, y: Any, task: Task) -> tuple[IntArray, IntArray] | None:
    """Return (training rows, rows that decide when to stop) without splitting a group; None if there are too few."""
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
    """Train `net`; torch's own random state is left as it was.

    Parameters
    ----------
    net
        Receives the weights.
    reader
        Makes batches of n rows.
    targets
        ``(n, ...)`` what the criterion compares the network's outputs with.
    how
        The settings of training.
    criterion
        A torch module of (outputs, targets).
    split
        Rows to train on and rows that decide when to stop; None to train on all rows for all epochs.

    Raises
    ------
    DivergedError
        If the weights, or the held-out losses of all epochs, are not finite numbers.
    """
    import torch

    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(how.seed)
        module = net.untrained()
        losses = _trained(module, Batches(reader, targets), how, criterion, split)
        _require_finite(module, losses, how)
        net.keep(module, losses)
    return net


def _trained(
    module: Any, batches: "Batches", how: Training, criterion: Any, split: tuple[IntArray, IntArray] | None
) -> list[float]:
    """Train a module in place, leave it with the weights of its best epoch, and return its held-out losses."""
    rows, valid = (np.arange(len(batches.reader)), None) if split is None else split
    shuffled = batches.shuffled(rows, how.batch)
    held = batches.in_order(valid, how.batch) if valid is not None else []
    step = _stepper(module, criterion, how)
    best = Best(how.patience)
    for _ in range(how.epochs):
        module.train()
        for inputs, targets in shuffled:
            step(inputs, targets)
        if valid is not None and best.stops(_loss(module, criterion, held), module):
            break
    best.restore(module)
    return best.losses


def _stepper(module: Any, criterion: Any, how: Training) -> Callable[[Any, Any], None]:
    """Return a function that takes one step of AdamW on a batch."""
    import torch

    parameters = list(module.parameters())
    optimizer = torch.optim.AdamW(  # fused: one call per step instead of several per parameter
        parameters, lr=how.learning_rate, weight_decay=how.weight_decay, fused=True
    )

    def step(inputs: Any, targets: Any) -> None:
        optimizer.zero_grad()
        criterion(module(**inputs), targets).backward()
        if how.clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, how.clip)
        optimizer.step()

    return step


def _loss(module: Any, criterion: Any, batches: Iterable[Any]) -> float:
    """Return the mean loss over the rows of all batches, without dropout."""
    import torch

    module.eval()
    with torch.no_grad():
        found = [(criterion(module(**inputs), targets).item(), len(targets)) for inputs, targets in batches]
    losses, counts = zip(*found, strict=True)
    return float(np.average(losses, weights=counts))


class Best:
    """Early stopping: the lowest held-out loss, the weights that gave it, and for how long there was no better one.

    A loss is better if it is lower by more than `LEAST` of the best. NaN never is.

    Parameters
    ----------
    patience
        After so many epochs in a row without a better loss, training stops.

    References
    ----------
    L. Prechelt, Early stopping: but when?, 1998.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.losses: list[float] = []
        self.below, self.misses = float("inf"), 0
        self.weights: dict[str, Any] | None = None

    def stops(self, loss: float, module: Any) -> bool:
        """Note the loss after an epoch, keep the weights if it is better, and return whether to stop."""
        self.losses.append(loss)
        if loss < self.below:
            self.below, self.misses = loss - LEAST * loss, 0
            self.weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        else:
            self.misses += 1
        return self.misses == self.patience

    def restore(self, module: Any) -> None:
        """Give the module the best weights; without any, its own are kept."""
        if self.weights is not None:
            module.load_state_dict(self.weights)


class Batches:
    """Makes batches of a reader's rows, as tensors."""

    def __init__(self, reader: Reader, targets: Any) -> None:
        self.reader = reader
        self.targets = targets

    def shuffled(self, rows: IntArray, size: int) -> Iterable[Any]:
        """Return batches that are drawn anew, with noise and dropout, whenever they are iterated over."""
        from torch.utils.data import DataLoader

        return DataLoader(rows, size, shuffle=True, collate_fn=lambda drawn: self._made(np.array(drawn), training=True))  # type: ignore[arg-type]

    def in_order(self, rows: IntArray, size: int) -> Iterable[Any]:
        """Return all rows in batches, for evaluation; they are made once.

        The loader draws a number from torch's random state at each pass, as that of `shuffled` does: without it, the
        same seed would give other networks than in versions before.
        """
        from torch.utils.data import DataLoader

        parts = [self._made(rows[start : start + size], training=False) for start in range(0, len(rows), size)]
        return DataLoader(parts, batch_size=None, collate_fn=lambda batch: batch)  # type: ignore[arg-type]

    def _made(self, rows: IntArray, *, training: bool) -> Any:
        import torch

        return tensors(self.reader.batch(rows, training=training), torch.float32), torch.from_numpy(self.targets[rows])


def _require_finite(module: Any, losses: list[float], how: Training) -> None:
    """Refuse a network whose weights, or whose held-out losses in all epochs, are not finite numbers."""
    finite = all(bool(tensor.isfinite().all()) for tensor in module.state_dict().values())
    if not finite or (losses and not np.isfinite(losses).any()):
        what = "held-out loss" if finite else "weights"
        raise DivergedError(
            f"training at a learning rate of {how.learning_rate:g} diverged: the network's {what} became"
            " infinite or undefined; lower it"
        )
