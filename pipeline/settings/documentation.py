"""The documentation of every setting: docs/settings.md for people, and a JSON schema of params.yaml for editors.

Both are generated from the settings classes: the type of each field, its default, and its entry in the docstring of the
class. `make schema` writes them.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from features.registry import default_extractors, extractor_class, extractor_names
from models.classical.domains import DOMAINS
from pipeline.settings.blocks import SettingsFile
from pipeline.settings.registered import EXTRACT
from pipeline.settings.validation import Node, described, resolved

PAGE = Path("docs/settings.md")
SCHEMA = Path("docs/params.schema.json")
_HEAD = """# Settings

`crossmodal settings` checks params.yaml against this list. `make schema` writes this page and the schema for editors,
params.schema.json. A setting that is left out has its default; a setting without a default is required.
"""

_STRATEGIES = """## `train.settings`

Settings of classifiers, reducers and strategies, keyed by their names; [strategies.md](strategies.md) describes them.
A list holds alternatives, among which inner folds choose:

```yaml
train:
  settings:
    logistic: {C: [0.02, 0.1, 1]}
```
"""


def meanings(cls: type[Any]) -> dict[str, str]:
    """Return the description of each attribute, taken from the docstrings of a class and its base classes.

    >>> from pipeline.settings.streams import TextConfig
    >>> meanings(TextConfig)["lowercase"]
    'Whether tokens are lower-cased.'
    """
    found: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        text = inspect.cleandoc(one.__doc__ or "")
        section = re.search(r"Attributes\n-+\n(.*?)(?:\n\n\w+\n-+\n|\Z)", text, re.DOTALL)
        entries = re.findall(r"^(\w.*)\n((?:[ ].*\n?|\n)+)", section[1] + "\n" if section else "", re.MULTILINE)
        for names, entry in entries:
            found |= dict.fromkeys(map(str.strip, names.split(",")), " ".join(dedent(entry).split()))
    return found


def schema() -> dict[str, Any]:
    """Return the JSON schema of a settings file, with the built-in extractors."""
    root = _schema_of(SettingsFile)
    extractors = {name: _schema_of(extractor_class(name).Config) for name in extractor_names()}
    listed = {"type": "array", "items": {"anyOf": [{"enum": list(extractors)}, {"type": "string"}]}}
    listed |= {
        "default": list(default_extractors()),
        "description": "The extractors that run, including those of plugins.",
    }
    features = root["properties"]["features"]
    root["properties"]["features"] = features | {"properties": {EXTRACT: listed, **_or_empty(extractors)}}
    train = root["$defs"]["TrainParams"]["properties"]
    train["settings"] = train["settings"] | {"properties": {name: _settings_of(name) for name in DOMAINS}}
    streams = root["$defs"]["StreamsParams"]
    streams["properties"] = _or_empty(streams["properties"])
    root["properties"] = _or_empty(root["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root}


def _or_empty(blocks: Mapping[str, Node]) -> dict[str, Node]:
    """Return the schemas of blocks, changed to accept empty blocks as well."""
    return {
        name: {"anyOf": [block, {"type": "null"}], "description": block.get("description", "")}
        for name, block in blocks.items()
    }


def _settings_of(owner: str) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "properties": {name: {"description": domain.text} for name, domain in DOMAINS[owner].items()},
    }


def _schema_of(cls: type[Any]) -> dict[str, Any]:
    """Return the JSON schema of a dataclass, with all default values, and with descriptions from its docstring."""
    found: dict[str, Any] = TypeAdapter(cls).json_schema()
    classes = {cls.__name__: cls} | {one.__name__: one for one in _classes(cls)}
    for name, node in {cls.__name__: found, **found.get("$defs", {})}.items():
        node |= {"additionalProperties": False, "description": (classes[name].__doc__ or "").partition("\n")[0]}
        for entry in fields(classes[name]):
            made = {} if entry.default_factory is MISSING else {"default": to_jsonable_python(entry.default_factory())}
            text = meanings(classes[name]).get(entry.name, "")
            node["properties"][entry.name] = {**node["properties"][entry.name], **made, "description": text}
    untitled: dict[str, Any] = _untitled(found)
    return untitled


def _classes(cls: type[Any]) -> Iterator[type[Any]]:
    """Yield the dataclasses that occur in a dataclass's fields."""
    for hint in inspect.get_annotations(cls, eval_str=True).values():
        waiting = [hint]
        while waiting:
            part = waiting.pop()
            waiting += getattr(part, "__args__", ())
            if isinstance(part, type) and is_dataclass(part):
                yield part
                yield from _classes(part)


def _untitled(node: Any) -> Any:
    if isinstance(node, list):
        return [_untitled(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {key: _untitled(part) for key, part in node.items() if key != "title" or not isinstance(part, str)}


def page() -> str:
    """Return the text of docs/settings.md: one table of settings, allowed values, defaults and meanings per block."""
    root = schema()
    blocks = [_section(name, node, root) for name, node in root["properties"].items()]
    return "\n".join([_HEAD, *(line for block in blocks for line in block), *_strategies(), ""])


def _section(place: str, node: Node, root: Node) -> list[str]:
    """Return a heading, a table of a block's settings, and the sections of the blocks inside it."""
    block = _block(node, root)
    more = block.get("additionalProperties")
    if not block.get("properties") and isinstance(more, Mapping):
        return _section(f"{place}.NAME", more, root)
    rows, inside = [], []
    for key, value in block["properties"].items():
        if place == "train" and key == "settings":
            continue
        if _block(value, root).get("properties"):
            inside += _section(f"{place}.{key}", value, root)
        else:
            rows.append(_row(f"{place}.{key}", value, root))
    table = ["| setting | allowed | default | meaning |", "|---|---|---|---|", *rows, ""] if rows else []
    return [
        f"## `{place}`",
        "",
        (node.get("description") or block["description"]).replace("``", "`"),
        "",
        *table,
        *inside,
    ]


def _block(node: Node, root: Node) -> Node:
    """Return the part of a setting's schema that allows a mapping; empty if the setting cannot be a mapping."""
    branches = [resolved(branch, root) for branch in node.get("anyOf", [node])]
    return next((branch for branch in branches if branch.get("type") == "object"), {})


def _row(place: str, node: Node, root: Node) -> str:
    default = f"`{json.dumps(node['default'])}`" if "default" in node else ""
    cells = (f"`{place}`", described(node, root), default, node["description"].replace("``", "`"))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _strategies() -> list[str]:
    owners: dict[tuple[str, str], list[str]] = {}
    for owner, settings in DOMAINS.items():
        for name, domain in settings.items():
            owners.setdefault((name, domain.text), []).append(f"`{owner}`")
    rows = [f"| `{name}` | {text} | {', '.join(names)} |" for (name, text), names in sorted(owners.items())]
    return [_STRATEGIES, "| setting | allowed | used by |", "|---|---|---|", *rows]


def main() -> None:
    """Write docs/settings.md and the JSON schema of params.yaml."""
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
