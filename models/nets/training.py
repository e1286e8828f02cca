"""One way to train a network: AdamW through skorch, early stopping on rows held out, the same bits for the same seed.

Rows become a batch when they are needed, padded to the longest of that batch alone, so that memory stays flat. A fitted
network is kept as numpy arrays and the plain settings that rebuild it; the torch module is only made to answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from common.threads import one_thread
from models.data.modalities import IntArray, Task
from models.errors import DivergedError, ModelError
from models.saving.trusted import NETS, network_class
from models.validation.folds import inner_folds

HELD_OUT = 5  # one group in so many decides when to stop
ANSWERED = 128  # rows that are answered at a time, by default
PRECISIONS = ("float32", "float64")
MODEST = 100_000  # no whole number among the settings of a network is larger, unless the network is

Batch = Mapping[str, Any]  # the arguments of a module's forward: arrays, lists of arrays, mappings of them


class Reader(Protocol):
    """Turns rows of a corpus into batches."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return float32 numbers of `rows`, padded among themselves; `training` adds what only training does."""
        ...


@dataclass(frozen=True)
class Training:
    """How a network learns.

    Attributes
    ----------
    learning_rate, weight_decay
        Of AdamW (Loshchilov & Hutter 2019).
    epochs, patience
        At most so many passes over the data; stop after so many without a better held-out loss, and take the best.
    batch
        Rows a step.
    clip
        The longest gradient that is followed in full (Pascanu et al. 2013); None for no limit.
    seed
        Of the first weights, the dropout and the order of rows.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    epochs: int = 30
    patience: int = 5
    batch: int = 64
    clip: float | None = 1.0
    seed: int = 0


class TrainedNet:
    """A network as what rebuilds it: the name of its class, its plain settings, and its weights.

    Parameters
    ----------
    build
        ``module:class`` of the torch module.
    options
        Its keyword arguments; plain values.
    precision
        In which it answers. In ``float64`` an answer does not depend on which rows share a batch, to 12 digits.

    Attributes
    ----------
    weights
        Name -> float32 array; None until it is trained.
    losses
        Held-out loss after each epoch; empty where nothing was held out.
    """

    def __init__(self, build: str, options: Mapping[str, Any], precision: str = "float64") -> None:
        self.build = build
        self.options = dict(options)
        self.precision = precision
        self.weights: dict[str, Any] | None = None
        self.losses: list[float] = []
        self._module: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_module"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state, _module=None)

    def untrained(self) -> Any:
        """Return a torch module with first weights drawn from torch's random state.

        Raises
        ------
        ModelError
            If `build` names no network of this project's or a plugin's.
        """
        return network_class(self.build)(**self.options)

    def check(self) -> None:
        """Check a network that came from a file: what it names, its settings, and that its weights fit them.

        Raises
        ------
        ModelError
            If it is no network of ours, or could not be built, or not with the memory that its weights take.
        """
        network_class(self.build)
        weights = self.weights
        if self.precision not in PRECISIONS or not isinstance(weights, dict):
            raise ModelError(f"a network in it answers in {self.precision!r:.60} or has no weights")
        if not all(isinstance(array, np.ndarray) and np.isfinite(array).all() for array in weights.values()):
            raise ModelError("a network in it has weights that are no finite numbers")
        size, count = sum(array.size for array in weights.values()), len(weights)
        if not _modest(self.options, size, count):
            raise ModelError(f"a network in it has settings that its {count} arrays of weights do not fit")
        if self.build.partition(":")[0] == NETS and self._shapes() != {
            name: (array.dtype.name, array.shape) for name, array in weights.items()
        }:
            raise ModelError("a network in it has weights of other shapes or types than its settings say")

    def _shapes(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        import torch

        with torch.device("meta"):  # has shapes and no memory
            module = self.untrained()
        state = module.state_dict().items()
        return {name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)) for name, tensor in state}

    def keep(self, module: Any, losses: list[float]) -> None:
        """Take over the weights of a trained `module`."""
        self.weights = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
        self.losses, self._module = losses, None

    def _answering(self) -> Any:
        import torch

        if self._module is None:
            with torch.random.fork_rng(devices=[]):  # the first weights, which are thrown away, are drawn at random
                module = self.untrained()
            weights = {name: torch.from_numpy(np.asarray(array)) for name, array in (self.weights or {}).items()}
            module.load_state_dict(weights)
            self._module = module.to(getattr(torch, self.precision)).eval()
        return self._module

    def answers(self, reader: Reader, at_a_time: int = ANSWERED) -> Iterator[Any]:
        """Yield what the network says about the reader's rows, so many at a time, as numpy arrays."""
        import torch

        with one_thread(), torch.inference_mode():  # not through skorch, whose loader draws from torch's random state
            module = self._answering()
            for start in range(0, len(reader), at_a_time):
                rows = np.arange(start, min(start + at_a_time, len(reader)))
                yield _arrays(module(**_tensors(reader.batch(rows), getattr(torch, self.precision))))


