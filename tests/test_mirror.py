"""Every module has its test file under the same path: `pipeline/x/y.py` -> `tests/pipeline/x/test_y.py`."""

from pathlib import Path

HOUSE = Path(__file__).parents[1]
ROOMS = ("common", "features", "models", "pipeline")


def modules() -> list[Path]:
    found = [path.relative_to(HOUSE) for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py"))]
    return [path for path in found if path.name != "__init__.py"]


def mirror(module: Path) -> Path:
    return Path("tests", module.parent, f"test_{module.name}")


def test_every_module_has_a_test_file_of_its_path() -> None:
    assert {str(module) for module in modules() if not (HOUSE / mirror(module)).is_file()} == set()


def test_every_such_file_has_a_test() -> None:
    files = [HOUSE / mirror(module) for module in modules()]
    assert [str(path) for path in files if "\ndef test_" not in path.read_text(encoding="utf-8")] == []
