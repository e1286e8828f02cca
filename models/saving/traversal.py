"""Iterate over all objects of which a fitted model consists."""

from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_NOT_PARTS = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def iter_parts(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield `root` and each object inside it once, with the path of attributes and positions that leads to the object.

    The search covers attributes (those that ``__getstate__`` keeps, including slots), and the items of lists, tuples,
    sets, mappings and arrays of objects. Attributes and keys are visited in alphabetical order, so that equal models
    give equal paths.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> [path for path, _ in iter_parts(make_pipeline(Ridge()))]
    ['', 'steps.0.1']
    """
    seen: dict[int, Any] = {}  # keeps the objects alive, so that no id is used twice
    waiting = [("", root)]
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if _is_object(value):
            yield path, value
        parts = [(f"{path}.{name}" if path else name, part) for name, part in _contents(value)]
        waiting += reversed(parts)


def _is_object(value: Any) -> bool:
    has_attributes = hasattr(value, "__dict__") or bool(getattr(type(value), "__slots__", ()))
    return has_attributes and not isinstance(value, _NOT_PARTS)


def _contents(value: Any) -> list[tuple[str, Any]]:
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
        states = state if isinstance(state, tuple) else (state,)  # for a class with slots, this is (attributes, slots)
        return [part for own in states if isinstance(own, Mapping) for part in _contents(own)]
    return []
