"""Everything that a fitted model is made of: one walk, for saving weights apart and for counting what was learnt."""

from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_NO_PART = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield each object inside `root` once, itself first, with the path of attributes and positions that leads to it.

    The walk goes through attributes (those that an object's ``__getstate__`` keeps, slots too), lists, tuples, sets,
    mappings and arrays of objects, in the order of their names, so that equal models give equal paths.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> [path for path, _ in walk(make_pipeline(Ridge()))]
    ['', 'steps.0.1']
    """
    seen: dict[int, Any] = {}  # holds what it has seen, so that no address is used twice
    waiting = [("", root)]
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if _is_object(value):
            yield path, value
        parts = [(f"{path}.{name}" if path else name, part) for name, part in _parts(value)]
        waiting += reversed(parts)


def _is_object(value: Any) -> bool:
    own = hasattr(value, "__dict__") or bool(getattr(type(value), "__slots__", ()))
    return own and not isinstance(value, _NO_PART)


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr)
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist() if value.dtype == object else []
    if isinstance(value, list | tuple):
        return [(str(place), part) for place, part in enumerate(value)]
    if isinstance(value, Mapping):
        return sorted(((str(key), part) for key, part in value.items()), key=lambda pair: pair[0])
    if _is_object(value):
        state = value.__getstate__()
        states = state if isinstance(state, tuple) else (state,)  # of a class with slots: attributes, slots
        return [part for own in states if isinstance(own, Mapping) for part in _parts(own)]
    return []
