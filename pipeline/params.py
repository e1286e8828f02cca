"""params.yaml as typed, validated settings: read once, unknown keys refused with the nearest valid one."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from features.base import MODALITIES, Modality, build, extractor_names
from pipeline.errors import UserError, suggest

T = TypeVar("T")

Task = Literal["classification", "regression"]
Kind = str  # a protocol's name; models.protocol knows them


@dataclass(frozen=True)
class RunParams:
    """How a run is carried out; nothing here changes a result.

    Attributes
    ----------
    corpora
        Corpora that `dvc repro` runs.
    workers
        Worker processes; ``auto`` is one a core.
    max_failed
        Share of clips that may fail before a stage exits with an error.
    plugins
        Python files or modules that register corpora, extractors, strategies or metrics of your own.
    """

    corpora: tuple[str, ...] = ()
    workers: int | Literal["auto"] = "auto"
    max_failed: float = 0.01
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProtocolParams:
    """How a corpus is split: ``official``, ``group-kfold``, ``leave-one-group-out``; `group`: the column kept whole."""

    kind: Kind
    folds: int = 5
    group: str = "group"


@dataclass(frozen=True)
class CorpusParams:
    """One corpus: where it is, what is predicted, from what, and how it is judged.

    Attributes
    ----------
    reader, root
        How its folder is read, and where that is.
    task, label
        What is predicted: classes or a score, from which label column.
    modalities
        What is used of it.
    protocol
        How it is split.
    note
        A sentence to be printed under its table.
    """

    reader: str
    root: str
    task: Task
    label: str
    modalities: tuple[Modality, ...]
    protocol: ProtocolParams
    note: str = ""


@dataclass(frozen=True)
class TrainParams:
    """What is fitted.

    Attributes
    ----------
    features
        Per modality, the extractors (and `tfidf`, `word2vec`, fitted inside folds) whose features it sees.
    tfidf, word2vec
        Settings of the two text transformers.
    classifiers
        Classifiers of the single modalities.
    fusions
        Fusion strategies.
    fusion_classifier
        Classifier on top of the early fusions and under the late ones.
    settings
        Settings of classifiers and strategies by name; a list is a choice made on inner folds.
    """

    features: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "text": ("bert", "vader", "tfidf"),
            "audio": ("opensmile", "mfcc", "prosody"),
            "video": ("face_cnn", "landmarks", "posture"),
        }
    )
    tfidf: Mapping[str, Any] = field(default_factory=dict)
    word2vec: Mapping[str, Any] = field(default_factory=dict)
    classifiers: tuple[str, ...] = ("logistic", "svm", "random_forest", "xgboost", "fcnn")
    fusions: tuple[str, ...] = ("concat", "pca", "vote", "weighted", "stacking")
    fusion_classifier: str = "logistic"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class EvaluateParams:
    """Bootstrap of the table: how many `resamples` of the groups, drawn from which `seed`."""

    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Params:
    """All settings, checked."""

    path: Path
    run: RunParams
    corpora: Mapping[str, CorpusParams]
    streams: Mapping[str, Any]
    extract: tuple[str, ...]
    features: Mapping[str, Mapping[str, Any]]
    train: TrainParams
    evaluate: EvaluateParams

    def corpus(self, name: str) -> CorpusParams:
        """Return a corpus's block; an unknown name raises `UserError`."""
        if name not in self.corpora:
            raise UserError(
                f"{self.path}: no corpus is named {name!r}; {suggest(name, self.corpora)}. "
                "Add one with: crossmodal add-corpus NAME --root DIR ..."
            )
        return self.corpora[name]


def load_params(path: Path) -> Params:
    """Read and check a settings file.

    Raises
    ------
    UserError
        If the file is missing or no YAML, or a key or value in it is unknown or impossible.
    """
    blocks = _read_yaml(path)
    known = ("run", "corpora", "streams", "features", "train", "evaluate")
    for key in blocks:
        if key not in known:
            raise UserError(f"{path}: unknown block {key!r}; {suggest(key, known)}")
    run = parse(RunParams, blocks.get("run") or {}, f"{path}: run")
    if not 0 <= run.max_failed <= 1 or (run.workers != "auto" and run.workers < 1):
        raise UserError(f"{path}: run: max_failed is a share from 0 to 1 and workers at least 1 or 'auto'")
    run = replace(run, plugins=tuple(str(Path(p).resolve()) if p.endswith(".py") else p for p in run.plugins))
    load_plugins(run.plugins)
    extract, features = _features(blocks.get("features") or {}, path)
    return Params(
        path=path,
        run=run,
        corpora=_corpora(blocks.get("corpora") or {}, path),
        streams=_streams(blocks.get("streams") or {}, path),
        extract=extract,
        features=features,
        train=parse(TrainParams, blocks.get("train") or {}, f"{path}: train"),
        evaluate=parse(EvaluateParams, blocks.get("evaluate") or {}, f"{path}: evaluate"),
    )


