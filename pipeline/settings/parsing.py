"""Settings dataclasses from YAML: unknown keys refused with the nearest valid one, every value of its field's type."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from common.names import suggest
from pipeline.errors import UserError
from pipeline.foreign import one_line

T = TypeVar("T")


def parse(cls: type[T], block: Any, where: str) -> T:
    """Build a settings dataclass from a YAML mapping.

    Raises
    ------
    UserError
        If a key is unknown or missing, or a value has another type than its field.
    """
    if not isinstance(block, dict):
        raise UserError(f"{where} must map names to values, but is {block!r:.200}")
    hints = get_type_hints(cls)
    entries = fields(cls)  # type: ignore[arg-type]
    for key in block:
        if key not in hints:
            raise UserError(f"{where}: unknown key {key!r:.200}; {suggest(key, hints)}")
    for entry in entries:
        required = entry.default is MISSING and entry.default_factory is MISSING
        if required and entry.name not in block:
            raise UserError(f"{where}: the key {entry.name!r} is missing")
    values = {key: _convert(value, hints[key], f"{where}.{key}") for key, value in block.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if is_dataclass(hint):
        return parse(hint, value, where)  # type: ignore[arg-type]
    if origin is Literal:
        return _one_of(value, arguments, where)
    if origin in (Union, types.UnionType):
        return _first_that_fits(value, arguments, where)
    if origin is tuple:
        return _sequence(value, arguments, where)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise UserError(f"{where} must map names to values, but is {value!r:.200}")
        found = {str(k): _convert(v, arguments[1], f"{where}.{one_line(k, 80)}") for k, v in value.items()}
        if len(found) < len(value):
            raise UserError(f"{where} names something twice: {', '.join(map(repr, value)):.200}")
        return found
    return _scalar(value, hint, where)


def _one_of(value: Any, allowed: tuple[Any, ...], where: str) -> Any:
    if value not in allowed or type(value) not in map(type, allowed):  # True is 1 to Python, and not to a reader
        raise UserError(f"{where} is {value!r:.200}; {suggest(value, allowed)}")
    return value


def _first_that_fits(value: Any, hints: tuple[Any, ...], where: str) -> Any:
    for hint in hints:
        try:
            return _convert(value, hint, where)
        except UserError:
            continue
    names = " or ".join(getattr(h, "__name__", str(get_args(h) or h)) for h in hints)
    raise UserError(f"{where} is {value!r:.200}, but must be {names}")


def _sequence(value: Any, arguments: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UserError(f"{where} must be a list, but is {value!r:.200}")
    found = tuple(_convert(v, arguments[0], f"{where}[{i}]") for i, v in enumerate(value))
    seen: set[Any] = set()
    for value in found:
        known = repr(value) if is_dataclass(value) or isinstance(value, dict | list | tuple) else value
        if known in seen:
            raise UserError(f"{where} names {value!r:.200} twice: once is enough")
        seen.add(known)
    return found


def _scalar(value: Any, hint: Any, where: str) -> Any:
    if hint is type(None):
        if value is not None:
            raise UserError(f"{where} is {value!r:.200}, but must be null")
        return None
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) != (hint is bool) or not isinstance(value, hint):
        quoted = ": write it in quotes" if hint is str and not isinstance(value, list | dict) else ""
        raise UserError(f"{where} is {value!r:.200}, but must be {hint.__name__}{quoted}")
    return value
