"""Find the source files of this program by package, and hash their contents."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ALL = ("common", "features", "models", "pipeline")
# The packages whose code a fit depends on. Packages that only read files are left out.
OF_A_FIT = ("common", "models", "features.text", "pipeline.training")

_ROOT = Path(__file__).resolve().parents[2]


@cache
def files_of(packages: Sequence[str]) -> tuple[Path, ...]:
    """Return the source files of packages and their subpackages."""
    folders: list[Path] = []
    for package in packages:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"there is no package named {package!r}", name=package)
        folders += map(Path, spec.submodule_search_locations)
    return tuple(file for folder in folders for file in sorted(folder.rglob("*.py")))


def installed_at(place: str) -> Path:
    """Return the path of a file or folder of this program; `place` is relative to the program's folder."""
    return _ROOT / place


def contents_of(files: Sequence[Path]) -> dict[str, str]:
    """Return the content hash of each source file, keyed by its path relative to the folder of this program."""
    return {file.relative_to(_ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
