"""Records of what a stage wrote: a JSON file next to the stage's tables, with the sha256 of each table.

The record `tables.json` is next to the tables of `prepare` and `evaluate`. The record `train.json` is next to the
predictions. A table that was edited or damaged after it was written is refused. A table that no record lists is refused
too: its record was deleted, or an earlier version wrote it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import UserError, refuse_pipe
from pipeline.hashing import sha256_of

TABLES = "tables.json"
PUBLISHED = "published"  # key in the record of `prepare`: whether the corpus, or each part of a union, is published
TRAINED = "train.json"
VERSION = 2  # version of the records; records of version 1 have no version number

_PREPARED = ("utterances.csv", "words.csv")
PREDICTED = ("predictions.csv", "dropped.csv", "presence.csv", "attention.csv", "parameters.csv")
_EVALUATED = (
    *("table.csv", "table.md", "table.tex", "comparisons.csv"),
    *("answer.json", "metrics.json", "all_metrics.json"),
    *("robustness.csv", "robustness.md", "by_presence.csv", "by_group.csv", "only_fusion.csv", "only_single.csv"),
    *("forest.svg", "robustness.svg", "attention.svg", "reliability.svg"),
)
BOUND = (*_PREPARED, *PREDICTED, *_EVALUATED)  # files that are trusted only if a record lists them


def record(files: Mapping[str, Path], command: str, rest: Mapping[str, Any] | None = None) -> str:
    """Return the text of a record: a JSON file that lists the sha256 of each file that a stage wrote.

    Parameters
    ----------
    files
        The current path of each file, keyed by its name.
    command
        The command that rewrites the files.
    rest
        Further entries of the record.
    """
    content = {
        **(rest or {}),
        "version": VERSION,
        "command": command,
        "files": {name: sha256_of(path) for name, path in files.items()},
    }
    return json.dumps({**content, "digest": _digest(content)}, indent=1) + "\n"


def read_record(path: Path) -> dict[str, Any]:
    """Return the content of a record.

    Raises
    ------
    UserError
        If the record is damaged, was edited, or has a different version.
    """
    found = _whole(path)
    if (version := found.get("version", 1)) != VERSION:
        raise UserError(
            f"{path} is a record of version {version!r:.20}, but this program reads version {VERSION}: run "
            f"`{command_of(path)}` again"
        )
    return found


def _whole(path: Path) -> dict[str, Any]:
    """Return the content of a record of any version; raise `UserError` if it is damaged or was edited."""
    refuse_pipe(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        digest, version = found.pop("digest", None), found.get("version", 1)
        if digest != _digest(found) and (digest is not None or "files" in found or version != 1):
            raise ValueError("its content was changed")
        if version == VERSION and not (isinstance(found["files"], dict) and isinstance(found["command"], str)):
            raise ValueError("it lists no files")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({error}): run `{command_of(path)}` again") from error
    return dict(found)


def require_written(path: Path) -> None:
    """Check that a file still has the content that the record next to it lists.

    Raises
    ------
    UserError
        If a record lists the file, but the file is missing or has different content; if the file needs a record, but
        none lists it; or if a record is damaged. The message names the command that writes the file.
    """
    records = [path.with_name(name) for name in (TRAINED, TABLES) if path.with_name(name).exists()]
    if path.name in PREDICTED:
        records = [record for record in records if record.name == TRAINED]
    for record_path in records:
        content = read_record(record_path)
        require_named(path, content)
        if path.name in content["files"]:
            return
    if path.name in BOUND:
        raise UserError(without_record(path))


def is_there(path: Path) -> bool:
    """Return whether an optional file exists; raise `UserError` if it is missing although a record lists it."""
    for name in (TRAINED,) if path.name in PREDICTED else (TRAINED, TABLES):
        record_path = path.with_name(name)
        if not path.exists() and record_path.exists():
            require_named(path, read_record(record_path))
    return path.exists()


def require_all_there(path: Path) -> None:
    """Check that every file that a record lists exists; a missing one raises `UserError`."""
    content = read_record(path)
    for name in content["files"]:
        if not path.with_name(name).exists():
            require_named(path.with_name(name), content)


def unknown(path: Path) -> str:
    """Return why predictions cannot be checked (no record, or one of a different version), or ``""`` if they can be."""
    record = path.with_name(TRAINED)
    return "" if record.exists() and of_this_version(record) else without_record(path)


def of_this_version(path: Path) -> bool:
    """Whether a record has the version that this program writes; raise `UserError` if the record is damaged."""
    return bool(_whole(path).get("version", 1) == VERSION)


def without_record(path: Path) -> str:
    """Return a sentence about a file that no record lists, with the command that writes it again."""
    record = path.with_name(TRAINED if path.name in PREDICTED else TABLES)
    again = f"Run `{command_of(path)}` again{_ELSE.get(path.name, '')}"
    if record.exists() and not of_this_version(record):
        found = _whole(record).get("version", 1)
        why = f"is a record of version {found!r:.20}, but this program reads version {VERSION}"
        return f"{path} cannot be checked, since {record} {why}. {again}"
    why = "does not list it" if record.exists() else "is missing"
    return (
        f"{path} cannot be checked, since {record} {why}: the record was deleted, or an earlier version wrote the "
        f"table. {again}"
    )


def require_named(path: Path, content: Mapping[str, Any]) -> None:
    """Raise `UserError` if a record lists a file that is missing or whose content has changed."""
    digest = content["files"].get(path.name)
    if digest is not None and not path.exists():
        raise UserError(f"{path} is missing: run `{content['command']}` again")
    if digest is not None and digest != sha256_of(path):
        raise UserError(
            f"{path} is not what `{content['command']}` wrote: it was edited or damaged, or another run was stopped "
            f"while writing it. Run that command again{_ELSE.get(path.name, '')}"
        )


_ELSE = dict.fromkeys(_PREPARED, "; to change the corpus, edit the files that it is read from, not this one")


def command_of(path: Path) -> str:
    """Return the command that rewrites a record, or a file that a record lists.

    The name of the corpus is taken from the path: ``results/NAME`` or ``data/work/NAME``.

    >>> command_of(Path("results/demo/images/forest.svg"))
    'crossmodal evaluate --corpus demo'
    """
    folder, rest = path.parent, ""
    if folder.name in ("shuffled", "images") and folder.parent.name not in (
        "results",
        "work",
    ):  # a corpus may have these names
        rest = " --shuffle-labels" if folder.name == "shuffled" else ""
        folder = folder.parent
    predicted = path.name == TRAINED or path.name in PREDICTED
    prepared = path.name in _PREPARED or (path.name == TABLES and folder.parent.name == "work")
    stage = "train" if predicted else "prepare" if prepared else "evaluate"
    return f"crossmodal {stage} --corpus {folder.resolve().name}{rest}"


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
