"""Convert fitted objects to plain JSON values and named arrays, without pickles and without anything callable.

============================================  =====================================================================
in the file                                   stands for
============================================  =====================================================================
null, true, 1, 0.5, "text", [...]             itself
``{"float": "nan"}``                          a number that JSON cannot represent
``{"tuple": [...]}``, ``{"set": [...]}``      a tuple, a set
``{"dict": [[key, value], ...]}``             a mapping
``{"number": ["float64", 0.5]}``              a numpy number
``{"type": "float64"}``                       numpy's number type of that name
``{"array": name, "order": "C"}``             an array of numbers, stored under its name among the arrays
``{"texts": [...], "shape": [2]}``            an array of texts
``{"compiled": kind, "state": ...}``          a tree, a booster or a sparse matrix (`models.saving.compiled`)
``{"object": "module.Class", "state": ...}``  an instance of a class on the list of `models.saving.trusted`
``{"same": 3}``                               an object that occurred before, by its number (see below)
============================================  =====================================================================

Objects, arrays, mappings, lists, tuples and sets are numbered from 0 in the order in which they end in the file.

`models.saving.reading` turns these values into objects again.
"""

from typing import Any

import numpy as np

from models.errors import ModelError
from models.saving.compiled import CODECS
from models.saving.trusted import class_named

Arrays = dict[str, Any]

NUMBERS = ("bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float32", "float64")
_NOT_SAVED = ("_stop_words_id", "fit_seconds_", "shared_seconds_")  # a memory address, and durations of fits


def write(value: Any) -> tuple[Any, Arrays]:
    """Return a fitted object as plain values and arrays; equal objects give equal results. The object is not changed.

    Raises
    ------
    ModelError
        If the object contains something that `models.saving.reading.read` would refuse.
    """
    writer = _Writer()
    return writer.value(value, ""), writer.arrays


class _Writer:
    def __init__(self) -> None:
        self.arrays: Arrays = {}
        self.done: dict[
            int, tuple[int, Any]
        ] = {}  # id -> number and object, which stays alive so that no id is used twice
        self.open: set[int] = set()

    def value(self, value: Any, path: str) -> Any:
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if np.isfinite(value) else {"float": str(value)}
        if isinstance(value, np.str_):
            return str(value)
        if isinstance(value, np.generic):
            return {"number": [_number_type(value.dtype, path), self.value(value.item(), path)]}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"type": _number_type(np.dtype(value), path)}
        if id(value) in self.done:
            return {"same": self.done[id(value)][0]}
        if id(value) in self.open:
            raise ModelError(f"it contains a cycle: {path or 'the model'} is inside itself")
        self.open.add(id(value))
        plain = self._compound(value, path)
        self.done[id(value)] = (len(self.done), value)
        return plain

    def _compound(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind is list:
            return self._each(value, path)
        if kind in (tuple, set):
            return {kind.__name__: self._each(value if kind is tuple else sorted(value, key=repr), path)}
        if kind is dict:
            pairs = value.items()
            return {"dict": [[self.value(k, path), self.value(v, _below(path, k))] for k, v in pairs]}
        if kind is np.ndarray:
            return self._array(value, path)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name in CODECS:
            return {"compiled": name, "state": self.value(CODECS[name].state(value), path)}
        if class_named(name) is not kind:
            raise ModelError(refusal(name, path))
        state = value.__getstate__()
        state = {} if state is None else state  # an object without attributes
        if not isinstance(state, dict):
            raise ModelError(f"it holds {name}{_at(path)}, whose state does not map names to values")
        kept = {key: part for key, part in state.items() if key not in _NOT_SAVED}
        return {"object": name, "state": self.value(kept, path)}

    def _each(self, values: Any, path: str) -> list[Any]:
        return [self.value(part, _below(path, place)) for place, part in enumerate(values)]

    def _array(self, array: Any, path: str) -> Any:
        if array.dtype.kind == "U":
            return {"texts": array.ravel().tolist(), "shape": list(array.shape)}
        _number_type(array.dtype, path)
        name = path or "array"
        while name in self.arrays:
            name += "'"
        transposed = (
            array.flags.f_contiguous and not array.flags.c_contiguous
        )  # sums are rounded according to the order
        self.arrays[name] = np.ascontiguousarray(array.T if transposed else array).reshape(
            array.T.shape if transposed else array.shape
        )
        return {"array": name, "order": "F" if transposed else "C"}


def refusal(name: str, path: str = "") -> str:
    """Return the message that a model holds, at `path`, an object of a class `name` that is not allowed."""
    return f"it holds {name}{_at(path)}, which a model may hold only if run.plugins lists the plugin that defines it"


def _number_type(dtype: Any, path: str) -> str:
    if dtype.name not in NUMBERS or not dtype.isnative:
        raise ModelError(f"it holds numbers of the type {dtype}{_at(path)}, which a model may not hold")
    return str(dtype.name)


def _below(path: str, name: Any) -> str:
    return f"{path}.{name}" if path else str(name)


def _at(path: str) -> str:
    return f" at {path}" if path else ""
