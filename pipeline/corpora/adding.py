"""Add corpora, features and labels to params.yaml without changing anything else in it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from common.atomic import replacing
from common.names import suggest
from features.base import MODALITIES
from models.validation.protocol import PROTOCOLS, protocol_names
from pipeline.corpora.registry import description
from pipeline.errors import UserError
from pipeline.locales import hint_of
from pipeline.run.locks import locked
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import check_name
from pipeline.settings.unions import UNION, UnionParams

RAW = Path("data/raw")


def add_corpus(
    path: Path,
    name: str,
    settings: Mapping[str, Any],
    *,
    also_run: bool = False,
    force: bool = False,
    check: Callable[[Params], None] = lambda _: None,
) -> list[str]:
    """Add a corpus block to a settings file and return the lines to print.

    If the recordings are not in data/raw/<name>, their folder is linked there, since `dvc repro` looks for changes in
    data/raw. For a union, the folders of its parts are linked in data/raw/<name>. With `also_run`, the corpus is also
    added to run.corpora. `check` may refuse the new settings by raising an exception.

    Raises
    ------
    UserError
        If the name is taken and `force` is not set, if the name cannot be used, if a setting is invalid, or if
        data/raw/<name> already exists and is not the corpus's folder. The settings file is then unchanged.
    """
    check_name(name)
    with _editing(path):
        return _add_corpus(path, name, settings, also_run, force, check)


def _add_corpus(
    path: Path, name: str, settings: Mapping[str, Any], also_run: bool, force: bool, check: Callable[[Params], None]
) -> list[str]:
    from ruamel.yaml.comments import CommentedMap

    document = _document(path)  # comes first, because it loads the plugins, which may register the reader
    union = settings["reader"] == UNION
    block = _union_block(path, name, settings) if union else _block(settings)
    corpora = document["corpora"] = document.get("corpora") or CommentedMap()
    key = next((own for own in corpora if str(own) == name), _text(name))
    if key in corpora and not force:
        raise UserError(f"{path} already has a corpus {name!r}: choose another name, or replace its block with --force")
    lines = [f"{'replaced' if key in corpora else 'added'} corpora.{name} {'in' if key in corpora else 'to'} {path}"]
    corpora[key] = _flow(block)
    lines += [*_unlabelled(name, block), *_unused(settings, block["protocol"])]
    run = document.get("run") or CommentedMap()
    listed = [*map(str, run.get("corpora") or [])]
    if also_run and name not in listed:
        run["corpora"] = _flow([*listed, name])
        document["run"] = run
    elif name not in listed:
        lines.append(f"`dvc repro` runs the corpora listed in run.corpora: add {name} there")
    _replace(path, document, lines, name, check, force=force)
    return [*lines, f"next: crossmodal validate {name}"]


def _unlabelled(name: str, block: Mapping[str, Any]) -> list[str]:
    if block["label"]:
        return []
    return [f"{name} has no label column: it gets features but is not trained on; --label COLUMN --force adds one"]


def add_features(path: Path, name: str, stores: Mapping[str, Sequence[str]]) -> list[str]:
    """Add stores (modality -> names) and their modalities to a corpus in a settings file; return the lines to print.

    Stores that the corpus already uses are kept.
    """
    with _editing(path):
        return _add_features(path, name, stores)


def add_missing(path: Path, blocks: Mapping[str, Mapping[str, Any]]) -> None:
    """Add the blocks, and the entries of blocks, that a settings file lacks; existing entries are not changed."""
    from ruamel.yaml.comments import CommentedMap

    with _editing(path):
        document = _document(path)
        for name, entries in blocks.items():
            block = document[name] = CommentedMap() if document.get(name) is None else document[name]
            for key, value in entries.items():
                if key not in map(str, block):
                    block[_text(key)] = _flow(value)
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            _yaml().dump(document, file)


def set_label(path: Path, name: str, label: str, task: str) -> list[str]:
    """Set the label column and the task in the settings of a corpus, and return the lines to print."""
    with _editing(path):
        document = _document(path)
        corpus = next(block for key, block in document["corpora"].items() if str(key) == name)
        corpus["label"], corpus["task"] = _text(label), task
        lines: list[str] = []
        _replace(path, document, lines, name)
    return [*lines, f"{path}: corpora.{name} now has the label {label} and the task {task}"]


def _editing(path: Path) -> AbstractContextManager[None]:
    """Return a context manager within which no other command can edit the settings file."""
    return locked(path.with_name(f".{path.name}.lock"), f"is editing {path}")


def _add_features(path: Path, name: str, stores: Mapping[str, Sequence[str]]) -> list[str]:
    document = _document(path)
    corpus = next(block for key, block in document["corpora"].items() if str(key) == name)
    params = load_params(path)
    features = {m: list(names) for m, names in params.corpus(name).features.items()}
    for modality, names in stores.items():
        already = features.get(modality, [])
        features[modality] = [*already, *(n for n in names if n not in already)]
    there = params.corpus(name).modalities
    modalities = [m for m in MODALITIES if m in there or m in stores]
    corpus["modalities"], corpus["features"] = _flow(modalities), _flow(features)
    lines: list[str] = []
    _replace(path, document, lines, name)
    uses = "; ".join(f"{m}: {', '.join(features[m])}" for m in features)
    return [*lines, f"{path}: corpora.{name} uses {uses}"]


def _document(path: Path) -> Any:
    """Return the content of the file with its comments; an empty document if there is no file."""
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    if not path.exists():
        return CommentedMap()
    load_params(path)  # nothing is added to a file with errors
    try:
        return _yaml().load(path.read_text(encoding="utf-8")) or CommentedMap()
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from error


def _replace(
    path: Path,
    document: Any,
    lines: list[str],
    name: str,
    check: Callable[[Params], None] = lambda _: None,
    *,
    force: bool = False,
) -> None:
    """Write the settings to a temporary file, check them, link the recordings, and only then replace the settings file.

    A line about each new link is added to `lines`.
    """
    with replacing(path) as temporary:
        with temporary.open("w", encoding="utf-8") as file:
            _yaml().dump(document, file)
        try:
            check(params := load_params(temporary))
        except UserError as error:  # its line numbers are those of the new file
            raise UserError(str(error).replace(str(temporary), f"{path} with the new block")) from None
        lines += _link(name, params.corpora[name], force=force)


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # lines keep their length
    return yaml


_DEFAULTS = {
    "modalities": list(MODALITIES),
    "protocol": {"kind": "group-kfold", "folds": 5, "group": "group"},
}


def _block(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a new corpus in the form in which the settings file holds them.

    What the user's `settings` lack comes from the description of a published corpus, and otherwise from the defaults.
    """
    if settings.get("of") or settings.get("labels"):
        raise UserError(f"--of and --labels are for --reader {UNION} only")
    root = Path(settings["root"]).expanduser()
    if not root.is_dir():
        raise UserError(f"--root {root} is not a folder{hint_of(str(root))}")
    published = description(settings["reader"])
    base = _DEFAULTS | (dict(published.block) if published else {})
    return {"reader": settings["reader"], "root": root.as_posix(), **_rest(settings, base)}


