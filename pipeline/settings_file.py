"""Editing params.yaml without touching what a person wrote there."""

from pathlib import Path
from typing import Any

from features.base import MODALITIES
from models.protocol import protocol_names
from pipeline.corpora.base import reader
from pipeline.errors import UserError, suggest
from pipeline.params import load_params

RAW = Path("data/raw")


def add_corpus(path: Path, name: str, settings: dict[str, Any], *, also_run: bool = False) -> list[str]:
    """Add a corpus block to a settings file and return what to tell the user.

    A root outside data/raw/<name> is linked there, which is where `dvc repro` looks for changed recordings.

    Raises
    ------
    UserError
        If the name is taken or unusable, or a setting is impossible; nothing is changed then.
    """
    from ruamel.yaml.comments import CommentedMap

    if not name.replace("_", "").replace("-", "").isalnum():
        raise UserError(f"{name!r} cannot name a corpus: use letters, digits, _ and -")
    block = _block(settings)
    reader(block["reader"])
    document = _document(path)
    corpora = document["corpora"] = document.get("corpora") or CommentedMap()
    if name in corpora:
        raise UserError(f"{path} has a corpus {name!r} already: choose another name, or edit its block")
    corpora[name] = _flow(block)
    lines = [f"added corpora.{name} to {path}"]
    if also_run:
        run = document["run"] = document.get("run") or CommentedMap()
        run["corpora"] = _flow([*(run.get("corpora") or []), name])
    else:
        lines.append(f"`dvc repro` runs the corpora of run.corpora: add {name} there")
    _replace(path, document, lines, name, Path(block["root"]))
    return [*lines, f"next: crossmodal validate {name}"]


def _document(path: Path) -> Any:
    """Return the file's content with its comments; an empty one where there is no file."""
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    if not path.exists():
        return CommentedMap()
    load_params(path)  # a file that is wrong already is not added to
    try:
        return _yaml().load(path.read_text(encoding="utf-8")) or CommentedMap()
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no readable YAML: {' '.join(str(error).split())}") from error


def _replace(path: Path, document: Any, lines: list[str], name: str, root: Path) -> None:
    """Write the file to a temporary name, read it back as every command does, link the root, and only then rename."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            _yaml().dump(document, file)
        load_params(temporary)
        lines += _link(name, root)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096  # a line is left as long as it is
    return yaml


def _block(settings: dict[str, Any]) -> dict[str, Any]:
    root = Path(settings["root"]).expanduser()
    if not root.is_dir():
        raise UserError(f"--root {root} is no folder")
    modalities = [m.strip() for m in settings["modalities"].split(",") if m.strip()]
    if not modalities:
        raise UserError(f"--modalities names none; {suggest('', MODALITIES)}")
    for modality in modalities:
        if modality not in MODALITIES:
            raise UserError(f"--modalities: {modality!r} is none; {suggest(modality, MODALITIES)}")
    if settings["kind"] not in protocol_names():
        raise UserError(f"--protocol: {settings['kind']!r} is none; {suggest(settings['kind'], protocol_names())}")
    protocol: dict[str, Any] = {"kind": settings["kind"]}
    if settings["kind"] == "group-kfold":
        protocol["folds"] = settings["folds"]
    protocol["group"] = settings["group"]
    wanted = {name: settings[name] for name in ("reader", "task", "label")}
    return wanted | {"root": root.as_posix(), "modalities": list(dict.fromkeys(modalities)), "protocol": protocol}


def _link(name: str, root: Path) -> list[str]:
    link = RAW / name
    target = root.resolve()
    if link.resolve() == target:
        return []
    if link.exists() or link.is_symlink():
        raise UserError(f"{link} is there already and is not {root}: choose another name")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target, target_is_directory=True)
    return [f"linked {link} -> {target}"]


def _flow(value: Any) -> Any:
    """Return the value as a YAML node that is written in one line, as in ``{kind: official}``."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, dict):
        mapping = CommentedMap({key: _flow(v) for key, v in value.items()})
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(value)
        sequence.fa.set_flow_style()
        return sequence
    return value