def load_plugins(plugins: tuple[str, ...]) -> None:
    """Import the user's own modules (or ``.py`` files), which register what they bring."""
    import sys

    for plugin in plugins:
        name = Path(plugin).stem if plugin.endswith(".py") else plugin
        if name in sys.modules:
            continue
        try:
            if plugin.endswith(".py"):
                sys.path.insert(0, str(Path(plugin).parent))
            import_module(name)
        except ImportError as error:
            raise UserError(f"run.plugins: {plugin!r} cannot be imported: {error}") from error


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        blocks = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path} does not exist: run from the repository's folder, or name a settings file with --params"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no readable YAML: {' '.join(str(error).split())}") from error
    if not isinstance(blocks, dict):
        raise UserError(f"{path} must hold blocks such as 'run:' and 'corpora:', but holds {type(blocks).__name__}")
    return blocks


def _corpora(block: Any, path: Path) -> dict[str, CorpusParams]:
    if not isinstance(block, dict):
        raise UserError(f"{path}: corpora must map names to settings")
    corpora = {}
    for name, settings in block.items():
        corpus = parse(CorpusParams, settings, f"{path}: corpora.{name}")
        if not corpus.modalities:
            raise UserError(f"{path}: corpora.{name}.modalities is empty; name at least one of {', '.join(MODALITIES)}")
        corpora[str(name)] = corpus
    return corpora


def stream_configs() -> dict[Modality, type[Any]]:
    """Return the settings class of each stream."""
    from pipeline.streams.audio import AudioConfig
    from pipeline.streams.text import TextConfig
    from pipeline.streams.video import VideoConfig

    return {"text": TextConfig, "audio": AudioConfig, "video": VideoConfig}


def _streams(block: Any, path: Path) -> dict[str, Any]:
    configs = stream_configs()
    for key in block:
        if key not in configs:
            raise UserError(f"{path}: streams: unknown stream {key!r}; {suggest(key, configs)}")
    return {name: parse(cls, block.get(name) or {}, f"{path}: streams.{name}") for name, cls in configs.items()}


def _features(block: Any, path: Path) -> tuple[tuple[str, ...], dict[str, dict[str, Any]]]:
    block = dict(block)
    extract = block.pop("extract", list(extractor_names()))
    for name in [*block, *extract]:
        if name not in extractor_names():
            raise UserError(f"{path}: features: no extractor is named {name!r}; {suggest(name, extractor_names())}")
    settings = {name: dict(block.get(name) or {}) for name in extractor_names()}
    for name in extract:
        try:
            build(name, settings[name])
        except ValueError as error:
            raise UserError(f"{path}: {error}") from error
    return tuple(extract), settings


def parse(cls: type[T], block: Any, where: str) -> T:
    """Build a settings dataclass from a YAML mapping.

    Raises
    ------
    UserError
        If a key is unknown or missing, or a value has another type than its field.
    """
    if not isinstance(block, dict):
        raise UserError(f"{where} must map names to values, but is {block!r}")
    hints = get_type_hints(cls)
    entries = fields(cls)  # type: ignore[arg-type]
    for key in block:
        if key not in hints:
            raise UserError(f"{where}: unknown key {key!r}; {suggest(key, hints)}")
    for entry in entries:
        required = entry.default is MISSING and entry.default_factory is MISSING
        if required and entry.name not in block:
            raise UserError(f"{where}: the key {entry.name!r} is missing")
    values = {key: _convert(value, hints[key], f"{where}.{key}") for key, value in block.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if is_dataclass(hint):
        return parse(hint, value, where)  # type: ignore[arg-type]
    if origin is Literal:
        return _one_of(value, arguments, where)
    if origin in (Union, types.UnionType):
        return _first_that_fits(value, arguments, where)
    if origin is tuple:
        return _sequence(value, arguments, where)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise UserError(f"{where} must map names to values, but is {value!r}")
        return {str(k): _convert(v, arguments[1], f"{where}.{k}") for k, v in value.items()}
    return _scalar(value, hint, where)


def _one_of(value: Any, allowed: tuple[Any, ...], where: str) -> Any:
    if value not in allowed:
        raise UserError(f"{where} is {value!r}; {suggest(value, allowed)}")
    return value


def _first_that_fits(value: Any, hints: tuple[Any, ...], where: str) -> Any:
    for hint in hints:
        try:
            return _convert(value, hint, where)
        except UserError:
            continue
    names = " or ".join(getattr(h, "__name__", str(get_args(h) or h)) for h in hints)
    raise UserError(f"{where} is {value!r}, but must be {names}")


def _sequence(value: Any, arguments: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UserError(f"{where} must be a list, but is {value!r}")
    return tuple(_convert(v, arguments[0], f"{where}[{i}]") for i, v in enumerate(value))


def _scalar(value: Any, hint: Any, where: str) -> Any:
    if hint is type(None):
        if value is not None:
            raise UserError(f"{where} is {value!r}, but must be null")
        return None
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) != (hint is bool) or not isinstance(value, hint):
        raise UserError(f"{where} is {value!r}, but must be {hint.__name__}")
    return value