def _union_block(path: Path, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a new union of corpora in the form in which the settings file holds them.

    The user's `settings` may lack some. The modalities are then those that all parts have, the task and the label are
    those of the first part, and the protocol is a default.
    """
    if settings.get("root"):
        raise UserError(f"--root is not for --reader {UNION}, which uses the recordings of the corpora in --of")
    of = _names(settings.get("of"))
    if not of:
        raise UserError(f"--of is needed: list the corpora that {name} joins, as in --of ravdess,crema_d")
    corpora = load_params(path).corpora if path.exists() else {}
    for part in of:
        if part not in corpora:
            raise UserError(f"--of: {path} has no corpus {part!r}; {suggest(part, corpora)}")
    parts = [corpora[part] for part in of]
    shared = [m for m in MODALITIES if all(m in part.modalities for part in parts)]
    protocol = {"kind": "leave-one-corpus-out", "group": "group"}
    base = {"modalities": shared, "protocol": protocol, "task": parts[0].task, "label": parts[0].label}
    if not (shared or settings.get("modalities")):
        raise UserError(f"{', '.join(of)} have no modality in common: say with --modalities which to use")
    labels = {"labels": _labels(settings["labels"])} if settings.get("labels") else {}
    return {"reader": UNION, "root": (RAW / name).as_posix(), "of": of, **labels, **_rest(settings, base)}


def _names(given: str | None) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in (given or "").split(",") if name.strip()))


def _labels(given: str) -> dict[str, str | None]:
    """Return the new name of each label in ``OLD=NEW,...``; None if the new name is empty.

    >>> _labels("fearful=fear, calm=")
    {'fearful': 'fear', 'calm': None}
    """
    pairs = [part.partition("=") for part in given.split(",") if part.strip()]
    if wrong := next((old + new for old, equals, new in pairs if not (equals and old.strip())), ""):
        raise UserError(f"--labels: {wrong.strip()!r} is not OLD=NEW, as in fearful=fear; calm= leaves calm out")
    return {old.strip(): new.strip() or None for old, _, new in pairs}


def _rest(settings: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that corpora and unions have in common, such as task, label, modalities and protocol.

    What the user's `settings` lack is taken from `base`.
    """
    label = settings.get("label") or base.get("label") or ""
    task = settings.get("task") or base.get("task")
    if label and not task:
        raise UserError(
            f"--task is needed: it says whether {label} holds classes (classification) or scores (regression)"
        )
    block: dict[str, Any] = {"task": task or "classification", "label": label}
    block["modalities"] = _modalities(settings.get("modalities")) or base["modalities"]
    block["protocol"] = _protocol(settings, base["protocol"])
    metrics = base.get("metrics") if block["task"] == base.get("task") else None
    own = {"metrics": metrics, "features": settings.get("features"), "classifiers": base.get("classifiers")}
    unknown = {"speakers_unknown": True} if settings.get("speakers_unknown") else {}
    return block | {name: value for name, value in own.items() if value} | unknown


def _modalities(given: str | None) -> list[str]:
    names = _names(given)
    if given is not None and not names:
        raise UserError(f"--modalities names no modality; {suggest('', MODALITIES)}")
    for modality in names:
        if modality not in MODALITIES:
            raise UserError(f"--modalities: there is no modality {modality!r}; {suggest(modality, MODALITIES)}")
    return names


def _protocol(settings: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    kind = settings.get("kind") or base["kind"]
    if kind not in protocol_names():
        raise UserError(f"--protocol: there is no protocol {kind!r}; {suggest(kind, protocol_names())}")
    protocol: dict[str, Any] = {"kind": kind}
    if PROTOCOLS[kind].takes_folds:
        protocol["folds"] = settings.get("folds") or base.get("folds", 5)
    return protocol | {"group": settings.get("group") or base["group"]}


def _unused(settings: Mapping[str, Any], protocol: Mapping[str, Any]) -> list[str]:
    """Return a notice if --folds was given but the protocol does not use it."""
    if settings.get("folds") and "folds" not in protocol:
        return [f"--folds {settings['folds']} was not written: the protocol {protocol['kind']} has no number of folds"]
    return []


def _link(name: str, corpus: CorpusParams, *, force: bool = False) -> list[str]:
    """Link the folder of a corpus, or the folders of a union's parts, into data/raw, where `dvc repro` looks for them.

    With `force`, a link to a different folder is replaced.
    """
    if force and (RAW / name).is_symlink() and (RAW / name).resolve() != Path(corpus.root).resolve():
        (RAW / name).unlink()
    if not isinstance(corpus, UnionParams):
        return _link_folder(RAW / name, Path(corpus.root))
    if (RAW / name).is_symlink():
        raise UserError(f"{RAW / name} exists already: choose another name")
    (RAW / name).mkdir(parents=True, exist_ok=True)
    return [line for part, own in corpus.parts.items() for line in _link_folder(RAW / name / part, Path(own.root))]


def _link_folder(link: Path, folder: Path) -> list[str]:
    target = folder.resolve()
    if link.resolve() == target or link.absolute().is_relative_to(
        target
    ):  # a link inside its own target would be endless
        return []
    if link.exists() or link.is_symlink():
        raise UserError(f"{link} exists already and is not {folder}: choose another name")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target, target_is_directory=True)
    return [f"linked {link} -> {target}"]


def _flow(value: Any) -> Any:
    """Return the value as a YAML node that is written on one line, such as ``{kind: official}``."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, dict):
        mapping = CommentedMap({_flow(key): _flow(v) for key, v in value.items()})
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq([_flow(item) for item in value])
        sequence.fa.set_flow_style()
        return sequence
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    """Return a text, in quotes if `load_params` would otherwise not read it as text, as with ``on`` and ``1:30``.

    `load_params` reads YAML 1.1. The writer writes YAML 1.2, in which such words need no quotes.
    """
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString
    from yaml import YAMLError, safe_load

    try:
        plain = safe_load(f"[{value}]") == [value]
    except (YAMLError, ValueError):
        plain = False
    return value if plain else DoubleQuotedScalarString(value)
