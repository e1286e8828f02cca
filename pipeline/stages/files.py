"""Writing small text files so that they are either there whole or not at all."""

from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write to a temporary name and rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
