"""Read the YAML of a settings file so that names stay as written and no value is misread.

YAML turns text into numbers, dates and truth values (``1.10``, ``2024-01-01``, ``on``), keeps the last of two equal
keys, and lets a short file expand to millions of values through aliases. Names and dates are therefore read as text,
and equal keys and such expansions are refused with their line. The result holds only the types that JSON has.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import UserError

_NOT_IN_JSON = ("timestamp", "binary", "set", "omap", "pairs")  # YAML types that no setting has
_STRING = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_MOST = 100_000  # maximum number of values after all aliases are expanded
_LISTS = {"run": "corpora", "features": "extract"}  # block -> its list of names


class _Loader(yaml.SafeLoader):
    """A YAML loader that knows only the types of JSON; a date stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: make
    for tag, make in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] not in _NOT_IN_JSON
}


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a settings file's blocks.

    Raises
    ------
    UserError
        If the file is missing, is not a YAML mapping, or holds a duplicate key or a number that is not finite.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(
            f"{path} does not exist: make a project here with `crossmodal init FOLDER`, go to a project's folder, or "
            "name a settings file with --params"
        ) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from error
    blocks = _read(text, path)
    if not isinstance(blocks, dict):
        raise UserError(f"{path} must hold blocks such as 'run:' and 'corpora:', but holds {type(blocks).__name__}")
    return blocks


def line_of(path: Path, *keys: str | int) -> int:
    """Return the line of a value in a settings file; if it is missing, return that of the innermost block around it.

    Parameters
    ----------
    path
        A file that `read_yaml` can read.
    keys
        Names and positions in lists that lead to the value.
    """
    node, line = yaml.SafeLoader(path.read_text(encoding="utf-8-sig")).get_single_node(), 1
    for key in keys:
        found: dict[Any, Any] = dict(enumerate((part, part) for part in _parts(node))) if node else {}
        if isinstance(node, yaml.MappingNode):
            found = {name.value: (name, value) for name, value in node.value}
        if key not in found:
            break
        name, node = found[key]
        line = _line(name)
    return line


def _read(text: str, path: Path) -> Any:
    try:
        blocks = _constructed(_Loader(text), path)
    except RecursionError:
        raise UserError(f"{path} is nested too deeply to be settings") from None
    except (yaml.YAMLError, ValueError) as error:  # a ValueError is an invalid number
        raise UserError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from error
    _check_numbers(blocks, str(path))
    return blocks


def _constructed(loader: yaml.SafeLoader, path: Path) -> Any:
    root = loader.get_single_node()
    if root is None:
        return None
    _count(root, {}, path)
    _check_keys(root, path)
    _as_written(root)
    return loader.construct_document(root)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _count(node: yaml.Node, sizes: dict[int, int], path: Path) -> int:
    """Return the number of values in a node with all aliases expanded; raise `UserError` if there are too many."""
    if id(node) not in sizes:
        sizes[id(node)] = _MOST  # until the size is known, since a node may contain itself
        sizes[id(node)] = 1 + sum(_count(part, sizes, path) for part in _parts(node))
    if sizes[id(node)] >= _MOST:
        raise UserError(f"{path}, line {_line(node)}: this expands to more than {_MOST} values: use fewer aliases")
    return sizes[id(node)]


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting += _parts(node)


def _check_keys(root: yaml.Node, path: Path) -> None:
    for node in _nodes(root):
        seen: dict[Any, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                raise UserError(f"{path}, line {_line(key)}: a list or mapping cannot be the name of a setting")
            if name in seen and key.tag != _MERGE:
                raise UserError(
                    f"{path}, line {_line(key)}: the key {name!r} is already in line {seen[name]}: keep one"
                )
            seen[name] = _line(key)


def _as_written(root: yaml.Node) -> None:
    """Tag the names of blocks and of their entries as text, and also the items of run.corpora and features.extract."""
    for block, content in _pairs(root):
        block.tag = _STRING
        for name, value in _pairs(content):
            if name.tag != _MERGE:
                name.tag = _STRING
            if _LISTS.get(block.value) == name.value:
                for item in _parts(value) if isinstance(value, yaml.SequenceNode) else ():
                    item.tag = _STRING if isinstance(item, yaml.ScalarNode) else item.tag


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _check_numbers(value: Any, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where} is {value}: write a finite number")
    if isinstance(value, dict | list):
        separator = "." if ": " in where else ": "
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            _check_numbers(part, f"{where}[{name}]" if isinstance(value, list) else f"{where}{separator}{name}")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
