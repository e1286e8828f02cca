"""Files that are bound to what was written: beside them stands a record with the sha256 of each.

`tables.json` beside the tables of `prepare` and `evaluate`, `train.json` beside the predictions. A cell that was edited
or damaged is not taken for a result. What no record names is not checked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from features.atomic import write_text
from pipeline.errors import UserError, refuse_pipe
from pipeline.media import sha256_of

TABLES = "tables.json"
TRAINED = "train.json"


def record(files: Mapping[str, Path], command: str, rest: Mapping[str, Any] | None = None) -> str:
    """Return a record as text.

    Parameters
    ----------
    files
        Name -> where the file lies now.
    command
        What writes them again.
    rest
        What else the record says.
    """
    said = {**(rest or {}), "command": command, "files": {name: sha256_of(path) for name, path in files.items()}}
    return json.dumps({**said, "digest": _digest(said)}, indent=1) + "\n"


def bind(folder: Path, names: Iterable[str], command: str) -> None:
    """Write `tables.json` for files of a folder that are there."""
    write_text(folder / TABLES, record({name: folder / name for name in names}, command))


def read_record(path: Path) -> dict[str, Any]:
    """Return what a record says.

    Raises
    ------
    UserError
        If it is damaged, or was edited.
    """
    refuse_pipe(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        digest = found.pop("digest", None)
        if digest != _digest(found) and (digest is not None or "files" in found):  # earlier records bound nothing
            raise ValueError("it is not what was written")
        if not all(isinstance(found.get(name, kind()), kind) for name, kind in (("files", dict), ("command", str))):
            raise ValueError("it names no files")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        stage = "train" if path.name == TRAINED else "prepare` or `evaluate"
        raise UserError(f"{path} is damaged ({error}): run `crossmodal {stage}` for this corpus again") from error
    return dict(found)


def require_written(path: Path) -> None:
    """Check that a file is the one that the record beside it names.

    Raises
    ------
    UserError
        If it is not; the sentence names the command that writes it again.
    """
    for name in (TRAINED, TABLES):
        beside = path.with_name(name)
        if beside.exists():
            said = read_record(beside)
            require_named(path, said)
            if path.name in said.get("files", {}):
                return


def require_named(path: Path, said: Mapping[str, Any]) -> None:
    """Check that a file is the one that a record names, if it does; else as `require_written`."""
    digest = said.get("files", {}).get(path.name)
    if digest is not None and digest != sha256_of(path):
        raise UserError(
            f"{path} is not what `{said.get('command', 'crossmodal')}` wrote: it was edited, damaged, or another run "
            f"was stopped while it wrote. Run that command again{_ELSE.get(path.name, '')}"
        )


_ELSE = dict.fromkeys(
    ("utterances.csv", "words.csv"), "; changes belong into the files that the corpus is read from, not into this one"
)


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
