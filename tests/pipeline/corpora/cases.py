"""Folders of a corpus after a copy that changed the case of names."""

from collections.abc import Callable
from pathlib import Path


def refold(root: Path, change: Callable[[str], str], *, files: bool = False) -> None:
    """Rename all folders below a root, and the files too if asked for."""
    for path in sorted(root.rglob("*"), key=lambda p: len(p.parts), reverse=True):
        if path.is_dir() or files:
            path.rename(path.with_name(change(path.name)))
