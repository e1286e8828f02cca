"""Settings under former names: they are read as if they had the present names, with a notice."""

from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str, ...]

# Former place -> present name of its last key.
RENAMED: Mapping[Place, str] = {
    ("train", "singles"): "unimodal_models",
    ("train", "settings", "vote", "voters"): "voting",
}


def with_present_names(blocks: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[Place, str]]]:
    """Rename settings that have former names; return the blocks of the file, and what was renamed.

    Each renamed setting is listed as the keys that lead to its former name, and its present name. If a file has
    both names, neither is changed, so that the former one is reported as unknown.

    >>> with_present_names({"train": {"singles": [], "budget": 2}})
    ({'train': {'budget': 2, 'unimodal_models': []}}, [(('train', 'singles'), 'unimodal_models')])
    """
    found = [(place, present) for place, present in RENAMED.items() if _is_former(blocks, place, present)]
    renamed: Any = blocks
    for place, present in found:
        renamed = _renamed(renamed, place, present)
    return dict(renamed), found


def notices(path: object, lines: Iterator[tuple[int, Place, str]]) -> tuple[str, ...]:
    """Return a sentence about each former name, given its line, its place and the present name."""
    return tuple(
        f"{path}, line {line}: {'.'.join(place)} is now called {present}: rename it" for line, place, present in lines
    )


def _is_former(block: Any, place: Place, present: str) -> bool:
    for key in place[:-1]:
        block = block.get(key) if isinstance(block, Mapping) else None
    return isinstance(block, Mapping) and place[-1] in block and present not in block


def _renamed(block: Any, place: Place, present: str) -> dict[str, Any]:
    first, *rest = place
    if rest:
        return {**block, first: _renamed(block[first], tuple(rest), present)}
    return {key: value for key, value in block.items() if key != first} | {present: block[first]}
