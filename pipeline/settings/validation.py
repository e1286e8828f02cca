"""Build settings dataclasses from YAML or JSON with pydantic; a fault names the place, the value and what is allowed.

Types are strict: a number in quotes is text, and ``true`` is not a number. The type of a field, such as
``Annotated[float, Field(gt=0)]``, declares the allowed values; error messages and the schema for editors are derived
from that type.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Strict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from common.names import suggest
from models.classical.domains import Place, as_number
from pipeline.errors import UserError
from pipeline.foreign import one_line

T = TypeVar("T")

Fault = tuple[Place, str]  # where a mistake is, and the end of the sentence that describes it
Node = Mapping[str, Any]  # a part of a JSON schema

_STRICT = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping of names to values",
}


def _named_once(values: tuple[T, ...]) -> tuple[T, ...]:
    seen: set[str] = set()
    for value in values:
        if repr(value) in seen:
            text = f"names {value!r:.200} twice: once is enough"
            raise PydanticCustomError("twice", "{text}", {"text": text})
        seen.add(repr(value))
    return values


Listed = Annotated[tuple[T, ...], Strict(False), AfterValidator(_named_once)]  # a list that names nothing twice
Block = Annotated[T, BeforeValidator(lambda value: {} if value is None else value)]  # null counts as an empty block


def parse(cls: type[T], block: Any, where: str) -> T:
    """Build a settings dataclass from what a YAML or JSON file holds.

    Raises
    ------
    UserError
        If a name is unknown or missing, or a value is not allowed. The message names the first fault.
    """
    found, faults = validated(cls, block)
    if found is None:
        raise UserError(f"{where}{_joined(*faults[0])}")
    return found


def validated(cls: type[T], block: Any) -> tuple[T | None, list[Fault]]:
    """Build a settings dataclass from a block; return it without faults, or None with all faults of the block."""
    adapter = _adapter(cls)  # type: ignore[arg-type]  # a class can be hashed
    text = json.dumps([block])  # in JSON, strict types still accept a list for a tuple
    try:
        return adapter.validate_json(text)[0], []
    except ValidationError as error:
        schema = adapter.json_schema()
        return None, list(_faults(error.errors(include_url=False), json.loads(text)[0], schema["items"], schema))


def sentence(place: Place, fault: str) -> str:
    """Return a fault as a sentence.

    >>> sentence(("train", "settings", "svm", "C", 0), "is -1: it must be a number above 0")
    'train.settings.svm.C[0] is -1: it must be a number above 0'
    """
    return _joined(place, fault).removeprefix(".").removeprefix(": ").lstrip()


def described(node: Node, root: Node) -> str:
    """Return what a node of a JSON schema allows, in words that can follow "it must be".

    >>> described({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}]}, {})
    "a whole number of at least 1 or 'auto'"
    """
    node = resolved(node, root)
    if "anyOf" in node:
        return _either([described(branch, root) for branch in node["anyOf"]])
    if "enum" in node or "const" in node:
        return _either([_written(value) for value in node.get("enum", [node.get("const")])])
    least = f" of {node['minItems']} or more" if "minItems" in node else ""
    return _TYPES.get(node.get("type", ""), "any value") + least + _range(node)


def _either(choices: Sequence[str]) -> str:
    return " or ".join([*([", ".join(choices[:-1])] if choices[1:] else []), choices[-1]])


def _range(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    start = f" above {above}" if above is not None else "" if low is None else f" from {low}"
    if high is None and below is None:
        return f" of at least {low}" if low is not None else start
    end = f"to {high}" if high is not None else f"to below {below}"
    return f"{start}{',' if above is not None else ''} {'up ' if low is None else ''}{end}"


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(list[cls], config=_STRICT)


def _faults(errors: Sequence[ErrorDetails], block: Any, node: Node, root: Node) -> Iterator[Fault]:
    """Yield one fault per place, although pydantic reports one error for each type that a value may have."""
    seen = set()
    for error in errors:
        place, value, allowed = _reached(error["loc"][1:], block, node, root)
        last, kind = error["loc"][-1] if error["loc"] else "", error["type"]
        if kind == "missing":
            place, text = (*place, last), "is missing"
        elif kind == "unexpected_keyword_argument":
            text = f"is unknown; {suggest(str(last), _parent(error, block, node, root)['properties'])}"
        elif kind in ("value_error", "twice", "json_invalid"):
            text = error["msg"].replace("Value error, ", ": ", 1)
        else:
            text = _wrong(value, allowed, root)
        if place not in seen:
            seen.add(place)
            yield place, text


def _reached(loc: Sequence[str | int], value: Any, node: Node, root: Node) -> tuple[Place, Any, Node]:
    """Return the place, value and schema at an error's location; skip parts of the location that only name a type."""
    place: Place = ()
    for part in loc:
        inside = part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))
        if inside:
            place, value, node = (*place, part), value[part], _child(node, part, root)
    return place, value, node


def _parent(error: ErrorDetails, block: Any, node: Node, root: Node) -> Node:
    """Return the schema of the block that directly contains the setting with the error."""
    return _mapping(_reached(error["loc"][1:-1], block, node, root)[2], root)


def _child(node: Node, part: str | int, root: Node) -> Node:
    if isinstance(part, int):
        return next((b["items"] for b in _branches(node, root) if isinstance(b.get("items"), dict)), {})
    mapping = _mapping(node, root)
    child: Node = mapping.get("properties", {}).get(part) or mapping.get("additionalProperties") or {}
    return child if isinstance(child, dict) else {}


def _mapping(node: Node, root: Node) -> Node:
    return next((b for b in _branches(node, root) if b.get("type") == "object"), {})


def _branches(node: Node, root: Node) -> list[Node]:
    return [resolved(branch, root) for branch in resolved(node, root).get("anyOf", [node])]


def resolved(node: Node, root: Node) -> Node:
    """Return the definition that a node of a JSON schema refers to, or the node itself."""
    return root["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _wrong(value: Any, allowed: Node, root: Node) -> str:
    if isinstance(value, str) and "enum" in allowed:
        return f"is {value!r:.200}; {suggest(value, allowed['enum'])}"
    hint = ""
    branches = [branch for branch in _branches(allowed, root) if not {"enum", "const"} & set(branch)]
    types = {branch.get("type") for branch in branches}
    if "string" in types and isinstance(value, int | float):
        hint = "; write it in quotes"
    elif types & {"number", "integer"} and isinstance(value, str):
        hint = as_number(value)
    return f"is {_written(value):.200}: it must be {described(allowed, root)}{hint}"


def _written(value: Any) -> str:
    """Return a value as it is written in a settings file.

    >>> _written(True), _written("a")
    ('true', "'a'")
    """
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _joined(place: Place, fault: str) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{one_line(part, 80)}" for part in place)
    return f"{where}{'' if fault.startswith(':') else ' '}{fault}"
