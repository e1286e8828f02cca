"""Fitted objects as plain JSON values and named arrays, and back: no pickle, and nothing that can be called.

============================================  =====================================================================
in the file                                   stands for
============================================  =====================================================================
null, true, 1, 0.5, "text", [...]             itself
``{"float": "nan"}``                          a number that JSON lacks
``{"tuple": [...]}``, ``{"set": [...]}``      a tuple, a set
``{"dict": [[key, value], ...]}``             a mapping
``{"number": ["float64", 0.5]}``              a numpy number
``{"type": "float64"}``                       the type of numpy's numbers of that name
``{"array": name, "order": "C"}``             an array of numbers, found under its name among the arrays
``{"texts": [...], "shape": [2]}``            an array of texts
``{"part": kind, "state": ...}``              a tree, a booster or a sparse matrix (`models.saving.parts`)
``{"object": "module.Class", "state": ...}``  an instance of a class on the list of `models.saving.trusted`
``{"same": 3}``                               the fourth of those above from "tuple" on, once more
============================================  =====================================================================
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from models.errors import ModelError
from models.saving.parts import PARTS
from models.saving.sound import check
from models.saving.trusted import class_named

Arrays = dict[str, Any]

_NUMBERS = ("bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float32", "float64")
_REPEATED = 10  # times as many values as are written may be there when all that stands for others is unfolded
_FEW = 10_000_000  # values, of which no repetition is asked about
_DEEPEST = 100  # values inside values; a stack of models on models has some thirty
_EMPTY = 1_000_000  # the longest side of an array without elements, which costs its file nothing
_UNKEPT = ("_stop_words_id", "fit_seconds_", "shared_seconds_")  # an address in memory, and how long fitting took
_LONGEST = 10_000_000  # letters of all arrays of texts, each of which numpy keeps at the width of its longest


def write(value: Any) -> tuple[Any, Arrays]:
    """Return a fitted object as plain values and arrays; equal objects give equal ones.

    Raises
    ------
    ModelError
        If it holds something that `read` would refuse.
    """
    writer = _Writer()
    return writer.value(value, ""), writer.arrays


def read(plain: Any, arrays: Mapping[str, Any]) -> Any:
    """Return the object that `write` was given.

    Raises
    ------
    ModelError
        If the values are not as `write` leaves them, name a class that is not trusted, or could not be used safely.
    """
    reader = _Reader(dict(arrays))
    found = reader.value(plain)
    if reader.arrays:
        raise ModelError(f"its array {min(reader.arrays)!r} belongs to nothing in the model")
    return found


class _Writer:
    def __init__(self) -> None:
        self.arrays: Arrays = {}
        self.done: dict[int, tuple[int, Any]] = {}  # address -> its number, and itself: no address comes twice
        self.open: set[int] = set()

    def value(self, value: Any, path: str) -> Any:
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if np.isfinite(value) else {"float": str(value)}
        if isinstance(value, np.str_):
            return str(value)
        if isinstance(value, np.generic):
            return {"number": [_number(value.dtype, path), self.value(value.item(), path)]}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"type": _number(np.dtype(value), path)}
        if id(value) in self.done:
            return {"same": self.done[id(value)][0]}
        if id(value) in self.open:
            raise ModelError(f"it holds {path or 'itself'} inside itself")
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
        if name in PARTS:
            return {"part": name, "state": self.value(PARTS[name].state(value), path)}
        if class_named(name) is not kind:
            raise ModelError(_refusal(name, path))
        state = value.__getstate__()
        if not isinstance(state, dict):
            raise ModelError(f"it holds {name}{_at(path)}, whose state is no mapping of names to values")
        kept = {key: part for key, part in state.items() if key not in _UNKEPT}
        return {"object": name, "state": self.value(kept, path)}

    def _each(self, values: Any, path: str) -> list[Any]:
        return [self.value(part, _below(path, place)) for place, part in enumerate(values)]

    def _array(self, array: Any, path: str) -> Any:
        if array.dtype.kind == "U":
            return {"texts": array.ravel().tolist(), "shape": list(array.shape)}
        _number(array.dtype, path)
        name = path or "array"
        while name in self.arrays:
            name += "'"
        transposed = array.flags.f_contiguous and not array.flags.c_contiguous  # the order decides how sums are rounded
        self.arrays[name] = np.ascontiguousarray(array.T if transposed else array).reshape(
            array.T.shape if transposed else array.shape
        )
        return {"array": name, "order": "F" if transposed else "C"}


class _Reader:
    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.done: list[Any] = []
        self.sizes: list[int] = []  # of each of those: how many values it holds, whatever stands for others unfolded
        self.written = self.unfolded = 0  # values so far
        self.letters = 0  # of all arrays of texts so far
        self.depth = 0  # of the value that is read

    def value(self, plain: Any) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ModelError(f"it holds values inside values, more than {_DEEPEST} deep")
        found = self._value(plain)
        self.depth -= 1
        return found

    def _value(self, plain: Any) -> Any:
        self.written, before = self.written + 1, self.unfolded
        self.unfolded += 1
        if plain is None or isinstance(plain, bool | int | float | str):
            return plain
        if isinstance(plain, list):
            return self._kept([self.value(part) for part in plain], before)
        if not isinstance(plain, dict):
            raise ModelError(f"it holds {type(plain).__name__}, which is no value of a model")
        keys = frozenset(plain)
        if keys == {"same"}:
            return self._same(plain["same"])
        if keys in _SCALARS:
            return _SCALARS[keys](plain)
        if keys not in _COMPOUNDS:
            raise ModelError(f"it holds an entry with the keys {', '.join(sorted(keys)) or 'none'}, which says nothing")
        return self._kept(_COMPOUNDS[keys](self, plain), before)

    def _kept(self, value: Any, before: int) -> Any:
        self.done.append(value)
        self.sizes.append(self.unfolded - before)
        return value

    def _same(self, number: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self.done):
            raise ModelError(f"it holds number {number!r} once more, but that comes later or never")
        self.unfolded += self.sizes[number]
        if self.unfolded > _FEW + _REPEATED * self.written:  # a model of models of models, each twice, never ends
            raise ModelError("it holds the same parts over and over again, so that using it could take for ever")
        return self.done[number]

    def parts(self, plain: Any) -> list[Any]:
        if not isinstance(plain, list):
            raise ModelError(f"it holds {plain!r:.60} where a list is needed")
        return [self.value(part) for part in plain]

    def mapping(self, plain: Mapping[str, Any]) -> Any:
        pairs = plain["dict"]
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise ModelError("a mapping in it is no list of pairs")
        found = {_hashed(self.value(key)): self.value(value) for key, value in pairs}
        if len(found) < len(pairs):
            raise ModelError("a mapping in it has a key twice")
        return found

    def array(self, plain: Mapping[str, Any]) -> Any:
        name, order = plain["array"], plain["order"]
        if not isinstance(name, str) or name not in self.arrays or order not in ("C", "F"):
            raise ModelError(f"its array {name!r:.60} is missing, or is used twice")
        array = np.array(self.arrays.pop(name))  # a copy: libraries want to be able to write to what they read
        _check_sides(array.shape, array.size)
        return array.T if order == "F" else array

    def texts(self, plain: Mapping[str, Any]) -> Any:
        texts, shape = plain["texts"], plain["shape"]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ModelError("an array of texts in it holds something else")
        self.letters += len(texts) * max(map(len, texts), default=0)
        if self.letters > _LONGEST:
            raise ModelError(f"its arrays of texts have more than {_LONGEST} letters")
        if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
            raise ModelError(f"an array of texts in it has the shape {shape!r:.60}")
        _check_sides(shape, len(texts))
        return np.array(texts, dtype=str).reshape(shape)

    def part(self, plain: Mapping[str, Any]) -> Any:
        if plain["part"] not in PARTS:
            raise ModelError(_refusal(str(plain["part"]), ""))
        return PARTS[plain["part"]].build(self.value(plain["state"]))

    def instance(self, plain: Mapping[str, Any]) -> Any:
        name = plain["object"]
        found: Any = class_named(name) if isinstance(name, str) else None
        if found is None:
            raise ModelError(_refusal(str(name), ""))
        state = self.value(plain["state"])
        if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
            raise ModelError(f"the state of its {name} is no mapping of names to values")
        if taken := [key for key in state if callable(getattr(found, key, None))]:
            raise ModelError(f"the state of its {name} would take the place of its method {taken[0]!r:.60}")
        made = found.__new__(found)
        made.__setstate__(state) if hasattr(made, "__setstate__") else made.__dict__.update(state)
        check(made)
        return made


def _check_sides(shape: Sequence[int], size: int) -> None:
    if not size and max(shape, default=0) > _EMPTY:
        raise ModelError(f"an array without elements in it has a side of {max(shape)}")


def _hashed(key: Any) -> Any:
    """Return a key of a mapping, or a member of a set; tuples in tuples could take for ever to be told apart."""
    parts = key if isinstance(key, tuple) else (key,)
    if not all(part is None or isinstance(part, bool | int | float | str | np.generic) for part in parts):
        raise ModelError("a mapping or a set in it has a key that is no name, no number and no row of these")
    return key


def _float(plain: Mapping[str, Any]) -> float:
    if plain["float"] not in ("nan", "inf", "-inf"):
        raise ModelError(f"it holds the number {plain['float']!r:.60}, which is none")
    return float(plain["float"])


def _scalar(plain: Mapping[str, Any]) -> Any:
    name, value = plain["number"]
    return _type({"type": name})(_float(value) if isinstance(value, dict) else value)


def _type(plain: Mapping[str, Any]) -> Any:
    if plain["type"] not in _NUMBERS:
        raise ModelError(f"it names the type {plain['type']!r:.60}, which is none of numpy's numbers")
    return np.dtype(plain["type"]).type


_SCALARS: dict[frozenset[str], Callable[[Any], Any]] = {
    frozenset({"float"}): _float,
    frozenset({"number"}): _scalar,
    frozenset({"type"}): _type,
}
_COMPOUNDS: dict[frozenset[str], Callable[[_Reader, Any], Any]] = {
    frozenset({"tuple"}): lambda reader, plain: tuple(reader.parts(plain["tuple"])),
    frozenset({"set"}): lambda reader, plain: set(map(_hashed, reader.parts(plain["set"]))),
    frozenset({"dict"}): _Reader.mapping,
    frozenset({"array", "order"}): _Reader.array,
    frozenset({"texts", "shape"}): _Reader.texts,
    frozenset({"part", "state"}): _Reader.part,
    frozenset({"object", "state"}): _Reader.instance,
}


def _number(dtype: Any, path: str) -> str:
    if dtype.name not in _NUMBERS or not dtype.isnative:
        raise ModelError(f"it holds numbers of the type {dtype}{_at(path)}, which a model may not hold")
    return str(dtype.name)


def _refusal(name: str, path: str) -> str:
    return (
        f"it holds {name}{_at(path)}, which a model may not hold; if it is a class of a plugin of yours, list that "
        "plugin in run.plugins"
    )


def _below(path: str, name: Any) -> str:
    return f"{path}.{name}" if path else str(name)


def _at(path: str) -> str:
    return f" at {path}" if path else ""
