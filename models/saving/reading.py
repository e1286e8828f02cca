"""Build fitted objects from the plain values and arrays that `models.saving.writing` makes, without trusting them.

Every object is checked as soon as it is built. This module checks its number of parallel jobs, and
`models.saving.shapes` checks the shapes of its arrays. `models.saving.checks_own` and `models.saving.checks_libraries`
check whether its parts fit together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from models.errors import ModelError
from models.saving import checks_libraries, checks_own
from models.saving.compiled import CODECS
from models.saving.shapes import check_shapes
from models.saving.trusted import class_named
from models.saving.writing import NUMBERS, Arrays, refusal

_MAX_JOBS = 256
_CHECKS = {**checks_libraries.RULES, **checks_own.RULES}
_MAX_REPEATED = 10  # with all repetitions expanded, there may be this many times as many values as in the file
_FEW = 10_000_000  # up to this number of values, repetitions are not limited
_MAX_DEPTH = 100  # maximum depth of nesting; a stacked model needs about thirty levels
_MAX_EMPTY_SIDE = 1_000_000  # maximum length of a side of an array without elements, which needs no space in the file
_MAX_LETTERS = 10_000_000  # limit over all text arrays, in which NumPy makes each text as wide as the longest one


def read(plain: Any, arrays: Mapping[str, Any]) -> Any:
    """Return the object that `models.saving.writing.write` converted to plain values and arrays.

    Raises
    ------
    ModelError
        If `write` cannot have made these values, if they name a class that is not trusted, or if they are not safe to
        use.
    """
    reader = _Reader(dict(arrays))
    found = reader.value(plain)
    if reader.arrays:
        raise ModelError(f"no object of the model uses the array {min(reader.arrays)!r}")
    return found


def check(part: Any) -> None:
    """Check an object that has just been built.

    Raises
    ------
    ModelError
        If using the object could crash the process, never end, or need far more memory than its file.
    """
    jobs = vars(part).get("n_jobs")
    if jobs is not None and not (type(jobs) is int and abs(jobs) <= _MAX_JOBS):
        raise ModelError(
            f"the model's {type(part).__name__} asks for {jobs!r:.60} parallel jobs; at most {_MAX_JOBS} are allowed"
        )
    check_shapes(part)
    for kind in type(part).__mro__:
        rule = _CHECKS.get(f"{kind.__module__}.{kind.__name__}")
        if rule is not None and vars(part):
            rule(part)


class _Reader:
    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.done: list[Any] = []
        self.sizes: list[int] = []  # number of values in each item of `done`, with repetitions expanded
        self.written = self.expanded = 0  # number of values so far, without and with repetitions expanded
        self.letters = 0  # number of letters in all text arrays so far
        self.depth = 0

    def value(self, plain: Any) -> Any:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ModelError(f"the values of the model are nested more than {_MAX_DEPTH} deep")
        found = self._value(plain)
        self.depth -= 1
        return found

    def _value(self, plain: Any) -> Any:
        self.written, before = self.written + 1, self.expanded
        self.expanded += 1
        if plain is None or isinstance(plain, bool | int | float | str):
            return plain
        if isinstance(plain, list):
            return self._kept([self.value(part) for part in plain], before)
        if not isinstance(plain, dict):
            raise ModelError(f"the model holds a value of the type {type(plain).__name__}, which no saved model has")
        keys = frozenset(plain)
        if keys == {"same"}:
            return self._same(plain["same"])
        if keys in _SCALARS:
            return _SCALARS[keys](plain)
        if keys not in _COMPOUNDS:
            raise ModelError(f"the model holds an entry with unknown keys: {', '.join(sorted(keys)) or '(none)'}")
        return self._kept(_COMPOUNDS[keys](self, plain), before)

    def _kept(self, value: Any, before: int) -> Any:
        self.done.append(value)
        self.sizes.append(self.expanded - before)
        return value

    def _same(self, number: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self.done):
            raise ModelError(f"the model refers back to value number {number!r}, which is not an earlier one")
        self.expanded += self.sizes[number]
        if self.expanded > _FEW + _MAX_REPEATED * self.written:  # nested repetitions grow exponentially
            raise ModelError("the model repeats the same parts over and over again, so using it could take forever")
        return self.done[number]

    def parts(self, plain: Any) -> list[Any]:
        if not isinstance(plain, list):
            raise ModelError(f"the model holds {plain!r:.60} where a list is needed")
        return [self.value(part) for part in plain]

    def mapping(self, plain: Mapping[str, Any]) -> Any:
        pairs = plain["dict"]
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise ModelError("a mapping in the model is not a list of pairs")
        found = {_hashable(self.value(key)): self.value(value) for key, value in pairs}
        if len(found) < len(pairs):
            raise ModelError("a mapping in the model has a duplicate key")
        return found

    def array(self, plain: Mapping[str, Any]) -> Any:
        name, order = plain["array"], plain["order"]
        if not isinstance(name, str) or name not in self.arrays or order not in ("C", "F"):
            raise ModelError(f"the array {name!r:.60} of the model is missing, or is used twice")
        array = np.array(self.arrays.pop(name))  # a copy, because some libraries need writable arrays
        _check_sides(array.shape, array.size)
        return array.T if order == "F" else array

    def texts(self, plain: Mapping[str, Any]) -> Any:
        texts, shape = plain["texts"], plain["shape"]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ModelError("an array of strings in the model holds something else")
        self.letters += len(texts) * max(map(len, texts), default=0)
        if self.letters > _MAX_LETTERS:
            raise ModelError(f"the model's arrays of strings need space for more than {_MAX_LETTERS} letters")
        if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
            raise ModelError(f"an array of strings in the model has the invalid shape {shape!r:.60}")
        _check_sides(shape, len(texts))
        return np.array(texts, dtype=str).reshape(shape)

    def compiled(self, plain: Mapping[str, Any]) -> Any:
        if plain["compiled"] not in CODECS:
            raise ModelError(refusal(str(plain["compiled"])))
        return CODECS[plain["compiled"]].build(self.value(plain["state"]))

    def instance(self, plain: Mapping[str, Any]) -> Any:
        name = plain["object"]
        found: Any = class_named(name) if isinstance(name, str) else None
        if found is None:
            raise ModelError(refusal(str(name)))
        state = self.value(plain["state"])
        if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
            raise ModelError(f"the model holds a {name} whose stored values have no names")
        if methods := [key for key in state if callable(getattr(found, key, None))]:
            raise ModelError(f"the model holds a {name} with a value that would replace its method {methods[0]!r:.60}")
        made = found.__new__(found)
        made.__setstate__(state) if hasattr(made, "__setstate__") else made.__dict__.update(state)
        check(made)
        return made


def _check_sides(shape: Sequence[int], size: int) -> None:
    if not size and max(shape, default=0) > _MAX_EMPTY_SIDE:
        raise ModelError(f"an empty array in the model has a side of {max(shape)}, more than {_MAX_EMPTY_SIDE}")


def _hashable(key: Any) -> Any:
    """Return a key of a mapping or a member of a set; refuse nested tuples, because hashing them may never end."""
    parts = key if isinstance(key, tuple) else (key,)
    if not all(part is None or isinstance(part, bool | int | float | str | np.generic) for part in parts):
        raise ModelError("a mapping or a set in the model has a key that is not a name, a number or a tuple of these")
    return key


def _float(plain: Mapping[str, Any]) -> float:
    if plain["float"] not in ("nan", "inf", "-inf"):
        raise ModelError(f"the model holds {plain['float']!r:.60} where nan, inf or -inf is needed")
    return float(plain["float"])


def _scalar(plain: Mapping[str, Any]) -> Any:
    name, value = plain["number"]
    return _type({"type": name})(_float(value) if isinstance(value, dict) else value)


def _type(plain: Mapping[str, Any]) -> Any:
    if plain["type"] not in NUMBERS:
        raise ModelError(f"the model names the type {plain['type']!r:.60}, which is not a number type of NumPy")
    return np.dtype(plain["type"]).type


_SCALARS: dict[frozenset[str], Callable[[Any], Any]] = {
    frozenset({"float"}): _float,
    frozenset({"number"}): _scalar,
    frozenset({"type"}): _type,
}
_COMPOUNDS: dict[frozenset[str], Callable[[_Reader, Any], Any]] = {
    frozenset({"tuple"}): lambda reader, plain: tuple(reader.parts(plain["tuple"])),
    frozenset({"set"}): lambda reader, plain: set(map(_hashable, reader.parts(plain["set"]))),
    frozenset({"dict"}): _Reader.mapping,
    frozenset({"array", "order"}): _Reader.array,
    frozenset({"texts", "shape"}): _Reader.texts,
    frozenset({"compiled", "state"}): _Reader.compiled,
    frozenset({"object", "state"}): _Reader.instance,
}
