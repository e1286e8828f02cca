"""Networks stored as plain values (class name, settings, weights), from which a torch module is built when needed."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from common.threads import one_thread
from models.data.modalities import IntArray
from models.errors import ModelError
from models.saving.trusted import NETS, network_class

ROWS_AT_A_TIME = 128  # default number of rows per batch in prediction
PRECISIONS = ("float32", "float64")
MAX_SETTING = 100_000  # upper limit of integer settings of a loaded network, unless the network has more weights

Batch = Mapping[str, Any]  # keyword arguments of a module's forward: arrays, or lists and mappings of arrays


class Reader(Protocol):
    """Makes batches of rows."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return the inputs of `rows`, padded to the longest row; for `training`, they may be changed at random."""
        ...


class TrainedNet:
    """A network as plain values from which it can be rebuilt: the name of its class, its settings and its weights.

    Parameters
    ----------
    build
        Name of the torch module's class, as ``module:class``.
    options
        Keyword arguments of the class; plain values.
    precision
        Precision in which outputs are computed. With ``float64``, 12 digits of an output do not depend on the other
        rows of its batch.

    Attributes
    ----------
    weights
        float32 arrays, keyed by name; None before training.
    losses
        Held-out loss after each epoch; empty if no rows were held out.
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
        """Return a torch module with initial weights, drawn from torch's random state.

        Raises
        ------
        ModelError
            If `build` does not name a network of this project or of a plugin.
        """
        return network_class(self.build)(**self.options)

    def check(self) -> None:
        """Check the class, the settings and the weights of a network that was read from a file.

        Raises
        ------
        ModelError
            If the class is unknown, if a weight is not a finite number, if the weights do not fit the settings, or if
            the network would need far more memory than its weights.
        """
        network_class(self.build)
        weights = self.weights
        if self.precision not in PRECISIONS or not isinstance(weights, dict):
            raise ModelError(
                f"a network in the model has no weights, or its precision is not one of {', '.join(PRECISIONS)}"
            )
        if not all(isinstance(array, np.ndarray) and np.isfinite(array).all() for array in weights.values()):
            raise ModelError("a network in the model has weights that are not finite numbers")
        size, count = sum(array.size for array in weights.values()), len(weights)
        if not _plausible(self.options, size, count):
            raise ModelError(f"a network in the model has settings that do not fit its {count} arrays of weights")
        if self.build.partition(":")[0] == NETS and self._shapes() != {
            name: (array.dtype.name, array.shape) for name, array in weights.items()
        }:
            raise ModelError("a network in the model has weights whose shapes or types do not fit its settings")

    def _shapes(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        import torch

        with torch.device("meta"):  # shapes without memory
            module = self.untrained()
        state = module.state_dict().items()
        return {name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)) for name, tensor in state}

    def keep(self, module: Any, losses: list[float]) -> None:
        """Store the weights of a trained module, and the held-out losses."""
        self.weights = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
        self.losses, self._module = losses, None

    def _built(self) -> Any:
        import torch

        if self._module is None:
            with torch.random.fork_rng(devices=[]):  # building draws initial weights, which are then replaced
                module = self.untrained()
            weights = {name: torch.from_numpy(np.asarray(array)) for name, array in (self.weights or {}).items()}
            module.load_state_dict(weights)
            self._module = module.to(getattr(torch, self.precision)).eval()
        return self._module

    def outputs(self, reader: Reader, at_a_time: int = ROWS_AT_A_TIME) -> Iterator[Any]:
        """Yield the network's outputs for the reader's rows, batch by batch, as NumPy arrays."""
        import torch

        with one_thread(), torch.inference_mode():  # skorch's loader would draw from torch's random state
            module = self._built()
            for start in range(0, len(reader), at_a_time):
                rows = np.arange(start, min(start + at_a_time, len(reader)))
                yield _arrays(module(**tensors(reader.batch(rows), getattr(torch, self.precision))))


def _plausible(options: Any, size: int, count: int) -> bool:
    """Whether a network's settings have plain types and are not too large for its `count` arrays of `size` weights."""
    if isinstance(options, Mapping):
        layers = options.get("layers", 0)
        return type(layers) is int and layers <= count and all(_plausible(v, size, count) for v in options.values())
    if isinstance(options, list | tuple):
        return len(options) <= count and all(_plausible(value, size, count) for value in options)
    if isinstance(options, int):
        return 0 <= options <= max(size, MAX_SETTING)
    return options is None or isinstance(options, str | float)


def tensors(value: Any, precision: Any) -> Any:
    """Convert arrays, or lists and mappings of arrays, to tensors; floating-point tensors get the given precision."""
    import torch

    if isinstance(value, Mapping):
        return {key: tensors(part, precision) for key, part in value.items()}
    if isinstance(value, list):
        return [tensors(part, precision) for part in value]
    tensor = torch.from_numpy(np.ascontiguousarray(value))
    return tensor.to(precision) if tensor.is_floating_point() else tensor


def _arrays(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _arrays(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_arrays(part) for part in value]
    return value.numpy()