def _modest(options: Any, size: int, count: int) -> bool:
    """Whether plain settings could be those of a network of `count` arrays with `size` weights in all."""
    if isinstance(options, Mapping):
        layers = options.get("layers", 0)
        return type(layers) is int and layers <= count and all(_modest(v, size, count) for v in options.values())
    if isinstance(options, list | tuple):
        return len(options) <= count and all(_modest(value, size, count) for value in options)
    if isinstance(options, int):
        return 0 <= options <= max(size, MODEST)
    return options is None or isinstance(options, str | float)


def held_out(groups: Any, y: Any, task: Task) -> tuple[IntArray, IntArray] | None:
    """Return (training rows, rows that decide when to stop), never through a group; None where there are too few."""
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
        Is given weights.
    reader
        Of n rows.
    targets
        ``(n, ...)`` what the criterion compares the network's outputs with.
    how
        How it learns.
    criterion
        A torch module of (outputs, targets).
    split
        Rows to learn from and rows that decide when to stop; None: all rows, for all epochs.

    Raises
    ------
    DivergedError
        If the weights, or the held-out loss of every epoch, are no finite numbers.
    """
    import torch

    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(how.seed)
        module = net.untrained()
        fitted = _skorch(module, how, criterion, split, _Collate(reader, targets))
        fitted.fit(torch.utils.data.TensorDataset(torch.arange(len(reader))))
        losses = [float(loss) for loss in fitted.history[:, "valid_loss"]] if split is not None else []
        _require_numbers(module, losses, how)
        net.keep(module, losses)
    return net


def _require_numbers(module: Any, losses: list[float], how: Training) -> None:
    """Refuse a network whose weights, or all of whose held-out losses, are no finite numbers."""
    sound = all(bool(tensor.isfinite().all()) for tensor in module.state_dict().values())
    if not sound or (losses and not np.isfinite(losses).any()):
        what = "held-out loss" if sound else "weights"
        raise DivergedError(
            f"the network's {what} ended in no finite number, trained at a learning rate of {how.learning_rate:g}:"
            " lower it"
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
        optimizer__fused=True,  # one call a step instead of several a parameter
        lr=how.learning_rate,
        max_epochs=how.epochs,
        batch_size=how.batch,
        iterator_train__shuffle=True,
        iterator_train__collate_fn=collate.training,
        iterator_valid__collate_fn=collate.validation,
        train_split=None if split is None else _Fixed(*split),
        callbacks=callbacks,
        callbacks__print_log=None,
        device="cpu",
        verbose=0,
    )


class _Collate:
    """What skorch's loaders make of the row numbers that they are given."""

    def __init__(self, reader: Reader, targets: Any) -> None:
        self.reader = reader
        self.targets = targets
        self.validated: dict[int, Any] = {}  # first row -> batch: they are the same in every epoch

    def training(self, drawn: Any) -> Any:
        return self._made(_rows(drawn), True)

    def validation(self, drawn: Any) -> Any:
        rows = _rows(drawn)
        if rows[0] not in self.validated:
            self.validated[int(rows[0])] = self._made(rows, False)
        return self.validated[int(rows[0])]

    def _made(self, rows: IntArray, training: bool) -> Any:
        import torch

        return _tensors(self.reader.batch(rows, training=training), torch.float32), torch.from_numpy(self.targets[rows])


def _rows(drawn: Any) -> IntArray:
    return np.array([int(row) for (row,) in drawn], np.intp)


class _Fixed:
    """The split that skorch asks for: rows chosen beforehand."""

    def __init__(self, train: IntArray, valid: IntArray) -> None:
        self.train = train
        self.valid = valid

    def __call__(self, dataset: Any) -> Any:
        from torch.utils.data import Subset

        return Subset(dataset, self.train.tolist()), Subset(dataset, self.valid.tolist())


def _tensors(value: Any, precision: Any) -> Any:
    import torch

    if isinstance(value, Mapping):
        return {key: _tensors(part, precision) for key, part in value.items()}
    if isinstance(value, list):
        return [_tensors(part, precision) for part in value]
    tensor = torch.from_numpy(np.ascontiguousarray(value))
    return tensor.to(precision) if tensor.is_floating_point() else tensor


def _arrays(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _arrays(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_arrays(part) for part in value]
    return value.numpy()
