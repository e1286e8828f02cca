"""Editing params.yaml without touching what a person wrote there."""

from pathlib import Path
from typing import Any

from features.base import MODALITIES
from pipeline.errors import UserError, suggest

RAW = Path("data/raw")


def add_corpus(path: Path, name: str, settings: dict[str, Any], *, also_run: bool = False) -> list[str]:
    """Add a corpus block to a settings file and return what to tell the user.

    A root outside data/raw/<name> is linked there, which is where `dvc repro` looks for changed recordings.

    Raises
    ------
    UserError
        If the name is taken or unusable, or a setting is impossible.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    if not name.replace("_", "").replace("-", "").isalnum():
        raise UserError(f"{name!r} cannot name a corpus: use letters, digits, _ and -")
    yaml = YAML()
    yaml.width = 4096
    try:
        document = yaml.load(path.read_text(encoding="utf-8")) if path.exists() else CommentedMap()
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no readable YAML: {' '.join(str(error).split())}") from error
    corpora = document.setdefault("corpora", CommentedMap())
    if name in corpora:
        raise UserError(f"{path} has a corpus {name!r} already: choose another name, or edit its block")
    corpora[name] = _flow(_block(settings))
    lines = [f"added corpora.{name} to {path}", *_link(name, Path(settings["root"]))]
    if also_run:
        run = document.setdefault("run", CommentedMap())
        run["corpora"] = _flow([*(run.get("corpora") or []), name])
    else:
        lines.append(f"`dvc repro` runs the corpora of run.corpora: add {name} there")
    temporary = path.with_name(f".{path.name}.partial")
    with temporary.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    temporary.replace(path)
    return [*lines, f"next: crossmodal validate {name}"]


def _block(settings: dict[str, Any]) -> dict[str, Any]:
    root = Path(settings["root"]).expanduser()
    if not root.is_dir():
        raise UserError(f"--root {root} is no folder")
    modalities = [m.strip() for m in settings["modalities"].split(",") if m.strip()]
    for modality in modalities:
        if modality not in MODALITIES:
            raise UserError(f"--modalities: {modality!r} is none; {suggest(modality, MODALITIES)}")
    kinds = ("official", "group-kfold", "leave-one-group-out")
    if settings["kind"] not in kinds:
        raise UserError(f"--protocol: {settings['kind']!r} is none; {suggest(settings['kind'], kinds)}")
    protocol: dict[str, Any] = {"kind": settings["kind"]}
    if settings["kind"] == "group-kfold":
        protocol["folds"] = settings["folds"]
    protocol["group"] = settings["group"]
    return {
        "reader": settings["reader"],
        "root": root.as_posix(),
        "task": settings["task"],
        "label": settings["label"],
        "modalities": modalities,
        "protocol": protocol,
    }


def _link(name: str, root: Path) -> list[str]:
    link = RAW / name
    target = root.expanduser().resolve()
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
