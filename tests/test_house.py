"""Folders, files and functions stay so small that a newcomer can read them."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[1]
ROOMS = ("benchmarks", "common", "crossmodal", "features", "models", "pipeline")
FILES, LINES, FUNCTION = 15, 350, 50  # the most of a folder, of a file, of a function


def sources() -> list[Path]:
    return [*HOUSE.glob("*.py"), *(path for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py")))]


def shown(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's place and its number of lines, docstring included, decorators not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{shown(path)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_folder_holds_too_many_files() -> None:
    held = Counter(shown(path.parent) for path in sources() if path.name != "__init__.py")
    assert len(held) > 30  # the rooms were found
    assert {folder: count for folder, count in held.items() if count > FILES} == {}


def test_no_file_is_too_long() -> None:
    lines = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {path: count for path, count in lines.items() if count > LINES} == {}


def test_no_function_is_too_long() -> None:
    lines = dict(found for path in sources() for found in functions(path))
    assert len(lines) > 1000
    assert {place: count for place, count in lines.items() if count > FUNCTION} == {}
